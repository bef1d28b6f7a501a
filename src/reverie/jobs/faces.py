"""What is said before somebody's face gets a muzzle: once a job, and only where nobody asked for that."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from reverie.process.notices import warn
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from reverie.ascent.session import Session
    from reverie.media.picture import Picture

#: By this the studio's page (``core/follow.js``) knows it, and says the rest in words of its own.
FACE = "somebody's face is in it"
_KEPT = "--spare faces or --preset gentle keeps it{extra}, and so does a --mask that is black there"
_EXTRA = ' (pip install "reverie[faces]")'
#: Longer side in pixels of what is kept of a photograph until somebody has the time to look at it.
SIDE = 1024
_MASKED = "a --mask that is black there keeps it, --strength 20% is gentle"


class FaceNotice:
    """Looks at what is dreamt on, once it is there; one line is enough for all photographs of a job.

    Args:
        wanted: False where nobody is to be told, as where a picture is made again.
    """

    def __init__(self, *, wanted: bool = True) -> None:
        self._wanted = wanted

    def kept(self, recipe: Recipe, picture: Picture | None) -> Picture | None:
        """As much of a photograph as has to be kept to look at it later; None where nobody will."""
        from reverie.media.picture.picture import no_larger

        if picture is None or not self._wanted or not _covers_faces(recipe):
            return None
        return no_larger(picture, SIDE)

    def look(self, recipe: Recipe, picture: Picture | Tensor, session: Session, name: str) -> None:
        """Say if somebody's face is about to be dreamt over by a look that nobody chose for it.

        Args:
            recipe: What is dreamt; one that keeps faces, has a mask or an objective of the user's own is
                left alone.
            picture: The photograph as it was given, or a film's frame, (1, C, H, W) in [0, 1].
            session: The network at work.
            name: The photograph's or film's.
        """
        if not self._wanted or not _covers_faces(recipe):
            return
        from reverie.ascent.tensors import as_tensor
        from reverie.deepdream.spared import shows_a_face
        from reverie.network.faces import PACKAGE

        with session.runtime.use():
            if not shows_a_face(as_tensor(picture).to(session.device), session):
                return
        self._wanted = False
        moves = recipe.zoom is not None or recipe.film is not None
        kept = _MASKED if moves else _KEPT.format(extra="" if find_spec(PACKAGE) else _EXTRA)
        warn(f"{name}: {FACE}, and dreams over faces get muzzles; {kept}")


def _covers_faces(recipe: Recipe) -> bool:
    """Whether a recipe dreams of its preset's layers all over, and keeps nothing."""
    masked = recipe.mask is not None or (recipe.film is not None and recipe.film.mask is not None)
    if recipe.in_views or recipe.spare != "nothing" or masked or recipe.strength == 0 or not recipe.preset:
        return False
    return recipe.objective == preset(recipe.preset).objective
