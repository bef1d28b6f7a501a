"""How a film looks: turned, mirrored, of any colour and range, with alpha."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reverie.errors import ReverieWarning
from reverie.media.video.read.reader import Movie, open_movie
from support import films as make


def numbers(movie: Movie, skip: int = 0) -> list[int]:
    return [make.number_of(shot.rgb) for shot in movie.frames(skip)]


# Turn, mirror, shape of a pixel

CORNERS = np.zeros((64, 96, 3), np.uint8)
CORNERS[:32, :48] = (230, 40, 40)
CORNERS[:32, 48:] = (40, 200, 40)
CORNERS[32:, :48] = (40, 60, 230)
CORNERS[32:, 48:] = (240, 240, 240)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turned_film_stands_upright(tmp_path: Path, degrees: int) -> None:
    path = make.film(tmp_path / "a.mp4", pictures=[CORNERS] * 3, aspect=Fraction(4, 3))
    make.turned(path, make.MATRICES[degrees])
    with open_movie(path) as movie:
        shot = next(movie.frames())
        assert movie.info.rotation == degrees
        expected = np.asarray(
            Image.fromarray(CORNERS).rotate(-degrees, expand=True)
        )  # Pillow turns the other way
        assert movie.info.size == expected.shape[1::-1]
        assert np.abs(shot.rgb.astype(int) - expected).mean() < 12
        assert movie.info.aspect == (Fraction(3, 4) if degrees % 180 else Fraction(4, 3))
    with open_movie(path, max_size=48) as movie:
        assert movie.info.size == ((32, 48) if degrees % 180 else (48, 32))
        assert next(movie.frames()).rgb.shape[:2] == movie.info.size[::-1]


@pytest.mark.parametrize(
    ("matrix", "undone"),
    [
        ((-1, 0, 0, 1), Image.Transpose.FLIP_LEFT_RIGHT),
        ((1, 0, 0, -1), Image.Transpose.FLIP_TOP_BOTTOM),
        ((0, 1, 1, 0), Image.Transpose.TRANSPOSE),
        ((0, -1, -1, 0), Image.Transpose.TRANSVERSE),
    ],
)
def test_a_mirrored_film_is_put_right(
    tmp_path: Path, matrix: tuple[float, float, float, float], undone: Image.Transpose
) -> None:
    path = make.turned(make.film(tmp_path / "a.mp4", pictures=[CORNERS] * 2), matrix)
    with open_movie(path) as movie:
        expected = np.asarray(Image.fromarray(CORNERS).transpose(undone)).astype(int)
        assert np.abs(next(movie.frames()).rgb.astype(int) - expected).mean() < 12


def test_an_interlaced_film_is_said(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=6, options={"x264-params": "tff=1", "preset": "ultrafast"})
    with pytest.warns(ReverieWarning, match="interlaced"), open_movie(path) as movie:
        assert numbers(movie) == list(range(6))


def test_a_skewed_film_takes_the_nearest_quarter_turn(tmp_path: Path) -> None:
    path = make.turned(make.film(tmp_path / "a.mp4", count=2), (0.1, 0.99, -0.99, 0.1))
    with pytest.warns(ReverieWarning, match="nearest quarter turn"), open_movie(path) as movie:
        assert movie.info.rotation == 90


# Colour

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


@pytest.mark.parametrize(("number", "name"), [(1, "bt709"), (6, "smpte170m"), (9, "bt2020nc")])
@pytest.mark.parametrize("wide", [1, 2])
def test_colours_survive_a_file_with_tags(tmp_path: Path, number: int, name: str, wide: int) -> None:
    path = make.film(tmp_path / "a.mov", pictures=[CORNERS] * 2, colour=(number, wide))
    with open_movie(path) as movie:
        assert (movie.info.colour.matrix, movie.info.colour.range) == (name, ["tv", "pc"][wide - 1])
        error = np.abs(next(movie.frames()).rgb.astype(int) - CORNERS)
    assert np.median(error) <= 3


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


# Alpha


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("a.webm", "libvpx-vp9", "yuva420p"), ("a.apng", "apng", "rgba"), ("a.mov", "qtrle", "argb")],
)
def test_alpha_comes_with_the_frames(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    pictures = [np.dstack([make.numbered(i), np.full((64, 96), 255 - 40 * i, np.uint8)]) for i in range(4)]
    path = make.film(tmp_path / name, pictures=pictures, codec=codec, pixels=pixels, options={})
    with open_movie(path) as movie:
        assert movie.info.has_alpha
        for shot in movie.frames():
            assert shot.alpha is not None
            assert shot.alpha.shape == (64, 96)
            assert abs(float(shot.alpha.mean()) - (255 - 40 * shot.index)) < 2


def test_a_gif_keeps_its_pauses_and_its_holes(tmp_path: Path) -> None:
    frames = []
    for i in range(4):
        picture = Image.fromarray(make.numbered(i)).convert("RGBA")
        picture.paste((0, 0, 0, 0), (10, 40, 60, 60))
        frames.append(picture)
    pauses = [100, 500, 40, 1000]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=pauses, disposal=2)
    with open_movie(tmp_path / "a.gif") as movie:
        shots = list(movie.frames())
        assert movie.info.has_alpha
        assert movie.info.variable
        assert movie.info.duration == Fraction(1640, 1000)
    assert [shot.duration * 1000 for shot in shots] == pauses
    for shot in shots:
        assert shot.alpha is not None
        assert shot.alpha[50, 30] == 0
        assert shot.alpha[5, 5] == 255
        assert make.number_of(shot.rgb) == shot.index


def test_a_gif_that_is_opaque_has_no_alpha(tmp_path: Path) -> None:
    frames = [Image.fromarray(make.numbered(i)).quantize() for i in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    with open_movie(tmp_path / "a.gif") as movie:
        assert not movie.info.has_alpha
        assert all(shot.alpha is None for shot in movie.frames())
