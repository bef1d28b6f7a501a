"""What the audience does, by HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.live_pages import Alone, pages_alone, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    data = tmp_path_factory.mktemp("show")
    with pages_alone(data, hold=3600, least=3600, moderation={"block": ("snake",)}) as running:
        yield running


def queue(show: Alone) -> dict[str, float]:
    return {one["label"]: one["votes"] for one in show.visitor().show()["queue"]}


def test_a_wish_is_in_the_queue_and_is_ones_voice(show: Alone) -> None:
    ada = show.visitor()
    assert ada.wish(" Volcano")["mine"] == "volcano"
    assert ada.http.get("/api/me").json()["mine"] == "volcano"
    assert queue(show)["volcano"] == 1
    again = ada.post("/api/votes", label="gold fish")
    assert again["mine"] == "gold fish" or again["mine"] == "goldfish"
    assert "volcano" not in queue(show)
    assert ada.http.delete("/api/votes").json()["mine"] is None
    assert queue(show) == {}


def test_what_is_no_wish_is_answered_to_its_writer_alone(show: Alone) -> None:
    ada = show.visitor()
    for text in (
        "<script>alert(1)</script>",
        'class("volcano")',
        "peackock",
        "snake",
        "python",
        "x" * 121,
        "\u202e",
    ):
        reply = ada.http.post("/api/wishes", json={"text": text}).json()
        assert not reply["fine"]
        assert "python" not in reply["near"]
    assert "peacock" in ada.wish("peackock")["near"]
    everything = json.dumps(show.visitor(show.moderator).show())
    assert "script" not in everything
    assert "peackock" not in everything


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/wishes", {}),
        ("/api/wishes", {"text": 5}),
        ("/api/wishes", {"text": "volcano", "role": "moderator"}),
        ("/api/wishes", {"text": "x" * 5000}),
        ("/api/votes", {"text": "volcano"}),
        ("/api/room", {"code": "x" * 50}),
    ],
)
def test_other_bodies_are_refused(show: Alone, path: str, body: dict) -> None:
    answer = show.visitor().http.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_fifty_browsers_of_one_address_are_three_and_the_room_is_more(show: Alone) -> None:
    fakes = [show.visitor() for _ in range(12)]
    for one in fakes:
        one.wish("goldfish")
    assert queue(show)["goldfish"] == 3
    script = fakes[0].http
    script.cookies.clear()
    for _ in range(3):  # without a cookie all of an address are one
        script.post("/api/wishes", json={"text": "lion"})
    assert round(queue(show)["lion"] + queue(show)["goldfish"], 1) == 3
    stage = show.visitor(show.stage)
    code = stage.show()["code"]["id"]
    assert "code" not in fakes[1].show()
    for one in fakes[1:6]:
        assert one.post("/api/room", code=code) == {"room": True}
        assert one.http.get("/api/me").json()["room"]
        one.wish("goldfish")
    assert queue(show)["goldfish"] > 5
    wrong = fakes[7].http.post("/api/room", json={"code": "aaaaaaaa"})
    assert wrong.status_code == 403
    assert "changed" in wrong.json()["error"]
    assert script.post("/api/room", json={"code": code}).status_code == 403  # a script is in no room
    for one in fakes:
        one.http.delete("/api/votes")


def test_many_at_once_each_have_their_voice(tmp_path: Path) -> None:
    """Wishes, hints and looks at the same time: nobody gets an error, nobody gets two voices."""
    voices = {"address_a_minute": 100_000, "address": 100}
    with (
        pages_alone(tmp_path, hold=3600, least=3600, voices=voices) as running,
        ThreadPoolExecutor(8) as pool,
    ):
        people = [running.visitor() for _ in range(8)]

        def busy(number: int) -> set[int]:
            one, codes = people[number].http, set()
            for turn in range(6):
                text = ("volcano", "goldfish", f"nonsense {turn}")[(number + turn) % 3]
                codes.add(one.post("/api/wishes", json={"text": text}).status_code)
                codes.add(one.get("/api/show").status_code)
            assert one.post("/api/wishes", json={"text": "castle"}).json()["fine"]
            return codes

        assert set().union(*pool.map(busy, range(8))) == {200}
        (standing,) = people[0].show()["queue"]
        assert (standing["label"], standing["people"], standing["votes"]) == ("castle", 8, 8)


def test_search_finds_what_may_be_shown(show: Alone) -> None:
    ada = show.visitor()
    found = ada.http.get("/api/topics", params={"q": "gold"}).json()
    assert found[0]["label"] == "goldfish"
    assert found[0].keys() == {"label", "names", "thumb", "kind", "members"}
    for q in ("snake", "cobra", "reptile"):
        assert all("snake" not in one["label"] for one in ada.http.get("/api/topics", params={"q": q}).json())
    ideas = [one["label"] for one in ada.http.get("/api/topics").json()]
    assert ideas == ["jellyfish", "castle"]
    assert ada.http.get("/api/topics", params={"q": "x" * 101}).status_code == 422


def test_small_pictures_and_the_code(show: Alone) -> None:
    ada = show.visitor()
    listed = ada.http.get("/api/topics", params={"q": "goldfinch"}).json()[0]
    picture = ada.http.get(listed["thumb"])
    assert picture.headers["content-type"] == "image/webp"
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert ada.http.get("/api/thumbs/none").status_code == 404
    assert ada.http.get("/api/thumbs/..%2f..%2fetc%2fpasswd").status_code == 404
    code = ada.http.get("/api/code.svg")
    assert code.headers["content-type"].startswith("image/svg+xml")
    assert code.content != show.visitor(show.stage).http.get("/api/code.svg").content


def test_a_topic_changes_for_everybody(tmp_path: Path) -> None:
    with pages_alone(tmp_path, hold=3, least=0) as running:
        ada = running.visitor()
        ada.wish("volcano")
        until(lambda: ada.show()["topic"][0]["label"] == "volcano")
        shown = ada.show()
        assert (shown["source"], shown["people"]) == ("votes", 1)
        assert 0 < shown["ends"] - time.time() <= 3.5
