"""Colour of portraits: the axes of natural colour, and what turns any values into a picture in [0, 1]."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from reverie.errors import UsageError, did_you_mean

#: Square root of the correlation of ImageNet's colours: rows red, green, blue, columns brightness and two
#: axes of colour (lucid; Olah, Mordvintsev & Schubert 2017).
NATURAL: Final = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
COLOURS: Final = ("decorrelated", "rgb")
SQUASHES: Final = ("sigmoid", "clip")
#: A picture is taken to be no nearer to black and white than this: half a level of 8 bits.
NEAREST: Final = 0.5 / 255


def mixing(
    channels: int,
    colour: str = "decorrelated",
    *,
    saturation: float = 1.0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Tensor | None:
    """The matrix (3, 3) from decorrelated axes to red, green and blue, or None where there is nothing to mix.

    It is ``NATURAL`` over its largest column norm, so that brightness has gain 1 (lucid).

    Args:
        channels: C of the pictures; only three are mixed.
        colour: "decorrelated", or "rgb" for values that are red, green and blue themselves.
        saturation: Gain of the two axes of colour; 0 makes it grey.
        dtype: Number format of the result.
        device: Where it is.

    Raises:
        UsageError: An unknown ``colour``.
    """
    if colour not in COLOURS:
        raise UsageError(f"colour: unknown {colour!r}; {did_you_mean(colour, COLOURS)}")
    if channels != 3 or colour == "rgb":
        return None
    root = torch.tensor(NATURAL, dtype=torch.float64)
    root = root / root.norm(dim=0).max()
    root[:, 1:] *= saturation
    matrix: Tensor = root.to(device, dtype)
    return matrix


class Tone:
    """Values without bounds <-> a picture in [0, 1], by mixing the colours and squashing the range.

    picture = squash(contrast * mix(values)), with the logistic sigmoid, or with "clip" the straight line of
    the same slope at mid-grey, 0.5 + x / 4, cut off at black and white.
    """

    def __init__(
        self,
        channels: int,
        *,
        colour: str = "decorrelated",
        saturation: float = 1.0,
        contrast: float = 1.0,
        squash: str = "sigmoid",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """How to go from values to pictures.

        Args:
            channels: C; the colours of other pictures than those of three channels are left alone.
            colour: "decorrelated" or "rgb".
            saturation: Gain of the two axes of colour, where they are decorrelated.
            contrast: Gain of all, before the squash.
            squash: "sigmoid" or "clip".
            dtype: Number format of the values.
            device: Where they are.

        Raises:
            UsageError: An unknown ``colour`` or ``squash``, or a contrast that is not above 0.
        """
        if squash not in SQUASHES:
            raise UsageError(f"squash: unknown {squash!r}; {did_you_mean(squash, SQUASHES)}")
        if not contrast > 0:
            raise UsageError(f"contrast: {contrast} is not above 0")
        self.mix = mixing(channels, colour, saturation=saturation, dtype=dtype, device=device)
        self.contrast, self.squash = contrast, squash
        self._gain = None if self.mix is None else self.mix * contrast
        self._back: Tensor | None = None
        if self._gain is not None:  # of a picture without colour the brightness alone is looked for
            self._back = torch.linalg.pinv(self._gain.double()).to(self._gain)

    def picture(self, values: Tensor) -> Tensor:
        """The picture (C, H, W) in [0, 1] of values (C, H, W)."""
        if self._gain is not None:
            values = torch.mm(self._gain, values.reshape(3, -1)).view(values.shape)
        elif self.contrast != 1:
            values = values * self.contrast
        return torch.sigmoid(values) if self.squash == "sigmoid" else clipped(0.5 + values / 4)

    def values(self, picture: Tensor) -> Tensor:
        """The values (C, H, W) of a picture (C, H, W), taken half a level off black and white."""
        picture = picture.clamp(NEAREST, 1 - NEAREST)
        values = torch.logit(picture) if self.squash == "sigmoid" else (picture - 0.5) * 4
        if self._back is None:
            return values / self.contrast
        return torch.mm(self._back, values.reshape(3, -1)).view(values.shape)


class _Clipped(torch.autograd.Function):
    """Clamp to [0, 1] whose gradient brings values back that are beyond, but drives none further."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        return values.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (values,) = ctx.saved_tensors
        outward = ((values > 1) & (gradient > 0)) | ((values < 0) & (gradient < 0))
        return gradient.masked_fill(outward, 0)


def clipped(values: Tensor) -> Tensor:
    """Values clamped to [0, 1]; for ascent, the gradient passes except where it leads further out."""
    result: Tensor = _Clipped.apply(values)  # type: ignore[no-untyped-call]
    return result
