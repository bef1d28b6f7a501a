"""Variations that differ: each seed likes channels of its own."""

from __future__ import annotations

from reverie.recipe.recipe import PARTS, Recipe

#: How much the taste of a variation differs from the next one's if nothing is said.
CHANCE = 1.8


def with_tastes(recipe: Recipe) -> Recipe:
    """A recipe whose seeds are compositions of their own if it is of a plain dream; others as they are."""
    if recipe.chance or any(getattr(recipe, part) is not None for part in PARTS):
        return recipe
    return recipe.but(chance=CHANCE)
