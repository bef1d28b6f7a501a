"""Tiles: the gradient of a large picture in bounded memory, each feature cell counted once.

A tile owns a rectangle of feature cells. It is computed from the pixels those cells can see (a halo of the
receptive field around them), only its own cells are seeded, and its gradient is added into the whole
picture's. With the full halo the sum is the untiled gradient, for every objective that is a sum over
positions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import psutil
import torch

#: Share of the free memory that one forward and backward pass may take.
SHARE = 0.5
#: Transient buffers on top of what autograd keeps.
OVERHEAD = 1.6
SMALLEST = 128


@dataclass(frozen=True)
class Tile:
    """Owned pixels and seen pixels, as (top, left, bottom, right), multiples of the stride or the edge."""

    owned: tuple[int, int, int, int]
    seen: tuple[int, int, int, int]


@dataclass(frozen=True)
class Tiling:
    """How pictures are cut: side of the owned square, halo and stride, all in pixels."""

    side: int
    halo: int
    stride: int

    def tiles(self, height: int, width: int) -> list[Tile]:
        """Cover a picture; nothing is dropped and no cell is owned twice."""
        return [
            Tile((t, left, b, right), (st, sl, sb, sr))
            for t, b, st, sb in _spans(height, self)
            for left, right, sl, sr in _spans(width, self)
        ]


def _spans(length: int, tiling: Tiling) -> list[tuple[int, int, int, int]]:
    """(owned from, to, seen from, to) along one axis.

    Strided "same" convolutions sample at a phase that depends on whether each level's size is odd, so a tile
    in the middle sees a stretch that leaves the same remainder modulo the stride as the picture does.
    """
    stride, rest = tiling.stride, length % tiling.stride
    count = max(1, -(-length // tiling.side))
    side = round_up(length / count, stride)  # even shares, none larger than asked for
    spans = []
    for start in range(0, length, side):
        end = min(length, start + side)
        seen_from = max(0, start - tiling.halo)
        seen_to = length if end == length else min(length, end + tiling.halo + rest)
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


def plan_tiling(
    height: int,
    width: int,
    *,
    bytes_per_pixel: float,
    memory: int,
    stride: int,
    halo: int,
) -> Tiling | None:
    """The tiling for a picture, or None when the whole fits into its share of the memory."""
    room = memory * SHARE / (bytes_per_pixel * OVERHEAD)  # pixels that may be seen at once
    if height * width <= room:
        return None
    side = int(room**0.5) - 2 * halo
    return Tiling(max(round_up(SMALLEST, stride), side // stride * stride), halo, stride)
