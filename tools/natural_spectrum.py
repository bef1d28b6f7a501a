"""Measure the magnitude spectrum of natural pictures: ``python tools/natural_spectrum.py``.

It writes src/reverie/canvas/natural_spectrum.npz, which the MACO canvas (Fel et al. 2023) holds its
pictures to. Measured are the colour photographs of scenes that come with scikit-image (textures, microscopy
and the sky through a telescope have spectra of their own), in the values that the canvas squashes into a
picture: logit, then decorrelated colours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import skimage.data
from numpy.typing import NDArray

from reverie.canvas.colour_space import NATURAL

Array = NDArray[np.float64]

PHOTOGRAPHS: Final = ("astronaut", "chelsea", "coffee", "motorcycle", "rocket")
#: Side of the crops, half of which overlaps the next.
SIDE: Final = 128
#: How often the photographs are halved: never looked at in full, where the grids of camera and JPEG are seen.
HALVINGS: Final = 2
#: Black and white are cut off here, where the logit has no end.
BLACK: Final = 0.02
#: Points of the grid from 0 to 0.5 cycles a pixel.
POINTS: Final = 17
#: Frequencies below so many cycles a crop are seen through the window only: those up to the second stand in.
LOWEST: Final = (2.0, 4.0)
FILE: Final = Path(__file__).resolve().parents[1] / "src/reverie/canvas/natural_spectrum.npz"


def photograph(name: str) -> Array:
    """A photograph of scikit-image's, (H, W, 3) in [0, 1]."""
    if name == "motorcycle":
        left, _, _ = skimage.data.stereo_motorcycle()  # type: ignore[no-untyped-call]
        return np.asarray(left, np.float64) / 255
    return np.asarray(getattr(skimage.data, name)(), np.float64) / 255


def values(picture: Array) -> Array:
    """Brightness and two axes of colour (3, H, W) of a picture (H, W, 3), about 0 and without bounds."""
    clipped = picture.clip(BLACK, 1 - BLACK)
    root = np.array(NATURAL)
    root /= np.linalg.norm(root, axis=0).max()
    axes: Array = np.einsum("ij,hwj->ihw", np.linalg.inv(root), np.log(clipped / (1 - clipped)))
    return axes


def halved(picture: Array) -> Array:
    """Means of two by two pixels, (H // 2, W // 2, 3)."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    smaller: Array = picture[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean((1, 3))
    return smaller


def crops(plane: Array) -> Iterator[Array]:
    """Every (3, SIDE, SIDE) at half-overlapping places, the last ones against the border."""

    def places(size: int) -> list[int]:
        last = size - SIDE
        return sorted({*range(0, last + 1, SIDE // 2), last}) if last >= 0 else []

    for top in places(plane.shape[1]):
        for left in places(plane.shape[2]):
            yield plane[:, top : top + SIDE, left : left + SIDE]


def magnitudes(name: str) -> tuple[Array, Array]:
    """Mean orthonormal magnitudes (3, SIDE, SIDE // 2 + 1) of a photograph's crops, and mean levels (3,).

    In units of the photograph's standard deviation over the three axes together.
    """
    picture = photograph(name)
    deviation = values(picture).std()
    edge = np.sin(np.pi * (np.arange(SIDE) + 0.5) / SIDE) ** 2
    window = np.outer(edge, edge)
    seen, levels = [], []
    for _ in range(HALVINGS):
        picture = halved(picture)
        for crop in crops(values(picture) / deviation):
            mean = crop.mean((1, 2), keepdims=True)
            levels.append(np.abs(mean[:, 0, 0]))
            spectrum = np.fft.rfft2((crop - mean) * window)
            seen.append(np.abs(spectrum) / np.sqrt((window**2).sum()))
    return np.mean(seen, 0), np.mean(levels, 0)


def whitened(magnitude: Array) -> Array:
    """Magnitude * frequency on the grid (3, POINTS, POINTS) of frequencies 0..0.5 down and across.

    (3, SIDE, SIDE // 2 + 1) in; a picture and its mirror image count alike.
    """
    half = SIDE // 2
    quadrant = magnitude[:, : half + 1].copy()
    quadrant[:, 1:half] = (quadrant[:, 1:half] + magnitude[:, :half:-1]) / 2
    cycles = np.hypot(*np.meshgrid(np.arange(half + 1), np.arange(half + 1), indexing="ij"))
    flat = quadrant * cycles / SIDE
    ring = (cycles >= LOWEST[0]) & (cycles <= LOWEST[1])
    flat[:, cycles < LOWEST[0]] = flat[:, ring].mean(1, keepdims=True)
    while flat.shape[1] > POINTS:
        flat = thinned(thinned(flat, 1), 2)
    return flat


def thinned(plane: Array, axis: int) -> Array:
    """Every second value along an axis, after smoothing by 1 2 1 with mirrored ends."""
    moved = np.moveaxis(plane, axis, 0)
    padded = np.concatenate([moved[1:2], moved, moved[-2:-1]])
    return np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:])[::2] / 4, 0, axis)


def measure() -> dict[str, NDArray[np.float32]]:
    """The arrays of the file: "whitened" (3, POINTS, POINTS) and "level" (3,), float32."""
    spectra, levels = zip(*map(magnitudes, PHOTOGRAPHS), strict=True)
    return {
        "whitened": whitened(np.mean(spectra, 0)).astype(np.float32),
        "level": np.mean(levels, 0).astype(np.float32),
    }


def main(path: Path = FILE) -> None:
    """Write the file."""
    np.savez(path, **measure())  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
