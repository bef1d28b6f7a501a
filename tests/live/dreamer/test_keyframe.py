"""A keyframe of the show."""

from __future__ import annotations

import pytest
import torch

from reverie.ascent.session import Session
from reverie.live.dreamer.keyframe import KeyframeMaker, Wanted, live_recipe, live_session
from reverie.motion.zoom.steady import SteadyReference, hold
from reverie.ops.filters import low_pass
from reverie.ops.warp import Similarity, warp

SIZE = (192, 108)
WAY = Similarity.of(zoom=1.03, turn=0.4)


@pytest.fixture(scope="module")
def session() -> Session:
    return live_session(live_recipe(SIZE))


@pytest.fixture
def picture() -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    coarse = torch.rand(1, 3, 18, 32, generator=rng)
    return torch.nn.functional.interpolate(coarse, size=(SIZE[1], SIZE[0]), mode="bicubic").clamp(0, 1)


def maker(session: Session, picture: torch.Tensor) -> KeyframeMaker:
    reference = SteadyReference.of(picture).healthy(1.5)
    return KeyframeMaker(live_recipe(SIZE), session, torch.Generator().manual_seed(0), reference)


@pytest.mark.slow
def test_it_is_dreamt_over_what_will_be_seen_there(session: Session, picture: torch.Tensor) -> None:
    """It is nearer to the picture as it will be seen than to the picture as it is, and no copy of it."""
    made = maker(session, picture)
    held = hold(picture, made.reference)
    found = made.make(held, WAY, Wanted(live_recipe(SIZE).objective[-1]))
    seen = warp(held, WAY)
    assert found.shape == picture.shape
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    assert 0.01 < float((found - seen).std()) < float((found - held).std())


@pytest.mark.slow
def test_it_is_held_where_it_began(session: Session, picture: torch.Tensor) -> None:
    made = maker(session, picture)
    for _ in range(6):
        picture = made.make(picture, WAY, Wanted(live_recipe(SIZE).objective[-1]))
    now = SteadyReference.of(picture)
    assert now.mean == pytest.approx(made.reference.mean, abs=0.02)
    assert sum(now.bright) == pytest.approx(sum(made.reference.bright), rel=0.15)


@pytest.mark.slow
def test_what_is_new_is_no_sharper_than_the_rest(session: Session, picture: torch.Tensor) -> None:
    """Dreams of it add more than one hold takes away."""
    made, text = maker(session, picture), live_recipe(SIZE).objective[-1]
    held = picture
    for _ in range(6):
        held = hold(held, made.reference)
    overdone = (held + 2 * (held - low_pass(held, 3.0))).clamp(0, 1)
    once, now = (made.make(overdone, Similarity(), Wanted(text, 0.0, fresh=fresh)) for fresh in (0.0, 1.0))
    wanted, before, after = (SteadyReference.of(x).bright[1] for x in (held, once, now))
    assert before > 1.2 * wanted
    assert after < 1.1 * wanted


@pytest.mark.slow
@pytest.mark.parametrize("look", [0.35, 0.7, 1.0])
def test_smaller_looks_dream_too(session: Session, picture: torch.Tensor, look: float) -> None:
    breaths: list[int] = []
    made = maker(session, picture)
    wanted = Wanted(live_recipe(SIZE).objective[-1], look=look, steps=1)
    found = made.make(picture, WAY, wanted, lambda: breaths.append(1))
    assert float((found - warp(picture, WAY)).std()) > 0.005
    assert len(breaths) >= 2


def test_a_class_alone_may_be_looked_at_larger_than_what_it_follows(
    session: Session, picture: torch.Tensor
) -> None:
    """What was seen while the old topic gave way is of another size, and a class does not say anew where."""
    made, ground = maker(session, picture), live_recipe(SIZE).objective[-1]
    made.make(picture, WAY, Wanted(f'class("goldfish") + {ground}', look=0.6))
    octave = max(made.looks.sizes)
    before = made.looks.sizes[octave].map
    assert before is not None
    made.make(picture, WAY, Wanted('class("goldfish")'))
    now = made.looks.sizes[octave].map
    assert now is not None
    assert now.shape[3] > before.shape[3]


@pytest.mark.slow
def test_more_strength_goes_further(session: Session, picture: torch.Tensor) -> None:
    text = live_recipe(SIZE).objective[-1]
    view = warp(picture, WAY)
    moved = []
    for strength in (0.0, 0.5, 1.5):
        made = maker(session, picture)
        change = made.make(picture, WAY, Wanted(text, strength)) - hold(view, made.reference)
        moved.append(float(change.std()))
    assert moved == sorted(moved)
    assert moved[0] < 1e-3
