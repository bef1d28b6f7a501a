"""The state of portraits: seeds, what is kept to go on, and that every canvas climbs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reverie.api.dreams import begin, dream
from reverie.ascent.session import Session
from reverie.portrait import views as look
from reverie.portrait.batch import make_portraits
from reverie.portrait.state import PortraitState, check_sizes, size_of
from reverie.recipe.presets.portrait import OWN
from reverie.recipe.presets.preset import preset
from support.portraits import pixels, small
from support.slow import mostly_slow

CANVASES = list(OWN)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(small())


@pytest.mark.slow
def test_seeds_decide_and_repeat(session: Session) -> None:
    assert np.array_equal(pixels(small(seed=3), session), pixels(small(seed=3), session))
    assert not np.array_equal(pixels(small(seed=3), session), pixels(small(seed=4), session))


@mostly_slow(
    ("canvas", "after"), [("fourier", 1), ("fourier", 3), *((canvas, 2) for canvas in CANVASES)], quick=2
)
def test_a_state_that_was_kept_goes_on_to_the_same(canvas: str, after: int, session: Session) -> None:
    recipe = small(canvas)
    whole = pixels(recipe, session)
    kept: dict[str, Any] = {}
    for count, frame in enumerate(dream(recipe, session=session), start=1):
        if count == after:
            assert isinstance(frame.state, PortraitState)
            kept = frame.state.state_dict()
            break
    state = begin(recipe, None, session)
    assert isinstance(state, PortraitState)
    state.load(kept)
    frames = list(dream(recipe, session=session, state=state))
    assert len(frames) == 4 - after
    assert np.array_equal(state.finished(recipe).pixels, whole)


@pytest.mark.parametrize("canvas", CANVASES)
def test_every_canvas_climbs(canvas: str, session: Session) -> None:
    plain = {"transforms": (), "views": 1, "view_size": None, "priors": (), "rise": 0}
    recipe = small(canvas, plain, octaves=1, steps=(12,))
    scores = [frame.score for frame in dream(recipe, session=session)]
    assert max(scores[6:]) > scores[0]
    assert scores[-1] > scores[0]


@pytest.mark.slow
def test_views_are_shown_and_warmth_is_for_the_first_steps(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small(portrait={"views": 3, "view_size": (40, 56), "warm_up": 1})
    seen: list[tuple[int, tuple[int, int], bool]] = []
    engines: list[str] = []
    whole = look.Views.through

    def watched(self: look.Views, objective: Any, engine: Any) -> Any:
        seen.append((self.count, self.size, self.warm))
        engines.append(engine.name)
        return whole(self, objective, engine)

    monkeypatch.setattr(look.Views, "through", watched)
    list(dream(recipe, session=session))
    assert seen == [(3, (40, 40), True), (3, (40, 40), False), (3, (56, 56), False), (3, (56, 56), False)]
    assert engines[0] == "plain"


def test_sizes(session: Session) -> None:
    assert size_of(preset("inversion")) == (256, 256)
    assert size_of(preset("inversion", max_size=100)) == (100, 100)
    assert size_of(small()) == (64, 48)
    shrunk = small(portrait={"view_size": None, "transforms": ("window(12, 0)",)})
    check_sizes(shrunk, (64, 48), session.net)  # few pixels, but the network takes them
    printed = small("cppn", {"print_size": 96})
    assert next(make_portraits([printed], session)).picture.size == (96, 72)
