"""GIF: what each frame shows, as GIF89a and browsers have it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reverie.errors import BadInput
from reverie.media.video.read.reader import open_video
from support.animations import SIZE, Part, gif, read_or_refused, shown

CLEAR = (255, 255, 255, 0)


def some_parts(seed: int, *, alpha: bool, beyond: bool = False) -> list[Part]:
    """Five frames in boxes of any place, of few colours."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(5):
        width, height = (int(rng.integers(3, side + 1)) for side in SIZE)
        left, top = (int(rng.integers(0, side - 2)) for side in SIZE)
        if number == 0:
            (width, height), (left, top) = SIZE, (0, 0)
        elif not beyond:
            left, top = min(left, SIZE[0] - width), min(top, SIZE[1] - height)
        picture = rng.choice(np.array([10, 90, 200], np.uint8), (height, width, 4))
        picture[..., 3] = 255
        if alpha:
            picture[rng.random((height, width)) < 0.4] = CLEAR
        dispose = str(rng.choice(["keep", "clear", "back"]))
        parts.append(Part(picture, (left, top), dispose, lasts=int(rng.integers(2, 30))))
    return parts


def check(path: Path, parts: list[Part], size: tuple[int, int] = SIZE) -> None:
    """Every frame and its time."""
    with open_video(path) as movie:
        found = list(movie.frames())
        expected = shown(parts, CLEAR, size)
        assert movie.info.full_size == size
        assert movie.info.has_alpha == any((each[..., 3] < 255).any() for each in expected)
        assert len(found) == len(expected) == movie.info.frames
    for shot, frame in zip(found, expected, strict=True):
        assert np.array_equal(shot.rgb, frame[..., :3]), shot.index
        if shot.alpha is not None:
            assert np.array_equal(shot.alpha, frame[..., 3]), shot.index
    length = sum(part.lasts for part in parts)
    assert float(found[-1].time + found[-1].duration) == pytest.approx(length / 100, abs=0.011)


@pytest.mark.parametrize("local", [False, True], ids=["one palette", "own palettes"])
@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
@pytest.mark.parametrize("seed", range(4))
def test_frames_come_together_as_browsers_show_them(
    tmp_path: Path, seed: int, alpha: bool, local: bool
) -> None:
    parts = some_parts(seed, alpha=alpha, beyond=seed % 2 == 1)
    path = tmp_path / "a.gif"
    path.write_bytes(gif(parts, local=local, interlaced=seed == 2, trailer=seed != 3))
    check(path, parts)


def test_a_first_frame_makes_room_for_itself_and_no_other_does(tmp_path: Path) -> None:
    rgb = np.zeros((40, 48, 4), np.uint8)
    rgb[..., 0], rgb[..., 3] = 200, 255
    parts = [Part(rgb, (6, 4)), Part(rgb[::-1, ::-1] // 255 * 255, (30, 30))]
    (tmp_path / "a.gif").write_bytes(gif(parts, size=(40, 40)))
    check(tmp_path / "a.gif", parts, (54, 44))
    (tmp_path / "b.gif").write_bytes(gif(parts, size=(100, 90)))
    check(tmp_path / "b.gif", parts, (100, 90))


def test_what_lies_between_frames_is_passed_over(tmp_path: Path) -> None:
    """As in two files, one behind the other."""
    parts = some_parts(7, alpha=False)
    one, two = gif(parts[:2], local=True, trailer=False), gif(parts[2:], local=True)
    (tmp_path / "a.gif").write_bytes(one + b"\0\0" + two)
    check(tmp_path / "a.gif", parts)


def test_times_are_those_of_the_file(tmp_path: Path) -> None:
    rgb = np.full((40, 48, 4), 255, np.uint8)
    for lasting, rate in (
        ([3] * 6, Fraction(100, 3)),
        ([4, 4, 5, 4, 4, 4, 4], Fraction(24)),
        ([0, 0], Fraction(10)),
    ):
        (tmp_path / "a.gif").write_bytes(gif([Part(rgb, lasts=lasts) for lasts in lasting]))
        with open_video(tmp_path / "a.gif") as movie:
            assert (movie.info.rate, movie.info.variable) == (rate, False)
    (tmp_path / "a.gif").write_bytes(gif([Part(rgb, lasts=lasts) for lasts in (5, 100, 2, 60)]))
    with open_video(tmp_path / "a.gif") as movie:
        assert movie.info.variable
        assert [shot.duration * 100 for shot in movie.frames()] == [5, 100, 2, 60]


def test_what_is_whole_of_a_file_that_was_cut_is_a_film(tmp_path: Path) -> None:
    parts = some_parts(1, alpha=True)
    data, expected = gif(parts), shown(parts, CLEAR)
    path, counts = tmp_path / "a.gif", set()
    for length in range(13, len(data) - 1, len(data) // 40):
        path.write_bytes(data[:length])
        found, said = read_or_refused(path)
        assert found or "cut short or damaged" in said or "still picture" in said
        counts.add(len(found))
        for shot, frame in zip(found, expected, strict=False):
            assert np.array_equal(shot.rgb, frame[..., :3])
    assert counts == {0, 2, 3, 4}


def test_a_frame_of_any_size_is_held_to_the_limit(tmp_path: Path) -> None:
    rgb = np.full((40, 48, 4), 255, np.uint8)
    data = bytearray(gif([Part(rgb), Part(rgb)]))
    place = data.rindex(b"\x2c\0\0\0\0")
    data[place + 5 : place + 9] = b"\xff" * 4
    (tmp_path / "a.gif").write_bytes(data)
    with pytest.raises(BadInput, match="65535 x 65535 pixels are over the limit"):
        open_video(tmp_path / "a.gif")
