"""Portraits, many at a time: each is as it would be alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from reverie.ascent.session import Session
from reverie.errors import UsageError
from reverie.portrait import views as look
from reverie.portrait.batch import make_portraits
from reverie.portrait.state import PortraitState, facets_of
from reverie.recipe.presets.portrait import OWN
from support.portraits import pixels, small
from support.slow import mostly_slow

CANVASES = list(OWN)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(small())


@mostly_slow("canvas", CANVASES, quick=2)
def test_a_batch_is_as_each_alone(canvas: str, session: Session) -> None:
    objectives = ("block2b:3", "block2b:4", "-block2b:9", "block2b", "block2b:3 - 0.1*tv")
    recipes = [small(canvas, objective=(text,), seed=seed) for seed, text in enumerate(objectives)]
    together = list(make_portraits(recipes, session))
    assert [made.index for made in together] == [0, 1, 2, 3, 4]
    for made, recipe in zip(together, recipes, strict=True):
        alone = next(make_portraits([recipe], session))
        assert made.recipe == alone.recipe == recipe
        assert np.array_equal(made.picture.pixels, alone.picture.pixels)
        assert (made.score, made.moved) == (alone.score, alone.moved)


@pytest.mark.parametrize("canvas", [c for c in CANVASES if c != "cppn"])  # that takes long to fit
def test_a_batch_from_a_photograph_is_as_each_alone(canvas: str, session: Session) -> None:
    photo = torch.rand(3, 50, 60, generator=torch.Generator().manual_seed(2))
    recipes = [small(canvas, objective=(f"block2b:{i}",), start="photo", octaves=1) for i in range(2)]
    for made, recipe in zip(make_portraits(recipes, session, picture=photo), recipes, strict=True):
        assert np.array_equal(made.picture.pixels, pixels(recipe, session, photo))


def test_facets_are_each_as_rerun_makes_it(session: Session) -> None:
    recipe = small(portrait={"facets": 3}, objective=("block2b:3 + 12*diversity(block2b)",), seed=4)
    made = list(make_portraits([recipe], session))
    assert [m.recipe.portrait.facet for m in made] == [0, 1, 2]  # type: ignore[union-attr]
    assert {m.recipe.seed for m in made} == {4}
    assert [r.seed for r in facets_of(recipe)] == [4, 5, 6]
    again = list(make_portraits([made[2].recipe], session))
    for a, b in zip(made, again, strict=True):
        assert np.array_equal(a.picture.pixels, b.picture.pixels)


def test_what_compares_pictures_compares_facets_alone(session: Session) -> None:
    recipe = small(objective=("block2b:3 + 12*diversity(block2b)",))
    both = [m.picture.pixels for m in make_portraits([recipe, recipe.but(seed=9)], session)]
    assert np.array_equal(both[0], pixels(small(), session))  # alone, it has nothing to differ from
    assert np.array_equal(both[1], pixels(small(seed=9), session))


def test_what_ends_early_is_made_by_itself(session: Session) -> None:
    recipes = [small(objective=(f"block2b:{i}",), max_score=-1e9, octaves=1) for i in (3, 4)]
    groups: list[list[int]] = []
    made = list(make_portraits(recipes, session, begun=lambda group: groups.append(list(group))))
    assert groups == [[0], [1]]
    assert len(made) == 2


def test_memory_that_runs_out_makes_fewer_at_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = [small(objective=(f"block2b:{i}",), octaves=1) for i in range(4)]
    right = [m.picture.pixels for m in make_portraits(recipes, session)]
    whole = look.Views.gradient

    def scarce(self: look.Views, *args: Any) -> Any:
        if len(self.picture) > 2:
            raise MemoryError
        return whole(self, *args)

    monkeypatch.setattr(look.Views, "gradient", scarce)
    groups: list[int] = []
    made = list(make_portraits(recipes, session, begun=lambda group: groups.append(len(group))))
    assert groups == [4, 2, 2]
    assert all(np.array_equal(m.picture.pixels, r) for m, r in zip(made, right, strict=True))


def test_recipes_that_differ_in_more_are_not_mixed(session: Session) -> None:
    with pytest.raises(UsageError, match="objectives and seeds"):
        PortraitState.begin([small(), small(steps=(3,))], None, session)
    groups: list[list[int]] = []
    mixed = [small(), small(steps=(1,)), small(objective=("stem:1",)), small(seed=5)]
    list(make_portraits(mixed, session, begun=lambda group: groups.append(list(group))))
    assert groups == [[0, 3], [1], [2]]
