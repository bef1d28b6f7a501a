"""What zooms and films yield: one finished frame at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reverie.media.picture import Picture
from reverie.native import frames, step
from reverie.recipe.recipe import Recipe


@dataclass(frozen=True)
class MovingFrame:
    """One finished frame.

    Attributes:
        index: Which frame this is, from 0.
        frames: How many there will be, or None where nobody knows.
        time: When it is shown, in seconds from the first frame.
        duration: For how long, in seconds.
        planes: The picture as a tensor, (1, C, H, W) in [0, 1]; not to be written to.
        score: The objective before the last step of this frame's dream.
        moved: How far this frame's dream went, RMS, 0..1.
        recipe: What it was dreamt with.
        state: Asked for its ``state_dict``, all that is needed to go on after this frame.
        keeps: Whether it can be asked for that.
    """

    index: int
    frames: int | None
    time: Fraction
    duration: Fraction
    planes: Tensor
    score: float
    moved: float
    recipe: Recipe
    state: Any
    keeps: bool = field(default=True, kw_only=True)

    @cached_property
    def picture(self) -> Picture:
        """(H, W, C) float32 in [0, 1]; laid out when it is first asked for."""
        return Picture(self.planes[0].permute(1, 2, 0).contiguous().cpu().numpy())

    @property
    def alpha(self) -> NDArray[np.float32] | None:
        """How opaque each pixel is, (H, W) in [0, 1]; None where all are."""
        return None

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The picture as bytes, (H, W, 3), rounded to the nearest; one channel is given three times."""
        if step.serves(self.planes):
            return frames.rgb(self.planes)
        values = np.rint(np.clip(self.picture.pixels, 0, 1) * 255).astype(np.uint8)
        return values if values.shape[2] == 3 else np.repeat(values[:, :, :1], 3, axis=2)
