"""APNG: what each frame shows, as PNG's third edition has it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from reverie.errors import BadInput, ReverieWarning
from reverie.media.picture.read import load_picture
from reverie.media.video.read.reader import open_video
from support.animations import SIZE, Part, apng, read_or_refused, shown
from support.films import chunk
from support.slow import mostly_slow

CLEAR = (0, 0, 0, 0)
#: Colour type and bits a sample: all there are.
KINDS = [
    (kind, depth)
    for kind, depths in {6: (8, 16), 3: (8, 4, 2), 0: (16, 8, 4, 2, 1), 2: (8, 16), 4: (8, 16)}.items()
    for depth in depths
]


def some_parts(seed: int, kind: int, depth: int) -> list[Part]:
    """Five frames in boxes of any place; what their colours are, the format can say."""
    rng = np.random.default_rng(seed)
    least = {1: 255, 2: 85, 4: 17}.get(depth, 1)
    levels = (
        np.array([0, 255], np.uint8)
        if depth == 1 or (kind, depth) == (3, 2)
        else np.arange(0, 256, 85 if kind == 3 else least, np.uint8)
    )
    parts = []
    for number in range(5):
        width, height = SIZE if number == 0 else (int(rng.integers(3, side + 1)) for side in SIZE)
        left, top = (
            int(rng.integers(0, 1 + side - own)) for side, own in zip(SIZE, (width, height), strict=True)
        )
        picture = rng.choice(levels, (height, width, 4))
        if kind in (0, 4) or (kind, depth) in ((3, 4), (3, 2)):
            picture[..., 1] = picture[..., 2] = picture[..., 0]
        picture[..., 3] = 255
        if kind in (3, 4, 6):
            picture[rng.random((height, width)) < 0.4] = CLEAR if kind != 3 else (7, 7, 7, 0)
        dispose, over = str(rng.choice(["keep", "clear", "back"])), bool(rng.integers(2))
        if number == 0 and dispose == "back":
            dispose = "clear"  # as the specification takes it
        parts.append(Part(picture, (left, top), dispose, over, int(rng.integers(2, 30))))
    return parts


def check(path: Path, parts: list[Part], key: tuple[int, ...] | None = None) -> None:
    """Every frame, by what can be seen of it, and its time."""
    with open_video(path) as movie:
        found = list(movie.frames())
    expected = shown(parts, CLEAR)
    assert len(found) == len(expected)
    for shot, frame in zip(found, expected, strict=True):
        alpha = np.full(frame.shape[:2], 255) if shot.alpha is None else shot.alpha
        assert np.array_equal(alpha, frame[..., 3]), shot.index
        assert np.array_equal(shot.rgb[alpha > 0], frame[..., :3][alpha > 0]), shot.index
    assert [round(shot.duration * 100) for shot in found] == [part.lasts for part in parts]


@mostly_slow(("kind", "depth"), KINDS, quick=len(KINDS))
@pytest.mark.parametrize("default", [False, True], ids=["own first", "default"])
def test_frames_come_together_as_the_specification_says(
    tmp_path: Path, kind: int, depth: int, default: bool
) -> None:
    for seed in range(2):
        parts = some_parts(seed, kind, depth)
        (tmp_path / "a.png").write_bytes(apng(parts, kind=kind, depth=depth, default=default))
        check(tmp_path / "a.png", parts)


@pytest.mark.parametrize(("kind", "depth"), [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16)])
def test_one_colour_may_be_transparent(tmp_path: Path, kind: int, depth: int) -> None:
    parts, level = some_parts(3, kind, depth), 255
    grey = (255 if depth == 16 else 255 >> 8 - depth) * (257 if depth == 16 else 1)
    key = struct.pack(">H", grey) * (1 if kind == 0 else 3)
    keyed = []
    for part in parts:
        picture = part.picture.copy()
        picture[(picture[..., :3] == level).all(2), 3] = 0
        keyed.append(Part(picture, part.place, part.dispose, part.over, part.lasts))
    (tmp_path / "a.png").write_bytes(apng(parts, kind=kind, depth=depth, key=key))
    check(tmp_path / "a.png", keyed)


def test_half_transparent_frames_are_laid_over_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    one, two = (rng.integers(0, 256, (40, 48, 4), np.uint8) for _ in range(2))
    (tmp_path / "a.png").write_bytes(apng([Part(one), Part(two)]))
    with open_video(tmp_path / "a.png") as movie:
        *_, last = movie.frames()
    a, b = one.astype(float) / 255, two.astype(float) / 255
    alpha = b[..., 3:] + a[..., 3:] * (1 - b[..., 3:])
    rgb = (b[..., :3] * b[..., 3:] + a[..., :3] * a[..., 3:] * (1 - b[..., 3:])) / np.maximum(alpha, 1e-9)
    seen = alpha[..., 0] > 8 / 255
    assert last.alpha is not None
    assert np.abs(last.alpha - alpha[..., 0] * 255).max() < 1
    assert np.abs(last.rgb - rgb * 255)[seen].max() < 255 / 8 + 1
    assert np.abs(last.rgb - rgb * 255)[alpha[..., 0] > 0.9].max() < 2.1


def broken(parts: list[Part], how: str) -> bytes:
    """An APNG that breaks a rule in its third frame."""
    data = apng(parts)
    places = [i for i in range(len(data)) if data[i : i + 4] in (b"fcTL", b"fdAT")]
    third = places[3]
    assert data[third : third + 4] == b"fcTL"
    body = bytearray(data[third + 4 : third + 30])
    if how == "sequence":
        body[3] += 1
    elif how == "size":
        body[4:8] = struct.pack(">I", SIZE[0] + 1)
    elif how == "control":
        body[24] = 9
    new = b"" if how == "none" else chunk(b"fcTL", bytes(body))
    return data[: third - 4] + new + data[third + 34 :]


@pytest.mark.parametrize("how", ["sequence", "size", "control", "none"])
def test_what_comes_before_a_broken_rule_is_a_film(tmp_path: Path, how: str) -> None:
    parts = some_parts(5, 6, 8)
    (tmp_path / "a.png").write_bytes(broken(parts, how))
    with pytest.warns(ReverieWarning, match=r"cut short or damaged; the 2 frames that are whole are taken"):
        check(tmp_path / "a.png", parts[:2])


def test_frames_are_those_that_are_promised(tmp_path: Path) -> None:
    parts = some_parts(6, 6, 8)
    (tmp_path / "a.png").write_bytes(apng(parts, promised=3))
    check(tmp_path / "a.png", parts[:3])
    (tmp_path / "a.png").write_bytes(apng(parts, promised=7))
    with pytest.warns(ReverieWarning, match="the 5 frames that are whole are taken"):
        check(tmp_path / "a.png", parts)


def test_a_file_that_was_cut(tmp_path: Path) -> None:
    parts = some_parts(2, 6, 8)
    data, path, counts = apng(parts), tmp_path / "a.png", set()
    expected = shown(parts, CLEAR)
    for length in range(60, len(data) - 12, len(data) // 40):
        path.write_bytes(data[:length])
        found, said = read_or_refused(path)
        assert "cut short or damaged" in said
        counts.add(len(found))
        for shot, frame in zip(found, expected, strict=False):
            seen = frame[..., 3] > 0
            assert np.array_equal(shot.rgb[seen], frame[seen][:, :3])
    assert counts >= {0, 2, 3, 4}


def test_one_frame_and_a_picture_for_others_is_a_still_picture(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "a.png"
    for default in (False, True):
        path.write_bytes(apng(some_parts(0, 6, 8)[:1], default=default))
        load_picture(path)
        assert not recwarn.list  # nothing that sends the user to film, which would send him back
        with pytest.raises(
            BadInput, match=r"a still picture, not a film; `reverie zoom` and `reverie dream`"
        ):
            open_video(path)
    path.write_bytes(apng(some_parts(0, 6, 8)[:2], default=True))
    with pytest.warns(ReverieWarning, match="`reverie film` takes all of it"):
        load_picture(path)
    with open_video(path) as movie:
        assert movie.info.frames == 2
