"""What moderators do, by HTTP, and that nobody else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reverie.live.dreamer.protocol import CalmDown, PauseDream
from support.live_pages import Alone, pages_alone

pytestmark = pytest.mark.slow
DOINGS = {
    "skip": {},
    "hold": {"on": True},
    "pause": {"on": True},
    "calm": {"on": True},
    "show": {"label": "volcano"},
    "ban": {"label": "snake"},
    "allow": {"label": "snake"},
    "ban-person": {"person": "web x"},
    "pardon": {},
}


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with pages_alone(tmp_path_factory.mktemp("show"), hold=3600) as running:
        yield running


def test_nobody_else_may(show: Alone) -> None:
    guests = [show.visitor(), show.visitor(show.stage), show.visitor(show.overlay)]
    shown = guests[0].show()["topic"]
    for guest in guests:
        for what, body in DOINGS.items():
            answer = guest.http.post(f"/api/moderator/{what}", json=body)
            assert (answer.status_code, "moderators" in answer.json()["error"]) == (403, True), what
    assert guests[0].show()["topic"] == shown
    assert show.room.orders == []


def test_another_sites_page_may_not_even_with_the_cookie(show: Alone) -> None:
    moderator = show.visitor(show.moderator)
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert moderator.http.post("/api/moderator/skip", headers=headers).status_code == 403


def test_all_that_a_moderator_does(show: Alone) -> None:
    moderator, ada = show.visitor(show.moderator), show.visitor()
    ada.wish("lion")
    assert moderator.post("/api/moderator/show", label="volcano")["topic"][0]["label"] == "volcano"
    assert moderator.post("/api/moderator/hold", on=True)["holding"]
    assert not moderator.post("/api/moderator/hold", on=False)["holding"]
    assert moderator.post("/api/moderator/pause", on=True)["paused"]
    moderator.post("/api/moderator/pause", on=False)
    assert moderator.post("/api/moderator/calm", on=True)["calm"]
    assert PauseDream() in show.room.orders
    assert CalmDown(factor=0.4) in show.room.orders
    assert moderator.post("/api/moderator/skip")["topic"][0]["label"] == "lion"
    banned = moderator.post("/api/moderator/ban", label="lion")
    assert banned["banned"] == ["lion"]
    assert banned["topic"][0]["label"] != "lion"
    assert not ada.wish("lion")["fine"]
    assert moderator.post("/api/moderator/allow", label="lion")["banned"] == []
    ada.wish("tiger")
    (wished, *_) = moderator.show()["recent"]
    assert wished["label"] == "tiger"
    told = moderator.post("/api/moderator/ban-person", person=wished["who"], address=True)
    assert told["crowd"] == {"voices": 0, "banned": 2}
    assert "moderator" in ada.wish("tiger")["words"]
    moderator.post("/api/moderator/pardon")
    assert ada.wish("tiger")["fine"]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("show", {"label": "nonsense"}),
        ("ban", {"label": "<b>"}),
        ("allow", {"label": "volcano"}),
        ("ban-person", {"person": "nobody"}),
        ("hold", {"on": "perhaps"}),
        ("show", {}),
    ],
)
def test_what_cannot_be_done_is_said(show: Alone, what: str, body: dict) -> None:
    answer = show.visitor(show.moderator).http.post(f"/api/moderator/{what}", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_a_script_says_its_token(show: Alone) -> None:
    guest = show.visitor()
    right = {"Authorization": f"Bearer {show.room.token}"}
    assert guest.http.post("/api/moderator/skip", headers=right).status_code == 200
    assert guest.http.post("/api/moderator/skip", headers={"Authorization": "Bearer x"}).status_code == 403
