"""The picture on a page: it plays by either way, and comes back by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.browser import Browser, missing
from support.live_show import PATIENCE, RunningShow, live_show

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]

#: Puts a player on an empty page, and keeps the colours that it shows.
PLAY = """
const how = arguments[0];
window.states = [];
document.body.replaceChildren(document.createElement("main"));
return import("/static/player.js").then((player) => {
  window.stop = player.play(document.querySelector("main"), {
    how: how || undefined,
    onstate: (state) => states.push(state),
  });
  window.colour = () => {
    const probe = new OffscreenCanvas(8, 8).getContext("2d");
    probe.drawImage(document.querySelector(".picture"), 0, 0, 8, 8);
    return [...probe.getImageData(0, 0, 8, 8).data].join();
  };
  return true;
});
"""
PLAYING = "states.at(-1) === 'playing'"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShow]:
    with live_show(tmp_path_factory.mktemp("live") / "show", hold=3600) as running:
        running.on_air()
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser(width=640, height=480) as made:
        yield made


def changes(browser: Browser) -> bool:
    """Whether what is shown moves."""
    first = browser.run("return colour()")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if browser.run("return colour()") != first:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(("how", "tag"), [("", "CANVAS"), ("canvas", "CANVAS"), ("video", "VIDEO")])
def test_it_plays(show: RunningShow, browser: Browser, how: str, tag: str) -> None:
    browser.goto(f"{show.address}/health")
    browser.run(PLAY, how)
    browser.wait_for(PLAYING, seconds=PATIENCE)
    assert browser.run("return document.querySelector('.picture').tagName") == tag
    assert browser.run("return document.querySelector('.picture').ariaHidden") == "true"
    assert changes(browser)
    assert show.until(lambda found: found["viewers"] == 1)
    browser.run("stop(); return true")
    assert browser.run("return document.querySelectorAll('.picture').length") == 0
    show.until(lambda found: found["viewers"] == 0)


@pytest.mark.parametrize("how", ["canvas", "video"])
def test_it_goes_on_when_the_encoder_is_begun_again(show: RunningShow, browser: Browser, how: str) -> None:
    """On the same connection: another head comes, and times go on where they were."""
    browser.goto(f"{show.address}/health")
    browser.run(PLAY, how)
    browser.wait_for(PLAYING, seconds=PATIENCE)
    frames = show.health()["frames_encoded"]
    show.child("air.encoder").kill()
    show.until(lambda found: found["frames_encoded"] > frames + 20)
    browser.wait_for(PLAYING, seconds=PATIENCE)
    assert changes(browser)


def test_it_comes_back_when_the_server_does(tmp_path: Path, browser: Browser) -> None:
    with live_show(tmp_path / "show", hold=3600) as first:
        first.on_air()
        browser.goto(f"{first.address}/health")
        browser.run(PLAY, "")
        browser.wait_for(PLAYING, seconds=PATIENCE)
    browser.wait_for("states.at(-1) === 'waiting'", seconds=PATIENCE)
    with live_show(tmp_path / "show", hold=3600, port=first.port) as again:
        again.on_air()
        browser.wait_for(PLAYING, seconds=PATIENCE)
        assert changes(browser)


def test_a_show_without_music_has_no_sound(show: RunningShow, browser: Browser) -> None:
    browser.goto(f"{show.address}/health")
    closed = browser.run(
        "return new Promise((done) => { const socket = new WebSocket('/api/sound');"
        " socket.onopen = () => done('open'); socket.onclose = () => done('closed'); });"
    )
    assert closed == "closed"
