"""The moderator's page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.browser import Browser
from support.live_pages import Alone, before, fixture_before, needs_browser, pages_alone
from support.page_looks import SMALL, beyond

pytestmark = [needs_browser, pytest.mark.slow]
NOW = "document.querySelector('.now .title')?.textContent"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with pages_alone(tmp_path_factory.mktemp("show"), hold=3600, least=3600) as running:
        yield running


page = fixture_before("moderator", (1280, 860), ".doings")


def test_buttons_and_keys(show: Alone, page: Browser) -> None:
    show.visitor().wish("volcano")
    page.wait_for("document.querySelector('.rows .name')?.textContent === 'volcano'")
    page.press("s")
    page.wait_for(f"{NOW} === 'volcano'")
    page.click(".do", says="Hold")
    page.wait_for("document.querySelector('.do[aria-keyshortcuts=h]').ariaPressed === 'true'")
    page.press("h", "p")
    page.wait_for("document.querySelector('.do[aria-keyshortcuts=p]').ariaPressed === 'true'")
    page.press("p", "c")
    page.wait_for("document.querySelector('.do[aria-keyshortcuts=c]').ariaPressed === 'true'")
    page.press("c")
    page.run("document.querySelector('input').focus()")
    page.type("peacoc")  # of which no letter does anything else
    page.wait_for("document.querySelector('.found button .name')?.textContent === 'peacock'")
    page.click(".found button")
    page.wait_for(f"{NOW} === 'peacock'")
    assert page.errors() == []


def test_topics_and_people_are_banned_and_let_in_again(show: Alone, page: Browser) -> None:
    troll = show.visitor()
    troll.wish("lion")
    page.click("button", says="Ban lion")
    page.wait_for("document.querySelector('#mod-banned').parentElement.textContent.includes('lion')")
    page.click("button", says="Allow lion again")
    page.wait_for("document.querySelector('#mod-banned').parentElement.textContent.includes('Nothing')")
    troll.wish("tiger")
    page.click("button", says="Take no wishes of web")
    page.click("button", says="Let all")
    page.wait_for(
        "![...document.querySelectorAll('button')].some((one) => one.textContent.includes('Let all'))"
    )
    assert troll.wish("tiger")["fine"]


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)])
def test_everybody_can_use_it(show: Alone, page: Browser, width: int, dark: bool) -> None:
    show.visitor().wish("volcano + goldfish")
    page.resize(width, 800)
    page.theme(dark=dark)
    page.wait_for("document.querySelector('.rows li')")
    assert page.axe() == []
    assert page.run(beyond()) == []
    assert page.run(SMALL) == []


def test_nobody_else_has_it(show: Alone) -> None:
    with before(f"{show.address}/moderator") as window:
        window.wait_for("document.querySelector('main')?.textContent.includes('for moderators')")
        assert window.run("return document.querySelectorAll('button').length") == 0
        assert window.axe() == []
