"""Sound, encoded: what comes out is what went in, as long and at the same pitch."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from reverie.live.air.aac import PACKET, SoundEncoder
from reverie.live.air.fragments import fragment
from reverie.live.air.music import RATE


@pytest.mark.slow
def test_sound_comes_through() -> None:
    encoder = SoundEncoder()
    time = np.arange(2 * RATE) / RATE
    sound = np.stack([np.sin(2 * np.pi * 440 * time), np.sin(2 * np.pi * 660 * time)]).astype(np.float32) / 2
    data, begin = encoder.head, 0
    for place in range(0, sound.shape[1], 1920):  # as much as a frame lasts
        for sample in encoder.add(sound[:, place : place + 1920]):
            data += fragment(begin // PACKET + 1, begin, [sample])
            begin += sample.ticks
    with av.open(io.BytesIO(data)) as file:
        stream = file.streams.audio[0]
        assert (stream.codec_context.name, stream.profile) == ("aac", "LC")
        found = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    assert 0 <= 2 * RATE - found.shape[1] <= 3 * PACKET
    for channel, hertz in enumerate((440, 660)):
        middle = found[channel, RATE // 2 : RATE + RATE // 2]
        spectrum = np.abs(np.fft.rfft(middle))
        assert np.argmax(spectrum) == hertz
        assert np.sqrt(np.mean(middle**2)) > 0.3
