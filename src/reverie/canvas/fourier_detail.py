"""A detail as a spectrum: what is added to a photograph, in waves as strong as those of natural pictures."""

from __future__ import annotations

import torch
from torch import Tensor

from reverie.canvas.base import CanvasSetup
from reverie.canvas.fourier import FourierCanvas, frequencies

#: Amplitude of the constant, which can be divided by.
CONSTANT = 1e-3


def natural_amplitudes(
    size: tuple[int, int], *, falloff: float, colour_falloff: float, largest: float, channels: int = 3
) -> Tensor:
    """How strong each wave is, (C, H, W // 2 + 1), float64, to a mean square of 1 of each axis' detail.

    Along brightness max(f, f0)^-falloff min(1, f / f0), f0 = 1 / (largest * S) and S the longer side in
    pixels; along the axes of colour (max(f, f0) / f0)^-colour_falloff of that. The constant has next to
    nothing.
    """
    lowest = 1 / (largest * max(size))
    f = frequencies(size)
    above = f.clamp_min(lowest) / lowest
    grey = above**-falloff * (f / lowest).clamp(CONSTANT, 1)
    twice = torch.full_like(f, 2.0)  # all but the first column, and the last of an even width, stand for two
    twice[:, 0] = 1
    if size[0] % 2 == 0:
        twice[:, -1] = 1
    grey = grey / ((grey * grey * twice).sum() / (size[0] * size[1])).sqrt()
    colour = grey * above**-colour_falloff
    return torch.stack([grey, *[colour] * (channels - 1)])


class FourierDetail(FourierCanvas):
    """N details as coefficients of sines and cosines, along brightness and two axes of natural colour.

    The only leaf, (N, C, H, W // 2 + 1, 2), holds real and imaginary parts. Detail = mix(irfft2(amplitude *
    leaf)), the transform being orthonormal: numbers without bounds about 0, and what ``picture`` and
    ``render`` give.
    """

    def __init__(
        self,
        setup: CanvasSetup,
        *,
        spread: float = 0.0,
        falloff: float = 1.25,
        colour_falloff: float = 0.6,
        largest: float = 0.4,
        saturation: float = 0.5,
    ) -> None:
        """Normal noise in every coefficient, or nothing.

        Args:
            setup: What every canvas is made with.
            spread: Deviation of the coefficients at the start.
            falloff: See ``natural_amplitudes``, as the next two.
            colour_falloff: Of the axes of colour.
            largest: The longest waves of full strength, as a share of the longer side.
            saturation: Gain of the two axes of colour.
        """
        self._largest = largest
        super().__init__(
            setup, spread=spread, falloff=falloff, colour_falloff=colour_falloff, saturation=saturation
        )

    def _scale_at(self, size: tuple[int, int]) -> Tensor:
        """Amplitudes (C, H, W // 2 + 1, 2), once for real and once for imaginary parts."""
        scale = natural_amplitudes(
            size,
            falloff=self._falloff,
            colour_falloff=self._colour_falloff,
            largest=self._largest,
            channels=self.channels,
        )
        return scale[..., None].expand(-1, -1, -1, 2).contiguous().to(self.device, self.dtype)

    def _drawn(self, spectrum: Tensor, size: tuple[int, int]) -> Tensor:
        """The detail (C, H, W) of a spectrum (C, H, W // 2 + 1, 2)."""
        values = torch.fft.irfft2(torch.view_as_complex(spectrum), s=(size[1], size[0]), norm="ortho")
        mix = self._tone.mix
        return values if mix is None else torch.mm(mix, values.reshape(3, -1)).view(values.shape)

    @torch.no_grad()
    def only(self, index: int) -> None:
        """Go on with one of the details; the others are given up."""
        self._put([leaf.detach()[index : index + 1].clone() for leaf in self._leaves])
        self.count = 1

    @torch.no_grad()
    def scale(self, index: int, factor: float) -> None:
        """Multiply one of the details."""
        self._leaves[0][index].mul_(factor)
