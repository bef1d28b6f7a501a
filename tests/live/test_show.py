"""What a show's file may say, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from reverie.errors import BadInput, UsageError
from reverie.live.crowd.crowd import Crowd
from reverie.live.show import PLAYLIST, Hours, Show
from reverie.live.topics import Topics
from support.paths import ROOT


def read(folder: Path, text: str) -> Show:
    path = folder / "show.toml"
    path.write_text(text, "utf-8")
    return Show.read(path)


def test_nothing_need_be_said(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Show()
    assert Show().size == (1024, 576)


def test_all_of_it_is_read(tmp_path: Path) -> None:
    show = read(
        tmp_path,
        'size = "640x360"\nmusic = "songs"\n[camera]\nzoom = "0s:1, 5s:1.1"\n[voices]\naddress = 7\n'
        '[[playlist]]\nfrom = "08:00"\nto = "08:00"\ntopics = ["volcano"]\n',
    )
    assert show.size == (640, 360)
    assert show.camera.zoom.value(0, 5.0) == 1.1
    assert show.voices.address == 7
    assert show.music == tmp_path / "songs"
    assert show.hours(0).topics == ("volcano",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hold = 1", "hold: input should be greater than or equal to 3, got 1"),
        ("hodl = 50", 'hodl: no such setting; did you mean "hold"?'),
        ("[camera]\nzom = 2", 'camera.zom: no such setting; did you mean "zoom"?'),
        ("[camera]\nzoom = 9", "camera.zoom: value 9 is out of its range"),
        ("[camera]\nzoom = '3 smoth'", "camera.zoom: "),
        ("size = '641x360'", "size.0: "),
        ("size = 'large'", "size: "),
        (
            "[[playlist]]\nfrm = '05:00'\ntopics=['volcano']",
            'playlist.0.frm: no such setting; did you mean "from"?',
        ),
        (
            "[[playlist]]\nfrom = '05:00'\nto = '04:00'\ntopics=['volcano']",
            "playlist: nothing is dreamt at 04:00",
        ),
        ("[[playlist]]\nfrom = '25:00'\ntopics=['volcano']", "playlist.0.from: "),
        ("twitch = 'a b'", "twitch: "),
        ("rtmp = 'rtmp://user:secret@host/x'", "rtmp: "),
        ("chat_server = 'http://x'", "chat_server: "),
        ("[stage]\nurl = 'http://x/?token=1'", "stage.url: "),
        ("title = 5\nfps = 0", "title: input should be a valid string, got 5; fps: "),
        ("title = ", "is no TOML"),
        ("a = [[" * 1, "is no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "show.toml"))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        Show.read(tmp_path / "nothing.toml")
    with pytest.raises(BadInput, match="folder"):
        Show.read(tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        Show.read(tmp_path / "bytes.toml")
    (tmp_path / "long.toml").write_text("#" * 300_000)
    with pytest.raises(BadInput, match="too long"):
        Show.read(tmp_path / "long.toml")


@given(st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1))
def test_hours_go_past_midnight(begins: int, ends: int, minute: int) -> None:
    """Beside a twin that walks through the day minute by minute."""
    hours = Hours(
        begins=f"{begins // 60:02d}:{begins % 60:02d}",
        ends=f"{ends // 60:02d}:{ends % 60:02d}",
        topics=("x",),
    )
    day, at = set[int](), begins
    while True:
        day.add(at % 1440)
        at += 1
        if at % 1440 == ends:
            break
    assert hours.has(minute) is (minute in day)


def test_the_usual_playlist_can_be_dreamt() -> None:
    topics = Topics.of("lite0")
    for hours in PLAYLIST:
        assert [word for word in hours.topics if topics.exact(word) is None] == []


def test_the_example_is_a_show_that_can_begin() -> None:
    show = Show.read(ROOT / "examples" / "show.toml")
    Crowd(show, Topics.of(show.network))
    assert show != Show()


def test_every_key_is_in_the_page_about_it() -> None:
    page = (ROOT / "docs" / "live.md").read_text("utf-8")
    missing = []
    for name, field in Show.model_fields.items():
        part = field.annotation
        inner = part.model_fields if isinstance(part, type) and issubclass(part, BaseModel) else {}
        names = [f"`{name}.{key}`" for key in inner] or [f"`{name}`"]
        missing += [one for one in names if one not in page]
    assert missing == []
