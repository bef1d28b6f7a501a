"""Octaves."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.ascent.octaves import octave_sizes, octaves

sides = st.integers(32, 5000)


@given(
    sides, sides, st.none() | st.integers(1, 20), st.floats(1.05, 4), st.integers(0, 3), st.integers(32, 300)
)
def test_sizes(width, height, count, scale, top, smallest):
    sizes = octave_sizes((width, height), count=count, scale=scale, top=top, smallest=smallest)
    assert 1 <= len(sizes) <= (count or 1000)
    assert sizes[-1] == (round(width * scale**top), round(height * scale**top))
    for small, large in itertools.pairwise(sizes):
        for a, b in zip(small, large, strict=True):
            assert abs(b - a * scale) <= 0.5 + 0.5 * scale + 1e-6
    floor = 32 if count is not None else smallest
    assert all(min(size) >= min(floor, width, height) for size in sizes)
    if count is None or len(sizes) < count:  # it stopped because the next one is too small
        factor = scale ** (top - len(sizes))
        assert min(round(width * factor), round(height * factor)) < min(floor, width, height)


def test_the_original():
    assert octave_sizes((1024, 575), count=4, scale=1.4) == [(373, 210), (522, 293), (731, 411), (1024, 575)]


def test_a_small_picture_keeps_one_octave():
    assert octave_sizes((32, 32), count=None, scale=1.4, smallest=96) == [(32, 32)]
    assert octave_sizes((40, 33), count=5, scale=1.4) == [(40, 33)]


@given(st.integers(1, 12), st.lists(st.integers(1, 50), min_size=1, max_size=5), st.floats(0.1, 4))
def test_the_plan(count, steps, bend):
    sizes = [(40 + i, 32 + i) for i in range(count)]
    plan = octaves(sizes, steps, bend=bend)
    assert [o.size for o in plan] == sizes
    assert [o.index for o in plan] == list(range(count))
    assert [o.steps for o in plan] == [steps[min(i, len(steps) - 1)] for i in range(count)]
    assert plan[0].before == 0
    assert plan[-1].share == pytest.approx(1)
    for before, after in itertools.pairwise(plan):
        assert after.before == before.share
        assert before.share < after.share
