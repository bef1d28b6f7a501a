"""Heat maps over photographs: their colours, what stays visible, and frames that lie where they should."""

from __future__ import annotations

import numpy as np
import pytest

from reverie.media.picture import Picture
from reverie.media.picture.heat_map import as_colours, framed, heat_map, numbered, oklab, ramp


def grey(width: int = 60, height: int = 40, channels: int = 3) -> Picture:
    return Picture(np.full((height, width, channels), 0.5, np.float32))


def test_oklab_is_that_of_its_paper() -> None:
    """Ottosson's table gives XYZ; these are the same colours in sRGB, as CSS Color 4 has them."""
    white, red = oklab(np.array([[1.0, 1, 1], [1, 0, 0]]))
    assert white == pytest.approx([1, 0, 0], abs=1e-3)
    assert red == pytest.approx([0.62796, 0.22486, 0.12585], abs=1e-3)


def test_colours_are_evenly_spaced_to_the_eye() -> None:
    lab = oklab(ramp().astype(np.float64))
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert steps.std() < 0.1 * steps.mean()
    assert (np.diff(lab[:, 0]) > 0).all()
    assert lab[-1, 0] - lab[0, 0] > 0.6


def test_nothing_is_drawn_where_nothing_fires() -> None:
    heat = np.zeros((40, 60), np.float32)
    heat[10:20, 30:40] = 1
    over = heat_map(grey(), heat).pixels
    cold = np.ones_like(heat, bool)
    cold[10:20, 30:40] = False
    assert np.ptp(over[cold]) < 1e-6, "grey stays grey"
    assert over[15, 35] == pytest.approx(0.5 * over[0, 0] + 0.5 * ramp()[-1], abs=1e-5)


def test_the_photograph_is_seen_beneath() -> None:
    pixels = np.repeat(np.linspace(0, 1, 60, dtype=np.float32)[None, :, None], 40, 0).repeat(3, 2)
    over = heat_map(Picture(pixels), np.ones((40, 60), np.float32)).pixels
    assert (np.diff(over.mean(2)[0]) > 0).all()


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_other_counts_of_channels_are_shown_grey(channels: int) -> None:
    picture = grey(channels=channels)
    assert as_colours(picture).pixels.shape == (40, 60, 3)
    assert heat_map(picture, np.zeros((40, 60), np.float32)).pixels.shape == (40, 60, 3)


def test_frames_lie_where_they_should_and_inside() -> None:
    inside = framed(grey(), [(20, 10, 40, 30)]).pixels
    bright = np.argwhere(inside.min(2) > 0.95)
    assert bright.min(0).tolist() == [10, 20]
    assert bright.max(0).tolist() == [29, 39]
    assert inside[20, 30] == pytest.approx(0.5, abs=0.01)
    beyond = framed(grey(), [(-50, -50, 500, 500)]).pixels
    assert (beyond[1, 5] > 0.95).all()
    assert (beyond[38, 55] > 0.95).all()


def test_numbers_that_would_cover_each_other_are_moved_apart() -> None:
    one = np.abs(numbered(grey(200, 200), [(100, 100)]).pixels - 0.5).max(2) > 0.1
    five = np.abs(numbered(grey(200, 200), [(100, 100)] * 5).pixels - 0.5).max(2) > 0.1
    assert five.sum() > 4.5 * one.sum()
    corner = np.abs(numbered(grey(200, 200), [(0, 0)]).pixels - 0.5).max(2) > 0.1
    assert corner.sum() == pytest.approx(one.sum(), rel=0.1), "whole at the edge"
