"""Sizes that an encoder takes."""

from __future__ import annotations

import pytest

from reverie.media.video.read.clip import even_size


@pytest.mark.parametrize(
    ("size", "most", "even"),
    [
        ((1920, 1080), 640, (640, 360)),
        ((1080, 1920), 640, (360, 640)),
        ((853, 480), None, (852, 480)),
        ((321, 241), 321, (320, 240)),
        ((321, 241), 99, (98, 74)),
        ((1, 1), None, (2, 2)),
    ],
)
def test_even_sides(size: tuple[int, int], most: int | None, even: tuple[int, int]) -> None:
    assert even_size(size, most) == even
