"""The state of a dream at sites: seeds, what is kept, several classes, masks, sizes and engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from reverie.api.dreams import begin, dream, render
from reverie.ascent.session import Session
from reverie.deepdream.apparition.state import ApparitionState
from reverie.errors import UsageError
from reverie.media.picture import Picture
from reverie.network.wrap import wrap_net
from reverie.recipe.recipe import Recipe
from support.apparitions import gradients, small
from support.dreams import dreamt, rerun
from support.listeners import Recorder


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(small())


def pixels(recipe: Recipe, session: Session, size: tuple[int, int] = (64, 96)) -> np.ndarray:
    return render(recipe, gradients(*size)[0], session=session).pixels


@pytest.mark.slow
def test_seeds_decide_and_repeat(session: Session) -> None:
    assert np.array_equal(pixels(small(seed=3), session), pixels(small(seed=3), session))
    assert not np.array_equal(pixels(small(seed=3), session), pixels(small(seed=4), session))


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_state_that_was_kept_goes_on_to_the_same(after: int, session: Session) -> None:
    recipe = small("tabby", "castle")
    whole = pixels(recipe, session)
    kept: dict[str, Any] = {}
    for count, frame in enumerate(dream(recipe, gradients(64, 96)[0], session=session), start=1):
        if count == after:
            assert isinstance(frame.state, ApparitionState)
            kept = frame.state.state_dict()
            break
    state = ApparitionState.from_dict(kept, recipe)
    frames = list(dream(recipe, session=session, state=state))
    assert len(frames) == 4 - after
    assert np.array_equal(state.finished(recipe).pixels, whole)


@pytest.mark.slow
def test_the_draft_of_the_highest_score_goes_on(session: Session) -> None:
    recipe = small(sites={"drafts": 3})
    state = begin(recipe, gradients(64, 96)[0], session)
    assert isinstance(state, ApparitionState)
    frames = dream(recipe, session=session, state=state)
    next(frames)
    next(frames)
    scores, details = list(state.scores), state.canvas.picture().detach()
    assert len(set(scores)) == 3
    assert not torch.equal(details[0], details[1])
    next(frames)
    assert state.canvas.count == len(state.rngs) == 1
    alone = small(sites={"drafts": 1}, seed=int(np.argmax(scores)), steps=(2, 2))
    lone = begin(alone, gradients(64, 96)[0], session)
    assert isinstance(lone, ApparitionState)
    found = dream(alone, session=session, state=lone)
    for _ in range(3):
        next(found)
    assert torch.allclose(state.canvas.picture(), lone.canvas.picture(), atol=1e-3)


@pytest.mark.slow
def test_it_climbs_and_keeps_to_its_radius(session: Session) -> None:
    recipe = small(octaves=1, steps=(12,), sites={"drafts": 1, "noise": 0.0, "priors": ()})
    frames = list(dream(recipe, gradients(64, 96)[0], session=session))
    scores = [frame.score for frame in frames]  # of views drawn by chance, and so uneven
    assert np.mean(scores[-4:]) > np.mean(scores[:4]) + 0.2
    state = frames[-1].state
    assert isinstance(state, ApparitionState)
    open_ = state._window((96, 64))
    assert 0 < frames[-1].moved <= state._radius(recipe, open_) + 1e-6
    weaker = list(dream(recipe.but(strength=0.02), gradients(64, 96)[0], session=session))
    assert weaker[-1].moved < frames[-1].moved / 2


@pytest.mark.slow
def test_several_classes_are_each_at_sites_of_their_own(session: Session) -> None:
    recipe = small("tabby", "castle", sites={"count": 3})
    state = begin(recipe, gradients(64, 96)[0], session)
    assert isinstance(state, ApparitionState)
    next(dream(recipe, session=session, state=state))
    ((_, sites),) = state.sites.items()
    assert [site.target for site in sites] == [0, 1, 0]
    assert len({(site.x, site.y) for site in sites}) == 3


@pytest.mark.slow
def test_nothing_moves_at_strength_zero_and_where_windows_are_closed(session: Session) -> None:
    photo = gradients(64, 160)[0]
    assert np.array_equal(render(small(strength=0), photo, session=session).pixels, photo.permute(1, 2, 0))
    one = small(sites={"count": 1, "sides": (0.5, 0.5)})
    changed = np.abs(render(one, photo, session=session).pixels - photo.permute(1, 2, 0).numpy()).max(2)
    assert (changed == 0).mean() > 0.4
    assert changed.max() > 0.05


@pytest.mark.slow
def test_black_of_a_mask_stays_to_the_last_bit() -> None:
    mask = np.zeros((20, 30, 1), np.float32)
    mask[:, :15] = 1
    recipe = small(mask="m.png")
    session = Session(recipe, open_file=lambda name: Picture(mask))
    photo = gradients(64, 96)[0]
    changed = np.abs(render(recipe, photo, session=session).pixels - photo.permute(1, 2, 0).numpy()).max(2)
    assert changed[:, 54:].max() == 0
    assert changed[:, :40].max() > 0.02


@pytest.mark.slow
@pytest.mark.parametrize("size", [(33, 120), (300, 220)])
def test_any_size_is_drawn_small_and_finished_whole(size: tuple[int, int], session: Session) -> None:
    recipe = small(steps=(1, 1))
    state = begin(recipe, gradients(*size)[0], session)
    assert isinstance(state, ApparitionState)
    frames = list(dream(recipe, session=session, state=state))
    assert min(frames[-1].octave.size) == min(64, *size)
    assert frames[-1].picture.pixels.shape == (*size, 3)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["torch", "plain"])
def test_other_engines_see_the_same(engine: str, session: Session) -> None:
    changes: dict[str, Any] = {"precision": "fp32", "sites": {"drafts": 1}, "octaves": 1, "steps": (1,)}
    first = small(**changes)
    one = pixels(first, Session(first))
    other = small(**changes, engine=engine)
    assert np.abs(pixels(other, Session(other)) - one).mean() < 0.01


class Few(nn.Module):
    """A network of four classes, without batch norms."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(3, 8, 5, 3), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(x).relu().mean((2, 3)))


@pytest.mark.filterwarnings("ignore:network")
def test_a_network_of_ones_own_dreams_its_classes() -> None:
    net = wrap_net(Few(), classes=["ant", "bee", "cow", "dog"])
    recipe = small("bee")
    session = Session(recipe, net=net)
    frames = list(dream(recipe, gradients(64, 96)[0], session=session))
    assert frames[-1].moved > 0


@pytest.mark.slow
def test_it_is_steered_and_stopped_as_every_dream_and_made_again(in_its_folder: Path) -> None:
    tabby, both = ('class("tabby")',), ('class("tabby")', 'class("castle")')
    steer = {1: {"objective": both}, 2: {"strength": 0.3, "objective": both}}
    watcher = Recorder(after=3, steer=steer)
    made = dreamt(small("tabby", max_size=64), listener=watcher)
    assert made.recipe.objective == tabby
    assert made.stop is not None
    assert len(watcher.steps) == 3
    rerun("d.png", "again.png")
    assert (in_its_folder / "again.png").read_bytes() == (in_its_folder / "d.png").read_bytes()
    dreamt(small("tabby", max_size=64), out="plain.png")
    assert (in_its_folder / "plain.png").read_bytes() != (in_its_folder / "d.png").read_bytes()


def test_what_cannot_be_is_said() -> None:
    for changes, words in (
        ({"seamless": True}, "seamless"),
        ({"step_size": 0.1}, "step_size"),
        ({"balance": "terms"}, "balance"),
        ({"zoom": {}}, "still picture"),
    ):
        with pytest.raises(UsageError, match=words):
            small(**changes)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="nothing to dream on"):
        render(small())
