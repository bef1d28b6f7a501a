"""Pictures of smooth surfaces, with natural images in mind.

What is drawn and measured here in NumPy, ``native.surfaces`` does faster, to the same bytes.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from reverie.errors import UsageError
from reverie.evolve.direct import Direct, Genes, each, round_
from reverie.evolve.genome import Floats
from reverie.native import surfaces as native

#: ``roughness`` of photographs at 224 pixels: the geometric mean of the free ones of scikit-image, which are
#: between 0.6 and 1.4 times that.
NATURAL = 0.039
#: Knots in a row of the coarsest surface, at least; and how much of black to white each surface spans.
COARSEST = 7
STRENGTH = np.float32(0.6)
#: What each gene adds to its surface.
STRENGTHS = STRENGTH * (np.arange(256, dtype=np.float32) / np.float32(255) - np.float32(0.5))


class Natural(Direct):
    """Genes with the statistics of photographs: as strong in every octave, and neighbours as alike.

    The power of natural images falls with the square of the frequency (Field 1987), so that each octave has
    as much of it: genes are knots of smooth surfaces, each half as fine as the next, which are added up. And
    half the mean square of neighbours' differences is a small part of a photograph's variance: what lies more
    than twofold away from that part is less fit, by ``weight`` for each doubling or halving.

    Args:
        side: Knots in a row of the finest surface.
        channels: Of a gene for each.
        weight: Of the prior, against confidences in [0, 1].
    """

    name: ClassVar[str] = "natural"

    def __init__(self, *, side: int = 56, channels: int = 3, weight: float = 0.1) -> None:
        super().__init__(side=side, channels=channels)
        if not 0 <= weight <= 100:
            raise UsageError(f"weight {weight}: must be 0 to 100")
        self.weight = float(weight)

    def settings(self) -> dict[str, Any]:
        """See ``Encoding.settings``."""
        return {**super().settings(), "weight": self.weight}

    @property
    def sides(self) -> list[int]:
        """Knots in a row of each surface, from coarse to fine."""
        sides = [self.side]
        while sides[0] // 2 >= COARSEST:
            sides.insert(0, sides[0] // 2)
        return sides

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a genome: the surfaces behind each other."""
        return self.channels, sum(side**2 for side in self.sides)

    def render(self, genomes: Sequence[Genes], size: int, *, eight_bit: bool = False) -> Floats:
        """See ``Encoding.render``. A picture's bytes depend on its genome and size alone."""
        if not len(genomes):
            return np.empty((0, size, size, self.channels), np.float32)
        draw = _drawn_natively if native.available() else _drawn
        return np.moveaxis(draw(np.stack(genomes), [*self.sides, size], eight_bit), 1, 3)

    def penalty(self, pictures: Floats) -> NDArray[np.float64]:
        """See ``Encoding.penalty``."""
        away = np.abs(np.log2(np.maximum(roughness(pictures), 1e-6) / NATURAL))
        less: NDArray[np.float64] = self.weight * np.maximum(away - 1, 0)
        return less


def roughness(pictures: Floats) -> NDArray[np.float64]:
    """Half the mean square of neighbours' differences over the variance: (N,) of pictures (N, H, W, C).

    Of their grey, as files of eight bits hold it; 0 is flat, 1 is white noise.
    """
    planes = np.moveaxis(pictures, 3, 1)
    many = native.available() and planes.shape[1] <= native.MOST_CHANNELS
    sums = native.measure(planes, threads=torch.get_num_threads()) if many else _measured(planes)
    return np.array([_roughness(row, *pictures.shape[1:3]) for row in sums.tolist()], np.float64)


def _roughness(sums: Sequence[int], height: int, width: int) -> float:
    grey, squares, down, across = sums
    pixels = height * width
    variance = (pixels * squares - grey**2) / pixels**2
    differences = down / max(pixels - width, 1) + across / max(pixels - height, 1)
    return differences / (4 * variance) if variance else 0.0


def _measured(planes: Floats) -> NDArray[np.int64]:
    """See ``native.measure``."""
    grey = (planes * np.float32(255) + np.float32(0.5)).astype(np.int64).sum(1)
    parts = grey, grey**2, np.diff(grey, axis=1) ** 2, np.diff(grey, axis=2) ** 2
    return np.stack([part.sum((1, 2)) for part in parts], 1)


def _drawn_natively(genes: Genes, sides: Sequence[int], eight_bit: bool) -> Floats:
    first, weights = zip(*(_taps(a, b) for a, b in itertools.pairwise(sides)), strict=True)
    levels, threads = 255 if eight_bit else 0, torch.get_num_threads()
    return native.draw(genes, STRENGTHS, sides, first, weights, levels=levels, threads=threads)


def _drawn(genes: Genes, sides: Sequence[int], eight_bit: bool) -> Floats:
    """See ``native.draw``."""
    pictures = np.empty((*genes.shape[:2], sides[-1], sides[-1]), np.float32)

    def draw(number: int) -> None:
        surface, first = np.zeros((genes.shape[1], 1, 1), np.float32), 0
        for side in sides[:-1]:
            knots = genes[number, :, first : first + side**2].reshape(-1, side, side)
            surface = _enlarged(surface, side) + STRENGTHS[knots]
            first += side**2
        picture = pictures[number]
        np.add(_enlarged(surface, sides[-1]), np.float32(0.5), out=picture)
        np.clip(picture, 0, 1, out=picture)
        if eight_bit:
            round_(picture)

    each(draw, range(len(genes)))
    return pictures


def _enlarged(surface: Floats, size: int) -> Floats:
    """A surface (C, s, s) at (C, size, size), cubic between its knots."""
    first, weights = _taps(surface.shape[2], size)
    taps = list(enumerate(weights))
    wide = sum(surface[:, :, first + tap] * weight for tap, weight in taps)
    enlarged = np.zeros((len(surface), size, size), np.float32)
    for tap, weight in taps:
        enlarged += wide[:, first + tap] * weight[:, None]
    return enlarged


@functools.lru_cache(16)
def _taps(side: int, size: int) -> tuple[NDArray[np.int64], Floats]:
    """Cubic interpolation of ``side`` knots to ``size`` pixels: first knots (size,), weights (taps, size)."""
    if side == size:
        return np.arange(size), np.ones((1, size), np.float32)
    matrix = F.interpolate(torch.eye(side)[None, None], (size, side), mode="bicubic", antialias=size < side)
    weights = matrix[0, 0].numpy()
    taps = int((weights != 0).sum(1).max())
    first = np.minimum((weights != 0).argmax(1), side - taps)
    return first, weights[np.arange(size), first + np.arange(taps)[:, None]]
