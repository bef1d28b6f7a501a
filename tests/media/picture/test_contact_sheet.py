"""Contact sheets."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.media.picture import load_picture
from reverie.media.picture.contact_sheet import contact_sheet


def test_a_sheet_holds_every_cell(photographs: Path) -> None:
    photo = load_picture(photographs / "chelsea.png")
    sheet = contact_sheet([(f"cell {i}", "words " * 50, photo) for i in range(5)], side=80, columns=2)
    width, height = sheet.size
    assert width < 3 * 80
    assert height > 3 * photo.resized((80, 53)).size[1]
    corner = sheet.pixels[12:40, 12:80].mean()
    assert corner == pytest.approx(photo.resized((80, 53)).pixels[:28, :68].mean(), abs=0.02)
