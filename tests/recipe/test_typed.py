"""Settings are typed, and what was typed is read again."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.recipe.typed import (
    OF_PORTRAIT,
    OPTION,
    guided_at,
    objectives,
    spans,
    typed_words,
    whole_numbers,
    width_height,
)


def typed(name: str, value: object) -> list[str]:
    words = typed_words({name: value}, OPTION | OF_PORTRAIT)
    assert words is not None
    return words


def test_what_is_typed_is_read_as_it_was() -> None:
    assert typed("steps", (30, 20)) == ["--steps", "30,20"]
    assert whole_numbers("--steps", typed("steps", (30, 20))[1]) == (30, 20)
    assert width_height(typed("size", (640, 480))[1]) == (640, 480)
    rates = ((0.05, 0.01), (0.2, 0.2))
    assert spans("--rate", typed("rate", rates)[1]) == rates
    ways = {"--layer": "layer", "--channel": "channel", "--class": "class_", "--objective": "objective"}
    for texts in (("block4a", "block5c"), ("block4b:17",), ('class("tabby")',), ("block4a - 0.5*tv",)):
        words = typed("objective", texts)
        assert objectives({ways[words[0]]: words[1::2]}) == texts
        assert set(words[::2]) == {words[0]}


def test_switches_are_typed_by_their_names() -> None:
    assert typed("seamless", True) + typed("grey", False) == ["--seamless", "--no-grey"]


def test_what_no_option_can_say_is_not_typed() -> None:
    assert typed_words({"tilt": 0.5}, OPTION) is None
    assert typed_words({"mask": None}, OPTION) is None
    assert typed_words({"seed": 3, "tilt": 0.5}, OPTION) is None


def test_what_cannot_be_read_says_what_is_needed() -> None:
    with pytest.raises(UsageError, match=r"--steps x: .* as in 30,20,10"):
        whole_numbers("--steps", "x")
    with pytest.raises(UsageError, match=r"--rate 1\.\.2\.\.3: .* as in 0\.05\.\.0\.01"):
        spans("--rate", "1..2..3")
    with pytest.raises(UsageError, match=r"--size 640:480: .* as in 1920x1080"):
        width_height("640:480")


@pytest.mark.parametrize(
    ("objective", "wanted"),
    [
        (('guide("daisy.png", block6b)',), ('guide("daisy.png", block4a)', 'guide("daisy.png", "2")')),
        (
            ('guide("daisy.png", block6b)', 'guide("daisy.png", block5c)'),
            ('guide("daisy.png", block4a)', 'guide("daisy.png", "2")'),
        ),
        (('guide("daisy.png", block6b)', 'guide("rose.png", block5c)'), ()),
        (('guide("daisy.png", block6b) + block5c',), ()),
        (("block5c",), ()),
    ],
)
def test_a_guide_stays_where_another_layer_is_named(objective, wanted):
    assert guided_at(objective, ["block4a", '"2"']) == wanted
