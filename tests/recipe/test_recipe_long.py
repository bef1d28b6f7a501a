"""Texts of a megabyte in any setting: an answer at once, of a line."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import BaseModel

from reverie.errors import UsageError
from reverie.plain_words import LONGEST
from reverie.recipe.film import Film
from reverie.recipe.portrait import Portrait
from reverie.recipe.recipe import Recipe, read
from reverie.recipe.zoom import Zoom

TEXTS = {
    "letters": "x" * 900_000,
    "digits": "1" * 900_000,
    "brackets": "(" * 900_000,
    "quotes": '"' * 900_000,
    "escapes": "\x1b" * 900_000,
    "spaces": " " * 900_000 + "x",
    "moments": "1s:" * 300_000,
    "keys": "0:1," * 200_000,
    "terms": "tv+" * 300_000,
    "transforms": "jitter(1) " * 90_000,
}
PARTS: dict[str | None, type[BaseModel]] = {None: Recipe, "portrait": Portrait, "zoom": Zoom, "film": Film}


def refused_at_once(settings: dict[str, Any]) -> None:
    began, said = time.process_time(), ""
    try:
        read(settings, "r.json")
    except UsageError as error:
        said = str(error)
    assert len(said) <= LONGEST
    assert time.process_time() - began < 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_of_a_megabyte_in_any_setting(kind: str) -> None:
    for part, model in PARTS.items():
        for name in model.model_fields:
            for value in (TEXTS[kind], [TEXTS[kind]]):
                refused_at_once({name: value} if part is None else {part: {name: value}})


@pytest.mark.slow
def test_very_many_things_that_are_wrong() -> None:
    many = {f"setting{i}": 1 for i in range(50_000)}
    refused_at_once(many)
    refused_at_once({"portrait": many})
    refused_at_once({"steps": [-1] * 200_000})
    refused_at_once({"objective": ["x"] * 100_000})
    refused_at_once({"zoom": {"scenes": ["x"] * 100_000}})
    with pytest.raises(UsageError, match="and 49970 more"):
        read(many, "r.json")


def test_a_prior_that_reads_a_picture_is_refused() -> None:
    for text in ('guide("g.jpg", block5a)', 'block5c@mask("m.png")', '-invert("/etc/passwd", block5a)'):
        with pytest.raises(UsageError, match="priors: "):
            read({"portrait": {"priors": ["-tv", text]}}, "r.json")
