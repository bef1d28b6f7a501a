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

if TYPE_CHECKING:
    from reverie import objective
    from reverie.errors import ReverieError
    from reverie.gradient import picture_gradient
    from reverie.loop import Frame, dream, render
    from reverie.net import Net, load_net, wrap_net
    from reverie.notebook import watch
    from reverie.picture import Picture, load_picture
    from reverie.presets import preset
    from reverie.recipe import Recipe
    from reverie.session import Session

__version__ = "0.1.0"

_HOME = {
    "Frame": "loop",
    "Net": "net",
    "Picture": "picture",
    "Recipe": "recipe",
    "ReverieError": "errors",
    "Session": "session",
    "dream": "loop",
    "load_net": "net",
    "load_picture": "picture",
    "picture_gradient": "gradient",
    "preset": "presets",
    "render": "loop",
    "watch": "notebook",
    "wrap_net": "net",
}

__all__ = [
    "Frame",
    "Net",
    "Picture",
    "Recipe",
    "ReverieError",
    "Session",
    "__version__",
    "dream",
    "load_net",
    "load_picture",
    "objective",
    "picture_gradient",
    "preset",
    "render",
    "watch",
    "wrap_net",
]


def __getattr__(name: str) -> Any:
    if name == "objective":
        return import_module("reverie.objective")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
