"""Bands of a gradient or a change along axes of colour that eyes see by: lightness, and two opponent ones.

A gradient's channels are red, green and blue, and its noise is mostly between them. Along opponent axes
lightness can be given more, and colour less towards fine bands, as natural pictures have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.ops.filters import band_count, enlarge, gaussian_kernel, laplacian_bands, resize, separable

#: Lightness, warm and cold, green and magenta: orthogonal, in rows.
_AXES = torch.tensor([[1.0, 1, 1], [1, 0, -1], [1, -2, 1]], dtype=torch.float64)
AXES = _AXES / _AXES.norm(dim=1, keepdim=True)
#: Gains of the axes where nothing is seen, and where something is.
GROUND, FORM = (1.0, 0.65, 0.45), (1.0, 0.55, 0.38)
#: Colour gains so much towards coarse bands, in octaves a band.
COLOUR_TILT = 0.45
#: The sides of a cell, in pixels of a band: energies, which vary slowly, are means over cells.
CELL = 4
#: What is smaller, one way or the other, has no band.
LEAST_SIDE = 8
#: Of a band's local energy (sigma in cells), how far each place is divided by it: whole bodies instead of
#: single eyes.
LOCAL, LOCAL_SIGMA = 0.6, 1.5
#: What is fine passes where what is coarser is strong: the share of the mean that is half the way, sigma in
#: cells, and what passes is multiplied by.
GATE, GATE_SIGMA = 0.25, 0.45
PASSED = (1 + GATE) / 1.5
#: What the ground gets of a step.
QUIET = 0.05
#: The tilt of form as a share of the ground's, and how far form is ahead of the ground's coarsest band.
FORM_TILT, AHEAD = 0.25, 0.6
#: The gain of form's finest band.
FINEST = 0.75
#: An axis weaker than this share of the strongest is not brought to its strength: it is rounding, not colour.
FAINT = 1e-4
#: A change's bands are left out where weaker than this ratio to the asked-for amount, by axis, less in each
#: coarser band; and by so much less where something is seen.
WEAK, WEAK_SLOPE, SPARED = (1.0, 2.0, 2.0), 0.3, 0.8
#: Sigma of a band's local energy, in its pixels.
NEAR = 1.5
#: Bands of a change.
BANDS = 4
#: The least energy that is divided by.
TINY = 1e-37


@dataclass(frozen=True)
class OpponentNumbers:
    """What ``opponent_normalised``, and the kernel that does the same, multiply and divide by.

    Attributes:
        axes: ``AXES``, row by row; empty for pictures of another channel count than three.
        ground: Gains where nothing is seen, of each axis, band by band from the finest on.
        form: The same where something is.
        local_taps: The blur of a band's local energy, on cells: an odd count of weights.
        gate_taps: The blur of what lets finer bands pass.
        single: ``LOCAL``, ``GATE``, ``PASSED``, ``QUIET``, ``FAINT`` and ``TINY``.
    """

    axes: tuple[float, ...]
    ground: tuple[float, ...]
    form: tuple[float, ...]
    local_taps: tuple[float, ...]
    gate_taps: tuple[float, ...]
    single: tuple[float, ...]

    @classmethod
    def of(cls, shape: Sequence[int], levels: int, tilt: float) -> Self:
        """Those for a gradient of a shape (1, C, H, W); ``levels`` and ``tilt`` as there."""
        channels = shape[1]
        bands = band_count(shape[2], shape[3], levels, LEAST_SIDE)
        ground, form = [], []
        for k in range(bands):
            paler = 2 ** (COLOUR_TILT * (k - bands + 1))
            inside = FORM_TILT * tilt * k + (1 - FORM_TILT) * tilt * (bands - 1) * AHEAD
            for i in range(channels):
                axis, colour = (i, paler if i else 1.0) if channels == 3 else (0, 1.0)
                ground.append(GROUND[axis] * colour * 2 ** (tilt * k))
                form.append(FORM[axis] * colour * 2**inside * (1.0 if k else FINEST))
        axes = AXES.flatten().tolist() if channels == 3 else ()
        taps, single = (_taps(LOCAL_SIGMA), _taps(GATE_SIGMA)), (LOCAL, GATE, PASSED, QUIET, FAINT, TINY)
        return cls(tuple(axes), tuple(ground), tuple(form), *taps, single)


def _taps(sigma: float) -> tuple[float, ...]:
    return tuple(gaussian_kernel(sigma, max(1, round(3 * sigma))).tolist())


def to_axes(picture: Tensor) -> Tensor:
    """(N, 3, H, W) along ``AXES``; pictures of another channel count stay as they are."""
    return _mixed(picture, AXES) if picture.shape[1] == 3 else picture


def from_axes(planes: Tensor) -> Tensor:
    """The inverse of ``to_axes``."""
    return _mixed(planes, AXES.t()) if planes.shape[1] == 3 else planes


def _mixed(picture: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,njhw->nihw", matrix.to(picture), picture).contiguous()


def _per_axis(values: tuple[float, float, float], planes: Tensor) -> Tensor:
    """One value an axis, (1, C, 1, 1); planes that are no axes of colour all count as lightness."""
    if planes.shape[1] != 3:
        return planes.new_full((1, planes.shape[1], 1, 1), values[0])
    return torch.tensor(values, dtype=planes.dtype, device=planes.device).view(1, 3, 1, 1)


def _means(planes: Tensor, side: int) -> Tensor:
    """Means over squares; at the far ends over what is left of them."""
    return F.avg_pool2d(planes, side, ceil_mode=True)


def _halved(attention: Tensor | None, count: int) -> list[Tensor]:
    """The attention so many times, each of half the size of the one before; none of none."""
    maps = [] if attention is None else [attention]
    while maps and len(maps) < count:
        maps.append(_means(maps[-1], 2))
    return maps


def _on_cells(attention: Tensor, gradient: Tensor) -> Tensor:
    """The attention's means over cells, if it has every pixel; else it is that already."""
    return _means(attention, CELL) if attention.shape[2:] == gradient.shape[2:] else attention


def _mean(planes: Tensor) -> Tensor:
    return planes.mean((2, 3), keepdim=True)


def _blur(cells: Tensor, taps: tuple[float, ...], *, circular: bool) -> Tensor:
    """Filter along both axes; what lies beyond the border is as at the border, or wrapped, however far."""
    radius = len(taps) // 2
    for axis in (2, 3):
        size = cells.shape[axis]
        places = torch.arange(-radius, size + radius, device=cells.device)
        places = places % size if circular else places.clamp(0, size - 1)
        padded = cells.index_select(axis, places)
        cells = torch.stack([padded.narrow(axis, i, size) * tap for i, tap in enumerate(taps)]).sum(0)
    return cells


def _lightness(energy: Tensor, squares: Tensor) -> Tensor:
    """Of the energies of all axes, (1, 1, h, w): that of lightness, or else the mean, each over its mean."""
    return energy[:, :1] if energy.shape[1] == 3 else (energy / squares.clamp_min(TINY)).mean(1, keepdim=True)


def opponent_normalised(
    gradient: Tensor,
    *,
    levels: int = 4,
    tilt: float = 0.4,
    attention: Tensor | None = None,
    circular: bool = False,
) -> Tensor:
    """A gradient's bands, each of unit strength along each axis of colour, gated, and added up again.

    What ``laplacian_normalised`` does for all channels at once is done here along ``AXES``, each band divided
    by its local energy too. Where nothing is seen, a fine band passes only where coarser ones are strong.
    Energies, and what becomes of them, live on cells of ``CELL`` pixels of their band.

    Args:
        gradient: (1, C, H, W).
        levels: Bands; fewer where the picture is small.
        tilt: Gain towards coarse bands, in octaves a band, where nothing is seen; a quarter of it where
            something is.
        attention: (1, 1, H, W) in [0, 1], where something is seen, or its means over cells of ``CELL``
            pixels; without it all is ground.
        circular: Wrap at the border.

    Returns:
        (1, C, H, W), of no particular length.
    """
    *bands, rest = laplacian_bands(to_axes(gradient), levels, LEAST_SIDE, circular=circular)
    if not bands:
        return from_axes(rest - _mean(rest))
    numbers = OpponentNumbers.of(gradient.shape, levels, tilt)
    seen = _halved(None if attention is None else _on_cells(attention.to(gradient), gradient), len(bands))
    result = gate = None
    channels = gradient.shape[1]
    for k in reversed(range(len(bands))):
        energy = _means(bands[k].square(), CELL)
        local = _blur(_lightness(energy, _mean(energy)), numbers.local_taps, circular=circular)
        even = 1 / (LOCAL * local / _mean(local).clamp_min(TINY) + 1 - LOCAL)
        energy = energy * even
        squares = _mean(energy)
        strength = torch.maximum(squares, squares.max() * FAINT**2).clamp_min(TINY)
        here = _blur(_lightness(energy, squares), numbers.gate_taps, circular=circular)
        if channels == 3:
            here = here / strength[:, :1]
        ground = even.sqrt() * (QUIET if seen else 1.0)
        if gate is not None:
            above = enlarge(gate, *here.shape[2:], circular=circular)
            ground = ground * (PASSED * above / (above + GATE * _mean(above)).clamp_min(TINY))
            here = (above + here) / 2
        gate = here
        of_band = slice(k * channels, (k + 1) * channels)
        gains = (gradient.new_tensor(g[of_band]).view(1, -1, 1, 1) for g in (numbers.ground, numbers.form))
        ground_gain, form_gain = (gain / strength.sqrt() for gain in gains)
        size = bands[k].shape[2:]
        if seen:
            form = enlarge(even.sqrt() * seen[k], *size, circular=circular)
            factor = (
                enlarge(ground * (1 - seen[k]), *size, circular=circular) * ground_gain + form * form_gain
            )
        else:
            factor = enlarge(ground, *size, circular=circular) * ground_gain
        scaled = bands[k] * factor
        result = scaled if result is None else scaled + enlarge(result, *size, circular=circular)
    assert result is not None
    return from_axes(result)


def shrunk(
    change: Tensor, amount: float, *, attention: Tensor | None = None, circular: bool = False
) -> Tensor:
    """A change (1, C, H, W) without what is weak in it: each band times e / (e + t^2), e its local energy.

    That is Wiener's filter for noise of deviation t, ``amount`` along lightness and twice that along colour,
    less in coarser bands and where something is seen: attention is (1, 1, h, w) in [0, 1], of any size.
    """
    *bands, rest = laplacian_bands(to_axes(change), BANDS, LEAST_SIDE, circular=circular)
    near = gaussian_kernel(NEAR, round(3 * NEAR + 0.49))
    if attention is not None:
        attention = resize(attention.to(change), *change.shape[2:], plain=True)
    seen = _halved(attention, len(bands))
    for k in reversed(range(len(bands))):
        band = bands[k]
        energy = separable(band.square(), near, circular=circular)
        noise = _per_axis(WEAK, band) * (amount * 2 ** (-WEAK_SLOPE * k))
        if seen:
            noise = noise * (1 - SPARED * seen[k])
        kept = band * (energy / (energy + noise.square()).clamp_min(TINY))
        rest = kept + enlarge(rest, *band.shape[2:], circular=circular)
    return from_axes(rest)
