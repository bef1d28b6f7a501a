"""The screen that a frame fills, and its fields."""

from __future__ import annotations

import pytest

from reverie.motion.flashing.screen import Grid


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (3000, 150), (150, 3000), (4096, 3072)])
def test_a_field_is_a_third_of_the_screen_that_the_frame_fills(size: tuple[int, int]) -> None:
    grid = Grid(size)
    scale = min(1024 / size[0], 768 / size[1])
    cell = size[0] * size[1] * scale**2 / (grid.columns * grid.rows)
    assert grid.most * cell == pytest.approx(341 * 256 / 4)
    assert grid.columns <= size[0]
    assert grid.rows <= size[1]
    for cells, pixels, total in zip(grid.field, (341, 256), size, strict=True):
        whole = total * scale
        assert cells * whole / (grid.columns if pixels == 341 else grid.rows) == pytest.approx(
            min(pixels, whole), rel=0.06
        )
