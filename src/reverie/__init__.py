"""reverie: ask a trained image network what it sees, and see the answer.

    import reverie

    photo = reverie.load_picture("me.jpg")
    dream = reverie.render(reverie.preset("reverie", objective=["block5c"]), photo)
    dream.save("dream.png")

The names below are imported when first used, so that ``import reverie`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reverie._version import __version__
from reverie.process import forks as forks  # a fork is seen from here on

if TYPE_CHECKING:
    from reverie import objective
    from reverie.api.dreams import begin, dream
    from reverie.api.notebook import watch
    from reverie.ascent.loop import Frame
    from reverie.ascent.session import Session
    from reverie.errors import ReverieError
    from reverie.gradient.picture_gradient import picture_gradient
    from reverie.jobs.microscope.job import microscope
    from reverie.jobs.rendered import render
    from reverie.media.picture import Picture, load_picture
    from reverie.media.video.read.reader import open_video
    from reverie.motion.film.film import film
    from reverie.motion.zoom.zoom import zoom
    from reverie.network.network import Network
    from reverie.network.network import Network as Net
    from reverie.network.wrap import wrap_net
    from reverie.network.zoo import load_net
    from reverie.recipe.presets.preset import preset
    from reverie.recipe.recipe import Recipe

_HOME = {
    "Frame": "ascent.loop",
    "Net": "network.network",
    "Network": "network.network",
    "Picture": "media.picture",
    "Recipe": "recipe.recipe",
    "ReverieError": "errors",
    "Session": "ascent.session",
    "begin": "api.dreams",
    "dream": "api.dreams",
    "film": "motion.film.film",
    "load_net": "network.zoo",
    "load_picture": "media.picture",
    "microscope": "jobs.microscope.job",
    "open_video": "media.video.read.reader",
    "picture_gradient": "gradient.picture_gradient",
    "preset": "recipe.presets.preset",
    "render": "jobs.rendered",
    "watch": "api.notebook",
    "wrap_net": "network.wrap",
    "zoom": "motion.zoom.zoom",
}

#: Short for a longer name.
_SHORT = {"Net": "Network"}

__all__ = [
    "Frame",
    "Net",
    "Network",
    "Picture",
    "Recipe",
    "ReverieError",
    "Session",
    "__version__",
    "begin",
    "dream",
    "film",
    "load_net",
    "load_picture",
    "microscope",
    "objective",
    "open_video",
    "picture_gradient",
    "preset",
    "render",
    "watch",
    "wrap_net",
    "zoom",
]


def __getattr__(name: str) -> Any:
    if name == "objective":
        return import_module("reverie.objective")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), _SHORT.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
