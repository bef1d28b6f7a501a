"""Tiles: the gradient of a large picture in bounded memory, each feature cell counted once.

A tile owns a rectangle of feature cells. It is computed from the pixels those cells can see (a halo of the
receptive field around them), only its own cells are seeded, and its gradient is added into the whole
picture's. With the full halo the sum is the untiled gradient, for every objective that is a sum over
positions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import psutil
import torch

from reverie.errors import UsageError

#: Share of the free memory that one forward and backward pass may take.
SHARE = 0.5
#: What a tile may take where there is more: bytes, and bytes for each pixel of the picture (three quarters of
#: what a plane of it takes), so that halos do not cost more time on a large picture than on a small one.
BUDGET, BUDGET_A_PIXEL = 110e6, 9.0
#: Planes of the picture's size, three channels of fp32, that a dream holds beside the engine's memory.
PLANES = 5
#: An engine that takes much still sees this many pixels at once: smaller tiles would be mostly halo.
LEAST = 1e6
#: Tiles are no smaller than this, in pixels a side.
SMALLEST = 128

#: Height and width in pixels.
Shape = tuple[int, int]


@dataclass(frozen=True)
class Tile:
    """Owned pixels and seen pixels, as (top, left, bottom, right), multiples of the stride or the edge."""

    owned: tuple[int, int, int, int]
    seen: tuple[int, int, int, int]


@dataclass(frozen=True)
class Tiling:
    """How pictures are cut: height of the owned rectangle, halo, stride and width, all in pixels.

    A width of 0 is the height. UsageError for sizes that are none.
    """

    side: int
    halo: int
    stride: int
    across: int = 0

    def __post_init__(self) -> None:
        if min(self.side, self.stride) < 1 or min(self.halo, self.across) < 0:
            raise UsageError(f"tiles: {self} cannot be; side and stride begin at 1, halo and width at 0")

    def tiles(self, height: int, width: int) -> list[Tile]:
        """Cover a picture; nothing is dropped and no cell is owned twice."""
        columns = _spans(width, self.across or self.side, self.halo, self.stride)
        return [
            Tile((t, left, b, right), (st, sl, sb, sr))
            for t, b, st, sb in _spans(height, self.side, self.halo, self.stride)
            for left, right, sl, sr in columns
        ]


def _spans(length: int, side: int, halo: int, stride: int) -> list[tuple[int, int, int, int]]:
    """(owned from, to, seen from, to) along one axis.

    Strided "same" convolutions sample at a phase that depends on whether each level's size is odd, so a tile
    in the middle sees a stretch that leaves the same remainder modulo the stride as the picture does.
    """
    rest = length % stride
    count = max(1, -(-length // side))
    side = round_up(length / count, stride)  # even shares, none larger than asked for
    spans = []
    for start in range(0, length, side):
        end = min(length, start + side)
        seen_from = max(0, start - halo)
        seen_to = length if end == length else min(length, end + halo + rest)
        spans.append((start, end, seen_from, seen_to))
    return spans


def round_up(value: float, step: int) -> int:
    """The least multiple of ``step`` that is not below ``value``."""
    return math.ceil(value / step) * step


def free_memory(device: torch.device) -> int:
    """Bytes that may be taken on a device, the limit of a control group included."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free)
    return min(int(psutil.virtual_memory().available), _control_group_room())


def _control_group_room() -> int:
    """Room under a Linux control group's limit (containers), or a huge number where there is none."""
    try:
        with (
            open("/sys/fs/cgroup/memory.max") as limit,
            open("/sys/fs/cgroup/memory.current") as now,
        ):
            text = limit.read().strip()
            return int(text) - int(now.read()) if text != "max" else 1 << 62
    except OSError:
        return 1 << 62


def room_for(bytes_per_pixel: float, memory: int, height: int, width: int) -> float:
    """How many pixels of a picture an engine may see at once.

    Args:
        bytes_per_pixel: What the engine takes for each.
        memory: Free bytes; the planes of a dream of this size come first.
        height: Of the picture.
        width: The same, across.
    """
    pixels = height * width
    left = max(memory - PLANES * 12 * pixels, memory // 8)
    wanted = max(BUDGET + BUDGET_A_PIXEL * pixels, bytes_per_pixel * LEAST)
    return min(left * SHARE, wanted) / bytes_per_pixel


@dataclass(frozen=True)
class Cut:
    """A picture that may have to be cut.

    Attributes:
        height: Of the picture, in pixels.
        width: The same, across.
        halo: How far a tile sees.
        stride: What its cells are multiples of.
        room: How many pixels may be seen at once.
    """

    height: int
    width: int
    halo: int
    stride: int
    room: float

    def tiling(self, shape: Shape) -> Tiling:
        """Tiles of this height and width, or of the next possible ones."""
        down, across = (round_up(side, self.stride) for side in shape)
        return Tiling(down, self.halo, self.stride, across)

    def fits(self, shape: Shape) -> bool:
        """Whether the largest tile sees no more than there is room for; those of the least size always do."""
        down, across = self._way(self.height, shape[0]), self._way(self.width, shape[1])
        return max(shape) <= SMALLEST or down.seen * across.seen <= self.room

    def shape(self) -> Shape | None:
        """Height and width of the tiles that see least twice and that there is room for; None: do not cut."""
        if self.height * self.width <= self.room:
            return None
        fit = [
            (down.total * across.total, down.side, across.side)
            for down in self._ways(self.height)
            for across in self._ways(self.width)
            if down.seen * across.seen <= self.room
        ]
        least = round_up(SMALLEST, self.stride)
        _, *found = min(fit, default=(0, least, least))
        return found[0], found[1]

    def _ways(self, length: int) -> list[_Way]:
        """Every way of cutting a length into even shares."""
        least = round_up(SMALLEST, self.stride)
        counts = range(1, max(1, length // least) + 1)
        return [self._way(length, round_up(length / count, self.stride)) for count in counts]

    def _way(self, length: int, side: int) -> _Way:
        spans = _spans(length, round_up(side, self.stride), self.halo, self.stride)
        seen = [seen_to - seen_from for _, _, seen_from, seen_to in spans]
        return _Way(side, max(seen), sum(seen))


class _Way(NamedTuple):
    """One way of cutting a length: the share, the most that one sees, and what all see together."""

    side: int
    seen: int
    total: int


def common_shape(cuts: Sequence[Cut]) -> Shape | None:
    """One tile for pictures of several sizes: the largest one's, if all have room for it; None: cut none."""
    largest_first = sorted(cuts, key=lambda cut: cut.height * cut.width, reverse=True)
    shapes = [shape for cut in largest_first if (shape := cut.shape())]
    for shape in shapes:
        if all(cut.fits(shape) for cut in cuts):
            return shape
    if not shapes:
        return None
    return min(down for down, _ in shapes), min(across for _, across in shapes)
