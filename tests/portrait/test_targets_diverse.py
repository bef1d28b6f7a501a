"""What makes facets of one unit differ."""

from __future__ import annotations

import pytest

from reverie.ascent.session import Session
from reverie.errors import UsageError
from reverie.portrait.targets import diverse, middle
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe


def small(name: str, **changes: object) -> Recipe:
    """A preset at a size and number of steps for tests."""
    return preset(name, **{"size": (64, 48), "steps": (2,), "objective": ("block3b:5",), **changes})


def test_what_makes_facets_differ() -> None:
    net = Session(small("portrait")).net
    assert diverse("block3b:5", net, "none") == "block3b:5 + 19*diversity(block3b)"
    assert diverse("block3b:5", net, "layers") == "block3b:5 + 0.2*diversity(block3b)"
    assert diverse('class("tabby")', net, "none").endswith(f"diversity({middle(net)})")
    assert middle(net) == "block5c"
    already = "block3b:5 + 3*diversity(stem)"
    assert diverse(already, net, "none") == already
    for none in ("tv", 'invert("a.png", block3b)'):
        with pytest.raises(UsageError, match="no facets"):
            diverse(none, net, "none")
