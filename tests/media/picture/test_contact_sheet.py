"""Contact sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reverie.media.picture import Picture, load_picture
from reverie.media.picture.contact_sheet import bars, contact_sheet, side_by_side


@pytest.mark.slow
def test_a_sheet_holds_every_cell(photographs: Path) -> None:
    photo = load_picture(photographs / "chelsea.png")
    sheet = contact_sheet([(f"cell {i}", "words " * 50, photo) for i in range(5)], side=80, columns=2)
    width, height = sheet.size
    assert width < 3 * 80
    assert height > 3 * photo.resized((80, 53)).size[1]
    corner = sheet.pixels[12:40, 12:80].mean()
    assert corner == pytest.approx(photo.resized((80, 53)).pixels[:28, :68].mean(), abs=0.02)


def test_pictures_stand_side_by_side() -> None:
    one, two = (Picture(np.full((h, w, 3), v, np.float32)) for h, w, v in ((10, 20, 0.0), (16, 8, 0.5)))
    row = side_by_side([one, two], gap=4).pixels
    assert row.shape == (16, 32, 3)
    assert (row[:10, :20] == 0).all()
    assert (row[:, 24:] == 0.5).all()
    assert row[10:, :20].min() > 0.95, "paper"
    assert row[:, 20:24].min() > 0.95


def test_bars_are_as_long_as_their_shares() -> None:
    pixels = bars(
        [("cat", 0.5), ("dog", 0.25), ("a very long name that will have to be cut", 0.001)], 200
    ).pixels
    coloured = np.ptp(pixels, axis=2) > 0.4
    lengths = [int(coloured[int(40 * k + 25)].sum()) for k in range(3)]
    assert lengths == pytest.approx([100, 50, 1], abs=2)
