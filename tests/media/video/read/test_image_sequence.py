"""Folders and patterns of pictures as films."""

from __future__ import annotations

import os
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import BadInput, ReverieError, ReverieWarning
from reverie.media.video.read.image_sequence import look_at_sequence
from reverie.media.video.read.reader import Video, open_video
from support import films as make


def numbers(movie: Video, skip: int = 0) -> list[int]:
    return [make.number_of(shot.rgb) for shot in movie.frames(skip)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "frames"
    inside.mkdir()
    for i in range(12):
        Image.fromarray(make.numbered(i)).save(inside / f"shot{i}.png")  # shot9 before shot10
    (inside / "notes.txt").write_text("not a picture")
    (inside / ".hidden.png").write_text("not a picture")
    return inside


def test_a_folder_of_pictures_is_a_film(folder: Path) -> None:
    with open_video(folder) as movie:
        assert (movie.info.container, movie.info.codec, movie.info.frames) == ("sequence", "png", 12)
        shots = list(movie.frames())
        assert all(np.array_equal(shot.rgb, make.numbered(shot.index)) for shot in shots)
        assert [shot.time for shot in shots] == [Fraction(i, 25) for i in range(12)]
        assert movie.info.duration == Fraction(12, 25)
        assert movie.sound() is None


@pytest.mark.parametrize("pattern", ["shot%d.png", "shot*.png", "s*[0-9].png", "shot?*.p*g"])
def test_a_pattern_is_a_film(folder: Path, pattern: str) -> None:
    with open_video(folder / pattern, rate=12, start=0.25, every=2, max_size=48) as movie:
        assert numbers(movie) == [3, 5, 7, 9, 11]
        assert movie.info.rate == 6
        assert movie.info.size == (48, 32)
        assert [shot.time for shot in movie.frames()] == [Fraction(i, 6) for i in range(5)]


def test_numbers_with_zeros_and_gaps(tmp_path: Path) -> None:
    for i in (3, 4, 7, 10000):
        Image.fromarray(make.numbered(i % 256)).save(tmp_path / f"f{i:04d}.png")
    Image.fromarray(make.numbered(0)).save(tmp_path / "f12.png")
    with pytest.warns(ReverieWarning, match="are missing"), open_video(tmp_path / "f%04d.png") as movie:
        assert numbers(movie) == [3, 4, 7, 10000 % 256]


def test_a_sequence_of_many_sizes_depths_and_alphas(tmp_path: Path) -> None:
    first = np.dstack([make.numbered(0), np.full((64, 96), 128, np.uint8)])
    Image.fromarray(first).save(tmp_path / "0.png")
    Image.fromarray(make.numbered(1)).save(tmp_path / "1.jpg", quality=95)
    Image.fromarray(make.numbered(2, (192, 128))).save(tmp_path / "2.webp", lossless=True)
    with open_video(tmp_path) as movie:
        with pytest.warns(ReverieWarning, match="scaled to the first"):
            shots = list(movie.frames())
        assert movie.info.has_alpha
    assert [make.number_of(shot.rgb) for shot in shots] == [0, 1, 2]
    assert [int(shot.alpha.mean()) for shot in shots if shot.alpha is not None] == [128, 255, 255]


def test_the_fingerprint_of_a_sequence_is_of_its_names_and_bytes(folder: Path) -> None:
    with open_video(folder) as movie:
        before = movie.source
    with open_video(folder) as movie:
        assert movie.source == before
    assert before.name == "frames"
    shutil.copy(folder / "shot1.png", folder / "shot2.png")
    with open_video(folder) as movie:
        assert movie.source != before


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no pictures in this folder"):
        open_video(tmp_path)
    with pytest.raises(BadInput, match="no file has a name like this"):
        open_video(tmp_path / "%04d.png")
    with pytest.raises(BadInput, match="no file has a name like this"):
        open_video(tmp_path / "*.png")
    with pytest.raises(BadInput, match="cannot be read"):
        open_video(tmp_path / "nowhere" / "%04d.png")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to nothing"])
def test_a_picture_that_is_no_file_is_bad_input(folder: Path, kind: str) -> None:
    path = folder / "shot5.png"
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero"}.get(kind, "nowhere"))
    sequence = look_at_sequence(str(folder), Fraction(25), 1_000_000, lambda text: None)
    with pytest.raises(ReverieError, match=r"shot5\.png"):
        sequence.fingerprint()
