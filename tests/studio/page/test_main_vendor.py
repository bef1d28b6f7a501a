"""What the page is made of: texts that are used, types that hold, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.studio.app import PAGE
from support import page_sources

FOLDER = Path(str(PAGE))


def test_the_sources_are_as_they_should_be() -> None:
    assert page_sources.wrong_with(FOLDER, may_be_long="texts.js") == {}
    assert len(page_sources.texts(FOLDER)) > 150


@pytest.mark.slow
@page_sources.needs_compiler
def test_types_hold() -> None:
    assert page_sources.wrong_types(FOLDER) == ""
