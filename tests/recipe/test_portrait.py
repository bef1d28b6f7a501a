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
