"""The measures of the benchmark, on pictures whose motion is known."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path as Folder

import cv2
import numpy as np
import pytest
from benchmarks import motion
from benchmarks.motion_measures import Look, Path, Seen, flicker, look, path, similarity, steadiness

from support.slow import mostly_slow


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    data = pytest.importorskip("skimage.data")
    return cv2.resize(data.astronaut()[:360], (640, 360), interpolation=cv2.INTER_AREA)


def moved(photo: np.ndarray, grow: float, degrees: float, right: float = 0, down: float = 0) -> np.ndarray:
    """Seen from nearer about the middle, turned clockwise and shifted, all by this much."""
    height, width = photo.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, grow)
    matrix[:, 2] += (right, down)
    return cv2.warpAffine(
        photo, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


@mostly_slow(("grow", "degrees"), [(1.009, 0.0), (1.0, 0.4), (1.05, -1.0), (0.99, 0.1)])
def test_the_motion_that_is_seen_is_the_one_that_was_made(
    photo: np.ndarray, grow: float, degrees: float
) -> None:
    one = similarity(photo, moved(photo, grow, degrees, 1.3, -0.7))
    assert np.hypot(*one[:2, 0]) == pytest.approx(grow, abs=5e-4)
    assert np.degrees(np.arctan2(one[1, 0], one[0, 0])) == pytest.approx(degrees, abs=0.03)
    centre = one @ (319.5, 179.5, 1)
    assert centre[:2] == pytest.approx((319.5 + 1.3, 179.5 - 0.7), abs=0.1)
    seen = Seen()
    for k in range(4):
        seen.add(moved(photo, grow**k, degrees * k))
    assert seen.steps == 3
    assert seen.grown == pytest.approx(grow**3, abs=1e-3)
    assert seen.turned == pytest.approx(3 * degrees, abs=0.05)


@pytest.mark.slow
def test_what_moves_with_the_film_does_not_flicker_and_what_stays_does(photo: np.ndarray) -> None:
    film = [moved(photo, 1.01**k, 0, 1.5 * k) for k in range(4)]
    paths = [path(a, b) for a, b in pairwise(film)]
    assert all(one.sure.mean() > 0.8 for one in paths)
    painted = np.random.default_rng(0).normal(0, 40, (23, 40, 3)).astype(np.float32)
    paint = cv2.resize(painted, (640, 360), interpolation=cv2.INTER_CUBIC)

    def over(frame: np.ndarray, layer: np.ndarray) -> np.ndarray:
        return np.clip(frame + layer, 0, 255).astype(np.uint8)

    sticks = [over(film[k], moved(paint, 1.01**k, 0, 1.5 * k)) for k in range(4)]
    swims = [over(frame, paint) for frame in film]
    jumps = [over(frame, np.roll(paint, 40 * k, 1)) for k, frame in enumerate(film)]
    own, stuck, swum, jumped = (flicker(some, paths).mean() for some in (film, sticks, swims, jumps))
    assert own < stuck < 1.6 * own
    assert swum > 1.5 * stuck
    assert jumped > 4 * stuck


def test_a_warping_error_is_the_difference_where_it_can_be_trusted() -> None:
    grey = np.full((40, 60, 3), 100, np.uint8)
    lighter = grey + np.uint8(51)
    lighter[:, :30] = 0
    field = np.stack(np.meshgrid(np.arange(60), np.arange(40)), -1).astype(np.float32)
    sure = np.zeros((40, 60), bool)
    sure[:, 30:] = True
    assert flicker([grey, lighter], [Path(field, sure)])[0] == pytest.approx(0.2)
    assert flicker([grey, lighter], [Path(field, ~sure & False)])[0] == 0


def test_a_look_is_four_plain_numbers() -> None:
    halves = np.zeros((10, 20, 3), np.uint8)
    halves[:, 10:] = 255
    found = look(halves)
    assert found.mean == pytest.approx(0.5)
    assert found.deviation == pytest.approx(0.5)
    assert found.saturated == 1
    assert found.sharp == pytest.approx(1 / 19, rel=1e-5)


@pytest.mark.parametrize(
    ("end", "holds"),
    [
        (Look(0.5, 0.2, 0.02, 0.01), True),
        (Look(0.56, 0.2, 0.02, 0.01), False),
        (Look(0.5, 0.17, 0.02, 0.01), False),
        (Look(0.5, 0.2, 0.07, 0.01), False),
        (Look(0.5, 0.2, 0.02, 0.008), False),
    ],
)
def test_a_zoom_that_drifts_is_told_from_one_that_holds(end: Look, holds: bool) -> None:
    begin = Look(0.5, 0.2, 0.02, 0.01)
    assert steadiness([begin] * 75 + [end] * 25, 25, begin).holds is holds


@pytest.mark.slow
@pytest.mark.parametrize("part", ["film", "zoom"])
def test_the_benchmark_measures_and_keeps_pictures(
    part: str, tmp_path: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("skimage.data")
    frames = {"film": "3", "zoom": "60"}[part]
    assert (
        motion.main([part, "--size", "64x48", "--frames", frames, "--threads", "1", "--out", str(tmp_path)])
        == 0
    )
    said = capsys.readouterr().out
    assert f"| {part} | measured | limit |" in said
    assert "nan" not in said
    assert len(list(tmp_path.glob("*.png"))) >= 1
