"""What a result says of itself, in words: each fact, and what stands for none."""

from __future__ import annotations

import pytest

from reverie.jobs.provenance.words import in_words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", [10, 20], "10, 20"),
        ("objective", ["block4b", "block5c"], "block4b; block5c"),
        ("partners", [], "-"),
        ("mask", None, "-"),
        ("strength", 0.5, "0.5"),
        ("seamless", False, "False"),
    ],
)
def test_a_setting_as_a_person_reads_it(name: str, value: object, words: str) -> None:
    assert in_words(name, value) == words
