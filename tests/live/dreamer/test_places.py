"""Where in the picture a topic is dreamt."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch

from reverie.ascent.session import Session
from reverie.canvas.detail import DetailCanvas
from reverie.live.dreamer.keyframe import live_recipe, live_session
from reverie.live.dreamer.places import PARTS, placed
from reverie.live.dreamer.protocol import PLACES, Place
from reverie.objective import parse
from reverie.ops.transform.roll import Roll
from reverie.recipe.places import mask_of

SIZE = (448, 252)


@pytest.fixture(scope="module")
def session() -> Session:
    return live_session(live_recipe(SIZE))


@pytest.mark.parametrize("layout", [name for name in PLACES if name not in ("whole", "blend")])
def test_two_places_make_the_whole(layout: str) -> None:
    first, second = (mask_of(PARTS[place]) for place in PLACES[layout])  # type: ignore[index]
    assert first + second == pytest.approx(np.ones_like(first), abs=1e-6)
    assert 0.3 < first.mean() < 0.7


@pytest.mark.parametrize("place", get_args(Place))
@pytest.mark.parametrize("text", ['class("goldfish")', "standard(block5a)"])
def test_a_topic_is_dreamt_where_it_belongs(place: Place, text: str, session: Session) -> None:
    """At least three quarters of its gradient's energy lies in its place, some half of the picture."""
    recipe = live_recipe(SIZE).model_copy(update={"objective": (str(placed(parse(text), place)),)})
    rng = torch.Generator().manual_seed(3)
    picture = torch.rand(1, 3, SIZE[1], SIZE[0], generator=rng) * 0.3 + 0.35
    _, gradient = session.gradient(session.goal(recipe, 0), DetailCanvas(picture), Roll(0, 0))
    energy = gradient.square().sum(1)[0].numpy()
    whole = np.ones((72, 128), np.float32)
    mask = torch.nn.functional.interpolate(
        torch.from_numpy(mask_of(PARTS[place]) if place in PARTS else whole)[None, None],
        size=(SIZE[1], SIZE[0]),
        mode="bilinear",
    )[0, 0].numpy()
    inside = float((energy * (mask > 0.05)).sum() / energy.sum())
    assert inside > 3 / 4, inside
