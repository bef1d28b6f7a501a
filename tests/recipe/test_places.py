"""Parts of the picture by name, instead of a mask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reverie import preset
from reverie.media.picture import load_picture
from reverie.recipe.places import PLACES, mask_of
from support.commands import Ran


@pytest.mark.parametrize(
    ("one", "other"), [("upper half", "lower half"), ("left half", "right half"), ("middle", "edges")]
)
def test_opposite_parts_make_the_whole(one: str, other: str) -> None:
    assert mask_of(one) + mask_of(other) == pytest.approx(np.ones((72, 128)), abs=1e-6)
    assert 0.3 < mask_of(one).mean() < 0.7


def test_the_halves_are_where_their_names_say() -> None:
    upper, left, middle = mask_of("upper half"), mask_of("left half"), mask_of("middle")
    assert (upper[0].min(), upper[-1].max()) == (1, 0)
    assert (left[:, 0].min(), left[:, -1].max()) == (1, 0)
    assert (middle[36, 64], middle[0, 0]) == (1, 0)


def test_they_are_no_files() -> None:
    recipe = preset("reverie", mask="lower half", objective=['block5a@mask("edges") + block4b@mask("a.png")'])
    assert recipe.files() == ("a.png",)
    assert recipe.renamed({"a.png": "b.png"}).mask == "lower half"


def test_a_dream_in_one_half_is_made_again(here: Path, inside: Callable[..., Ran]) -> None:
    words = ("--size", "96x64", "--octaves", "1", "--steps", "2", "--threads", "1")
    assert inside("dream", "chelsea.png", "-o", "d.png", "--mask", "lower half", *words).rc == 0
    assert inside("dream", "chelsea.png", "-o", "still.png", "--strength", "0", *words).rc == 0
    before, after = (load_picture(str(here / name)) for name in ("still.png", "d.png"))
    moved = np.abs(before.pixels - after.pixels).mean((1, 2))
    assert moved[:24].max() < 1 / 255 < moved[40:].mean() / 4
    assert "--mask 'lower half'" in inside("show", "d.png").stdout
    assert inside("rerun", "d.png", "-o", "again.png").rc == 0
    assert (here / "again.png").read_bytes() == (here / "d.png").read_bytes()
    lower = f'block4b@mask("{PLACES[0]}")'
    assert inside("dream", "chelsea.png", "-o", "e.png", "--objective", lower, *words).rc == 0
