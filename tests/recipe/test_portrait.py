"""Settings of portraits."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.recipe.portrait import Portrait
from reverie.recipe.presets.preset import preset


def test_settings_are_checked() -> None:
    with pytest.raises(UsageError, match="facet"):
        preset("portrait", portrait={"facet": 1})
    assert Portrait().facets == 1


@pytest.mark.parametrize("name", ["window", "colour_falloff"])
def test_what_only_waves_have_is_refused_elsewhere(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}: only for the fourier canvas, this is laplacian"):
        preset("sketch", portrait={"canvas": "laplacian", name: 0.5})
    assert getattr(preset("portrait", portrait={"canvas": "laplacian"}).portrait, name) == 0
