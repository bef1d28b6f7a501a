"""The frame of every page: what it names is there, and nothing within it is code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reverie.live.routes.pages import PAGES, SENT
from reverie.studio.app import PAGE, SHELL
from reverie.web.html_page import HtmlPage
from reverie.web.page_files import SHARED
from support.page_sources import name_another_origin, ours

EVERY = [(PAGE, SHELL), *((PAGES, page) for page in SENT.values())]


@pytest.mark.parametrize(("folder", "page"), EVERY, ids=[page.title for _, page in EVERY])
def test_the_files_that_a_page_names_are_there(folder: str, page: HtmlPage) -> None:
    found = re.findall(r'(?:href|src)="/static/([^"]+)"', page.html())
    assert len(found) >= 4
    for name in found:
        home = Path(SHARED).parent if name.startswith("shared/") else Path(folder)
        assert (home / name).is_file(), name


@pytest.mark.parametrize(("folder", "page"), EVERY, ids=[page.title for _, page in EVERY])
def test_a_page_has_no_code_and_no_style_within_it(folder: str, page: HtmlPage) -> None:
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)|https?:", page.html())


def test_a_page_says_what_it_is() -> None:
    text = SENT["/stage"].html()
    assert "<title>reverie: the stage</title>" in text
    assert '<meta name="color-scheme" content="dark">' in text
    assert '<body class="stage">' in text
    assert "<body>" in SHELL.html()


def test_what_is_said_is_text_and_no_code() -> None:
    page = HtmlPage("a <b> & c", '<script>alert("!")</script>', (), "main")
    assert "<title>a &lt;b&gt; &amp; c</title>" in page.html()
    assert "alert" in page.html()
    assert "<script>" not in page.html()


def test_what_all_pages_share_names_no_other_origin() -> None:
    assert name_another_origin(Path(SHARED)) == []
    assert ours(Path(SHARED))
