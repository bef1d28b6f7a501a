"""Strokes become a mask: drawn, softened, turned round; beside a twin in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from support.studio_page import call, needs_browser

pytestmark = needs_browser
SIZE = {"width": 60, "height": 40}


def values(window, strokes, *, paints="dream", feather=0.0):
    body = "return [...it.maskValues(given[0], given[1])]"
    painting = {"strokes": strokes, "paints": paints, "feather": feather, "id": None}
    return np.array(call(window, "stage/strokes.js", body, painting, SIZE)).reshape(40, 60)


def stroke(*points, size=0.5, erase=False):
    return {"points": [list(point) for point in points], "size": size, "erase": erase}


def test_a_dot_is_a_disc_of_the_brush(window):
    found = values(window, [stroke((0.5, 0.5))])
    rows, columns = np.mgrid[:40, :60] + 0.5
    away = np.hypot(rows - 20, columns - 30)
    assert (found[away < 9] == 1).all()
    assert (found[away > 11.5] == 0).all()


def test_erasing_takes_away_and_the_order_counts(window):
    line = stroke((0.1, 0.5), (0.9, 0.5), size=0.4)
    hole = stroke((0.5, 0.5), size=0.3, erase=True)
    assert values(window, [line, hole])[20, 30] == 0
    assert values(window, [line, hole])[20, 12] == 1
    assert values(window, [hole, line])[20, 30] == 1


def test_what_stays_is_the_rest_of_what_dreams(window):
    strokes = [stroke((0.3, 0.4), (0.6, 0.7))]
    both = values(window, strokes, feather=0.1) + values(window, strokes, paints="stay", feather=0.1)
    np.testing.assert_allclose(both, 1, atol=1e-6)


@pytest.mark.parametrize("paints", ["dream", "stay"])
def test_what_is_painted_is_added_to_the_mask_that_was_there(window, paints):
    rng = np.random.default_rng(5)
    under = rng.random((40, 60), dtype=np.float32)
    strokes = [stroke((0.3, 0.4), (0.6, 0.7))]
    painted = values(window, strokes, feather=0.1)
    body = "return [...it.maskValues(given[0], given[1], Float32Array.from(given[2]))]"
    painting = {"strokes": strokes, "paints": paints, "feather": 0.1, "id": None}
    found = call(window, "stage/strokes.js", body, painting, SIZE, under.ravel().tolist())
    expected = np.maximum(painted, under) if paints == "dream" else under * (1 - painted)
    np.testing.assert_allclose(np.array(found).reshape(40, 60), expected, atol=1e-5)


def test_nothing_painted_stays_nowhere(window):
    assert (values(window, [], paints="stay") == 1).all()


def test_a_soft_edge_is_three_running_means_each_way(window):
    rng = np.random.default_rng(0)
    plane = rng.random((7, 12), dtype=np.float32)
    radius = 2
    expected = plane.astype(np.float64)
    for _ in range(3):
        for axis in (1, 0):
            padded = np.pad(
                expected, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], mode="edge"
            )
            views = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis)
            expected = views.mean(-1)
    body = "return [...it.softened(Float32Array.from(given[0]), 12, 7, 2)]"
    found = np.array(call(window, "stage/strokes.js", body, plane.ravel().tolist())).reshape(7, 12)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_mask_is_a_grey_png_no_larger_than_needed(window):
    body = (
        "return it.maskPng(given[0], given[1]).then((png) => createImageBitmap(png)).then((bitmap) => {"
        "  const {width, height} = bitmap, ink = new OffscreenCanvas(width, height).getContext('2d');"
        "  ink.drawImage(bitmap, 0, 0);"
        "  const at = (x, y) => [...ink.getImageData(x, y, 1, 1).data];"
        "  return [width, height, at(384, 192), at(3, 3)]; })"
    )
    painting = {"strokes": [stroke((0.5, 0.5))], "paints": "dream", "feather": 0}
    found = call(window, "stage/strokes.js", body, painting, {"width": 4000, "height": 2000})
    assert found == [768, 384, [255, 255, 255, 255], [0, 0, 0, 255]]


@pytest.mark.parametrize(("x", "y"), [(0, 0), (40, -25), (-13.5, 7)])
def test_what_lies_under_the_pointer_stays_there_when_looking_closer(window, x, y):
    body = "return it.about(it.about({scale: 1, x: 0, y: 0}, 2, given[0], given[1]), 1.5, given[0], given[1])"
    look = call(window, "stage/pan_zoom.js", body, x, y)
    # A point p of the picture is shown at scale * p + shift; the one under the pointer was p = (x, y).
    assert (look["scale"] * x + look["x"], look["scale"] * y + look["y"]) == pytest.approx((x, y))
    body = "return it.about(given[0], 0.01, 5, 5)"
    assert call(window, "stage/pan_zoom.js", body, look) == {"scale": 1, "x": 0, "y": 0}
