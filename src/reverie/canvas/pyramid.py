"""A Laplacian pyramid: pictures as a sum of bands of all sizes (Burt & Adelson 1983; lucid)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reverie.canvas.base import Canvas, CanvasSetup, enlarged, itemwise
from reverie.errors import UsageError


class PyramidCanvas(Canvas):
    """N pictures as bands of half the size each: leaf k, (N, C, H / 2^k, W / 2^k) rounded up, 0 the finest.

    Picture = squash(contrast * mix(sum of gain_k * enlarged band_k)). The coarsest band has gain 1 and each
    finer one 2^-falloff of the next coarser: amplitudes fall with frequency as 1 / f to that power.
    """

    def __init__(
        self,
        setup: CanvasSetup,
        *,
        levels: int = 4,
        spread: float = 0.01,
        falloff: float = 0.0,
        colour: str = "decorrelated",
        saturation: float = 1.0,
        contrast: float = 1.0,
        squash: str = "sigmoid",
    ) -> None:
        """Normal noise in every band; lucid's settings are the defaults.

        Args:
            setup: What every canvas is made with.
            levels: Bands.
            spread: Deviation of the bands' values at the start.
            falloff: Amplitudes fall with frequency as 1 / f to this power.
            colour: "decorrelated", or "rgb" for red, green and blue planes.
            saturation: Gain of the two axes of colour.
            contrast: Gain of all.
            squash: "sigmoid" or "clip".

        Raises:
            UsageError: No levels, or an unknown colour or squash.
        """
        super().__init__(setup)
        if levels < 1:
            raise UsageError(f"levels: {levels} is below 1")
        self._tone = self._toned(colour=colour, saturation=saturation, contrast=contrast, squash=squash)
        self._gains = [2.0 ** (falloff * (k - levels + 1)) for k in range(levels)]

        def draw(rng: torch.Generator) -> list[Tensor]:
            return [spread * torch.randn(self.channels, h, w, generator=rng) for w, h in self._sizes()]

        self._start(setup.rngs, draw)

    def _sizes(self) -> list[tuple[int, int]]:
        width, height = self.size
        return [(-(-width // 2**k), -(-height // 2**k)) for k in range(len(self._gains))]

    def _one(self, parts: Sequence[Tensor]) -> Tensor:
        total = parts[0] * self._gains[0]
        for band, gain in zip(parts[1:], self._gains[1:], strict=True):
            total = total + enlarged(band, self.size) * gain
        return self._tone.picture(total)

    def _fitted(self, picture: Tensor, index: int) -> list[Tensor]:
        """From coarse to fine, each band takes what the coarser ones left; the finest all of it."""
        rest = self._tone.values(picture)
        bands: list[Tensor] = []
        for size, gain in reversed(list(zip(self._sizes(), self._gains, strict=True))):
            band = itemwise(rest[None], size)[0]
            rest = rest - enlarged(band, self.size)
            bands.insert(0, band / gain)
        return bands

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size: every band is resampled."""
        self._sized(size)
        pairs = zip(self._leaves, self._sizes(), strict=True)
        self._put([itemwise(band.detach(), smaller) for band, smaller in pairs])
