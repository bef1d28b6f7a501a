"""The picture, encoded: main profile, key frames at their time, colours as they were, a rate that holds."""

from __future__ import annotations

import io
import itertools

import av
import numpy as np
import pytest

from reverie.errors import UsageError
from reverie.live.air.fragments import fragment
from reverie.live.air.h264 import TICKS, PictureEncoder, bits_for, template, time_of
from reverie.live.dreamer.recorded import drawn

SIZE = (160, 96)


def film(encoder: PictureEncoder, count: int) -> bytes:
    """An MP4 of moving noise."""
    data = encoder.head
    for number, rgb in enumerate(itertools.islice(drawn(encoder.size), count)):
        data += fragment(number + 1, time_of(number, encoder.fps), [encoder.add(rgb)])
    return data


@pytest.mark.slow
@pytest.mark.parametrize("fps", [7, 25, 30])
def test_it_is_what_services_want(fps: int) -> None:
    count = 4 * fps + 3
    data = film(PictureEncoder(SIZE, fps), count)
    with av.open(io.BytesIO(data)) as file:
        stream = file.streams.video[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        assert (stream.profile, stream.codec_context.has_b_frames) == ("Main", False)
        assert (stream.width, stream.height) == SIZE
        keys = [place for place, packet in enumerate(packets) if packet.is_keyframe]
        assert keys == [0, 2 * fps, 4 * fps]  # every two seconds, and nowhere else
        assert [packet.pts for packet in packets] == [number * TICKS // fps for number in range(count)]
        assert all(packet.pts == packet.dts for packet in packets)
    with av.open(io.BytesIO(data)) as file:
        assert sum(1 for _ in file.decode(video=0)) == count


def test_colours_are_those_of_bt709() -> None:
    """As a player takes them that believes what the file says."""
    encoder = PictureEncoder(SIZE, 25, 4_000_000)
    colours = np.array([(200, 40, 60), (30, 180, 90), (60, 70, 210), (230, 220, 40)], np.uint8)
    rgb = np.repeat(np.repeat(colours.reshape(2, 2, 3), 48, axis=0), 80, axis=1)
    data = encoder.head + fragment(1, 0, [encoder.add(rgb)])
    with av.open(io.BytesIO(data)) as file:
        frame = next(file.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)  # BT.709, 16 to 235
        found = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
    for (y, x), colour in zip(((24, 40), (24, 120), (72, 40), (72, 120)), colours, strict=True):
        assert np.abs(found[y, x].astype(int) - colour).max() <= 4


@pytest.mark.slow
@pytest.mark.parametrize("filled", [False, True])
def test_the_rate_holds(filled: bool) -> None:
    """Within 5 per cent where it is filled up; else half a second's worth may be saved up."""
    fps, bits = 25, 400_000
    encoder = PictureEncoder(SIZE, fps, bits, filled=filled)
    still = next(drawn(SIZE))
    moving = itertools.islice(drawn(SIZE), 150)
    sizes = [len(encoder.add(rgb).data) for rgb in itertools.chain([still] * 100, moving)]
    seconds = np.array(sizes).reshape(-1, 2 * fps).sum(1) * 8 / 2
    if filled:
        assert 0.95 * bits < seconds.mean() < 1.05 * bits
        assert 0.8 * bits < seconds.min() <= seconds.max() < 1.2 * bits
    else:
        assert seconds.max() < 1.3 * bits
        assert seconds[0] < 0.3 * bits  # a still picture takes next to nothing


def test_what_cannot_be_encoded_is_said() -> None:
    with pytest.raises(UsageError, match=r"size: 161 x 96 cannot be encoded"):
        PictureEncoder((161, 96), 25)


def test_more_pixels_take_more_bits_up_to_what_services_take() -> None:
    assert bits_for((1024, 576), 25) == 3_500_000
    assert 6_000_000 >= bits_for((1920, 1080), 25) > bits_for((1280, 720), 25) > 3_500_000
    assert bits_for((64, 64), 1) == 200_000


def test_a_muxer_can_copy_from_the_head() -> None:
    stream = template(PictureEncoder(SIZE, 25).head)
    assert stream.codec_context.name == "h264"
    assert stream.codec_context.extradata[0] == 1
