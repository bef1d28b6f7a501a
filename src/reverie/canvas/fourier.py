"""Pictures as spectra: a step of gradient ascent moves large shapes before fine grain (Olah et al. 2017)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from reverie.canvas.base import Canvas, CanvasSetup
from reverie.canvas.window import middle

#: What lucid divides its pictures by.
LUCID: float = 4.0
#: Axes of colour fall off from this many waves along the longer side.
COLOURED: float = 3.0
#: Outside a window waves are left that a blur of this share of the longer side leaves.
BROAD: float = 0.1


def frequencies(size: tuple[int, int]) -> Tensor:
    """Frequencies of a real picture's spectrum in cycles per pixel, (H, W // 2 + 1), float64."""
    width, height = size
    fy = torch.fft.fftfreq(height, dtype=torch.float64).view(-1, 1)
    fx = torch.fft.rfftfreq(width, dtype=torch.float64).view(1, -1)
    return torch.sqrt(fx * fx + fy * fy)


def amplitudes(size: tuple[int, int], falloff: float) -> Tensor:
    """What the parameters are multiplied by, (H, W // 2 + 1), float64: S (S max(f, 1 / S)) ^ -falloff.

    S is the longer side. It is lucid's 1 / max(f, 1 / S) at a falloff of 1; at another one the lowest
    frequency keeps its weight, so that a step moves it as far, at any size too.
    """
    longest = max(size)
    return longest * (longest * frequencies(size)).clamp_min(1) ** -falloff


def broad(size: tuple[int, int]) -> Tensor:
    """What a blur of ``BROAD`` of the longer side leaves of each wave, (H, W // 2 + 1), float64."""
    return torch.exp(-2 * (math.pi * BROAD * max(size) * frequencies(size)).square())


class FourierCanvas(Canvas):
    """N pictures as coefficients of sines and cosines, scaled by 1 / f, with decorrelated colours.

    The only leaf, (N, C, H, W // 2 + 1, 2), holds real and imaginary parts. Picture = squash(contrast *
    mix(irfft2(amplitude * leaf) / 4)), the transform being orthonormal (lucid's ``fft_image``). With a window
    what is finer than ``broad`` grows about the middle: broad + open * (values - broad).
    """

    def __init__(
        self,
        setup: CanvasSetup,
        *,
        spread: float = 0.01,
        falloff: float = 1.0,
        colour_falloff: float = 0.0,
        colour: str = "decorrelated",
        saturation: float = 1.0,
        contrast: float = 1.0,
        squash: str = "sigmoid",
        window: float = 0.0,
    ) -> None:
        """Normal noise in every coefficient.

        Args:
            setup: What every canvas is made with.
            spread: Deviation of the coefficients at the start.
            falloff: Amplitudes fall with frequency as 1 / f to this power.
            colour_falloff: Those of the two axes of colour by so much more, from ``COLOURED`` waves on.
            colour: "decorrelated", or "rgb" for red, green and blue planes.
            saturation: Gain of the two axes of colour.
            contrast: Gain of all.
            squash: "sigmoid" or "clip".
            window: How much of the finer waves is kept away from the edges, 0 to 1.

        Raises:
            UsageError: An unknown colour or squash.
        """
        self._window, self._planes = window, dict[tuple[int, int], tuple[Tensor, Tensor]]()
        self._colour_falloff = colour_falloff
        super().__init__(setup)
        self._tone = self._toned(colour=colour, saturation=saturation, contrast=contrast, squash=squash)
        self._falloff = falloff
        self._scale = self._scale_at(self.size)
        shape = (self.channels, self.size[1], self.size[0] // 2 + 1, 2)
        self._start(setup.rngs, lambda rng: [spread * torch.randn(shape, generator=rng)])

    def _scale_at(self, size: tuple[int, int]) -> Tensor:
        """Amplitudes (H, W // 2 + 1, 2), once for real and once for imaginary parts: no broadcasting.

        Where axes of colour fall off by more it has their planes too, (C, H, W // 2 + 1, 2).
        """
        scale = amplitudes(size, self._falloff) / LUCID
        if self._colour_falloff and self._tone.mix is not None:
            waves = (frequencies(size) * max(size) / COLOURED).clamp_min(1)
            coloured = scale * waves**-self._colour_falloff
            scale = torch.stack([scale, coloured, coloured])
        return torch.stack([scale, scale], -1).to(self.device, self.dtype)

    def _one(self, parts: Sequence[Tensor]) -> Tensor:
        return self._drawn(parts[0] * self._scale, self.size)

    def _drawn(self, spectrum: Tensor, size: tuple[int, int]) -> Tensor:
        """The picture (C, H, W) of a spectrum (C, H, W // 2 + 1, 2)."""
        waves = torch.view_as_complex(spectrum)
        values = torch.fft.irfft2(waves, s=(size[1], size[0]), norm="ortho")
        if self._window:
            low, open_ = self._opened(size)
            base = torch.fft.irfft2(waves * low, s=(size[1], size[0]), norm="ortho")
            values = base + open_ * (values - base)
        return self._tone.picture(values)

    def _opened(self, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """What is left of each wave outside the window, and how open that is; kept."""
        if size not in self._planes:
            planes = broad(size), middle(size, self._window)
            low, open_ = (plane.to(self.device, self.dtype) for plane in planes)
            self._planes = {size: (low, open_)}
        return self._planes[size]

    def _fitted(self, picture: Tensor, index: int) -> list[Tensor]:
        spectrum = torch.fft.rfft2(self._tone.values(picture).contiguous(), norm="ortho")
        return [torch.view_as_real(spectrum) / self._scale]

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size: frequencies are added as nothing, or left out."""
        old, scale = self.size, self._scale
        self._sized(size)
        leaf = [respectrum(p * scale, old, self.size) / self._scale for p in self._leaves[0].detach()]
        self._put([torch.stack(leaf)])

    def carried(self, remembered: Sequence[Tensor], old: tuple[int, int]) -> list[Tensor] | None:
        """After a ``resize``: what an optimiser remembers of the frequencies that both sizes have."""
        return [_common(values, old, self.size) for values in remembered]

    def _sized(self, size: tuple[int, int]) -> None:
        super()._sized(size)
        self._scale = self._scale_at(self.size)

    @torch.no_grad()
    def render(self, size: tuple[int, int]) -> Tensor:
        """The pictures at a size, (N, C, H, W) in [0, 1]: the same waves seen at more or fewer points."""
        items = [respectrum(p * self._scale, self.size, size) for p in self._leaves[0]]
        return torch.stack([self._drawn(item, size) for item in items])


def respectrum(parts: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """The orthonormal spectrum of the same waves at another size, as real and imaginary parts.

    Args:
        parts: (C, H, W // 2 + 1, 2) of a real picture at the size ``old``.
        old: Its (width, height).
        new: The other (width, height).

    Returns:
        (C, H', W' // 2 + 1, 2). Frequencies beyond the smaller size are left out; at its limit what two
        frequencies share is halved or added up, so that a picture enlarged and shrunk again is the same.
    """
    if old == new:
        return parts
    spectrum = _columns(torch.view_as_complex(parts.contiguous()), old[0], new[0])
    spectrum = _rows(spectrum, new[1])
    spectrum = spectrum * math.sqrt(new[0] * new[1] / (old[0] * old[1]))
    return torch.view_as_real(spectrum.contiguous())


def _columns(spectrum: Tensor, old: int, new: int) -> Tensor:
    """(C, H, old // 2 + 1) to (C, H, new // 2 + 1): the half of the frequencies that is stored."""
    if old == new:
        return spectrum
    least = min(old, new)
    kept = (least + 1) // 2
    result = spectrum.new_zeros(*spectrum.shape[:2], new // 2 + 1)
    result[..., :kept] = spectrum[..., :kept]
    if least % 2 == 0:
        limit = spectrum[..., least // 2]
        if new > old:  # what the transform ignored in the last column would be seen in an inner one
            limit = (limit + torch.roll(limit.flip(1), 1, 1).conj()) / 2
        result[..., least // 2] = limit * (0.5 if new > old else 2.0)
    return result


def _rows(spectrum: Tensor, new: int) -> Tensor:
    """(C, old, W) to (C, new, W): positive frequencies first, then negative ones."""
    old = spectrum.shape[1]
    if old == new:
        return spectrum
    least = min(old, new)
    positive, negative = (least + 1) // 2, (least - 1) // 2
    result = spectrum.new_zeros(spectrum.shape[0], new, spectrum.shape[2])
    result[:, :positive] = spectrum[:, :positive]
    if negative:
        result[:, -negative:] = spectrum[:, -negative:]
    if least % 2 == 0:
        half = least // 2
        if new > old:
            result[:, half] = result[:, new - half] = spectrum[:, half] / 2
        else:
            result[:, half] = spectrum[:, half] + spectrum[:, old - half]
    return result


def _common(values: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """(..., H, W // 2 + 1, 2) at another size: the frequencies below the limit of both, 0 for the others."""
    if old == new:
        return values
    columns = (min(old[0], new[0]) + 1) // 2
    positive, negative = (min(old[1], new[1]) + 1) // 2, (min(old[1], new[1]) - 1) // 2
    result = values.new_zeros(*values.shape[:-3], new[1], new[0] // 2 + 1, 2)
    result[..., :positive, :columns, :] = values[..., :positive, :columns, :]
    if negative:
        result[..., -negative:, :columns, :] = values[..., -negative:, :columns, :]
    return result
