"""How the frames of an animation come together on its canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
#: What becomes of a frame before the next: it stays, its box is cleared, or what was there comes back.
Disposal = Literal["keep", "clear", "back"]


@dataclass(frozen=True)
class Piece:
    """A frame as it is stored.

    Attributes:
        box: (left, top, width, height) on the canvas in pixels; parts outside of it are not shown.
        lasts: How long it is shown, in ticks.
        dispose: What becomes of it before the next.
        over: Whether what is below shows through, else it is replaced with alpha and all.
        parts: (place, length) of its bytes in the file.
    """

    box: tuple[int, int, int, int]
    lasts: int
    dispose: Disposal
    over: bool
    parts: tuple[tuple[int, int], ...]


class Stage:
    """What is shown: clear at first, then one frame after the other."""

    def __init__(self, size: tuple[int, int], clear: tuple[int, int, int, int]) -> None:
        """``size`` is (width, height); ``clear`` what a cleared pixel is, as RGB and alpha."""
        self._pixels = np.empty((size[1], size[0], 4), np.uint8)
        self._pixels[:] = clear
        self._clear = clear
        self._due: tuple[tuple[slice, slice], Bytes | None] | None = None

    def show(self, piece: Piece, picture: Bytes) -> Bytes:
        """The canvas with a frame on it.

        Args:
            piece: Where it stands and how.
            picture: (height, width, 4), RGB and alpha.

        Returns:
            (H, W, 4), its own copy.
        """
        if self._due is not None:
            where, before = self._due
            self._pixels[where] = self._clear if before is None else before
        left, top, width, height = piece.box
        where = (slice(top, top + height), slice(left, left + width))
        below = self._pixels[where]
        self._due = None
        if piece.dispose != "keep":
            self._due = (where, below.copy() if piece.dispose == "back" else None)
        shown = picture[: below.shape[0], : below.shape[1]]
        self._pixels[where] = _over(shown, below) if piece.over else shown
        return self._pixels.copy()


def _over(above: Bytes, below: Bytes) -> Bytes:
    """One over the other (PNG, third edition, 13.16), each with its alpha."""
    alpha = above[..., 3]
    if ((alpha == 0) | (alpha == 255)).all():
        return np.where(alpha[..., None] == 0, below, above)
    a, b = above.astype(np.int64), below.astype(np.int64)
    one, other = a[..., 3:], b[..., 3:]
    whole = one + _by_255((255 - one) * other)
    opaque = _by_255(one * a[..., :3] + (255 - one) * b[..., :3])
    mixed = (255 * one * a[..., :3] + (255 - one) * other * b[..., :3]) // np.maximum(255 * whole, 1)
    rgb = np.where(other == 255, opaque, mixed)
    found = np.concatenate([rgb, whole], axis=2).astype(np.uint8)
    found = np.where(one == 0, below, found)
    return np.where(one == 255, above, found)


def _by_255(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Divided by 255 and rounded."""
    return ((value + 128) * 257) >> 16
