"""From a gradient to the direction of a step: smoothed, centred, of unit length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from reverie.native import step as native
from reverie.ops.filters import gaussian_cascade, laplacian_normalised
from reverie.ops.opponent import OpponentNumbers, opponent_normalised
from reverie.recipe.recipe import Recipe

#: What a size cannot be divided by: the result would be infinite in fp32.
LEAST = 1e-37


@dataclass(frozen=True)
class StepDirection:
    """What is added to the picture, before its length: ``factor * plane + offset``, not multiplied out."""

    plane: Tensor  # (1, C, H, W)
    factor: float = 1.0
    offset: float = 0.0


def room_for(shape: Sequence[int], recipe: Recipe) -> int:
    """How many numbers ``step_direction`` works in for a gradient of a shape (1, C, H, W)."""
    need = native.opponent_room if recipe.smoothing == "opponent" else native.laplacian_room
    return need(shape, recipe.levels)


def step_direction(
    gradient: Tensor,
    recipe: Recipe,
    way: float,
    *,
    circular: bool = False,
    room: Tensor | None = None,
    attention: Tensor | None = None,
) -> StepDirection:
    """Where a step goes.

    Args:
        gradient: d(score)/d(picture), (1, C, H, W); it is given up, and may be overwritten.
        recipe: ``smoothing``, ``centre`` and ``normalise`` are read.
        way: How much of the octave's steps will be done after this one, (0, 1]; the Gaussians widen with it.
        circular: Wrap at the border.
        room: ``room_for`` numbers to work in, overwritten; made where they are needed if missing.
        attention: (1, 1, H, W) in [0, 1], where the network sees something; "opponent" reads it.

    Returns:
        The direction; a gradient that is zero everywhere, or as good as that, stays so.
    """
    plane, moments = _smoothed(gradient, recipe, way, circular, room, attention)
    mean = 0.0
    if recipe.centre:
        mean = moments.mean if moments else float(plane.mean())
    size = 1.0
    if recipe.normalise == "mean":
        size = float((plane - mean).abs_().mean())
    elif recipe.normalise == "std":
        size = moments.deviation if moments else float(plane.std(correction=0))
    factor = 1 / size if size > LEAST else 1.0
    return StepDirection(plane, factor, -mean * factor)


def _smoothed(
    gradient: Tensor,
    recipe: Recipe,
    way: float,
    circular: bool,
    room: Tensor | None,
    attention: Tensor | None,
) -> tuple[Tensor, native.Moments | None]:
    """The smoothed gradient, and its moments where they were had on the way."""
    if recipe.smoothing == "gaussians":
        # A. Gordic's pytorch-deepdream: sigma from 0.5 up to 2.5 in the course of an octave.
        for k in range(gradient.shape[1]):  # one channel at a time, for less memory
            channel = gradient[:, k : k + 1]
            channel.copy_(gaussian_cascade(channel, way * 2.0 + 0.5, circular=circular))
    elif recipe.smoothing == "opponent":
        levels, tilt = recipe.levels, recipe.tilt
        if native.serves(gradient, room, attention):
            numbers = OpponentNumbers.of(gradient.shape, levels, tilt)
            moments = native.opponent_(gradient, numbers, attention=attention, circular=circular, room=room)
            if moments is not None:
                return gradient, moments
        gradient = opponent_normalised(
            gradient, levels=levels, tilt=tilt, attention=attention, circular=circular
        )
    elif recipe.smoothing == "laplacian":
        levels, tilt = recipe.levels, recipe.tilt
        if native.serves(gradient, room):
            moments = native.laplacian_(gradient, levels=levels, tilt=tilt, circular=circular, room=room)
            if moments is not None:
                return gradient, moments
        gradient = laplacian_normalised(gradient, levels=levels, tilt=tilt, circular=circular)
    return gradient, None
