"""From a gradient to the direction of a step: smoothed, centred, of unit length."""

from __future__ import annotations

from torch import Tensor

from reverie.recipe import Recipe
from reverie.smooth import gaussian_cascade, laplacian_normalised


def step_direction(gradient: Tensor, recipe: Recipe, way: float, *, circular: bool = False) -> Tensor:
    """What is added to the picture, before its length.

    Args:
        gradient: d(score)/d(picture), (1, C, H, W).
        recipe: ``smoothing``, ``centre`` and ``normalise`` are read.
        way: How much of the octave's steps will be done after this one, (0, 1]; the Gaussians widen with it.
        circular: Wrap at the border.

    Returns:
        The same shape; a gradient that is zero everywhere stays zero.
    """
    if recipe.smoothing == "gaussians":
        # A. Gordic's pytorch-deepdream: sigma from 0.5 up to 2.5 in the course of an octave.
        gradient = gaussian_cascade(gradient, way * 2.0 + 0.5, circular=circular)
    elif recipe.smoothing == "laplacian":
        gradient = laplacian_normalised(gradient, levels=recipe.levels, tilt=recipe.tilt, circular=circular)
    if recipe.centre:
        gradient = gradient - gradient.mean((1, 2, 3), keepdim=True)
    if recipe.normalise == "mean":
        size = gradient.abs().mean()
    elif recipe.normalise == "std":
        size = gradient.std(correction=0)
    else:
        return gradient
    return gradient / size if size > 0 else gradient
