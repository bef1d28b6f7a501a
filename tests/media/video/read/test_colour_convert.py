"""From what a decoder gives to sRGB: matrices, ranges, light, and smaller pictures."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from support import films as make


def test_shrinking_averages() -> None:
    from reverie.media.video.read.colour_convert import Converter, Upright
    from reverie.media.video.read.frame import Colour

    fine = np.zeros((120, 160, 3), np.uint8)
    fine[:, ::2] = 255  # stripes of one pixel
    frame = av.VideoFrame.from_ndarray(fine, "rgb24")
    small, _ = Converter((40, 30), Colour("gbr", "pc"), Upright(), False)(frame)
    assert np.abs(small[5:-5, 5:-5].astype(int) - 127).max() <= 3


WEIGHTS = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}


def rgb_of(y: float, u: float, v: float, matrix: str, full: bool, bits: int) -> np.ndarray:
    """RGB of 0 to 255 by ITU-R BT.601, 709 and 2020 and H.273, in real numbers."""
    one = 2 ** (bits - 8)
    red, blue = WEIGHTS[matrix]
    low, luma, chroma = (0, 256 * one - 1, 256 * one - 1) if full else (16 * one, 219 * one, 224 * one)
    luma_, cb, cr = (y - low) / luma, (u - 128 * one) / chroma, (v - 128 * one) / chroma
    r, b = luma_ + 2 * (1 - red) * cr, luma_ + 2 * (1 - blue) * cb
    g = (luma_ - red * r - blue * b) / (1 - red - blue)
    return np.clip([r, g, b], 0, 1) * 255


@pytest.mark.parametrize("matrix", WEIGHTS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("pixels", "bits"), [("yuv420p", 8), ("yuv444p", 8), ("yuv420p10le", 10)])
def test_colours_are_by_the_streams_own_matrix_and_range(
    matrix: str, full: bool, pixels: str, bits: int
) -> None:
    from reverie.media.video.read.colour_convert import Converter, Upright
    from reverie.media.video.read.frame import Colour

    rng = np.random.default_rng(3)
    convert = Converter((64, 48), Colour(matrix, "pc" if full else "tv"), Upright(), False)
    for _ in range(12):
        yuv = rng.integers(50, 200, 3) * 2 ** (bits - 8)
        frame = av.VideoFrame(64, 48, pixels)
        for plane, value in zip(frame.planes, yuv, strict=True):
            kind = np.uint8 if bits == 8 else np.uint16
            plane.update(np.full(plane.buffer_size // kind().itemsize, value, kind).tobytes())
        expected = rgb_of(*yuv.tolist(), matrix, full, bits)
        assert np.abs(convert(frame)[0].astype(float) - expected).max() < 1.2


def test_a_film_without_tags_is_what_players_take_it_for(tmp_path: Path) -> None:
    for size, number in ((96, 64), 6), ((1280, 64), 1):
        picture = np.full((size[1], size[0], 3), (200, 60, 90), np.uint8)
        frame = make._frame(picture, "yuv444p", (number, 1))
        frame.colorspace = frame.color_range = 2 if number == 2 else 0
        from reverie.media.video.read.colour_convert import Converter, Upright
        from reverie.media.video.read.frame import Colour

        rgb, _ = Converter(size, Colour(), Upright(), False)(frame)
        assert np.abs(rgb.astype(int) - picture).max() <= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "name", "shown"),
    [
        # Signals of SMPTE ST 2084 and of BT.2100 -> sRGB: 0, 50 and 203 cd/m2, and paper white of HLG.
        (16, "smpte2084", {0.0: (0, 0), 0.4403: (128, 146), 0.5807: (250, 255), 1.0: (255, 255)}),
        (18, "arib-std-b67", {0.0: (0, 0), 0.75: (250, 255), 1.0: (255, 255)}),
    ],
)
def test_high_dynamic_range_comes_to_white_at_paper_white(
    number: int, name: str, shown: dict[float, tuple[int, int]]
) -> None:
    from reverie.media.video.read.colour_convert import Converter, Upright
    from reverie.media.video.read.frame import Colour

    convert = Converter((64, 48), Colour("bt2020nc", "tv", "bt2020", name), Upright(), False)
    for signal, (low, high) in shown.items():
        frame = av.VideoFrame(64, 48, "yuv420p10le")
        for plane, value in zip(frame.planes, (round(64 + 876 * signal), 512, 512), strict=True):
            plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
        frame.color_trc, frame.color_primaries = number, 9
        grey = convert(frame)[0][20, 20].astype(int)
        assert np.ptp(grey) <= 1
        assert low <= grey[1] <= high
