"""Recipes: some settings, and what the options of the command line make."""

from __future__ import annotations

from typing import Any

from reverie.cli.app import command
from reverie.cli.recipe_options import recipe_from_options
from reverie.recipe.recipe import Recipe

#: A dream of ten short steps at one size, in which the score hardly ever falls.
GENTLE = {
    "balance": "none",
    "octaves": 1,
    "steps": (10,),
    "step_size": 0.004,
    "strength": None,
    "jitter": 4,
    "clip": "step",
}


def parsed(*words: str) -> dict[str, Any]:
    """The options of ``dream`` as its function gets them."""
    context = command().commands["dream"].make_context("dream", list(words))
    return dict(context.params)


def recipe_for(*words: str) -> Recipe:
    return recipe_from_options(parsed(*words))
