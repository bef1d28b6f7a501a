"""Frames to H.264: main profile, a key frame every two seconds, a constant rate, no frame of delay."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.errors import UsageError
from reverie.live.air.fragments import Sample, before_fragments, lengths_for_starts

#: Ticks a second of the picture's track.
TICKS: Final = 90_000
#: Seconds between key frames: where whoever comes late, or was slow, begins.
KEY: Final = 2
#: Bits a second of 1024 x 576 at 25 frames a second, and the most: what Twitch takes.
BITS: Final = 3_500_000
MOST_BITS: Final = 6_000_000
#: Twitch and YouTube want main profile, so CABAC: ultrafast has none, and is a tenth cheaper if it has to.
PRESET: Final = {"preset": "superfast"}


def bits_for(size: tuple[int, int], fps: float) -> int:
    """Bits a second for frames of (width, height) pixels: four times the pixels want twice as many."""
    share = size[0] * size[1] * fps / (1024 * 576 * 25)
    return round(max(200_000.0, min(float(MOST_BITS), BITS * math.sqrt(share))))


class PictureEncoder:
    """Frames in, samples of an MP4 out, one for each.

    Args:
        size: (width, height) in pixels, both even.
        fps: Frames a second.
        bits: Bits a second; as ``bits_for`` if missing.
        filled: Whether calm pictures are filled up to the constant rate, as services for streams want it.

    Raises:
        UsageError: No encoder takes this size.
    """

    def __init__(
        self, size: tuple[int, int], fps: int, bits: int | None = None, *, filled: bool = False
    ) -> None:
        import av
        from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

        self.size, self.fps, self.bits = size, fps, bits or bits_for(size, fps)
        self._count = 0
        self._file = io.BytesIO()
        movflags = "empty_moov+default_base_moof+skip_trailer"
        try:
            self._out = av.open(
                self._file,
                "w",
                format="mp4",
                options={"movflags": movflags, "video_track_timescale": str(TICKS)},
            )
            self._stream = self._out.add_stream("libx264", rate=fps, options=self._options(filled))
            context = self._stream.codec_context
            context.width, context.height = size
            context.pix_fmt = "yuv420p"
            context.bit_rate = self.bits
            context.time_base = Fraction(1, fps)
            context.color_range = ColorRange.MPEG
            context.colorspace = Colorspace.ITU709
            context.color_primaries = ColorPrimaries.BT709
            context.color_trc = ColorTrc.BT709
            self._out.start_encoding()
        except (av.error.FFmpegError, ValueError) as error:
            shown = "{} x {}".format(*size)
            raise UsageError(f"size: {shown} cannot be encoded ({error}); choose another") from error
        #: What an MP4 of these samples begins with.
        self.head = before_fragments(self._file.getvalue())

    def _options(self, filled: bool) -> dict[str, str]:
        """Of the encoder: one thread, no look ahead, key frames at their times only."""
        every = str(KEY * self.fps)
        options = {
            "profile": "main",
            "tune": "zerolatency",
            "maxrate": str(self.bits),
            "bufsize": str(self.bits // 2),  # what may be saved up: half a second
            "g": every,
            "keyint_min": every,
            "sc_threshold": "0",
            "bf": "0",
            "threads": "1",
        }
        return {**PRESET, **options, **({"nal-hrd": "cbr", "minrate": str(self.bits)} if filled else {})}

    def add(self, rgb: NDArray[np.uint8]) -> Sample:
        """The next frame, (H, W, 3) uint8, as a sample that lasts until the one after it."""
        from av import VideoFrame
        from av.video.reformatter import ColorRange, Colorspace

        frame = VideoFrame.from_ndarray(rgb, "rgb24").reformat(
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            dst_colorspace=Colorspace.ITU709,
            threads=1,
        )
        frame.pts, frame.time_base = self._count, Fraction(1, self.fps)
        packets = self._stream.encode(frame)
        assert len(packets) == 1, "no frame waits for another one"
        before = time_of(self._count, self.fps)
        self._count += 1
        ticks = time_of(self._count, self.fps) - before
        return Sample(lengths_for_starts(bytes(packets[0])), ticks, bool(packets[0].is_keyframe))


def time_of(number: int, fps: int) -> int:
    """When a frame is shown, in ticks, counted from the first."""
    return number * TICKS // fps


def template(head: bytes, kind: str = "video") -> Any:
    """The stream, "video" or "audio", that the head of an MP4 describes: what a muxer copies from."""
    import av

    file = av.open(io.BytesIO(head), format="mp4")
    return getattr(file.streams, kind)[0]
