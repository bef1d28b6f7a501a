"""Random transforms: their text form and their drawing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import UsageError
from reverie.ops.transform.parse import LUCID, MACO, draw, frame_size, parse_transforms
from reverie.ops.transform.view import Noise
from support.transforms import EVERYTHING, generator, transforms


@given(st.lists(transforms(), min_size=1, max_size=4))
def test_what_is_printed_is_read_back(given_ones):
    texts = [str(transform) for transform in given_ones]
    assert parse_transforms(texts) == tuple(given_ones)
    assert list(map(str, parse_transforms([", ".join(texts[:2]), *texts[2:]]))) == texts


def test_one_canonical_form():
    texts = ["pad( 12 )", "scale(.9,1.10, 11)", "crop(0.5->5e-2,0.05, normal)", "noise(1e-1);flip(0.50)"]
    texts += ["flip(1)@1-", "flip(1) @ 2 - 3, flip(1)@4-4", "flip(1)@5 -"]
    assert list(map(str, parse_transforms(texts))) == [
        "pad(12)",
        "scale(0.9, 1.1, 11)",
        "crop(0.5 -> 0.05, 0.05, normal)",
        "noise(0.1)",
        "flip(0.5)",
        "flip(1)",
        "flip(1) @2-3",
        "flip(1) @4",
        "flip(1) @5-",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rotat(1, 2)", 'did you mean "rotate"'),
        ("whatever(1)", "there are"),
        ("rotate", "expected a name and arguments"),
        ("rotate(1, 2", "expected a name and arguments"),
        ("", "an empty text"),
        ("pad()", "not a number"),
        ("pad(a)", "not a number"),
        ("pad(1, 2)", "2 numbers, expected 1, then perhaps grey or reflect or noise"),
        ("pad(1.5)", "whole number"),
        ("pad(-1)", "not between 0 and 4096"),
        ("crop(0, 1)", "not between 0.01 and 1"),
        ("crop(0.5, normal)", "1 numbers, expected 2"),
        ("scale(1.1, 0.9)", "swap them"),
        ("blur(0 -> 2, 1)", "swap them"),
        ("scale(1e999)", "not between"),
        ("noise(0.1, normal)", "not a number"),
        ("flip(1) @0", "views count from 1"),
        ("flip(1) @3-2", "views count from 1"),
        ("flip(1) @a", "expected a name"),
        ("x" * 3000 + "(1)", "expected a name"),
    ],
)
def test_what_cannot_be_read_is_said(text, words):
    with pytest.raises(UsageError, match="transform") as error:
        parse_transforms([text])
    assert words in str(error.value)
    assert len(str(error.value)) < 400


def test_views_come_from_the_given_generator_alone():
    many = parse_transforms(EVERYTHING)
    before = torch.get_rng_state()
    first = draw(many, generator(3), (40, 30), 5)
    assert first == draw(many, generator(3), (40, 30), 5)
    assert first != draw(many, generator(4), (40, 30), 5)
    assert len({view.affine for view in first}) == 5
    assert torch.equal(before, torch.get_rng_state())


def test_lucids_list():
    """Scales 1 + (i - 5) / 50, whole degrees with 5 zeros more, and 12 * 2 - 8 - 4 pixels more."""
    assert frame_size(parse_transforms(LUCID), (224, 224)) == (236, 236)
    scales = {
        round(1 / view.affine[0], 9)
        for view in draw(parse_transforms(["scale(0.9, 1.1, 11)"]), generator(), (9, 9), 400)
    }
    assert scales == {round(1 + (i - 5) / 50, 9) for i in range(11)}
    turns = draw(parse_transforms(["rotate(-10, 10, 21, 5)"]), generator(), (9, 9), 4000)
    angles = [math.degrees(math.atan2(view.affine[3], view.affine[0])) for view in turns]
    assert {round(angle, 6) for angle in angles} == set(range(-10, 11))
    still = sum(abs(angle) < 1e-9 for angle in angles) / len(angles)
    assert abs(still - 6 / 26) < 0.03


def test_macos_boxes_shrink_in_the_course_of_a_run():
    for way, mean in ((0.0, 0.5), (0.5, 0.275)):
        drawn = draw(parse_transforms(MACO), generator(), (100, 100), 2000, way=way)
        sides = np.array([view.size[0] for view in drawn]) / 100
        assert abs(sides.mean() - mean) < 0.005
        assert abs(sides.std() - 0.05) < 0.005
        middle = np.array([view.affine[2] + view.size[0] / 2 for view in drawn]) / 100
        assert abs(middle.mean() - 0.5) < 0.01
        assert abs(middle.std() - 0.15) < 0.01
    noise = [touch for touch in drawn[0].touches if isinstance(touch, Noise)]
    assert [(n.spread, n.uniform) for n in noise] == [(0.04, False), (0.02, True)]
    assert noise[0].seed != noise[1].seed


@given(st.integers(0, 2**32), st.integers(20, 60), st.integers(20, 60))
def test_crops_and_windows_stay_inside(seed, width, height):
    for text in ("crop(0.3, 1)", "window(20)", "window(20, 0.3)", "jitter(8)"):
        (view,) = draw(parse_transforms([text]), generator(seed), (width, height), 1)
        a, b, x, d, e, y = view.affine
        assert (a, b, d, e) == (1, 0, 0, 1)
        assert -1e-9 <= x <= width - view.size[0] + 1e-9
        assert -1e-9 <= y <= height - view.size[1] + 1e-9
        if text.startswith("crop"):
            assert 0.3 <= view.size[0] / width <= 1
        else:
            assert x == int(x)
            assert y == int(y)


def test_every_place_of_a_jitter_is_as_likely():
    drawn = draw(parse_transforms(["jitter(3)"]), generator(), (9, 9), 4000)
    counts = np.bincount([int(view.affine[2]) for view in drawn])
    assert len(counts) == 4
    assert abs(counts / 4000 - 0.25).max() < 0.03


def test_a_jitter_needs_room():
    with pytest.raises(UsageError, match=r"jitter\(30\).*20 x 30"):
        draw(parse_transforms(["jitter(30)"]), generator(), (20, 30), 1)
