"""What the pages are made of: texts that are used, types that hold, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.live.routes.pages import PAGES
from support import page_sources

FOLDER = Path(PAGES)


def test_nothing_names_another_origin() -> None:
    assert page_sources.name_another_origin(FOLDER) == []


def test_the_pages_have_no_code_and_no_style_within_them() -> None:
    assert page_sources.have_code_within(FOLDER) == []


def test_every_text_is_used() -> None:
    keys = page_sources.texts(FOLDER)
    assert page_sources.unused_texts(FOLDER) == []
    assert len(set(keys)) == len(keys) > 60


def test_files_are_short() -> None:
    assert [
        path.name for path in page_sources.ours(FOLDER) if len(path.read_text("utf-8").splitlines()) > 400
    ] == []


@pytest.mark.slow
@pytest.mark.skipif(
    not page_sources.compiler(), reason="no TypeScript here: tools/typescript.sh installs it where npm is"
)
def test_types_hold() -> None:
    assert page_sources.wrong_types(FOLDER) == ""
