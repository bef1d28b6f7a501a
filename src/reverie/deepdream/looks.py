"""What earlier looks said, of a picture that moves: kept at each of its sizes, and moved along with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from reverie.gradient.attention import KEPT, Attention, Taste
from reverie.ops.opponent import CELL as OPPONENT_CELL
from reverie.recipe.recipe import Recipe

#: The cells that attention to a moving picture is kept on, in pixels a side: those that a step reads it on.
CELL = OPPONENT_CELL


@dataclass
class Looks:
    """The attention at each size of a moving picture.

    A still dream measures it anew in each octave. From frame to frame that would flicker: where the network
    sees something, which channels are strong and what each layer's share is are carried on instead.

    Attributes:
        kept: How much of where something was seen is kept in a step, 0 to 1: more than in a still dream.
        sizes: The attention in each octave, by its number.
    """

    kept: float
    sizes: dict[int, Attention] = field(default_factory=dict)

    def at(self, octave: int, recipe: Recipe) -> Attention | None:
        """The attention in an octave; None where a recipe asks for none."""
        known = self.sizes.get(octave)
        if known is None or not known.serves(recipe.calm, recipe.variety):
            known = attention_of(recipe, self.kept)
        if known is not None:
            known.on_cells(CELL)
            self.sizes[octave] = known
        return known

    def take(self, octave: int, attention: Attention | None, size: tuple[int, int]) -> None:
        """Go on from what a still dream saw, if that was of the (height, width) of the octave."""
        if attention is not None and (attention.map is None or attention.map.shape[2:] == size):
            attention.keeps(self.kept)
            attention.on_cells(CELL)
            self.sizes[octave] = attention

    def move(self, moved: Callable[[Tensor], Tensor]) -> None:
        """Move along: ``moved`` says of a map (1, 1, h, w) of any size of the picture what becomes of it."""
        for attention in self.sizes.values():
            attention.move(moved)

    def largest(self) -> Attention | None:
        """The attention at the largest size that was looked at."""
        return self.sizes[max(self.sizes)] if self.sizes else None

    def state_dict(self) -> dict[str, dict[str, Any]]:
        """What has to be kept to go on later, as tensors and numbers."""
        return {
            str(octave): {"calm": one.calm, "variety": one.variety, "cell": one.cell, **one.state_dict()}
            for octave, one in self.sizes.items()
        }

    def load_state_dict(self, kept: Mapping[str, dict[str, Any]]) -> None:
        """Take up what ``state_dict`` gave."""
        for octave, theirs in kept.items():
            cell = theirs.get("cell", 1)  # of a version before there were cells: every pixel
            attention = Attention(theirs["calm"], theirs["variety"], kept=self.kept, cell=cell)
            attention.load_state_dict(theirs)
            attention.on_cells(CELL)
            self.sizes[int(octave)] = attention


def attention_of(recipe: Recipe, kept: float = KEPT) -> Attention | None:
    """What a dream keeps of its looks, if a recipe asks for any of it; ``kept`` as in ``Looks``."""
    taste = taste_of(recipe)
    if not (recipe.calm or recipe.variety or taste or recipe.balance == "octave"):
        return None
    return Attention(recipe.calm, recipe.variety, kept=kept, taste=taste)


def taste_of(recipe: Recipe) -> Taste | None:
    """What a seed likes, if it is to like anything more than the rest."""
    return Taste(recipe.chance, recipe.seed) if recipe.chance else None
