"""Frames of a glide, against the same sums pixel by pixel, and against OpenCV."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.errors import UsageError
from reverie.native import Isa, instruction_sets, library
from reverie.native.glide import WHOLE, GlidePart, draw, serves

pytestmark = pytest.mark.skipif(library() is None, reason="the native library is not built")
WAYS = [0, *(isa for isa in instruction_sets() if isa <= Isa.AVX2)]


def keys(x: float) -> float:
    """Keys' cubic kernel (Keys 1981) with a slope of -0.75."""
    x, a = abs(x), -0.75
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def four_weights(fine: int, whole: int) -> list[int]:
    four = [math.floor(keys(fine / 256 + 1 - i) * whole + 0.5) for i in range(4)]
    four[1 if fine < 128 else 2] += whole - sum(four)
    return four


def folded(i: int, size: int) -> int:
    """Mirrored about the outermost pixels' centres, by walking there."""
    while not 0 <= i < size:
        i = 0 if size == 1 else -i if i < 0 else 2 * (size - 1) - i
    return i


def twin(parts: list[GlidePart]) -> np.ndarray:
    """The slow twin: each pixel for itself, from four cells that are mixed of four pixels each."""
    height, width, _ = parts[0].rgb.shape
    made = np.zeros((height, width, 3), np.int64)
    middle, centre = (width - 1) / 2, (height - 1) / 2
    for part in parts:
        c, s = part.factor.real, part.factor.imag
        right = part.offset.real + middle - c * middle + s * centre
        below = part.offset.imag + centre - s * middle - c * centre

        def fixed(x: float) -> int:
            return math.floor(x * 2**32 + 0.5)

        for y, x in itertools.product(range(height), range(width)):
            down = fixed(c * y + below) + 2**23 + x * fixed(s)
            for i, share in enumerate(four_weights(down >> 24 & 255, part.share)):
                row = (down >> 32) - 1 + i
                across = fixed(right - s / c * (row - below)) + 2**23 + x * fixed(c + s * s / c)
                pixels = [
                    part.rgb[folded(row, height), folded((across >> 32) - 1 + k, width)].astype(int)
                    for k in range(4)
                ]
                weights = four_weights(across >> 24 & 255, WHOLE)
                cell = sum(w * p for w, p in zip(weights, pixels, strict=True)) + 128 >> 8
                made[y, x] += share * cell
    return np.clip(made + 2**19 >> 20, 0, 255).astype(np.uint8)


def picture(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


ways = st.tuples(st.floats(0.5, 2), st.floats(-11, 11), st.floats(-30, 30), st.floats(-30, 30)).map(
    lambda of: (of[0] * np.exp(1j * math.radians(of[1])), complex(of[2], of[3]))
)


@pytest.mark.slow
@given(st.integers(1, 24), st.integers(1, 24), ways, ways, st.integers(0, WHOLE))
@settings(max_examples=25, deadline=None)
def test_every_byte_is_the_twins(height, width, one, other, share) -> None:
    parts = [
        GlidePart(picture(height, width, 1), *one, WHOLE - share),
        GlidePart(picture(height, width, 2), *other, share),
    ]
    expected = twin(parts)
    for isa in WAYS:
        np.testing.assert_array_equal(draw(parts, isa=isa), expected)


@pytest.mark.parametrize("isa", WAYS)
@pytest.mark.parametrize("share", [0, 1, 5000, WHOLE])
def test_what_is_even_and_what_is_not_moved_stays_as_it_is(isa: int, share: int) -> None:
    even = np.full((33, 47, 3), (0, 119, 255), np.uint8)
    turned = 0.93 * np.exp(0.05j), 3.3 - 2j
    parts = [GlidePart(even, *turned, WHOLE - share), GlidePart(even, 1.02 + 0j, 0j, share)]
    np.testing.assert_array_equal(draw(parts, isa=isa), even)
    grain = picture(33, 47, 3)
    np.testing.assert_array_equal(draw([GlidePart(grain, 1 + 0j, 0j, WHOLE)], isa=isa), grain)


def test_a_picture_is_seen_as_opencv_sees_it() -> None:
    """OpenCV looks at 32nds of a pixel, this at 256ths: they are as near as that lets them be."""
    soft = cv2.GaussianBlur(picture(144, 256, 4), (0, 0), 2)
    factor, offset = 0.96 * np.exp(-0.02j), 5.7 - 3.1j
    across, down = (256 - 1) / 2, (144 - 1) / 2
    a, b = factor, offset
    matrix = np.array(
        [
            [a.real, -a.imag, b.real + across - a.real * across + a.imag * down],
            [a.imag, a.real, b.imag + down - a.imag * across - a.real * down],
        ]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    expected = cv2.warpAffine(soft, matrix, (256, 144), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    made = draw([GlidePart(soft, factor, offset, WHOLE)])
    assert np.abs(made.astype(int) - expected).max() <= 2


def test_what_cannot_be_drawn_is_said() -> None:
    rgb = picture(8, 8, 0)
    assert not serves(1j, 0j)
    assert not serves(1 + 0j, 1e9 + 0j)
    for part in (
        GlidePart(rgb, 1j, 0j, WHOLE),
        GlidePart(rgb, 1 + 0j, 0j, 3),
        GlidePart(rgb[:, ::-1], 1 + 0j, 0j, WHOLE),
    ):
        with pytest.raises(UsageError):
            draw([part])
    with pytest.raises(UsageError):
        draw([GlidePart(rgb, 1 + 0j, 0j, 1), GlidePart(picture(9, 8, 0), 1 + 0j, 0j, WHOLE - 1)])
