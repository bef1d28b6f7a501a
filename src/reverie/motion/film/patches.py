"""Where a frame of a film is new: rectangles that are dreamt on further when the rest of it is done.

What the motion carries takes a small part of a step and needs few looks. What has just come into view needs
all of them, and is often no more than a strip along an edge or behind something that moves.
"""

from __future__ import annotations

from typing import Any, Final

import cv2 as opencv
import numpy as np
from numpy.typing import NDArray

from reverie.gradient.view import Box
from reverie.motion.film.flow import Floats

cv2: Any = opencv  # its stubs leave out arrays' number formats

#: From which newness on a place is dreamt on further.
FROM: Final = 0.15
#: Rectangles begin at multiples of this, in pixels: a network's cells, and those of attention, lie alike.
CELL: Final = 32
#: So much of what is around it is looked at too, in pixels, and no less than so much a side in all.
AROUND: Final = 48
LEAST: Final = 128
#: A row or column of cells along an edge, of which this share is new, is a strip of its own.
STRIP: Final = 0.6
#: Frames of fewer pixels are looked at whole: little time is gained there, and what comes in is fainter.
SMALLEST: Final = 300_000
#: Where they would take more than this share of a frame, the whole frame is looked at.
MOST: Final = 0.7


def worth_cutting(size: tuple[int, int]) -> bool:
    """Whether a frame of a (width, height) in pixels is large enough for rectangles of it."""
    return size[0] * size[1] >= SMALLEST


def patches_of(fresh: Floats | None) -> list[Box] | None:
    """Rectangles (top, left, bottom, right) around all that is new, or None where the whole frame is better.

    Args:
        fresh: How new each place is, (H, W) in [0, 1]; None: nothing is.
    """
    if fresh is None:
        return []
    height, width = fresh.shape
    found = _joined([_around(box, height, width) for box in _places(fresh)])
    return found if sum(map(_area, found)) <= MOST * height * width else None


def _places(fresh: Floats) -> list[Box]:
    """Boxes, in pixels, of what is new: strips along the edges, and groups of cells that touch."""
    new: Any = np.pad(fresh >= FROM, [(0, -side % CELL) for side in fresh.shape])
    cells: NDArray[np.bool_] = new.reshape(new.shape[0] // CELL, CELL, -1, CELL).any((1, 3))
    found = []
    for side in (cells, cells[::-1], cells.T, cells.T[::-1]):  # views: what is taken is taken of all
        strip = np.zeros_like(side)
        depth = int(np.argmin([*(side.mean(1) >= STRIP), False]))
        strip[:depth], side[:depth] = side[:depth], False
        found.append(strip)
    top, bottom, left, right = found
    strips = top, bottom[::-1], left.T, right[::-1].T
    return [box for part in (*strips, cells) for box in _groups(part)]


def _groups(cells: NDArray[np.bool_]) -> list[Box]:
    """The boxes of cells that touch, in pixels."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=8)
    return [
        (top * CELL, left * CELL, (top + rows) * CELL, (left + columns) * CELL)
        for left, top, columns, rows, _ in stats[1:].tolist()
    ]


def _around(box: Box, height: int, width: int) -> Box:
    """A box with what is around it, within the frame."""
    top, bottom = _span(box[0], box[2], height)
    left, right = _span(box[1], box[3], width)
    return top, left, bottom, right


def _span(start: int, end: int, length: int) -> tuple[int, int]:
    """One axis of a box: from where to where it looks."""
    more = max(AROUND, (LEAST - (end - start)) // 2)
    start = max(0, min(start - more, length - LEAST)) // CELL * CELL
    return start, min(length, max(start + LEAST, end + more + -(end + more) % CELL))


def _joined(boxes: list[Box]) -> list[Box]:
    """Boxes of which two are one where that looks at no more than both."""
    for i, one in enumerate(boxes):
        for j in range(i):
            both = _hull(one, boxes[j])
            if _area(both) <= _area(one) + _area(boxes[j]):
                return _joined([*boxes[:j], *boxes[j + 1 : i], *boxes[i + 1 :], both])
    return boxes


def _hull(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
