"""A studio and those who mean it harm: what they send is refused in a sentence, and the others dream on."""

from __future__ import annotations

import itertools
import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from support.bad_inputs import corpus
from support.studio import RunningStudio, User, given, studio, studio_fixture

pytestmark = pytest.mark.slow

QUICK = {"max_size": 96, "octaves": 1, "steps": [3]}
#: Rows of the table of bad inputs that a page can send, one way or more of each.
UPLOADS = [case for case in corpus.BAD if case.row not in (1, 36)]


running = studio_fixture()


@pytest.fixture
def user(running: RunningStudio) -> Iterator[User]:
    one = running.user()
    yield one
    assert one.get("/health")["status"] == "ok"
    one.close()


@pytest.fixture(scope="module")
def photo(running: RunningStudio, photographs: Path) -> str:
    return str(given(running, photographs / "chelsea.png")["id"])


# -- ids and paths ----------------------------------------------------------------------------------------

ODD = (
    *("../studio.sqlite", "..%2fstudio.sqlite", "%2e%2e%2fstudio.sqlite", "..%5cstudio.sqlite", "..", "."),
    *("%2fetc%2fpasswd", "%00", "a%00b", "x" * 5000, "*", "%25", "'%20OR%201=1--", "%F0%9F%98%80", "NUL"),
)
WHERE = (
    "/api/photos/{}",
    "/api/thumbs/{}",
    "/api/pictures/{}",
    "/api/pictures/{}/thumb",
    "/api/jobs/{}/result",
    "/static/{}",
)


@pytest.mark.parametrize("where", WHERE)
def test_odd_ids_name_nothing(user: User, where: str) -> None:
    for odd in ODD:
        answer = raw(user.address, where.format(odd))
        assert answer[0] in (404, 405, 307) or (odd == "." and answer[0] == 200), (where, odd, answer)
        assert b"SQLite" not in answer[1]
        assert b"root:" not in answer[1]


def raw(address: str, target: str) -> tuple[int, bytes]:
    """A request whose target is sent as it is: no client tidies the path."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as one:
        one.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while piece := one.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


# -- who asks ---------------------------------------------------------------------------------------------


def test_only_our_pages_and_scripts_are_let_in(user: User, photo: str) -> None:
    """Host, Origin and Sec-Fetch-Site in all combinations, of requests and of WebSockets."""
    address = user.address.removeprefix("http://")
    hosts = (address, "evil.example", f"evil.example:{address.split(':')[1]}")
    origins = (None, user.address, "http://evil.example", "null")
    passed = []
    for host, origin, site in itertools.product(hosts, origins, (None, "cross-site")):
        headers = {"Host": host, "Origin": origin, "Sec-Fetch-Site": site}
        sent = {name: value for name, value in headers.items() if value is not None}
        answer = user.http.post("/api/objective", json={"text": "block5c"}, headers=sent)
        ours = host == address and origin in (None, user.address) and site is None
        assert answer.status_code == (200 if ours else 421 if host != address else 403), sent
        assert is_let_in(user.address, sent) is ours, sent
        passed.append(ours)
    assert (len(passed), sum(passed)) == (24, 2)


def is_let_in(address: str, headers: dict[str, str]) -> bool:
    origin = headers.get("Origin")
    rest = {name: value for name, value in headers.items() if name == "Sec-Fetch-Site"}
    host, port = address.removeprefix("http://").split(":")
    named = headers["Host"] if ":" in headers["Host"] else f"{headers['Host']}:80"
    sock = socket.create_connection((host, int(port)))
    try:
        with connect(f"ws://{named}/api/events", sock=sock, origin=origin, additional_headers=rest):
            return True
    except InvalidStatus:
        return False


# -- what is sent -----------------------------------------------------------------------------------------


def test_bad_files_are_refused_in_a_sentence(user: User, tmp_path: Path) -> None:
    statuses = {}
    for case in UPLOADS:
        data = case.make(tmp_path).read_bytes()
        answer = user.http.put("/api/photos", content=data, headers={"X-File-Name": "photo.png"})
        statuses[str(case)] = answer.status_code
        words = answer.json()["error"]
        assert answer.status_code in (413, 415, 422), (str(case), words)
        assert str(tmp_path) not in words
        assert ".upload" not in words
        assert "\n" not in words
    assert len(statuses) >= 20
    assert statuses["2-text"] == 415
    assert statuses["4-header"] == 413
    assert user.http.put("/api/photos", content=b"").status_code == 400


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('block5c @ mask("/etc/hostname")', "no file is opened by its name"),
        ('guide("/etc/hostname", block5a)', "no file is opened by its name"),
        ('guide("../../studio.sqlite", block5a)', "no file is opened by its name"),
        ('guide("http://127.0.0.1:9/x.png", block5a)', "no file is opened by its name"),
        ('guide("AAAAAAAAAAAAAAAAAAAAAA", block5a)', "no file is opened by its name"),
        ("block5c + ", "objective"),
        ("(" * 5000, ""),
    ],
)
def test_text_opens_no_file(user: User, photo: str, text: str, words: str) -> None:
    wishes: list[dict[str, Any]] = [
        {"kind": "dream", "photo": photo, "recipe": {"objective": [text]}},
        {"kind": "zoom", "photo": photo, "recipe": {"zoom": {"scenes": [text]}}},
    ]
    answers = [user.http.post("/api/jobs", json=wish) for wish in wishes]
    answers.append(user.http.post("/api/objective", json={"text": text}))
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert words in answer.json()["error"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"recipe": {"mask": "/etc/hostname"}}, "no file is opened"),
        ({"recipe": {"network": "lite0:/etc/hostname"}}, "network: there are lite0"),
        ({"recipe": {"network": "torch:evil.pt"}}, "network: there are lite0"),
        ({"kind": "film", "recipe": {"film": {"pulse": "/etc/hostname"}}}, "film"),
        ({"photo": "../../etc/passwd"}, "there is none with the id"),
        ({"mask": "x"}, "no file is opened"),
        ({"recipe": {"strength": 1e999}}, ""),
        ({"recipe": {"strength": 7}}, "strength"),
        ({"recipe": {"octaves": 10000}}, "octaves"),
        ({"recipe": {"steps": [10**9]}}, "steps"),
        ({"recipe": {"size": [90000, 90000]}}, "over the limit"),
        ({"recipe": {"octave_top": 4, "octave_scale": 4}}, "over the limit"),
        ({"recipe": {"objective": ["block5z"]}}, "block5"),
        ({"recipe": {"objective": ["block5c:9999"]}}, "channel"),
        ({"recipe": {"nonsense": 1}}, "no such setting"),
        ({"recipe": {"format": 99, "nonsense": 1}}, "no such setting"),
        ({"preset": "nowhere"}, "none of that name"),
        ({"preset": "portrait"}, "a dream is asked for"),
        ({"kind": "nothing"}, "kind"),
        ({"targets": ["tabby"]}, "targets"),
        ({"kind": "portrait", "photo": None, "targets": ["nobody knows this"]}, ""),
        ({"variations": 1000}, "variations"),
        ({"output": {"path": "/etc/hostname"}}, "output"),
    ],
)
def test_wishes_that_cannot_be(user: User, photo: str, wish: dict[str, Any], words: str) -> None:
    sent = json.dumps({"kind": "dream", "photo": photo, **wish})
    answer = user.http.post("/api/jobs", content=sent, headers={"Content-Type": "application/json"})
    if answer.status_code == 201:  # only the network can tell
        job = user.wait(answer.json()["id"])
        assert job["state"] == "failed"
        assert job["error"]
        return
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["error"]


def test_names_and_recipes_are_text_and_nothing_else(user: User, photographs: Path) -> None:
    """What looks like markup comes back as JSON, whatever it is called."""
    evil = "<img src=x onerror=alert(1)>\"';--.svg"
    one = user.give((photographs / "rocket.png").read_bytes(), evil)
    assert "<" not in one["name"]
    id = user.ask(kind="dream", photo=one["id"], recipe=QUICK, name="<script>alert(1)</script>")
    job = user.http.get(f"/api/jobs/{id}")
    assert job.headers["content-type"] == "application/json"
    assert job.json()["label"] == "<script>alert(1)</script>"
    user.wait(id)
    head = user.http.get(f"/api/jobs/{id}/result").headers
    assert head["content-type"] == "image/png"
    assert head["x-content-type-options"] == "nosniff"
    shown = user.http.get(f"/api/photos/{one['id']}")
    assert shown.headers["content-type"] == "image/webp"
    assert shown.content[8:12] == b"WEBP"  # what was given is never served as it is


def test_a_drawing_with_code_in_it_is_served_as_pixels(user: User) -> None:
    drawing = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">'
        b'<script>alert(1)</script><rect width="64" height="64" fill="red"/></svg>'
    )
    answer = user.http.put("/api/photos", content=drawing, headers={"X-File-Name": "a.svg"})
    if answer.status_code == 201:
        shown = user.http.get(f"/api/photos/{answer.json()['id']}")
        assert b"script" not in shown.content
        assert shown.headers["content-type"] == "image/webp"
    else:
        assert answer.status_code == 422


def test_bodies_that_are_no_json_are_refused(user: User) -> None:
    for body in (b"", b"{", b"[" * 100_000, b"null", b"[]", b'"x"', b"\xff\xfe", b'{"kind": NaN}'):
        answer = user.http.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), body[:20]
        assert answer.json()["error"]
    large = user.http.post("/api/jobs", content=b"x" * 3_000_000)
    assert large.status_code == 413
    assert user.http.request("TRACE", "/api/jobs").status_code in (403, 405)
    assert user.http.options("/api/jobs").status_code == 405


def test_a_viewer_that_says_nonsense_is_still_told(user: User, photo: str) -> None:
    with user.events() as events:
        for text in (
            "",
            "{",
            "[]",
            "7",
            '{"watch": {"a": 1}}',
            '{"side": "big"}',
            '{"side": 1e9}',
            "x" * 60_000,
        ):
            events.socket.send(text)
        events.socket.send('{"watch": "", "side": 100000}')
        id = user.ask(kind="dream", photo=photo, recipe=QUICK)
        events.until("done", job=id)


# -- many of them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [40, pytest.param(200, marks=pytest.mark.soak)])
def test_connections_that_trickle_are_cut_while_a_user_dreams(user: User, photo: str, count: int) -> None:
    host, port = user.address.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(count)]
    began = time.monotonic()
    for one in slow:
        one.sendall(f"POST /api/jobs HTTP/1.1\r\nHost: {host}:{port}\r\n".encode())
    id = user.ask(kind="dream", photo=photo, recipe=QUICK)
    assert user.wait(id)["state"] == "done"
    left = list(slow)
    while left and time.monotonic() - began < 20:
        for one in list(left):
            with suppress(ConnectionError, OSError):
                one.send(b"X")
            if is_cut(one):
                left.remove(one)
        time.sleep(0.2)
    assert not left
    assert time.monotonic() - began < 12


def is_cut(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        return one.recv(1000) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_nobody_takes_all_of_the_line(user: User, photo: str) -> None:
    wish = {"kind": "dream", "photo": photo, "recipe": {**QUICK, "steps": [500]}, "variations": 16}
    statuses = [user.http.post("/api/jobs", json=wish).status_code for _ in range(14)]
    assert statuses.count(429) >= 1
    assert statuses[0] == 201
    for job in user.get("/api/jobs")["waiting"]:
        user.post(f"/api/jobs/{job['id']}/cancel")
    for job in user.get("/api/jobs")["running"]:
        user.post(f"/api/jobs/{job['id']}/cancel")


# -- shared -----------------------------------------------------------------------------------------------


def test_shared_it_lets_in_whoever_has_the_link_each_to_a_gallery(tmp_path: Path, photographs: Path) -> None:
    data = (photographs / "coffee.png").read_bytes()
    with studio(tmp_path / "data", "--share", "--host", "127.0.0.1") as one:
        stranger = one.user()
        for path in ("/", "/api/me", "/api/pictures", "/static/index.html", "/api/openapi.json", "/health"):
            assert stranger.http.get(path).status_code == 401
        with pytest.raises(InvalidStatus), stranger.events():
            pass
        assert "token=" in one.link
        visitors = [one.user() for _ in range(2)]
        for visitor in visitors:
            come_in = visitor.http.get(one.link)
            assert (come_in.status_code, come_in.history) == (200, [])
            assert visitor.http.get("/").status_code == 200
        first, second = visitors
        photo = first.give(data)["id"]
        assert second.http.get(f"/api/photos/{photo}").status_code == 404
        refused = second.http.post("/api/jobs", json={"kind": "dream", "photo": photo})
        assert refused.status_code == 422
        job = first.ask(kind="dream", photo=photo, recipe=QUICK)
        assert second.http.get(f"/api/jobs/{job}").status_code == 404
        assert second.http.post(f"/api/jobs/{job}/cancel").status_code == 404
        picture = first.wait(job)["picture"]
        for path in (f"/api/pictures/{picture}", f"/api/pictures/{picture}/thumb", f"/api/jobs/{job}/result"):
            assert first.http.get(path).status_code == 200
            assert second.http.get(path).status_code == 404
        assert second.http.delete(f"/api/pictures/{picture}").status_code == 404
        assert second.get("/api/pictures")["items"] == []
        token = one.link.split("token=")[1]
        bearer = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{one.address}/api/me", headers=bearer).json()["shared"] is True
        assert token not in (tmp_path / "data.log").read_text().replace(one.link, "")
        kept = (
            sqlite3.connect(tmp_path / "data" / "studio.sqlite")
            .execute("SELECT key FROM visitors")
            .fetchall()
        )
        assert all(len(key) == 64 and token not in key for (key,) in kept)


# -- what it needs ----------------------------------------------------------------------------------------


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path, reverie: Any) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    (folder / "studio.sqlite").mkdir()  # also root cannot write there
    refused = reverie("studio", "--no-open", "--port", 0, "--data", folder)
    refused.refused(6, "studio.sqlite", "choose another --data folder")


def test_when_the_disk_is_full_an_upload_is_refused_and_the_server_lives(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no such device here")
    with studio(tmp_path / "data") as one:
        user = one.user()
        for name in ("given", "cache"):
            folder = tmp_path / "data" / name
            folder.rmdir()
            folder.write_text("")  # whatever is written there fails
        answer = user.http.put("/api/photos", content=b"x" * 100)
        assert answer.status_code == 507
        assert "no room" in answer.json()["error"]
        assert user.get("/health")["status"] == "ok"
