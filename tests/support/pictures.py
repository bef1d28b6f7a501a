"""Small helpers that the tests of pictures share."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from reverie.media.picture import Picture, load_picture
from support.bad_inputs import corpus

PHOTO = corpus.photo()


def of(samples: np.ndarray, alpha: np.ndarray | None = None) -> Picture:
    """A picture of integer samples."""
    top = np.float32(np.iinfo(samples.dtype).max)
    return Picture(
        samples.astype(np.float32) / top, None if alpha is None else alpha.astype(np.float32) / top
    )


def integers(values: np.ndarray | None, depth: int = 8) -> np.ndarray:
    assert values is not None
    return np.rint(values * np.float32(2**depth - 1)).astype(int)


def read(path: Path, **options: Any) -> Picture:
    """`load_picture`, with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_picture(path, **options)
