"""Pictures whose genes are their pixels: the paper's direct encoding, and one with natural images in mind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from reverie.errors import BadInput, UsageError
from reverie.evolve.genome import Arrays, Floats
from reverie.evolve.mutation import polynomial_steps
from reverie.evolve.text import as_text, from_text

#: Each gene's chance to mutate at first; it halves every ``HALVED`` generations, as the paper's (2015).
RATE, HALVED = 0.1, 1000
#: Numbers that chance is drawn from.
CHANCES = 65536
MOST_SIDE = 4096

#: ``roughness`` of photographs at 224 pixels: the geometric mean of the free ones of scikit-image, which are
#: between 0.6 and 1.4 times that.
NATURAL = 0.039
#: Knots in a row of the coarsest surface, at least; and how much of black to white each surface spans.
COARSEST = 7
STRENGTH = np.float32(0.6)

Genes = NDArray[np.uint8]  # (C, side, side); of Natural (C, genes)
T = TypeVar("T")
R = TypeVar("R")


class Direct:
    """One gene of 0 to 255 for each number of the picture: uniform noise at first, then polynomial mutation.

    Args:
        side: Genes in a row and column. The paper has 256, which is what it showed its network.
        channels: Of a gene for each.
    """

    name: ClassVar[str] = "direct"
    orphans: ClassVar[bool] = False

    def __init__(self, *, side: int = 224, channels: int = 3) -> None:
        if not 1 <= side <= MOST_SIDE:
            raise UsageError(f"side {side}: must be 1 to {MOST_SIDE}")
        if not 1 <= channels <= 64:
            raise UsageError(f"channels {channels}: must be 1 to 64")
        self.side, self.channels = side, channels

    @property
    def cost(self) -> int:
        """One evaluation each."""
        return 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a genome."""
        return self.channels, self.side, self.side

    def settings(self) -> dict[str, Any]:
        """See ``Encoding.settings``."""
        return {"side": self.side, "channels": self.channels}

    def start(self, rng: np.random.Generator) -> Genes:
        """Uniform noise."""
        count = int(np.prod(self.shape))
        return rng.bit_generator.random_raw(-(-count // 8)).view(np.uint8)[:count].reshape(self.shape).copy()

    def mutate(self, genome: Genes, rng: np.random.Generator, *, generation: int = 0) -> Genes:
        """A child in which each gene has changed by the generation's rate."""
        rate = RATE * 0.5 ** (generation // HALVED)
        at = np.flatnonzero(_chances(rng, genome.size) < round(rate * CHANCES))
        child = genome.reshape(-1).copy()
        child[at] = np.clip(child[at] + _STEPS[_chances(rng, len(at))], 0, 255)
        return child.reshape(genome.shape)

    def breed(
        self,
        parents: Sequence[Genes],
        rngs: Sequence[np.random.Generator],
        *,
        generation: int,
        cells: Sequence[int],
    ) -> list[Genes]:
        """See ``Encoding.breed``."""
        pairs = list(zip(parents, rngs, strict=True))
        return each(lambda pair: self.mutate(pair[0], pair[1], generation=generation), pairs)

    def render(self, genomes: Sequence[Genes], size: int, *, eight_bit: bool = False) -> Floats:
        """See ``Encoding.render``: a pixel for each gene; enlarged to squares, averaged if smaller."""
        if not len(genomes):
            return np.empty((0, size, size, self.channels), np.float32)
        planes = np.empty((len(genomes), *self.shape), np.float32)
        for plane, genes in zip(planes, genomes, strict=True):
            np.divide(genes, np.float32(255), out=plane)
        if size != self.side:
            planes = self._resized(torch.from_numpy(planes), size).numpy()
            if eight_bit:
                round_(planes)
        return np.moveaxis(planes, 1, 3)

    def _resized(self, planes: torch.Tensor, size: int) -> torch.Tensor:
        if size > self.side:
            return F.interpolate(planes, (size, size), mode="nearest-exact")
        return F.interpolate(planes, (size, size), mode="bilinear", antialias=True).clamp_(0, 1)

    def penalty(self, pictures: Floats) -> NDArray[np.float64] | None:
        """None."""
        return None

    def encode(self, genome: Genes) -> dict[str, Any]:
        """{"genes": text}: the bytes, channel by channel and row by row, compressed and in base 64."""
        return {"genes": as_text(genome.tobytes())}

    def decode(self, data: Mapping[str, Any]) -> Genes:
        """See ``Encoding.decode``."""
        count = int(np.prod(self.shape))
        genes = np.frombuffer(from_text(data.get("genes"), count), np.uint8)
        return genes.reshape(self.shape)

    def pack(self, genomes: Sequence[Genes]) -> Arrays:
        """See ``Encoding.pack``."""
        return {"genes": np.stack(genomes) if len(genomes) else np.empty((0, *self.shape), np.uint8)}

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> list[Genes]:
        """See ``Encoding.unpack``."""
        genes = arrays["genes"]
        if genes.dtype != np.uint8 or genes.shape[1:] != self.shape:
            raise BadInput(f"genomes: {genes.shape[1:]} bytes each, not {self.shape}")
        return list(genes)


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
        """See ``Encoding.render``."""
        planes = np.empty((len(genomes), self.channels, size, size), np.float32)
        pairs = list(zip(genomes, planes, strict=True))
        each(lambda pair: self._draw(pair[0], pair[1], eight_bit), pairs)
        return np.moveaxis(planes, 1, 3)

    def _draw(self, genes: Genes, picture: Floats, eight_bit: bool) -> None:
        """Genes into a picture (C, size, size)."""
        surface, first = np.zeros((self.channels, 1, 1), np.float32), 0
        for side in self.sides:
            knots = genes[:, first : first + side**2].reshape(-1, side, side).astype(np.float32)
            surface = _enlarged(surface, side) + STRENGTH * (knots / np.float32(255) - np.float32(0.5))
            first += side**2
        np.add(_enlarged(surface, picture.shape[2]), np.float32(0.5), out=picture)
        np.clip(picture, 0, 1, out=picture)
        if eight_bit:
            round_(picture)

    def penalty(self, pictures: Floats) -> NDArray[np.float64]:
        """See ``Encoding.penalty``."""
        away = np.abs(np.log2(np.maximum(roughness(pictures), 1e-6) / NATURAL))
        less: NDArray[np.float64] = self.weight * np.maximum(away - 1, 0)
        return less


def roughness(pictures: Floats) -> NDArray[np.float64]:
    """Half the mean square of neighbours' differences over the variance: (N,) of pictures (N, H, W, C).

    Of their grey; 0 is flat, 1 is white noise.
    """
    return np.array(each(_roughness, list(np.moveaxis(pictures, 3, 1))), np.float64)


def _roughness(planes: Floats) -> float:
    grey = functools.reduce(np.add, planes) / np.float32(len(planes))
    squares = [float(np.square(x, out=x).mean()) for x in (np.diff(grey, axis=0), np.diff(grey, axis=1))]
    return sum(squares) / (4 * max(float(np.square(grey - grey.mean()).mean()), 1e-12))


Taps = tuple[NDArray[np.int64], Floats]


def _enlarged(surface: Floats, size: int) -> Floats:
    """A surface (C, s, s) at (C, size, size), cubic between its knots."""
    if surface.shape[2] == size:
        return surface.copy()
    taps = _taps(surface.shape[2], size)
    wide = sum(surface[:, :, place] * weight for place, weight in zip(*taps, strict=True))
    enlarged = np.zeros((len(surface), size, size), np.float32)
    taken = np.empty_like(enlarged)
    for place, weight in zip(*taps, strict=True):
        np.take(wide, place, axis=1, out=taken, mode="clip")
        enlarged += np.multiply(taken, weight[:, None], out=taken)
    return enlarged


@functools.lru_cache(16)
def _taps(side: int, size: int) -> Taps:
    """Cubic interpolation of ``side`` knots to ``size`` pixels: places and weights, (taps, size) each."""
    matrix = F.interpolate(torch.eye(side)[None, None], (size, side), mode="bicubic", antialias=size < side)
    weights = matrix[0, 0].numpy()
    taps = int((weights != 0).sum(1).max())
    first = np.minimum((weights != 0).argmax(1), side - taps)
    places = first + np.arange(taps)[:, None]
    return places, weights[np.arange(size), places]


def each(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """``work`` of every item, in their order, on as many threads as torch may use."""
    threads = min(torch.get_num_threads(), len(items))
    if threads < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def round_(picture: Floats) -> None:
    """To whole 255ths, in place, as a file of eight bits is read again."""
    np.multiply(picture, np.float32(255), out=picture)
    np.rint(picture, out=picture)
    np.divide(picture, np.float32(255), out=picture)


def _chances(rng: np.random.Generator, count: int) -> NDArray[np.uint16]:
    """``count`` numbers, each uniform in 0 to 65535."""
    return rng.bit_generator.random_raw(-(-count // 4)).view(np.uint16)[:count]


def _steps() -> NDArray[np.int16]:
    """The polynomial mutation's step of genes 0 to 255, for each of ``CHANCES`` equal chances."""
    u = (np.arange(CHANCES) + 0.5) / CHANCES
    return np.rint(255 * polynomial_steps(u)).astype(np.int16)


_STEPS = _steps()
