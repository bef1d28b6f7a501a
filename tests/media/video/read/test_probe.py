"""Containers that ask for other files, or for the moon: nothing but the file itself is ever opened."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import av
import pytest

from reverie.errors import BadInput, ReverieError
from reverie.media.video.read.audio import samples
from reverie.media.video.read.probe import ByteReader, LocalFile, _refuse
from reverie.media.video.read.reader import open_video
from support import films as make

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="watches files by inotify")

IN_OPEN = 0x20


class Watch:
    """Which files of a folder were opened, told by the kernel (inotify)."""

    def __init__(self, folder: Path) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK)
        assert self.libc.inotify_add_watch(self.fd, os.fsencode(folder), IN_OPEN) >= 0

    def opened(self) -> set[str]:
        names = set()
        try:
            data = os.read(self.fd, 1 << 20)
        except BlockingIOError:
            data = b""
        while data:
            length = struct.unpack_from("iIII", data)[3]
            names.add(data[16 : 16 + length].rstrip(b"\0").decode())
            data = data[16 + length :]
        return names

    def close(self) -> None:
        os.close(self.fd)


class Trap:
    """A folder of canaries and a port that nobody may knock at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.canary = make.film(folder / "canary.mp4", count=3)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.setblocking(False)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/canary.mp4"
        self.watch = Watch(folder)

    def sprung(self) -> set[str]:
        """The canaries that were opened, and "network" if somebody knocked."""
        found = {name for name in self.watch.opened() if name.startswith("canary")}
        try:
            self.server.accept()[0].close()
            found.add("network")
        except BlockingIOError:
            pass
        return found


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    set_up = Trap(tmp_path)
    set_up.sprung()
    yield set_up
    set_up.watch.close()
    set_up.server.close()


def m3u8(trap: Trap) -> bytes:
    return (
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n"
        f"#EXTINF:1.0,\ncanary.mp4\n#EXTINF:1.0,\n{trap.url}\n#EXT-X-ENDLIST\n"
    ).encode()


def ffconcat(trap: Trap) -> bytes:
    return f"ffconcat version 1.0\nfile canary.mp4\nfile {trap.url}\n".encode()


def dash(trap: Trap) -> bytes:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        f"<AdaptationSet><Representation id='1' bandwidth='1'><BaseURL>{trap.url}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>"
    ).encode()


def alias(target: bytes) -> bytes:
    """A Macintosh alias record that names a file beside this one (QuickTime File Format, `alis`)."""
    body = bytes(10) + bytes([0]) + bytes(27) + bytes(12)
    body += bytes([len(target)]) + target.ljust(63, b"\0") + bytes(16)
    body += struct.pack(">HH", 1, 1) + bytes(16)
    absolute = b"/vol/" + target
    absolute += b"\0" * (len(absolute) % 2)
    return body + struct.pack(">hH", 2, len(absolute)) + absolute + struct.pack(">hH", -1, 0)


def with_reference(data: bytes, entry: bytes) -> bytes:
    """An MP4 with its index at the end whose first `dref` has this entry instead of "in this file"."""
    place = data.index(b"dref") + 12
    old = struct.unpack_from(">I", data, place)[0]
    grown = bytearray(data[:place] + entry + data[place + old :])
    for name in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        at = data.rindex(name, 0, place) - 4
        struct.pack_into(">I", grown, at, struct.unpack_from(">I", data, at)[0] + len(entry) - old)
    return bytes(grown)


def mov_alias(trap: Trap) -> bytes:
    film = make.film(trap.folder / "whole.mov", count=3)
    return with_reference(film.read_bytes(), make.box(b"alis", bytes(4), alias(b"canary.mp4")))


def mov_url(trap: Trap) -> bytes:
    film = make.film(trap.folder / "whole.mov", count=3)
    return with_reference(film.read_bytes(), make.box(b"url ", bytes(4), trap.url.encode() + b"\0"))


def mov_reference_movie(trap: Trap) -> bytes:
    reference = make.box(b"rdrf", bytes(4), b"url ", struct.pack(">I", 11), b"canary.mp4\0")
    return make.box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + make.box(
        b"moov", make.box(b"rmra", make.box(b"rmda", reference))
    )


def box_then_playlist(trap: Trap) -> bytes:
    return make.box(b"ftyp", b"isom", bytes(4)) + m3u8(trap)


def gif_then_playlist(trap: Trap) -> bytes:
    return b"GIF89a\n" + m3u8(trap)


def avi_then_concat(trap: Trap) -> bytes:
    return b"RIFF\xff\xff\0\0AVI " + ffconcat(trap)


def avi_subtitles(trap: Trap) -> bytes:
    """An AVI whose subtitle stream (GAB2) is a play list: a demuxer inside a demuxer."""
    inner = m3u8(trap)
    gab2 = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"s\0" + struct.pack("<HI", 4, len(inner)) + inner
    gab2 += b"\0" * (len(gab2) % 2)
    film = make.film(trap.folder / "whole.avi", count=3).read_bytes()
    strh = struct.pack(
        "<4s4sIHHIIIIIIIIHHHH", b"txts", b"\0" * 4, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0
    )
    strl = b"LIST" + struct.pack("<I", 4 + 8 + len(strh) + 8) + b"strl"
    strl += b"strh" + struct.pack("<I", len(strh)) + strh + b"strf" + struct.pack("<I", 0)
    movi = film.index(b"movi") - 8
    header = bytearray(film[:movi])
    size = struct.unpack_from("<I", header, 16)[0]
    end = 20 + size
    header = bytearray(film[:end] + strl + film[end:movi])
    struct.pack_into("<I", header, 16, size + len(strl))
    struct.pack_into("<I", header, header.index(b"avih") + 8 + 24, 2)
    chunk = b"01sb" + struct.pack("<I", len(gab2)) + gab2
    body = film[movi + 12 :]
    length = struct.unpack_from("<I", film, movi + 4)[0]
    out = bytes(header) + b"LIST" + struct.pack("<I", length + len(chunk)) + b"movi" + chunk + body
    return out[:4] + struct.pack("<I", len(out) - 8) + out[8:]


def matroska_linked(trap: Trap) -> bytes:
    """A Matroska whose header names the next segment's file (NextFilename)."""
    film = make.film(trap.folder / "whole.mkv", count=3).read_bytes()
    name = b"canary.mp4"
    linked = b"\x3e\x83\xbb" + bytes([0x80 | len(name)]) + name
    void = film.index(b"\xec", 40)  # room that the muxer leaves behind its seek head
    room = film[void:]
    assert len(room) > len(linked) + 2
    return film[:void] + linked + film[void + len(linked) :]


HOSTILE: dict[str, Callable[[Trap], bytes]] = {
    "playlist.mp4": m3u8,
    "playlist.mkv": lambda trap: b"\xef\xbb\xbf" + m3u8(trap),
    "concat.mp4": ffconcat,
    "dash.mp4": dash,
    "alias.mov": mov_alias,
    "url.mov": mov_url,
    "reference.mov": mov_reference_movie,
    "box.mp4": box_then_playlist,
    "list.gif": gif_then_playlist,
    "list.avi": avi_then_concat,
    "subtitles.avi": avi_subtitles,
    "linked.mkv": matroska_linked,
    "session.mp4": lambda trap: b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 9 RTP/AVP 96\r\n",
    "winamp.avi": lambda trap: f"[playlist]\nFile1={trap.url}\n".encode(),
    "asx.mp4": lambda trap: f'<asx><entry><ref href="{trap.url}"/></entry></asx>'.encode(),
    "layout.mkv": lambda trap: b"FILE canary.mp4 BINARY\nTRACK 01\n",
}


# The hostile part of these stands beside pictures of their own.
WHOLE = {"subtitles.avi", "linked.mkv", "url.mov"}


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_container_opens_no_other_file(trap: Trap, name: str) -> None:
    path = trap.folder / name
    path.write_bytes(HOSTILE[name](trap))
    trap.sprung()
    numbers: list[int] = []
    with inside(trap.folder):  # references beside it would be found here as well
        for at in (path, Path(name)):
            try:
                with open_video(at) as movie:
                    numbers += [make.number_of(shot.rgb) for shot in movie.frames()]
            except BadInput as error:
                assert str(error).startswith(f"{at}: ")  # noqa: PT017
                assert "\n" not in str(error)  # noqa: PT017
            with suppress(BadInput):
                samples(at)
    opened = trap.watch.opened()
    assert name in opened  # the watch sees
    assert not {o for o in opened if o.startswith("canary")}
    assert not trap.sprung()
    # What is a film besides is still read as one.
    assert numbers == ([0, 1, 2] * 2 if name in WHOLE else [])


def test_the_same_file_springs_the_trap_when_opened_carelessly(trap: Trap) -> None:
    path = trap.folder / "concat.mp4"
    path.write_bytes(b"ffconcat version 1.0\nfile canary.mp4\n")
    trap.sprung()
    with av.open(str(path)) as film:
        next(film.decode(video=0))
    assert "canary.mp4" in trap.sprung()


def test_an_alias_springs_the_trap_where_references_are_allowed(trap: Trap) -> None:
    path = trap.folder / "alias.mov"
    path.write_bytes(mov_alias(trap))
    trap.sprung()
    with suppress(av.FFmpegError), av.open(str(path), options={"enable_drefs": "1"}) as film:
        next(film.decode(video=0))
    assert trap.sprung() == {"canary.mp4"}


def test_even_a_demuxer_that_may_follow_references_gets_nothing(trap: Trap) -> None:
    path = trap.folder / "alias.mov"
    path.write_bytes(mov_alias(trap))
    trap.sprung()
    file = LocalFile(path)
    with inside(trap.folder):
        try:
            with av.open(
                ByteReader(file), mode="r", format="mov", options={"enable_drefs": "1"}, io_open=_refuse
            ) as film:
                list(film.decode(video=0))
        except av.FFmpegError:
            pass
    assert not trap.sprung()
    file.close()


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1/a.mp4",
        "https://example.com/a.mp4",
        "concat:a.mp4|b.mp4",
        "subfile,,start,0,end,100,,:a.mp4",
        "file:a.mp4",
        "pipe:0",
        "rtmp://127.0.0.1/x",
        "data:video/mp4;base64,AAAA",
        "async:cache:http://127.0.0.1/a",
        "crypto:a.mp4",
    ],
)
def test_a_path_of_a_protocol_is_not_a_local_file(trap: Trap, path: str) -> None:
    with inside(trap.folder):
        with pytest.raises(BadInput, match="not a local file"):
            open_video(path)
        with pytest.raises(BadInput, match="not a local file"):
            samples(path)
    assert not trap.sprung()


def test_a_file_with_such_a_name_is_just_a_file(tmp_path: Path) -> None:
    for name in ("concat:a|b", "subfile,,start,0,end,1,,:a.mp4", "a%03d.mp4"):
        made = make.film(tmp_path / "plain.mp4", count=3)
        made.rename(tmp_path / name)
        with inside(tmp_path), open_video(name) as movie:
            assert [make.number_of(shot.rgb) for shot in movie.frames()] == [0, 1, 2]


def test_a_pipe_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(BadInput, match="not a regular file"):
        open_video(tmp_path / "pipe.mp4")
    with pytest.raises(BadInput, match="not a regular file"):
        open_video("/dev/zero")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::reverie.errors.ReverieWarning")
def test_noise_in_every_container_ends_in_one_line_or_in_frames(tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(7)
    for kind in make.KINDS:
        whole = make.film(tmp_path / f"whole.{kind}", count=6, sound="aac" if kind == "mp4" else None)
        data = np.frombuffer(whole.read_bytes(), np.uint8)
        for trial in range(12):
            broken = data.copy()
            if trial % 3 == 0:
                broken = broken[: int(rng.integers(16, len(broken)))]
            else:
                spots = rng.integers(12, len(broken), 3 ** (trial % 4))
                broken[spots] = rng.integers(0, 256, len(spots))
            path = tmp_path / f"broken.{kind}"
            path.write_bytes(broken.tobytes())
            for read in (_read_through, samples):
                try:
                    read(path)
                except ReverieError as error:
                    assert str(path) in str(error)  # noqa: PT017


def _read_through(path: Path) -> None:
    with open_video(path, max_pixels=1_000_000) as movie:
        for shot in movie.frames():
            assert shot.rgb.shape[:2] == movie.info.size[::-1]
