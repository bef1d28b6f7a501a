"""How a film looks: turned, mirrored, of any colour and range, with alpha."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import ReverieWarning
from reverie.media.video.read.reader import Video, open_video
from support import films as make


def numbers(movie: Video, skip: int = 0) -> list[int]:
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
    with open_video(path) as movie:
        shot = next(movie.frames())
        assert movie.info.rotation == degrees
        expected = np.asarray(
            Image.fromarray(CORNERS).rotate(-degrees, expand=True)
        )  # Pillow turns the other way
        assert movie.info.size == expected.shape[1::-1]
        assert np.abs(shot.rgb.astype(int) - expected).mean() < 12
        assert movie.info.aspect == (Fraction(3, 4) if degrees % 180 else Fraction(4, 3))
    with open_video(path, max_size=48) as movie:
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
    with open_video(path) as movie:
        expected = np.asarray(Image.fromarray(CORNERS).transpose(undone)).astype(int)
        assert np.abs(next(movie.frames()).rgb.astype(int) - expected).mean() < 12


def test_an_interlaced_film_is_said(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=6, options={"x264-params": "tff=1", "preset": "ultrafast"})
    with pytest.warns(ReverieWarning, match="interlaced"), open_video(path) as movie:
        assert numbers(movie) == list(range(6))


def test_a_skewed_film_takes_the_nearest_quarter_turn(tmp_path: Path) -> None:
    path = make.turned(make.film(tmp_path / "a.mp4", count=2), (0.1, 0.99, -0.99, 0.1))
    with pytest.warns(ReverieWarning, match="nearest quarter turn"), open_video(path) as movie:
        assert movie.info.rotation == 90


# Colour


@pytest.mark.parametrize(("number", "name"), [(1, "bt709"), (6, "smpte170m"), (9, "bt2020nc")])
@pytest.mark.parametrize("wide", [1, 2])
def test_colours_survive_a_file_with_tags(tmp_path: Path, number: int, name: str, wide: int) -> None:
    path = make.film(tmp_path / "a.mov", pictures=[CORNERS] * 2, colour=(number, wide))
    with open_video(path) as movie:
        assert (movie.info.colour.matrix, movie.info.colour.range) == (name, ["tv", "pc"][wide - 1])
        error = np.abs(next(movie.frames()).rgb.astype(int) - CORNERS)
    assert np.median(error) <= 3


# Alpha


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("a.webm", "libvpx-vp9", "yuva420p"), ("a.apng", "apng", "rgba"), ("a.mov", "qtrle", "argb")],
)
def test_alpha_comes_with_the_frames(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    pictures = [np.dstack([make.numbered(i), np.full((64, 96), 255 - 40 * i, np.uint8)]) for i in range(4)]
    path = make.film(tmp_path / name, pictures=pictures, codec=codec, pixels=pixels, options={})
    with open_video(path) as movie:
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
    with open_video(tmp_path / "a.gif") as movie:
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
    with open_video(tmp_path / "a.gif") as movie:
        assert not movie.info.has_alpha
        assert all(shot.alpha is None for shot in movie.frames())
