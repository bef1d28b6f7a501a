"""What the page is made of: texts that are used, types that hold, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.studio.app import PAGE
from support import page_sources

FOLDER = Path(str(PAGE))


def test_nothing_names_another_origin() -> None:
    assert page_sources.name_another_origin(FOLDER) == []


def test_the_page_has_no_code_and_no_style_within_it() -> None:
    assert page_sources.have_code_within(FOLDER) == []


def test_every_text_is_used() -> None:
    keys = page_sources.texts(FOLDER)
    assert page_sources.unused_texts(FOLDER) == []
    assert len(keys) > 150
    assert len(set(keys)) == len(keys)


def test_files_are_short() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in page_sources.ours(FOLDER)}
    assert {name for name, lines in lengths.items() if lines > 400} <= {"texts.js"}


@pytest.mark.slow
@pytest.mark.skipif(
    not page_sources.compiler(), reason="no TypeScript here: tools/typescript.sh installs it where npm is"
)
def test_types_hold() -> None:
    assert page_sources.wrong_types(FOLDER) == ""
