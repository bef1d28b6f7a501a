"""Rectangles around what is new in a frame."""

import numpy as np
import pytest

from reverie.motion.film.patches import CELL, FROM, LEAST, MOST, patches_of, worth_cutting

SIZE = 576, 1024


def new_at(*boxes: tuple[int, int, int, int], size: tuple[int, int] = SIZE) -> np.ndarray:
    fresh = np.zeros(size, np.float32)
    for top, left, bottom, right in boxes:
        fresh[top:bottom, left:right] = 1
    return fresh


def area(boxes: list[tuple[int, int, int, int]]) -> int:
    return sum((bottom - top) * (right - left) for top, left, bottom, right in boxes)


def test_where_nothing_is_new_there_is_none() -> None:
    assert patches_of(None) == patches_of(new_at()) == patches_of(new_at() + 0.9 * FROM) == []


def test_a_pan_brings_in_a_strip() -> None:
    assert patches_of(new_at((0, 1000, 576, 1024))) == [(0, 896, 576, 1024)]


def test_a_turn_brings_in_a_strip_along_each_edge() -> None:
    ring = [(0, 0, 16, 1024), (560, 0, 576, 1024), (0, 0, 576, 16), (0, 1008, 576, 1024)]
    found = patches_of(new_at(*ring))
    assert found is not None
    assert len(found) == 4
    assert area(found) < 0.7 * SIZE[0] * SIZE[1]


def test_two_things_apart_are_two_and_near_ones_one() -> None:
    assert len(patches_of(new_at((100, 100, 110, 110), (400, 800, 410, 810))) or []) == 2
    assert len(patches_of(new_at((100, 100, 110, 110), (100, 180, 110, 190))) or []) == 1


def test_where_nearly_all_is_new_the_frame_is_not_cut() -> None:
    assert patches_of(new_at((0, 0, 500, 1000))) is None
    assert patches_of(new_at((0, 0, 9, 9), size=(90, 100))) is None


def test_small_frames_are_looked_at_whole() -> None:
    assert worth_cutting((1024, 576))
    assert not worth_cutting((640, 360))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_new_is_covered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(200, 700)), int(rng.integers(200, 1100))
    corners = rng.integers(0, np.array(size), (int(rng.integers(1, 6)), 2))
    sides = rng.integers(1, 60, corners.shape)
    fresh = new_at(*((y, x, y + h, x + w) for (y, x), (h, w) in zip(corners, sides, strict=True)), size=size)
    found = patches_of(fresh)
    if found is None:
        return
    for top, left, bottom, right in found:
        assert top % CELL == left % CELL == 0
        assert bottom <= size[0]
        assert right <= size[1]
        assert min(bottom - top, right - left) >= LEAST
        fresh[top:bottom, left:right] = 0
    assert not fresh.any()
    assert area(found) <= MOST * size[0] * size[1]
