"""Lines of IRC, however they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.live.chat.lines import IrcLine, LineCutter, read_line


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(1, 60), min_size=1), st.integers(5, 30))
def test_wherever_it_is_cut(lines: list[bytes], cuts: list[int], longest: int) -> None:
    """In whatever pieces it arrives: the same lines, and the same number that are too long."""
    lines = [line.replace(b"\n", b"x").rstrip(b"\r") for line in lines]
    data, pieces, at = b"".join(line + b"\r\n" for line in lines), [], 0
    while data:
        pieces.append(data[: cuts[at % len(cuts)]])
        data, at = data[cuts[at % len(cuts)] :], at + 1
    cutter = LineCutter(longest)
    found = [line for piece in pieces for line in cutter.feed(piece)]
    fitting = [line for line in lines if len(line) <= longest]
    assert [line for line in found if len(line) < longest] == [
        line for line in fitting if len(line) < longest
    ]
    assert len(found) + cutter.dropped == len(lines)
    assert len(cutter._rest) <= longest


def test_a_line_of_64_kilobytes_takes_no_other_with_it() -> None:
    cutter = LineCutter()
    data = b"PING :a\r\n" + b"x" * 65_536 + b"\r\nPING :b\nPING :c\r\n"
    assert cutter.feed(data) == [b"PING :a", b"PING :b", b"PING :c"]
    assert cutter.dropped == 1
    endless = LineCutter()
    for _ in range(1000):
        assert endless.feed(b"y" * 10_000) == []
    assert len(endless._rest) == 0
    assert endless.feed(b"\r\nPING :d\r\n") == [b"PING :d"]
    assert endless.dropped == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"PING :tmi.twitch.tv", IrcLine("PING", ("tmi.twitch.tv",))),
        (b"ping", IrcLine("PING")),
        (b":a!b@c PRIVMSG #dream :volcano + fish", IrcLine("PRIVMSG", ("#dream", "volcano + fish"), "a")),
        (b":a PRIVMSG #dream volcano", IrcLine("PRIVMSG", ("#dream", "volcano"), "a")),
        (b":srv@h 001 me ::)", IrcLine("001", ("me", ":)"), "srv")),
        (b"@k=v;x= :a!b JOIN #dream", IrcLine("JOIN", ("#dream",), "a", "k=v;x=")),
        (b":a!b PRIVMSG #dream :\xff\xfe", IrcLine("PRIVMSG", ("#dream", "\ufffd\ufffd"), "a")),
        (b":a!b PRIVMSG #dream :a\x00b", IrcLine("PRIVMSG", ("#dream", "ab"), "a")),
        *((line, None) for line in (b"", b"   ", b":only", b"@tags", b"@tags :source", b"\x00")),
    ],
)
def test_what_a_line_says(line: bytes, expected: IrcLine | None) -> None:
    assert read_line(line) == expected


def test_tags_are_unescaped() -> None:
    line = read_line(b"@display-name=A\\sB\\:\\\\;user-id=12;empty :a!a PRIVMSG #dream :x")
    assert line is not None
    assert [line.tag(name) for name in ("display-name", "user-id", "empty", "none")] == [
        "A B;\\",
        "12",
        "",
        "",
    ]


@given(st.binary(max_size=600))
def test_any_bytes_are_read(line: bytes) -> None:
    found = read_line(line)
    assert found is None or found.command == found.command.upper() != ""
