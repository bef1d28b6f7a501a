"""Sound to AAC, as samples of an MP4."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reverie.live.air.fragments import Sample, before_fragments
from reverie.live.air.music import RATE

#: Bits a second for both channels, and samples of one packet.
BITS: Final = 128_000
PACKET: Final = 1024


class SoundEncoder:
    """Samples in, packets of 1024 of them out; a track that counts samples at ``RATE``."""

    def __init__(self) -> None:
        import av

        self._file = io.BytesIO()
        movflags = "empty_moov+default_base_moof+skip_trailer"
        self._out = av.open(self._file, "w", format="mp4", options={"movflags": movflags})
        self._stream = self._out.add_stream("aac", rate=RATE)
        self._stream.bit_rate = BITS
        self._stream.layout = "stereo"
        self._out.start_encoding()
        #: What an MP4 of these samples begins with.
        self.head = before_fragments(self._file.getvalue())
        self._rest = np.zeros((2, 0), np.float32)
        self._count = 0

    def add(self, sound: NDArray[np.float32]) -> list[Sample]:
        """What sound of any length, (2, samples) float32, becomes; the end of it waits for what follows."""
        from av import AudioFrame

        self._rest = np.concatenate([self._rest, sound], axis=1)
        found: list[Sample] = []
        while self._rest.shape[1] >= PACKET:
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(self._rest[:, :PACKET]), format="fltp", layout="stereo"
            )
            self._rest = self._rest[:, PACKET:]
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._count
            self._count += PACKET
            found += [Sample(bytes(packet), PACKET) for packet in self._stream.encode(frame)]
        return found
