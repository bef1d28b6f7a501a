"""How large a picture becomes by the photograph that it begins from."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from reverie.jobs.sizes import portrait_in_shape, with_longer_side
from reverie.jobs.workspace import Workspace
from reverie.recipe.presets.preset import preset


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "p.png"
    Image.new("RGB", (600, 300)).save(path)
    return str(path)


def test_a_smaller_photograph_is_enlarged_and_a_larger_one_bounded(photo: str) -> None:
    larger = with_longer_side(preset("reverie"), 1200, photo, Workspace())
    assert (larger.size, larger.max_size) == ((1200, 600), None)
    smaller = with_longer_side(preset("reverie"), 400, photo, Workspace())
    assert (smaller.size, smaller.max_size) == (None, 400)
    unnamed = with_longer_side(preset("reverie", size=(64, 64)), 240, None, Workspace())
    assert (unnamed.size, unnamed.max_size) == (None, 240)


def test_a_portrait_takes_the_shape_of_its_photograph(photo: str) -> None:
    recipe = preset("portrait", size=(512, 512))
    assert portrait_in_shape(recipe, None, None, Workspace()).size == (512, 512)
    assert portrait_in_shape(recipe, photo, None, Workspace()).size == (512, 256)
    assert portrait_in_shape(recipe, photo, 128, Workspace()).size == (128, 64)
