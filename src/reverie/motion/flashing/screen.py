"""Light on a screen: linear light of frames, cells of it, and fields of ten degrees.

WCAG 2 takes a rectangle of 341 x 256 pixels on a screen of 1024 x 768 for ten degrees of the view; here a
frame is thought to fill that screen as far as its shape lets it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: The screen that a frame is thought to fill, and ten degrees of it, in its pixels (WCAG 2).
SCREEN: Final = (1024, 768)
FIELD: Final = (341, 256)
#: Share of a field that may flash.
SHARE: Final = 0.25
#: Sides of cells: 0.1 degree, below which WCAG does not count patterns, and half a degree, for places.
FINE: Final = FIELD[0] / 100
COARSE: Final = FIELD[0] / 20
#: Relative luminance of sRGB primaries.
LUMINANCE: Final = (0.2126, 0.7152, 0.0722)


@cache
def _linear_bytes() -> Floats:
    """Linear light of the 256 sRGB bytes."""
    return to_linear(np.arange(256, dtype=np.float32) / 255)


def to_linear(value: NDArray[Any]) -> Floats:
    """Linear light of sRGB values, both 0..1."""
    x = np.asarray(value, np.float32)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(light: Floats) -> Floats:
    """SRGB values of linear light, both 0..1."""
    x = np.clip(light, 0, 1)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


def linear(rgb: NDArray[Any]) -> Floats:
    """Linear light (H, W, 3) of a frame, uint8 or float32 in [0, 1]."""
    import cv2

    if rgb.dtype == np.uint8:
        return np.asarray(cv2.LUT(rgb, _linear_bytes()))
    return to_linear(np.clip(rgb, 0, 1))


class Grid:
    """The cells of a frame and the fields of ten degrees that fit into it.

    Args:
        size: (width, height) of the frame, pixels.
        cell: Side of a cell, in pixels of the screen.
    """

    def __init__(self, size: tuple[int, int], cell: float = FINE) -> None:
        width, height = size
        scale = min(SCREEN[0] / width, SCREEN[1] / height)
        self.columns = min(width, max(1, round(width * scale / cell)))
        self.rows = min(height, max(1, round(height * scale / cell)))
        across, down = width * scale / self.columns, height * scale / self.rows
        self.field = (
            min(self.columns, max(1, round(FIELD[0] / across))),
            min(self.rows, max(1, round(FIELD[1] / down))),
        )
        #: Cells of a field that may flash.
        self.most = SHARE * FIELD[0] * FIELD[1] / (across * down)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns

    @property
    def fields(self) -> tuple[int, int]:
        """How many fields there are, by their first row and column."""
        return self.rows - self.field[1] + 1, self.columns - self.field[0] + 1

    def means(self, values: Floats) -> Floats:
        """The mean in each cell, (rows, columns, 3), of values (H, W, 3)."""
        import cv2

        return np.asarray(cv2.resize(values, (self.columns, self.rows), interpolation=cv2.INTER_AREA))

    def crowded(self, mask: Mask) -> Mask | None:
        """Fields (by their first row and column) more than a quarter in ``mask``; None if there is none."""
        if np.count_nonzero(mask) <= self.most:
            return None
        found: Mask = self._sums(mask) > self.most
        return found if found.any() else None

    def touched(self, mask: Mask) -> Mask:
        """Fields with any cell of ``mask``."""
        return np.asarray(self._sums(mask) > 0.5)

    def _sums(self, mask: Mask) -> Floats:
        """How many cells of ``mask`` lie in each field."""
        import cv2

        edge = cv2.BORDER_CONSTANT
        sums = cv2.boxFilter(
            mask.view(np.uint8), cv2.CV_32F, self.field, anchor=(0, 0), normalize=False, borderType=edge
        )
        rows, columns = self.fields
        return np.asarray(sums[:rows, :columns], np.float32)

    def covered(self, fields: Mask) -> Mask:
        """The cells that lie in any of these fields."""
        import cv2

        wide, high = self.field
        places = np.zeros(self.shape, np.uint8)
        places[: fields.shape[0], : fields.shape[1]] = fields
        last = (wide - 1, high - 1)
        sums = cv2.boxFilter(
            places, cv2.CV_32F, self.field, anchor=last, normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        return np.asarray(sums > 0.5)


def luminance(light: Floats) -> Floats:
    """Relative luminance (rows, columns) of linear light."""
    import cv2

    return np.asarray(cv2.transform(light, np.array([LUMINANCE], np.float32)))


def redness(light: Floats) -> Floats:
    """R - G - B of saturated reds, 0..1; 0 elsewhere."""
    import cv2

    red = np.asarray(cv2.transform(light, np.array([[1, -1, -1]], np.float32)))
    # R >= 0.8 (R + G + B) is R >= 4 (G + B).
    saturated = np.asarray(cv2.transform(light, np.array([[1, -4, -4]], np.float32))) >= -1e-6
    return np.asarray(red * saturated, np.float32)
