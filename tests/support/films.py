"""Small films of every container, drawn with numbers that can be read back, and ways to break them."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

# ending: (muxer, codec, pixel format, options) for films that lose little
KINDS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "mp4": ("mp4", "libx264", "yuv420p", {"crf": "12", "preset": "ultrafast", "bf": "2"}),
    "mov": ("mov", "libx264", "yuv444p", {"crf": "8", "preset": "ultrafast"}),
    "mkv": ("matroska", "libx264", "yuv420p", {"crf": "12", "preset": "ultrafast", "bf": "2"}),
    "webm": (
        "webm",
        "libvpx-vp9",
        "yuv420p",
        {"crf": "10", "b": "0", "deadline": "realtime", "cpu-used": "8"},
    ),
    "avi": ("avi", "mpeg4", "yuv420p", {"qmax": "3"}),
    "gif": ("gif", "gif", "rgb8", {}),
    "apng": ("apng", "apng", "rgb24", {}),
}


def numbered(index: int, size: tuple[int, int] = (96, 64), bits: int = 8) -> Bytes:
    """A picture (H, W, 3) that says its number: in 8 dark or light bars, over a mild gradient."""
    width, height = size
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[..., 0] = np.linspace(60, 180, width, dtype=np.uint8)
    rgb[..., 1] = np.linspace(70, 170, height, dtype=np.uint8)[:, None]
    rgb[..., 2] = 120
    bar = width // bits
    for bit in range(bits):
        rgb[height // 4 : height // 2, bit * bar : (bit + 1) * bar] = 225 if index >> bit & 1 else 30
    return rgb


def number_of(rgb: Bytes, bits: int = 8) -> int:
    """The number that a picture of `numbered` says, at whatever size."""
    height, width = rgb.shape[:2]
    row = rgb[height * 3 // 8].astype(float).mean(1)
    return sum(int(row[int((bit + 0.5) * width / bits)] > 128) << bit for bit in range(bits))


def film(
    path: Path,
    *,
    count: int = 12,
    size: tuple[int, int] = (96, 64),
    rate: Fraction | int = 25,
    times: Sequence[Fraction] | None = None,
    last: Fraction | None = None,
    pictures: Iterable[Bytes] | None = None,
    kind: str | None = None,
    codec: str | None = None,
    pixels: str | None = None,
    options: dict[str, str] | None = None,
    sound: str | None = None,
    seconds: float | None = None,
    aspect: Fraction | None = None,
    metadata: dict[str, str] | None = None,
    colour: tuple[int, int] | None = None,
) -> Path:
    """Write a film with PyAV alone.

    Args:
        path: Its ending says the container, unless ``kind`` does.
        count: Frames, of `numbered`.
        times: Seconds of each frame, for an uneven pace; else frame i is at i / rate.
        last: Seconds that the last of them lasts; a nominal frame when left out.
        pictures: Instead of numbered ones, (H, W, 3) or (H, W, 4).
        codec: Instead of the container's own, with ``pixels`` and ``options``.
        sound: A codec of sound ("aac", "libopus", "flac" ...): a tone of 440 Hz.
        seconds: Of sound; the film's own length when left out.
        aspect: Sample aspect ratio.
        colour: (matrix, range) by the numbers of H.273.
    """
    muxer, its_codec, its_pixels, its_options = KINDS[kind or path.suffix[1:]]
    frames = list(pictures) if pictures is not None else [numbered(i, size) for i in range(count)]
    height, width = frames[0].shape[:2]
    tick = Fraction(1, 90_000) if times is not None and muxer in ("mp4", "mov") else Fraction(1, 1000)
    with av.open(str(path), "w", format=muxer) as out:
        out.metadata.update(metadata or {})
        stream: Any = out.add_stream(codec or its_codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels or its_pixels
        stream.options = its_options if options is None else options
        if times is not None and muxer == "mp4":
            stream.options = {**stream.options, "bf": "0"}  # else the muxer loses the last ones' durations
        if times is not None:
            stream.codec_context.time_base = tick
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if colour is not None:
            stream.codec_context.colorspace, stream.codec_context.color_range = colour
        tone: Any = out.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for index, picture in enumerate(frames):
            frame = _frame(picture, stream.pix_fmt, colour)
            frame.pts = index if times is None else round(times[index] / tick)
            frame.time_base = 1 / Fraction(rate) if times is None else tick
            out.mux(stream.encode(frame))
        packets = stream.encode()
        for packet in packets:
            if times is not None and packet.pts == round(times[-1] / tick):
                packet.duration = round((last or 1 / Fraction(rate)) / tick)
        out.mux(packets)
        if tone is not None:
            length = seconds if seconds is not None else float(len(frames) / Fraction(rate))
            _mux_tone(out, tone, length)
    return path


def _frame(picture: Bytes, pixels: str, colour: tuple[int, int] | None) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, "rgba" if picture.shape[2] == 4 else "rgb24")
    if colour is None:
        return frame.reformat(format=pixels)
    spaces = {1: "ITU709", 6: "ITU601", 5: "ITU601", 9: "BT2020"}
    return frame.reformat(
        format=pixels, dst_colorspace=spaces[colour[0]], dst_color_range=colour[1], src_color_range=2
    )


def tone(seconds: float, rate: int = 48_000, hertz: float = 440.0) -> NDArray[np.float32]:
    """A sine of half the full loudness."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def _mux_tone(out: Any, stream: Any, seconds: float) -> None:
    samples = tone(seconds)
    if stream.codec_context.name == "aac":
        stream.bit_rate = 192_000  # at its own choice a tone comes out rough
    resampler = av.AudioResampler(stream.codec_context.format, "mono", 48_000)
    block = stream.codec_context.frame_size or 1024
    for begin in range(0, len(samples), block):
        frame = av.AudioFrame.from_ndarray(samples[None, begin : begin + block], "flt", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, begin, Fraction(1, 48_000)
        for ready in resampler.resample(frame):
            out.mux(stream.encode(ready))
    out.mux(stream.encode())


def sound_file(path: Path, codec: str, muxer: str, seconds: float = 1.0) -> Path:
    """A tone of 440 Hz in a file of sound."""
    with av.open(str(path), "w", format=muxer) as out:
        _mux_tone(out, out.add_stream(codec, rate=48_000, layout="mono"), seconds)
    return path


def wav(path: Path, samples: NDArray[np.float32], rate: int) -> Path:
    """A WAV of 16 bits by the standard library."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


# The display matrices of ISO 14496-12 in 16.16 fixed point, by the degrees that players turn clockwise.
MATRICES = {
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}


def turned(path: Path, matrix: tuple[float, float, float, float]) -> Path:
    """Give an MP4 this display matrix (a, b, c, d), in place."""
    data = bytearray(path.read_bytes())
    tkhd = data.find(b"tkhd")
    place = tkhd + 4 + 4 + (20 if data[tkhd + 4] == 0 else 32) + 16
    a, b, c, d = (round(v * 65536) for v in matrix)
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of ISO 14496-12."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(picture: Bytes) -> bytes:
    """A PNG by Pillow."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()
