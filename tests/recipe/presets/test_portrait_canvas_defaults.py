"""A canvas brings settings of its own."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.recipe.presets.portrait import OF_CANVAS, OWN, PORTRAITS, onto
from reverie.recipe.presets.preset import preset


@pytest.mark.parametrize("canvas", list(OWN))
def test_another_canvas_brings_its_own_settings(canvas: str) -> None:
    base = PORTRAITS["portrait"]["portrait"]
    now = onto(base, {"canvas": canvas, "views": 2})
    assert now["views"] == 2
    if canvas == "fourier":  # it is the preset's
        assert now == {**base, "canvas": canvas, "views": 2}
    else:
        assert {k: v for k, v in now.items() if k in OF_CANVAS} == OWN[canvas]
    assert now["transforms"] == base["transforms"]
    assert onto(base, {"canvas": canvas, "rate": ((7.0, 7.0),)})["rate"] == ((7.0, 7.0),)
    assert preset("portrait", portrait={"canvas": canvas}).portrait.canvas == canvas  # type: ignore[union-attr]


def test_priors_for_pixels_are_refused_elsewhere() -> None:
    with pytest.raises(UsageError, match="only for the pixels canvas"):
        preset("yosinski2015-2", portrait={"canvas": "fourier"})
