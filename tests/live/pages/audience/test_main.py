"""The audience's page on a telephone: wish, vote, two against each other, back after a break."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.browser import Browser
from support.live_pages import Alone, before, needs_browser, pages_alone, until
from support.page_looks import SMALL, beyond

pytestmark = [needs_browser, pytest.mark.slow]
QUEUE = "[...document.querySelectorAll('.queue li .name')].map((one) => one.textContent).join()"
EVIL = "<img src=x onerror='window.evil=1'>"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    names = {"names": "shown"}
    with pages_alone(tmp_path_factory.mktemp("show"), hold=3600, least=3600, moderation=names) as running:
        yield running


@pytest.fixture(scope="module")
def phone(show: Alone) -> Iterator[Browser]:
    with before(show.address) as window:
        window.resize(360, 740)
        yield window


def opened(window: Browser, show: Alone, query: str = "") -> None:
    window.goto(f"{show.address}/{query}")
    window.wait_for("document.querySelector('.ideas li')")


def test_one_types_taps_and_takes_back(show: Alone, phone: Browser) -> None:
    opened(phone, show)
    phone.run("document.querySelector('input[type=search]').focus()")
    phone.type("golden ret")
    phone.wait_for("document.querySelector('.found button .name')?.textContent === 'golden retriever'")
    assert phone.axe() == []
    phone.press("Tab", "Tab", "Enter")
    phone.wait_for(f"{QUEUE} === 'golden retriever'")
    phone.wait_for("document.querySelector('.mine strong')?.textContent === 'golden retriever'")
    phone.wait_for("document.querySelector('.reply')?.textContent.includes('in the queue')")
    phone.click(".ideas button", says="castle")
    phone.wait_for(f"{QUEUE} === 'castle'")
    phone.click(".vote", says="castle")
    phone.wait_for(f"{QUEUE} === ''")
    assert phone.errors() == []


def test_what_is_not_known_is_answered_with_what_may_be_meant(show: Alone, phone: Browser) -> None:
    opened(phone, show)
    phone.run("document.querySelector('input[type=search]').focus()")
    phone.type("peackock")
    phone.press("Enter")
    phone.wait_for("document.querySelector('.near button')?.textContent === 'peacock'")
    phone.click(".near button", says="peacock")
    phone.wait_for(f"{QUEUE} === 'peacock'")
    phone.click(".mine button")
    phone.wait_for(f"{QUEUE} === ''")


def test_names_and_wishes_are_text(show: Alone, phone: Browser) -> None:
    opened(phone, show)
    troll = show.visitor()
    troll.post("/api/wishes", text="volcano", name=EVIL[:25])
    troll.post("/api/wishes", text=EVIL)
    phone.wait_for("document.querySelector('.queue .note')?.textContent.includes('<img src=x')")
    phone.run("document.querySelector('input[type=search]').focus()")
    phone.type("<img src=x onerror=evil()>")
    phone.press("Enter")
    phone.wait_for("document.querySelector('.reply.bad')")
    assert phone.run("return window.evil === undefined && !document.querySelector('#page img[src=x]')")
    troll.http.delete("/api/votes")


def test_two_browsers_vote_against_each_other(show: Alone, phone: Browser) -> None:
    """Each sees at once what the other does, and the one that was cut off sees it when it is back."""
    opened(phone, show)
    with before(show.address) as other:
        opened(other, show)
        phone.click(".ideas button", says="castle")
        other.wait_for(f"{QUEUE} === 'castle'")
        other.click(".ideas button", says="jellyfish")
        for window in (phone, other):
            window.wait_for(f"{QUEUE} === 'castle,jellyfish'")
        third = show.visitor()
        third.wish("jellyfish")
        for window in (phone, other):
            window.wait_for(f"{QUEUE} === 'jellyfish,castle'")
        phone.click(".vote", says="jellyfish")
        other.wait_for(f"{QUEUE} === 'jellyfish'")
        assert len(show.visitor().show()["queue"]) == 1
        for window in (phone, other):
            window.click(".mine button")
        third.http.delete("/api/votes")
        other.wait_for(f"{QUEUE} === ''")


def test_the_code_of_the_stage_lets_one_into_the_room(show: Alone, phone: Browser) -> None:
    code = show.visitor(show.stage).show()["code"]["id"]
    opened(phone, show, f"?room={code}")
    phone.wait_for("document.querySelector('.room')")
    assert code not in phone.address
    opened(phone, show, "?room=aaaaaaaa")
    phone.wait_for("document.querySelector('.room')")  # who is in stays in


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_use_it(show: Alone, phone: Browser, dark: bool) -> None:
    show.visitor().wish("volcano + goldfish")
    phone.theme(dark=dark)
    opened(phone, show)
    phone.wait_for("document.querySelector('.queue li')")
    assert phone.axe() == []
    assert phone.run(SMALL) == []
    assert phone.run(beyond()) == []
    asked = phone.asked()
    assert all(one.startswith(show.address) for one in asked)


def test_it_comes_back_by_itself(show: Alone, phone: Browser) -> None:
    opened(phone, show)
    before_it = set(show.lobby._watchers)
    show.cut_off()
    until(lambda: show.lobby.pages and not before_it & show.lobby._watchers)
    ada = show.visitor()
    ada.wish("lighthouse")
    phone.wait_for(f"{QUEUE}.includes('lighthouse')")
