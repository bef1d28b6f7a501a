"""Phases alone: MAgnitude-Constrained Optimisation, MACO (Fel et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.canvas.base import Canvas, CanvasSetup, itemwise
from reverie.canvas.fourier import frequencies


@lru_cache(maxsize=1)
def _measured() -> tuple[Tensor, Tensor]:
    """What tools/natural_spectrum.py measured: magnitude * f on a grid (3, K, K), and mean levels (3,)."""
    with (files("reverie.canvas") / "natural_spectrum.npz").open("rb") as file, np.load(file) as kept:
        return torch.from_numpy(kept["whitened"]).double(), torch.from_numpy(kept["level"]).double()


def natural_magnitude(size: tuple[int, int], channels: int = 3) -> Tensor:
    """The magnitude spectrum of natural pictures at a size, orthonormal, (C, H, W // 2 + 1), float64.

    Magnitude times frequency was measured for frequencies 0..0.5 cycles a pixel across and down, in which it
    hardly changes, and is interpolated bilinearly; the lowest frequencies go on as 1 / f.

    Args:
        size: Width and height in pixels.
        channels: C; three are brightness and two axes of colour, any other number have that of brightness.
    """
    width, height = size
    whitened, level = _measured()
    fy = torch.fft.fftfreq(height, dtype=torch.float64).abs() * 4 - 1
    fx = torch.fft.rfftfreq(width, dtype=torch.float64) * 4 - 1
    y, x = torch.meshgrid(fy, fx, indexing="ij")
    sampled = F.grid_sample(whitened[None], torch.stack([x, y], -1)[None], align_corners=True)[0]
    magnitude = sampled / frequencies(size).clamp_min(1 / max(size))
    magnitude[:, 0, 0] = level * (width * height) ** 0.5
    if channels != 3:
        magnitude = magnitude[:1].repeat(channels, 1, 1)
    return magnitude


class MacoCanvas(Canvas):
    """N pictures whose phases move while the magnitude spectrum stays that of natural photographs.

    The only leaf, (N, C, H, W // 2 + 1), holds phases in radians. Picture = sigmoid(contrast *
    mix(standardised(irfft2(magnitude * exp(i phase))))): mean 0 and deviation 1 over all of an item.
    """

    def __init__(
        self,
        setup: CanvasSetup,
        *,
        spread: float = 3.0,
        standardise: bool = False,
        colour: str = "decorrelated",
        saturation: float = 1.0,
        contrast: float = 1.0,
    ) -> None:
        """Normal phases.

        Args:
            setup: What every canvas is made with.
            spread: Deviation of the phases at the start, in radians. At 3 they are as good as uniform; at 1,
                as in the authors' code, light gathers in the corner.
            standardise: Hold each item's phases to mean 0 and deviation 1 as the authors' code does (Xplique,
                Horama); a photograph's phases do not fit into that, so ``fit`` is then rough.
            colour: "decorrelated", or "rgb".
            saturation: Gain of the two axes of colour.
            contrast: Gain of all.

        Raises:
            UsageError: An unknown colour.
        """
        super().__init__(setup)
        self._tone = self._toned(colour=colour, saturation=saturation, contrast=contrast)
        self._standardise = standardise
        self._magnitude = self._magnitude_at(self.size)
        shape = (self.channels, self.size[1], self.size[0] // 2 + 1)
        self._start(setup.rngs, lambda rng: [spread * torch.randn(shape, generator=rng)])

    def _magnitude_at(self, size: tuple[int, int]) -> Tensor:
        return natural_magnitude(size, self.channels).to(self.device, self.dtype).contiguous()

    def _one(self, parts: Sequence[Tensor]) -> Tensor:
        phase = standardised(parts[0]) if self._standardise else parts[0]
        spectrum = torch.polar(self._magnitude, phase)
        values = torch.fft.irfft2(spectrum, s=(self.size[1], self.size[0]), norm="ortho")
        return self._tone.picture(standardised(values))

    def _fitted(self, picture: Tensor, index: int) -> list[Tensor]:
        return [torch.fft.rfft2(self._tone.values(picture).contiguous()).angle()]

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size with the phases of the resampled pictures."""
        with torch.no_grad():
            pictures = self.picture()
        self._sized(size)
        self.fit(itemwise(pictures, self.size))

    def _sized(self, size: tuple[int, int]) -> None:
        super()._sized(size)
        self._magnitude = self._magnitude_at(self.size)


def standardised(values: Tensor) -> Tensor:
    """Values less their mean, over their standard deviation."""
    centred = values - values.mean()
    return centred / (centred.square().mean().sqrt() + 1e-5)
