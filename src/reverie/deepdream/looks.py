"""What earlier looks said, of a picture that moves: kept at each of its sizes, and moved along with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from reverie.deepdream.direction import LEAST, StepDirection
from reverie.gradient.attention import KEPT, Attention, Taste
from reverie.ops.opponent import CELL as OPPONENT_CELL
from reverie.recipe.recipe import Recipe

#: The cells that attention to a moving picture is kept on, in pixels a side: those that a step reads it on.
CELL = OPPONENT_CELL
#: What directions are kept under, beside the attention by the octaves' numbers.
DIRECTIONS = "directions"


@dataclass
class Looks:
    """The attention at each size of a moving picture, and where its last steps went.

    A still dream measures attention anew in each octave. From frame to frame that would flicker: where the
    network sees something, which channels are strong and what each layer's share is are carried on instead.
    And one look a frame is as good as two, of which each is alone, if a step goes on where the last one went.

    Attributes:
        kept: How much of where something was seen is kept in a step, 0 to 1: more than in a still dream.
        momentum: How much of the direction of the step before is added to that of a step, of which each has
            the deviation 1.
        sizes: The attention in each octave, by its number.
        directions: Where the last step of each octave went, (1, C, H, W) of deviation 1, by its number.
    """

    kept: float
    momentum: float = 0.0
    sizes: dict[int, Attention] = field(default_factory=dict)
    directions: dict[int, Tensor] = field(default_factory=dict)

    def at(self, octave: int, recipe: Recipe, size: tuple[int, int] | None = None) -> Attention | None:
        """The attention in an octave; None where a recipe asks for none.

        Args:
            octave: Its number.
            recipe: What it is asked for.
            size: The octave's (height, width), where that may change: what was seen is brought to it.
        """
        known = self.sizes.get(octave)
        if known is None or not known.serves(recipe.calm, recipe.variety):
            known = attention_of(recipe, self.kept)
        if known is not None:
            known.on_cells(CELL)
            if size is not None:
                known.fit(size)
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
        self.directions = {octave: moved(plane) for octave, plane in self.directions.items()}

    def onwards(self, octave: int, direction: StepDirection) -> StepDirection:
        """A direction that goes on where the last step of its octave went, if there is momentum."""
        if not self.momentum:
            return direction
        plane, before = direction.plane.mul_(direction.factor), self.directions.get(octave)
        if direction.offset:
            plane.add_(direction.offset)
        if before is not None and before.shape == plane.shape:
            plane.add_(before, alpha=self.momentum)
            size = float(torch.linalg.vector_norm(plane)) / plane.numel() ** 0.5
            plane.mul_(1 / size if size > LEAST else 1.0)
        self.directions[octave] = plane.clone()
        return StepDirection(plane)

    def largest(self) -> Attention | None:
        """The attention at the largest size that was looked at."""
        return self.sizes[max(self.sizes)] if self.sizes else None

    def state_dict(self) -> dict[str, dict[str, Any]]:
        """What has to be kept to go on later, as tensors and numbers."""
        return {
            DIRECTIONS: {str(octave): plane for octave, plane in self.directions.items()},
            **self._attention_dict(),
        }

    def _attention_dict(self) -> dict[str, dict[str, Any]]:
        return {
            str(octave): {"calm": one.calm, "variety": one.variety, "cell": one.cell, **one.state_dict()}
            for octave, one in self.sizes.items()
        }

    def load_state_dict(self, kept: Mapping[str, dict[str, Any]]) -> None:
        """Take up what ``state_dict`` gave."""
        self.directions = {int(octave): plane for octave, plane in kept.get(DIRECTIONS, {}).items()}
        for octave, theirs in kept.items():
            if octave == DIRECTIONS:
                continue
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
