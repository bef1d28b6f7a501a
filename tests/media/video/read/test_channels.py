"""Channels of sound: any number, in any order, with or without a name."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reverie.media.video.read.audio import samples
from reverie.media.video.read.channels import USUAL, Channels, InOrder, channels_of, order_of
from reverie.media.video.read.reader import open_video
from support.films import box
from support.slow import mostly_slow
from support.sounds import Case, clicking

LAYOUTS = [*USUAL, "2.1", "4.0", "5.1(side)", "hexagonal", "7.1(wide)", "octagonal"]


def frame_of(data: np.ndarray, kind: str, layout: str) -> av.AudioFrame:
    """(samples, channels) as a frame; made by a filter where PyAV cannot."""
    packed = av.AudioFrame.from_ndarray(np.ascontiguousarray(data.reshape(1, -1)), "flt", layout)
    packed.sample_rate, packed.pts, packed.time_base = 48_000, 960, Fraction(1, 48_000)
    graph = av.filter.Graph()
    source = graph.add(
        "abuffer", sample_rate="48000", sample_fmt="flt", channel_layout=layout, time_base="1/48000"
    )
    graph.link_nodes(source, graph.add("aformat", sample_fmts=kind), graph.add("abuffersink")).configure()
    graph.push(packed)
    return graph.pull()  # type: ignore[return-value]


@pytest.mark.parametrize("kind", ["u8", "s16", "s32", "flt", "dbl", "s16p", "fltp"])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1", "3C", "7C", "8C", "9C", "16C"])
def test_frames_leave_in_an_order_with_a_name(layout: str, kind: str) -> None:
    count = av.AudioLayout(layout).nb_channels
    data = np.tile(np.linspace(-0.5, 0.5, count, dtype=np.float32), (480, 1))
    (found,) = InOrder(Channels(count)).put([frame_of(data, kind, layout)])
    assert found.pts * found.time_base == Fraction(1, 50)
    assert (found.samples, found.sample_rate) == (480, 48_000)
    assert found.layout.name in USUAL
    assert not (found.format.is_planar and found.layout.nb_channels > 7)  # PyAV reads past those
    heard = (
        av.AudioResampler("flt", found.layout.name, 48_000).resample(found)[0].to_ndarray().reshape(480, -1)
    )
    expected = data if count <= 8 else data.mean(1, keepdims=True)
    assert np.abs(heard - expected).max() < 0.01


@pytest.mark.parametrize("layout", LAYOUTS)
@mostly_slow("kind", ["mov", "mkv", "avi"])
def test_decoders_are_never_left_with_a_layout_of_their_own(tmp_path: Path, layout: str, kind: str) -> None:
    """Read, decoded and closed many times: PyAV frees a list of channels twice that a decoder keeps."""
    path = tmp_path / f"a.{kind}"
    if not clicking(path, Case("s16", layout, 48_000, kind)):
        pytest.skip("FFmpeg writes no such film")
    for _ in range(2):
        with open_video(path) as movie:
            assert movie.info.sound[0].channels == av.AudioLayout(layout).nb_channels
            sound = movie.sound()
            assert sound is not None
            sound.again().close()
            assert np.abs(samples(sound, 48_000)[24_500:26_000]).max() > 0.05


def test_channels_in_an_order_of_their_own_are_put_right() -> None:
    assert order_of(Channels(2, ("FR", "FL")), 2) == ("stereo", "0-FR|1-FL")
    own = ("FL", "FR", "FC", "LFE", "SL", "SR", "BL", "BR")
    assert order_of(Channels(8, own), 8) == ("7.1", "|".join(f"{i}-{name}" for i, name in enumerate(own)))
    assert order_of(Channels(2, ("FL", "FL")), 2) == ("stereo", "0-FL|1-FR")
    assert order_of(Channels(3), 3) == ("3.0", "0-FL|1-FR|2-FC")
    data = np.tile(np.arange(8, dtype=np.float32) / 10, (480, 1))
    (found,) = InOrder(Channels(8, own)).put([frame_of(data, "flt", "8C")])
    assert found.layout.name == "7.1"
    assert np.allclose(found.to_ndarray().reshape(480, 8)[0] * 10, [0, 1, 2, 3, 6, 7, 4, 5])


def test_a_decoder_counts_what_has_no_name(tmp_path: Path) -> None:
    """A QuickTime file that lists its channels one by one, right before left."""
    path = tmp_path / "a.mov"
    assert clicking(path, Case("s16", "stereo", 48_000, "mov"))
    data = bytearray(path.read_bytes())
    place = data.index(b"chan") - 4
    length = int.from_bytes(data[place : place + 4], "big")
    labels = b"".join(struct.pack(">II3f", label, 0, 0.0, 0.0, 0.0) for label in (2, 1))
    new = box(b"chan", struct.pack(">5I", 0, 0, 0, 0, 2)[4:], labels)
    grown = len(new) - length
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"sowt"):
        at = data.rindex(name) - 4 if name != b"moov" else data.index(name) - 4
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") + grown).to_bytes(4, "big")
    data[place : place + length] = new
    path.write_bytes(data)
    for _ in range(3):
        with av.open(str(path)) as file:
            found = channels_of(file.streams.audio[0].codec_context)
            assert found == Channels(2, ("FR", "FL"))
            assert file.streams.audio[0].codec_context.layout.name == "2 channels"
    with open_video(path) as movie:
        assert np.abs(samples(movie.sound(), 48_000)[24_500:26_000]).max() > 0.05
