"""Frames to packets: a segment of film at a time, each with an encoder of its own.

A segment is a function of its frames alone, so a film that was broken off between two of them and gone on
with later is the one that was never broken. Segments are fragments of an MP4 (ISO/IEC 14496-12, 8.8): put
one behind the other they play, whatever comes to be missing at the end.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from numpy.typing import NDArray

from reverie.errors import UsageError
from reverie.media.video.write.formats import Reel, VideoEncoding
from reverie.process.priority import ordinary_priority

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

#: How many frames an encoder may hold back to put one before those it is made from: two where a frame made
#: from its neighbours is itself a neighbour.
HELD: Final = 2
#: FFmpeg's names.
_ENCODERS: Final = {"h264": "libx264", "h265": "libx265", "av1": "libsvtav1", "vp9": "libvpx-vp9"}
_MP4: Final = {
    "movflags": "empty_moov+default_base_moof+frag_custom+skip_trailer",
    "use_editlist": "0",
    "fflags": "+bitexact",
}


def bt709(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    """RGB to 8-bit Y'CbCr 4:2:0 of limited range by BT.709's matrix, rounded well; (width, height) pixels."""
    from av.video.reformatter import ColorRange, Colorspace, Interpolation

    how = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
    return frame.reformat(
        *size,
        format="yuv420p",
        interpolation=how | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        dst_colorspace=Colorspace.ITU709,
        threads=1,
    )


def _options(encoding: VideoEncoding) -> dict[str, str]:
    """Of the encoder; everything that could depend on the machine is a fixed number."""
    if not encoding.lossy:
        return {"level": "3", "g": "1", "slices": "4", "threads": "1"}
    threads, factor = str(encoding.threads), str(encoding.factor)
    if encoding.codec == "h264":
        # Else its fast arithmetic for mb-tree reads memory that was never written, at small sizes: the same
        # frames gave other bytes in one of three runs.
        fixed = "cpu-independent=1"
        return {"preset": "medium", "crf": factor, "threads": threads, "g": "600", "x264-params": fixed}
    if encoding.codec == "h265":
        fixed = f"pools={threads}:frame-threads=1:keyint=600:log-level=error"
        return {"preset": "medium", "crf": factor, "x265-params": fixed}
    if encoding.codec == "av1":
        return {"preset": "7", "crf": factor, "g": "600", "svtav1-params": f"lp={threads}"}
    quality = {"crf": factor, "b": "0", "deadline": "good", "cpu-used": "3", "g": "600"}
    return quality | {"row-mt": "1", "threads": threads}


class Segment:
    """An encoder and the fragment that it fills."""

    def __init__(self, reel: Reel) -> None:
        """Opens an encoder; UsageError if it cannot be had."""
        import av

        self.reel = reel
        self._file = io.BytesIO()
        self._packets: list[Packet[VideoStream]] = []
        self._count = 0
        encoding = reel.encoding
        if encoding.codec == "av1":
            # Its library writes to stderr on its own, past FFmpeg's log, and asks only this how much; FFmpeg
            # hands it no option of the kind. It stays set: the library looks whenever an encoder is opened.
            os.environ.setdefault("SVT_LOG", "1")
        name = _ENCODERS.get(encoding.codec, "ffv1")
        try:
            self._out = av.open(self._file, "w", format="mp4", options=dict(_MP4))
            stream = self._out.add_stream(name, rate=reel.rate, options=_options(encoding))
            self._stream = cast("VideoStream", stream)
            self._describe()
            with ordinary_priority():
                self._out.start_encoding()
        except (av.error.FFmpegError, ValueError) as error:
            shown = "{} x {}".format(*reel.size)
            raise UsageError(
                f"codec {encoding.codec}: cannot be opened for frames of {shown} ({error}); use another"
            ) from error

    def _describe(self) -> None:
        """Size, pixels, clock and colours: BT.709's, as every player takes them for granted."""
        from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

        reel, context = self.reel, self._stream.codec_context
        context.width, context.height = reel.stored
        context.sample_aspect_ratio = reel.aspect if reel.oblong else Fraction(1)
        context.time_base = 1 / reel.rate
        self._stream.time_base = Fraction(1, reel.clock)
        if not reel.encoding.lossy:
            context.pix_fmt = "bgra" if reel.alpha else "bgr0"
            return
        context.pix_fmt = "yuv420p"
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """The next frame, (H, W, 3 or 4)."""
        from av import VideoFrame
        from av.video.reformatter import Interpolation

        frame = VideoFrame.from_ndarray(rgb, "rgba" if self.reel.alpha else "rgb24")
        size = self.reel.stored
        if self.reel.encoding.lossy:
            frame = bt709(frame, size)
        else:
            frame = frame.reformat(*size, format=self._stream.pix_fmt, interpolation=Interpolation.BICUBIC)
        frame.pts, frame.time_base = self._count, 1 / self.reel.rate
        self._count += 1
        self._packets += self._stream.encode(frame)

    def close(self, number: int, before: Sequence[int], ticks: Sequence[int]) -> bytes:
        """The fragment of all frames that were added.

        Args:
            number: How many fragments are before it.
            before: Where the ``HELD`` frames before it begin, in ticks; those before the film count back
                from its first.
            ticks: Where its frames begin, and where the last one ends.
        """
        self._packets += self._stream.encode()
        # A frame is decoded when the one HELD places before it is shown; all is late by so much.
        late = HELD * self.reel.frame
        decoded = [*before, *ticks]
        base = decoded[0] + late
        for place, packet in enumerate(self._packets):
            shown = packet.pts
            assert shown is not None
            packet.time_base = Fraction(1, self.reel.clock)
            packet.pts = ticks[shown] + late - base
            packet.dts = decoded[place] + late - base
            packet.duration = decoded[place + 1] - decoded[place]
            self._out.mux(packet)
        self._out.close()
        return _placed(self._file.getvalue(), number, base)

    def head(self) -> bytes:
        """What comes before the first fragment; the segment is closed with it."""
        self._out.close()
        data = self._file.getvalue()
        return data[: _moof(data)]


def _moof(data: bytes) -> int:
    """Where the first fragment begins, or the end."""
    place = 0
    while place < len(data) and data[place + 4 : place + 8] != b"moof":
        place += struct.unpack_from(">I", data, place)[0]
    return place


def _placed(data: bytes, number: int, ticks: int) -> bytes:
    """A fragment with its number (8.8.5) and the time at which it is decoded (8.8.12)."""
    fragment = bytearray(data[_moof(data) :])
    (size,) = struct.unpack_from(">I", fragment, 0)
    counted = fragment.index(b"mfhd", 0, size)
    timed = fragment.index(b"tfdt", 0, size)
    assert fragment[timed + 4] == 1, "a time of 64 bits"
    struct.pack_into(">I", fragment, counted + 8, number + 1)
    struct.pack_into(">Q", fragment, timed + 8, ticks)
    return bytes(fragment)
