"""Animated WebP and AVIF as films."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import BadInput
from reverie.media.picture.read import load_picture
from reverie.media.video.read.reader import open_video
from support.animations import read_or_refused
from support.films import number_of, numbered


def pictures(count: int, *, alpha: bool = False) -> list[Image.Image]:
    """Numbered pictures, with a hole where alpha is wanted."""
    found = []
    for number in range(count):
        hole = np.full((64, 96, 1), 255, np.uint8)
        hole[40:60, 8 * number : 8 * number + 20] = 0
        rgb = np.where(hole == 0, 0, numbered(number)).astype(np.uint8) if alpha else numbered(number)
        found.append(Image.fromarray(np.concatenate([rgb, hole], 2) if alpha else rgb))
    return found


def save(path: Path, frames: list[Image.Image], duration: int | list[int], **more: object) -> Path:
    """With Pillow."""
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=duration, **more)
    return path


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
def test_every_frame_of_a_webp(tmp_path: Path, alpha: bool) -> None:
    frames = pictures(4, alpha=alpha)
    path = save(tmp_path / "a.webp", frames, 40, lossless=True, exact=True)
    with open_video(path) as movie:
        info = movie.info
        assert (info.container, info.codec, info.frames, info.rate) == ("webp", "webp", 4, 25)
        assert (info.size, info.has_alpha, info.variable, info.exact) == ((96, 64), alpha, False, True)
        found = list(movie.frames())
        assert movie.sound() is None
    for shot, frame in zip(found, frames, strict=True):
        pixels = np.asarray(frame)
        seen = pixels[..., 3] > 0 if alpha else np.ones(pixels.shape[:2], bool)
        assert np.array_equal(shot.rgb[seen], pixels[seen][:, :3])
        if shot.alpha is not None:
            assert np.array_equal(shot.alpha, pixels[..., 3])


def test_a_webp_has_its_own_pace(tmp_path: Path) -> None:
    path = save(tmp_path / "a.webp", pictures(4), [50, 1000, 30, 0], lossless=True)
    with open_video(path, start=0.05, duration=1.0) as movie:
        assert movie.info.variable
        assert [(number_of(shot.rgb), shot.duration) for shot in movie.frames()] == [(1, 1)]
    with open_video(path) as movie:
        lasting = [shot.duration for shot in movie.frames()]
    assert lasting == [Fraction(n, 1000) for n in (50, 1000, 30, 100)]


def test_every_frame_of_an_avif(tmp_path: Path) -> None:
    path = save(tmp_path / "a.avif", pictures(4), 40, quality=90)
    with open_video(path) as movie:
        assert (movie.info.container, movie.info.frames, movie.info.rate) == ("avif", 4, 25)
        assert [number_of(shot.rgb) for shot in movie.frames()] == [0, 1, 2, 3]


@pytest.mark.parametrize("ending", ["webp", "avif", "gif", "png"])
def test_dream_and_film_agree_on_who_takes_it(
    tmp_path: Path, ending: str, recwarn: pytest.WarningsRecorder
) -> None:
    path = save(tmp_path / f"a.{ending}", pictures(3), 100)
    picture = load_picture(path)
    assert number_of(np.rint(picture.pixels * 255).astype(np.uint8)) == 0
    assert [str(each.message) for each in recwarn.list] == [
        f"{path}: an animation, its first frame is taken; `reverie film` takes all of it"
    ]
    with open_video(path) as movie:
        assert movie.info.frames == 3
    recwarn.clear()
    pictures(1)[0].save(path)
    load_picture(path)
    assert not recwarn.list
    with pytest.raises(
        BadInput, match="a still picture, not a film; `reverie zoom` and `reverie dream` take it"
    ):
        open_video(path)


def test_what_is_whole_of_a_webp_that_was_cut_is_a_film(tmp_path: Path) -> None:
    data = save(tmp_path / "a.webp", pictures(5), 40, lossless=True).read_bytes()
    path, counts = tmp_path / "b.webp", set()
    for length in range(40, len(data), len(data) // 30):
        path.write_bytes(data[:length])
        found, said = read_or_refused(path)
        assert "cut short or damaged" in said
        counts.add(len(found))
        assert [number_of(shot.rgb) for shot in found] == list(range(len(found)))
    assert counts == {0, 2, 3, 4}


def test_a_damaged_frame_ends_it(tmp_path: Path) -> None:
    data = bytearray(save(tmp_path / "a.webp", pictures(5), 40, lossless=True).read_bytes())
    places = [i for i in range(len(data)) if data[i : i + 4] == b"ANMF"]
    data[places[3] + 39 : places[3] + 49] = b"\xff" * 10
    (tmp_path / "a.webp").write_bytes(data)
    found, said = read_or_refused(tmp_path / "a.webp")
    assert "damaged; the first 3 of its 5 frames are taken" in said
    assert [number_of(shot.rgb) for shot in found] == [0, 1, 2]


def test_the_size_is_held_to_the_limit(tmp_path: Path) -> None:
    for ending in ("webp", "avif", "gif", "png"):
        path = save(tmp_path / f"a.{ending}", pictures(2), 40)
        with pytest.raises(BadInput, match="96 x 64 pixels are over the limit of 6000 pixels"):
            open_video(path, max_pixels=6000)
