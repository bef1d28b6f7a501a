"""Which sizes of picture a module takes, found out by trying, and how others are shown to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

Size = tuple[int, int]  # height, width

#: What sides have to be multiples of in networks that people make: patches, and halvings of U-Nets.
MULTIPLES: Final = (1, 2, 4, 7, 8, 14, 16, 28, 32, 64)
#: Numbers that are no multiples of each other, nor of what is tried.
_PRIMES: Final = (
    3,
    5,
    11,
    13,
    17,
    19,
    23,
    29,
    31,
    37,
    41,
    43,
    47,
    53,
    59,
    61,
    67,
    71,
    131,
    137,
    227,
    229,
    331,
    337,
)


@dataclass(frozen=True)
class Sizes:
    """What pictures a module takes.

    Attributes:
        multiple: Sides have to be multiples of it, in pixels.
        only: The only (height, width) that it takes, or None.
    """

    multiple: int = 1
    only: Size | None = None


def find_sizes(takes: Callable[[int, int], bool], side: int) -> Sizes:
    """What sizes a module takes, by trying.

    Args:
        takes: Whether it takes a picture of this height and width.
        side: Of a square that it takes, in pixels.
    """
    for multiple in MULTIPLES:
        least = side / multiple
        height, width = [p for p in (*_PRIMES, round(least) + 1, round(least) + 3) if p >= least][:2]
        if takes(height * multiple, width * multiple):
            return Sizes(multiple)
    return Sizes(only=(side, side))


def padded(x: Tensor, multiple: int) -> Tensor:
    """A picture (N, C, H, W) continued by its own reflection, to the right and downwards, to multiples."""
    down, right = (-side % multiple for side in x.shape[-2:])
    if not down and not right:
        return x
    mode = "reflect" if down < x.shape[-2] and right < x.shape[-1] else "replicate"
    return F.pad(x, (0, right, 0, down), mode=mode)


def covering(picture: Tensor, size: Size) -> Tensor:
    """A picture (N, C, H, W) as it is, or enlarged just so far that a window of this size fits into it."""
    scale = max(size[0] / picture.shape[-2], size[1] / picture.shape[-1])
    if scale <= 1:
        return picture
    larger = [max(least, round(side * scale)) for least, side in zip(size, picture.shape[-2:], strict=True)]
    return F.interpolate(picture, larger, mode="bilinear", align_corners=False, antialias=True)


@dataclass(frozen=True)
class Windows:
    """Windows of one size that cover a picture, overlapping as evenly as they can.

    Attributes:
        size: (height, width) of each, in pixels.
        tops: Where each row of windows begins.
        lefts: Where each column does.
    """

    size: Size
    tops: tuple[int, ...]
    lefts: tuple[int, ...]

    @staticmethod
    def over(height: int, width: int, size: Size) -> Windows:
        """As few as cover a picture of this size, which is no smaller than they."""
        return Windows(size, _starts(height, size[0]), _starts(width, size[1]))

    def cut(self, x: Tensor) -> Tensor:
        """All windows of pictures (N, C, H, W) as a batch, window by window, (windows * N, C, h, w)."""
        height, width = self.size
        return torch.cat([x[..., t : t + height, f : f + width] for t in self.tops for f in self.lefts])

    def joined(self, found: Tensor) -> Tensor:
        """A layer of all windows: maps beside each other, tokens in a row, the mean of vectors."""
        rows, columns = len(self.tops), len(self.lefts)
        parts = found.chunk(rows * columns)
        if found.ndim == 2:
            return torch.stack(parts).mean(0)
        if found.ndim == 3:
            return torch.cat(parts, 1)
        lines = [torch.cat(parts[row * columns : (row + 1) * columns], -1) for row in range(rows)]
        return torch.cat(lines, -2)


def _starts(length: int, window: int) -> tuple[int, ...]:
    """Where windows begin along one axis."""
    count = -(-length // window)
    if count == 1:
        return (0,)
    return tuple(round(i * (length - window) / (count - 1)) for i in range(count))


def joined_all(found: Mapping[str, Tensor], windows: Windows | None) -> dict[str, Tensor]:
    """Every layer of all windows, or of a picture that was seen whole."""
    return {name: a if windows is None else windows.joined(a) for name, a in found.items()}
