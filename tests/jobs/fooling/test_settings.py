"""Settings of an evolution."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.evolve import ENCODINGS as KNOWN
from reverie.jobs.fooling.settings import ENCODINGS, make_settings
from support.fooling import small


def test_the_encodings_are_those_that_there_are():
    assert ENCODINGS == KNOWN


def test_what_is_not_given_follows_the_encoding():
    assert make_settings().counts == (400, 400)
    assert make_settings(encoding="direct").counts == (200, 200)
    assert make_settings(encoding="natural", children=10).counts == (10, 10)
    assert make_settings(population=7).counts == (7, 400)
    assert make_settings(generations=5000).evaluations() == 2_000_400
    assert make_settings(encoding="gradient", generations=2).evaluations(6) == 50 + 2 * 50 * 6
    assert make_settings(**small().model_dump()) == small()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"encoding": "cpn"}, "encoding: input should be 'cppn'"),
        ({"size": 16}, "size: input should be greater than or equal to 32, got 16"),
        ({"children": 0}, "children: .* got 0"),
        ({"generations": -1}, "generations: .* got -1"),
        ({"seed": 2**63}, "seed: "),
        ({"precision": "fp8"}, "precision: "),
    ],
)
def test_settings_that_cannot_be(wrong, words):
    with pytest.raises(UsageError, match=words):
        make_settings(**wrong)
