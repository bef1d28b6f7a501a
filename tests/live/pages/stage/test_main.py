"""The stage: captions, the code, keys, a microphone that is measured; for a screen that nobody touches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reverie.live.dreamer.protocol import SetPulse
from support.browser import Browser
from support.live_pages import Alone, before, fixture_before, needs_browser, pages_alone, until

pytestmark = [needs_browser, pytest.mark.slow]
CAPTION = "document.querySelector('.caption.seen .title')?.textContent"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    rights = {"rights": "A song by <b>Ada</b>, CC BY 4.0"}
    data = tmp_path_factory.mktemp("show")
    with pages_alone(data, hold=3600, least=0, fade=0, pulse=True, stage=rights) as running:
        yield running


stage = fixture_before("stage", (1280, 720), "main")


def test_the_link_leads_there_and_a_reload_stays(show: Alone, stage: Browser) -> None:
    stage.wait_for("location.pathname === '/stage' && document.querySelector('.code img')?.complete")
    first = stage.run("return document.querySelector('.code img').src")
    assert show.lobby.code.now(show.visitor(show.stage).show()["now"]) in first
    stage.goto(f"{show.address}/stage")
    stage.wait_for("document.querySelector('.code img')?.naturalWidth > 0")
    assert [one for one in stage.errors() if "api/stream" not in one] == []  # there is no picture here


def test_what_begins_is_said_and_seen(show: Alone, stage: Browser) -> None:
    ada = show.visitor()
    ada.wish("volcano")
    stage.wait_for(f"{CAPTION} === 'volcano'")
    stage.wait_for(
        "document.querySelector('[aria-live]')?.textContent.includes('volcano, wished by one person')"
    )
    show.visitor(show.moderator).post("/api/moderator/show", label="goldfish + lighthouse")
    stage.wait_for(f"{CAPTION} === 'lighthouse above, goldfish below'")
    assert stage.run("return document.querySelector('.credits b') === null")
    assert stage.run("return document.querySelector('.credits').textContent.includes('<b>Ada</b>')")


def test_keys_turn_things_on_and_off_and_are_kept(show: Alone, stage: Browser) -> None:
    stage.press("c", "q")
    stage.wait_for("!document.querySelector('.code') && !document.querySelector('.caption')")
    stage.goto(f"{show.address}/stage")
    stage.wait_for("document.querySelector('.bar [aria-pressed=false]')")
    assert stage.run("return document.querySelector('.code') === null")
    stage.press("c", "q")
    stage.wait_for("document.querySelector('.code') && document.querySelector('.caption')")


def test_nobody_sees_a_cursor_or_buttons_where_nobody_is(show: Alone, stage: Browser) -> None:
    stage.wait_for("document.querySelector('main.still')")
    assert stage.run("return getComputedStyle(document.querySelector('main')).cursor") == "none"
    stage.wait_for("getComputedStyle(document.querySelector('.bar')).opacity === '0'")
    stage.press("Tab")
    stage.wait_for("document.querySelector('.bar :focus-visible') && !document.querySelector('main.still')")
    assert stage.axe() == []


def test_loudness_is_measured_and_told(show: Alone, stage: Browser) -> None:
    stage.run(
        "const context = new AudioContext(), sound = context.createOscillator(),"
        "  end = context.createMediaStreamDestination();"
        "sound.connect(end); sound.start(); window.context = context; context.resume();"
        "navigator.mediaDevices.getUserMedia = () => Promise.resolve(end.stream);"
    )
    stage.click(".bar button", says="microphone")
    until(lambda: any(isinstance(one, SetPulse) for one in show.room.orders))
    levels = [one.level for one in show.room.orders if isinstance(one, SetPulse)]
    assert all(0 <= level <= 1 for level in levels)
    stage.wait_for("document.querySelector('.bar [aria-pressed=true][aria-keyshortcuts=l]')")
    stage.press("l")
    stage.wait_for("document.querySelector('.bar [aria-pressed=false][aria-keyshortcuts=l]')")


def test_a_level_is_a_matter_of_decibels(show: Alone, stage: Browser) -> None:
    found = stage.run(
        "return import('/static/stage/microphone.js').then(({level}) =>"
        " [0, 0.001, 0.02, 0.5, 1].map((one) => level(new Float32Array(1024).fill(one))));"
    )
    assert found[0] == found[1] == 0
    assert 0.3 < found[2] < 0.7
    assert found[3] == found[4] == 1


def test_without_its_link_a_stage_shows_no_code_of_the_room(show: Alone) -> None:
    with before(f"{show.address}/stage") as window:
        window.wait_for("document.querySelector('.code img')?.naturalWidth > 0")
        assert window.run("return document.querySelector('.code img').src").endswith("/api/code.svg?")
        assert window.axe() == []
