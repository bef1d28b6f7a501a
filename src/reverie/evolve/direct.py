"""Pictures whose genes are their pixels: the paper's direct encoding."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from reverie.errors import BadInput, UsageError
from reverie.evolve.genome import Arrays, Brood, Floats, polynomial_steps
from reverie.native.runtime import carried

#: Each gene's chance to mutate at first; it halves every ``HALVED`` generations, as the paper's (2015).
RATE, HALVED = 0.1, 1000
#: Numbers that chance is drawn from.
CHANCES = 65536
MOST_SIDE = 4096

Genes = NDArray[np.uint8]  # (C, side, side); of ``Natural`` (C, genes)
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

    def breed(self, brood: Brood[Genes]) -> list[Genes]:
        """See ``Encoding.breed``."""
        pairs = list(zip(brood.parents, brood.rngs, strict=True))
        return each(lambda pair: self.mutate(pair[0], pair[1], generation=brood.generation), pairs)

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


def each(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """``work`` of every item, in their order, on as many threads as torch may use."""
    threads = min(torch.get_num_threads(), len(items))
    if threads < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(carried(work), items))


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


def as_text(data: bytes) -> str:
    """Compressed and in base 64."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def from_text(text: Any, size: int) -> bytes:
    """The ``size`` bytes that ``as_text`` wrote; BadInput if the text is not theirs."""
    if not isinstance(text, str) or len(text) > 2 * size + 1024:
        raise BadInput("genome: its genes are missing or too many")
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise BadInput(f"genome: its genes are damaged ({error})") from error
    if len(data) != size:
        raise BadInput(f"genome: has not the {size} genes that its settings speak of")
    return data
