"""Small pictures for browsers: WebP, encoded quickly."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from reverie.errors import ReverieError
from reverie.media.picture import Picture
from reverie.media.picture.picture import no_larger

#: What ``webp`` makes.
TYPE: Final = "image/webp"


def webp(picture: Picture, side: int | None = None, *, quality: int = 82) -> tuple[bytes, tuple[int, int]]:
    """A picture as lossy WebP, transparency kept, and its (width, height).

    Args:
        picture: The picture.
        side: The most pixels of its longer side; all of them if missing.
        quality: 1 to 100.
    """
    small = picture if side is None else no_larger(picture, side)
    pixels = np.rint(np.clip(small.pixels, 0, 1) * 255).astype(np.uint8)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    bgr = pixels[..., ::-1]
    if small.alpha is not None:
        alpha = np.rint(np.clip(small.alpha, 0, 1) * 255).astype(np.uint8)
        bgr = np.concatenate([bgr, alpha[..., None]], axis=2)
    done, found = cv2.imencode(".webp", np.ascontiguousarray(bgr), [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise ReverieError("a preview cannot be encoded")
    return found.tobytes(), small.size
