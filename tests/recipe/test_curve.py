"""Curves against numpy.interp and closed forms, and as text and settings."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from reverie.errors import UsageError
from reverie.recipe.curve import EASINGS, MOST_KEYS, Curve, Moment, Within


class Model(BaseModel):
    value: Annotated[Curve, Within(0, 2)] = Curve.constant(1)


numbers = st.floats(-1e6, 1e6, allow_nan=False)
units = st.sampled_from(["", "s"])


@st.composite
def texts(draw):
    """A curve's text, its keys' moments and values."""
    times = sorted(draw(st.sets(st.floats(0, 1e6), min_size=1, max_size=6)))
    values = [draw(numbers) for _ in times]
    unit = draw(units)
    eases = [draw(st.sampled_from(["", *EASINGS])) for _ in times]
    keys = [f"{t!r}{unit}:{v!r} {e}" for t, v, e in zip(times, values, eases, strict=True)]
    return ",".join(keys), times, values, unit


@pytest.mark.slow
@given(texts())
def test_a_text_parses_back_to_the_same_curve(made):
    curve = Curve.parse(made[0])
    assert Curve.parse(str(curve)) == curve
    assert Model.model_construct(value=curve).model_dump() == {"value": str(curve)}


@pytest.mark.slow
@given(texts())
def test_it_passes_through_its_keys_and_stays_between_neighbours(made):
    text, times, values, unit = made
    curve = Curve.parse(text)
    for time, value in zip(times, values, strict=True):
        assert curve.value(*((-1, time) if unit else (time, -1))) == value
    for k, (a, b) in enumerate(pairwise(times)):
        middle = a + 0.3 * (b - a)
        found = curve.value(middle, middle)
        low, high = sorted(values[k : k + 2])
        assert low - 1e-6 <= found <= high + 1e-6
    assert curve.least == min(values)
    assert curve.most == max(values)


@given(st.lists(numbers, min_size=2, max_size=6), st.floats(0, 500))
def test_linear_is_numpys(values, at):
    times = [100 * k for k in range(len(values))]
    curve = Curve.parse(", ".join(f"{t}:{v!r}" for t, v in zip(times, values, strict=True)))
    assert curve.at(at, 25) == pytest.approx(np.interp(at, times, values), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("ease", "quarter"),
    [("linear", 0.25), ("smooth", 0.15625), ("hold", 0), ("in", 0.0625), ("out", 0.4375)],
)
def test_each_easing(ease, quarter):
    curve = Curve.parse(f"0s:10 {ease}, 4s:20")
    assert curve.at(25, 25) == pytest.approx(10 + 10 * quarter)
    assert curve.at(0, 25) == 10
    assert curve.at(100, 25) == curve.at(1000, 25) == 20


def test_frames_and_seconds_are_told_apart():
    assert Curve.parse("0:0, 100:1").at(50, 25) == 0.5
    assert Curve.parse("0s:0, 100s:1").at(50, 25) == pytest.approx(0.02)
    assert Curve.parse("0s:0, 10s:1").value(3, 5.0) == 0.5  # of a film whose frames do not come evenly
    assert Moment.parse("2.5s").frame(24) == 60
    assert Moment.parse("60").seconds(24) == 2.5


def test_a_constant():
    assert Curve.parse("1.02") == Curve.parse(1.02) == Curve.constant(1.02)
    assert str(Curve.parse("1.020")) == "1.02"
    assert str(Curve.parse(3)) == "3"
    assert Curve.parse("1.02").at(1e6, 25) == 1.02


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no key of a curve"),
        ("fast", '"fast" is no key'),
        ("0:1,", '"" is no key'),
        ("0:1, 0:2", 'does not come after "0:1"'),
        ("5:1, 2:2", "write keys from beginning to end"),
        ("0:1, 2s:2", "all in seconds"),
        ("0:1 smoth, 9:2", 'did you mean "smooth"?'),
        ("-1:1, 2:2", "out of its range"),
        ("x:1", '"x" is no moment'),
        ("0:nan", "no key"),
        ("0:1e999", "finite"),
        ("0:1 smooth hold", "no key"),
        (",".join(f"{k}:1" for k in range(MOST_KEYS + 1)), f"{MOST_KEYS} at most"),
    ],
)
def test_what_is_no_curve_is_told_in_words(text, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        Curve.parse(text)
    with pytest.raises(ValidationError, match=re.escape(words)):
        Model(value=text)


@pytest.mark.parametrize("text", ["0\x1f", "\x1c1.5 ", "\u2003-1"])
def test_space_of_any_kind_around_a_number_is_left_out(text):
    curve = Curve.parse(text)
    assert curve.least == curve.most == float(text.strip())


@given(st.text(max_size=40))
def test_any_text_is_a_curve_or_a_usage_error(text):
    try:
        curve = Curve.parse(text)
    except UsageError:
        return
    assert Curve.parse(str(curve)) == curve


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, [1]])
def test_no_number(value):
    with pytest.raises(ValidationError):
        Model(value=value)


def test_a_field_of_a_model_states_its_range():
    with pytest.raises(ValidationError, match="value 3 is out of its range, 0 to 2"):
        Model(value="0:1, 9:3")
    model = Model(value="0:1 smooth, 9:2")
    assert Model(**model.model_dump()) == model == Model.model_validate_json(model.model_dump_json())
    assert Model.model_json_schema()["properties"]["value"]["anyOf"] == [
        {"type": "number"},
        {"type": "string"},
    ]
