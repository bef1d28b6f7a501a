"""How large a picture becomes by the photograph that it begins from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reverie.jobs.workspace import Reference, Workspace
from reverie.process.notices import collect_warnings
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.media.picture import Picture


def with_longer_side(recipe: Recipe, side: int, photo: str | None, workspace: Workspace) -> Recipe:
    """The recipe of what has a shape of its own, with its longer side so long; nothing is cut off.

    A photograph that is smaller is enlarged to it, if it is named here.
    """
    recipe = recipe.but(size=None, max_size=side)
    if photo is None or not os.path.isfile(photo):
        return recipe
    size = _looked_at(photo, workspace).size
    if max(size) >= side:
        return recipe
    width, height = (max(32, round(s * side / max(size))) for s in size)
    return recipe.but(size=(width, height), max_size=None)


def portrait_in_shape(recipe: Recipe, photo: str | None, most: int | None, workspace: Workspace) -> Recipe:
    """The recipe of portraits in a photograph's shape, if one is named, with no side longer than ``most``."""
    from reverie.portrait.state import size_of
    from reverie.portrait.targets import fitting

    shape = size_of(recipe)
    if photo is not None:
        shape = fitting(_looked_at(photo, workspace).size, max(shape))
    if most is not None:
        shape = fitting(shape, most)
    return recipe.but(size=shape, max_size=None)


def _looked_at(photo: str, workspace: Workspace) -> Picture:
    """A photograph, without a word of what is odd about it: the job reads it again, and says that."""
    with collect_warnings(lambda text: None):
        picture = workspace.picture(Reference(path=photo))
    assert picture is not None
    return picture
