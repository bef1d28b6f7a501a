"""The stream to a service: packed again without loss, and back by itself whatever the service does."""

from __future__ import annotations

import itertools
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from reverie.live.air.aac import SoundEncoder
from reverie.live.air.fragments import Sample, fragment
from reverie.live.air.h264 import PictureEncoder, time_of
from reverie.live.air.messages import Parcel, ParcelKind
from reverie.live.air.music import RATE
from reverie.live.air.rtmp import WAITING, Inbox, Upstream, _reason
from reverie.live.dreamer.recorded import drawn
from support.irc import needs_openssl, self_signed
from support.live_pages import until
from support.live_show import live_show
from support.rtmp_server import RtmpServer, missing, probed

FPS, SIZE = 25, (128, 72)
KEY = "live_123_SecretOfTheStream"


@pytest.fixture(scope="module")
def encoded() -> tuple[bytes, list[Sample]]:
    encoder = PictureEncoder(SIZE, FPS, filled=True)
    return encoder.head, [encoder.add(rgb) for rgb in itertools.islice(drawn(SIZE), 125)]


def pictures(samples: list[Sample], first: int) -> Iterator[Parcel]:
    for number, sample in enumerate(samples, first):
        yield Parcel(ParcelKind.PICTURE, fragment(number + 1, time_of(number, FPS), [sample]), sample.key)


def streamed(path: Path, heads: dict[ParcelKind, bytes], parcels: list[Parcel]) -> None:
    """What a service would be sent, into a file."""
    upstream = Upstream(str(path), heads)
    for parcel in parcels:
        upstream.send(parcel)
    upstream.close()


def test_all_arrives_from_a_key_frame_on_with_silence(
    tmp_path: Path, encoded: tuple[bytes, list[Sample]]
) -> None:
    head, samples = encoded
    path = tmp_path / "out.flv"
    streamed(path, {ParcelKind.PICTURE_HEAD: head}, list(pictures(samples, 1000))[20:])
    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux(video=0) if packet.size]
        assert [bytes(packet) for packet in packets] == [sample.data for sample in samples[50:]]
        assert [packet.is_keyframe for packet in packets] == [sample.key for sample in samples[50:]]
        assert [packet.pts for packet in packets] == [40 * number for number in range(75)]
    with av.open(str(path)) as file:
        sound = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
        assert sound.shape[1] == pytest.approx(3 * RATE, abs=4096)
        assert np.abs(sound).max() < 1e-3


@pytest.mark.slow
def test_music_is_packed_again_too(tmp_path: Path, encoded: tuple[bytes, list[Sample]]) -> None:
    head, samples = encoded
    encoder, parcels, begin = SoundEncoder(), [], 0
    wave = np.sin(2 * np.pi * 440 * np.arange(RATE // FPS) / RATE).astype(np.float32) / 3
    for picture in pictures(samples, 0):
        parcels.append(picture)
        for sample in encoder.add(np.stack([wave, wave])):
            parcels.append(Parcel(ParcelKind.SOUND, fragment(1, begin, [sample]), True))
            begin += sample.ticks
    path = tmp_path / "out.flv"
    streamed(path, {ParcelKind.PICTURE_HEAD: head, ParcelKind.SOUND_HEAD: encoder.head}, parcels)
    with av.open(str(path)) as file:
        sound = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    assert sound.shape[1] == pytest.approx(5 * RATE, abs=4096)
    assert np.sqrt(np.mean(sound[:, RATE:] ** 2)) == pytest.approx(0.3333 / np.sqrt(2), rel=0.1)


def pictures_of(path: Path) -> list[bytes]:
    """The pictures in a file that may be written still, as they were encoded."""
    with suppress(av.FFmpegError), av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(video=0) if packet.size]
    return []


def test_times_that_go_back_break_nothing(tmp_path: Path, encoded: tuple[bytes, list[Sample]]) -> None:
    """Of an encoder that was begun again."""
    head, samples = encoded
    path = tmp_path / "out.flv"
    parcels = [*pictures(samples[:60], 0), *pictures(samples[:60], 55), *pictures(samples[:25], 200)]
    streamed(path, {ParcelKind.PICTURE_HEAD: head}, parcels)
    with av.open(str(path)) as file:
        times = [packet.pts for packet in file.demux(video=0) if packet.size]
    assert times == sorted(set(times))
    assert len(times) == 60 + 55 + 25


def test_what_waits_too_long_gives_way_to_a_key_frame(encoded: tuple[bytes, list[Sample]]) -> None:
    _, samples = encoded
    inbox, came = Inbox(), []
    for parcel in pictures(samples * 2, 0):
        inbox._take(parcel)
    assert inbox.dropped == 250 - WAITING
    for _ in range(WAITING - 20):
        came.append(inbox.next(0))
    for parcel in pictures(samples[:100], 250):
        inbox._take(parcel)
    while (parcel := inbox.next(0)) is not None:
        came.append(parcel)
    gap = came[WAITING]
    assert gap is not None
    assert gap.key  # the first after what was left out
    assert len(came) == WAITING + 100


def test_reasons_never_hold_the_address() -> None:
    """The library's own words may."""
    url = f"rtmp://127.0.0.1:1/live/{KEY}"
    with pytest.raises(ConnectionRefusedError) as error:
        Upstream(url, {ParcelKind.PICTURE_HEAD: PictureEncoder(SIZE, FPS).head})
    assert _reason(error.value) == "nobody answers there"
    assert "TLS" in _reason(ssl.SSLError(1, url))
    for other in (
        TimeoutError(url),
        ssl.SSLError(1, url),
        OSError(5, "x", url),
        OSError(url),
        ValueError(url),
        OSError(9999, url),
    ):
        assert _reason(other)
        assert KEY not in _reason(other)


@needs_openssl
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_by_tls_only_to_whom_this_machine_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoded: tuple[bytes, list[Sample]]
) -> None:
    head, samples = encoded
    heads, sent = {ParcelKind.PICTURE_HEAD: head}, [sample.data for sample in samples]
    server, certificate = RtmpServer(tmp_path / "service"), self_signed(tmp_path, "IP:127.0.0.1")
    server.start()
    try:
        with server.behind_tls(certificate) as address:
            with pytest.raises(ssl.SSLCertVerificationError) as error:
                Upstream(f"{address}/{KEY}", heads)
            assert "certificate" in _reason(error.value)
            assert not server.recorded()
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            upstream = Upstream(f"{address}/{KEY}", heads)
            for parcel in pictures(samples, 0):
                upstream.send(parcel)
            upstream.close()
            until(lambda: server.recorded() and pictures_of(server.recorded()[0]) == sent)
    finally:
        server.end()


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_the_service_is_absent_killed_and_stopped(tmp_path: Path) -> None:
    """It comes back each time, and what goes on the air meanwhile comes from the same processes."""
    server = RtmpServer(tmp_path / "service")
    try:
        with live_show(tmp_path / "show", rtmp=f"{server.address}/{KEY}") as show:
            show.on_air()
            show.until(lambda found: found["stream"]["why"] == "nobody answers there")
            server.start()
            show.until(lambda found: found["stream"]["state"] == "on")
            for process in psutil.Process(show.process.pid).children():
                assert KEY not in " ".join(process.cmdline())
                assert KEY not in " ".join(process.environ().values())
            assert KEY not in str(show.health()) + show.http.get("/metrics").text
            before = show.health()["frames_encoded"]
            show.until(lambda found: found["frames_encoded"] > before + 110)
            server.kill()
            show.until(lambda found: found["stream"]["state"] != "on")
            before = show.health()["frames_encoded"]
            show.until(lambda found: found["frames_encoded"] > before + 10)
            server.start()
            show.until(lambda found: found["stream"]["state"] == "on" and found["reconnects"] >= 1)
            server.signal(signal.SIGSTOP)
            before = show.health()["frames_encoded"]
            show.until(lambda found: found["frames_encoded"] > before + 30)
            server.signal(signal.SIGCONT)
            found = show.until(lambda found: found["stream"]["state"] == "on")
            assert (found["restarts"]["encoder"], found["restarts"]["dreamer"]) == (0, 0)
        assert KEY not in show.log.read_text()
        assert not any(KEY.encode() in one.read_bytes() for one in show.data.rglob("*") if one.is_file())
    finally:
        server.end()
    recorded = [path for path in server.recorded() if path.stat().st_size > 20_000]
    assert recorded
    streams = {one["codec_type"]: one for one in probed(recorded[0], "-show_streams")["streams"]}
    assert (streams["video"]["codec_name"], streams["video"]["profile"]) == ("h264", "Main")
    assert (streams["video"]["width"], streams["video"]["height"]) == SIZE
    assert streams["audio"]["codec_name"] == "aac"
    entries = ("-show_entries", "packet=pts_time,flags", "-select_streams", "v")
    packets = probed(recorded[0], *entries)["packets"]
    keys = [float(one["pts_time"]) for one in packets if "K" in one["flags"]]
    assert len(keys) >= 2
    assert {round(b - a, 3) for a, b in itertools.pairwise(keys)} == {2.0}


@pytest.mark.slow
def test_a_service_that_takes_nothing_in_is_left_and_tried_again(tmp_path: Path) -> None:
    """It accepts a connection and never says a word: no library's own patience ends that."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        url = f"rtmp://127.0.0.1:{deaf.getsockname()[1]}/live/{KEY}"
        with live_show(tmp_path / "show", rtmp=url) as show:
            show.on_air()
            before = show.health()["frames_encoded"]
            deaf.settimeout(60)
            connections = [deaf.accept()[0], deaf.accept()[0]]
            after = show.health()
            assert after["stream"]["state"] != "on"
            assert after["frames_encoded"] > before
            for one in connections:
                one.close()
