"""What the pages are made of: texts that are used, types that hold, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.live.routes.pages import PAGES
from support import page_sources

FOLDER = Path(PAGES)


def test_the_sources_are_as_they_should_be() -> None:
    assert page_sources.wrong_with(FOLDER) == {}
    assert len(page_sources.texts(FOLDER)) > 60


@pytest.mark.slow
@page_sources.needs_compiler
def test_types_hold() -> None:
    assert page_sources.wrong_types(FOLDER) == ""
