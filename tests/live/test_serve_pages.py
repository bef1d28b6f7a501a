"""A whole show with its pages: a picture that plays, and pages that outlive the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.live_pages import before, live_pages, needs_browser

pytestmark = [needs_browser, pytest.mark.slow]
PLAYS = (
    "document.querySelector('.picture canvas, .picture video')"
    " && !document.querySelector('.waiting').textContent"
)


def test_the_stage_plays_and_comes_back_with_topic_and_votes(tmp_path: Path) -> None:
    told = tmp_path / "told.txt"
    with (
        live_pages(tmp_path / "show", describe=told, hold=3600, least=0) as show,
        before(show.stage) as stage,
    ):
        stage.wait_for(PLAYS, seconds=60)
        ada, ben = show.visitor(), show.visitor()
        assert ada.wish("volcano")["fine"]
        stage.wait_for(
            "document.querySelector('.caption.seen .title')?.textContent === 'volcano'", seconds=60
        )
        assert ben.wish("lighthouse")["fine"]
        cookies = dict(ben.http.cookies)
        show.end()
        show.begin()
        stage.wait_for(PLAYS, seconds=60)
        again = show.visitor()
        again.http.cookies.clear()
        again.http.cookies.update(cookies)
        assert again.http.get("/api/me").json()["mine"] == "lighthouse"
        found = again.show()
        assert found["topic"][0]["label"] == "volcano"
        assert [one["label"] for one in found["queue"]] == ["lighthouse"]
        assert stage.run("return location.pathname") == "/stage"
        assert "code" in show.visitor(show.stage).show()  # the link is the same as before
    assert told.read_text("utf-8").rstrip().endswith("volcano")
    secrets = (tmp_path / "show" / "state" / "tokens.json").read_text("utf-8").split('"')[3::4]
    logs = [path.read_text("utf-8", "replace") for path in (tmp_path / "show").rglob("*.log")]
    for text in (told.read_text("utf-8"), (tmp_path / "show" / "errors.txt").read_text("utf-8"), *logs):
        assert not any(secret in text for secret in secrets)
