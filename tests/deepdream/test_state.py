"""The default look as a whole: it goes on where it was left, keeps what is to be kept, fits any network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from reverie.api.dreams import dream, render
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.media.picture import Picture
from reverie.network.wrap import wrap_net
from reverie.ops.transform.roll import Roll
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support import twins
from support.microscope import lite0

pytestmark = pytest.mark.slow


def look(**changes: Any) -> Recipe:
    return preset("reverie", **{"steps": (4,), "smallest": 64, "max_size": 224, **changes})


def photograph(name: str = "coffee", height: int = 128, width: int = 176) -> Picture:
    return Picture(twins.photo(name, height, width)[0].permute(1, 2, 0).contiguous().numpy())


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(look(), net=lite0())


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_it_goes_on_where_it_was_left(session: Session, stop: int) -> None:
    recipe, picture = look(), photograph()
    whole = render(recipe, picture, session=session)
    state = State.begin(recipe, picture, session)
    for done, _ in enumerate(dream(recipe, session=session, state=state), 1):
        if done == stop:
            break
    again = State.from_dict(state.state_dict(), recipe, picture)
    for _ in dream(recipe, session=session, state=again):
        pass
    assert again.finished(recipe).pixels.tobytes() == whole.pixels.tobytes()


@pytest.mark.parametrize("name", ["coffee", "rocket", "astronaut", "chelsea"])
def test_strength_is_a_distance(session: Session, name: str) -> None:
    picture = photograph(name)
    moved = [
        float(
            np.sqrt(
                np.square(render(look(strength=s), picture, session=session).pixels - picture.pixels).mean()
            )
        )
        for s in (0.0, 0.25, 0.5, 0.9)
    ]
    assert moved[0] == 0
    assert moved == sorted(moved)
    assert 0.05 < moved[2] < 0.125


def test_black_in_a_mask_stays(session: Session) -> None:
    picture = photograph()
    mask = np.zeros((128, 176, 3), np.float32)
    mask[:, 88:] = 1
    masked = Session(look(mask="mask.png"), net=lite0(), open_file=lambda _: Picture(mask))
    found = render(look(mask="mask.png"), picture, session=masked)
    assert np.array_equal(found.pixels[:, :80], picture.pixels[:, :80])
    assert np.abs(found.pixels[:, 100:] - picture.pixels[:, 100:]).mean() > 0.02


def test_edges_meet(session: Session) -> None:
    found = render(look(seamless=True), photograph(), session=session).pixels
    inner = np.abs(np.diff(found, axis=1)).mean()
    assert np.abs(found[:, 0] - found[:, -1]).mean() < 2.5 * inner


def test_every_engine_dreams_alike() -> None:
    found = []
    for engine in ("plain", "torch", "native"):
        recipe = look(engine=engine, precision="fp32", steps=(2,), octaves=1)
        try:
            mine = Session(recipe, net=lite0())
        except Exception:  # no such kernels on this machine
            continue
        found.append(render(recipe, photograph(), session=mine).pixels)
    for other in found[1:]:
        assert np.sqrt(np.square(other - found[0]).mean()) < 0.02


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_fits_a_network_of_any_channels(channels: int) -> None:
    torch.manual_seed(1)
    module = nn.Sequential(nn.Conv2d(channels, 8, 5, 2, 2), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU())
    net = wrap_net(module, mean=[0.5] * channels, std=[0.25] * channels, channels=channels)
    recipe = look(objective=("standard('2') + 0.35*standard('0')".replace("'", '"'),))
    picture = torch.from_numpy(photograph().pixels).permute(2, 0, 1)[None]
    picture = picture.repeat(1, 2, 1, 1)[:, :channels].contiguous()
    found = torch.from_numpy(render(recipe, picture, session=Session(recipe, net=net)).pixels)
    assert found.shape == (128, 176, channels)
    assert float((found - picture[0].permute(1, 2, 0)).square().mean().sqrt()) > 0.03
    assert torch.isfinite(found).all()


def test_a_grey_picture_stays_grey(session: Session) -> None:
    """What is as strong in all channels has no colour; the axes make none of rounding."""
    recipe = look(keep_colour=1.0)
    grey = photograph().pixels.mean(2, keepdims=True).repeat(3, 2)
    found = render(recipe, Picture(grey), session=session).pixels
    assert np.abs(found - found.mean(2, keepdims=True)).max() < 1e-5


def test_a_dream_in_grey_has_the_brightness_of_the_photograph_and_no_colour(session: Session) -> None:
    photo = photograph()
    result = render(look(grey=True, strength=0.3), photo, session=session).pixels
    assert np.abs(result - result[..., :1]).max() < 1e-5
    bright = photo.pixels.astype(float) @ np.array([0.299, 0.587, 0.114])
    assert 0.01 < np.sqrt(np.square(result[..., 0] - bright).mean()) < 0.15


def test_a_mirrored_look_is_a_look_at_the_mirrored_picture(session: Session) -> None:
    recipe = look()
    goal = session.goal(recipe, 0)
    one, other = (
        State.begin(recipe, Picture(np.ascontiguousarray(p)), session).canvas
        for p in (photograph().pixels, photograph().pixels[:, ::-1])
    )
    _, mirrored = session.gradient(goal, one, Roll(5, -9, mirrored=True))
    mirrored = mirrored.clone()
    _, plain = session.gradient(goal, other, Roll(5, -9))
    torch.testing.assert_close(mirrored, plain.flip(3), rtol=1e-5, atol=1e-9)


def test_half_of_the_looks_are_mirrored() -> None:
    rng = torch.Generator().manual_seed(0)
    drawn = [Roll.draw(rng, 8, mirror=True).mirrored for _ in range(400)]
    assert 150 < sum(drawn) < 250
    assert not any(Roll.draw(rng, 8).mirrored for _ in range(50))


def test_what_is_climbed_may_change_from_octave_to_octave(session: Session) -> None:
    """Layers have other channels: what was said of one says nothing of the next."""
    recipe = look(objective=("standard(block4a)", "standard(block5c) + standard(block4a)", "block5a"))
    found = render(recipe, photograph(), session=session).pixels
    assert np.isfinite(found).all()
    assert np.sqrt(np.square(found - photograph().pixels).mean()) > 0.03


def test_what_is_climbed_may_be_steered(session: Session) -> None:
    recipes = [look(objective=(text,)) for text in ("standard(block4a)", "standard(block5c)")]
    state = State.begin(recipes[0], photograph(), session)
    done = list(dream(lambda at: recipes[at.step % 2] if at else recipes[0], session=session, state=state))
    assert len(done) == sum(octave.steps for octave in state.plan(recipes[0]))
    assert np.isfinite(state.finished(recipes[0]).pixels).all()


@pytest.mark.parametrize("side", [64, 100, 4000])
def test_a_small_picture_shows_the_same_and_changes_nothing(session: Session, side: int) -> None:
    """At the size that is shown, in place of the full picture made small."""
    recipe, picture = look(keep_colour=0.3), photograph()
    whole = render(recipe, picture, session=session)
    state = State.begin(recipe, picture, session)
    for frame in dream(recipe, session=session, state=state):
        small = frame.small(side)
        assert max(small.size) == min(side, max(picture.size))
    assert state.finished(recipe).pixels.tobytes() == whole.pixels.tobytes()
    wanted = whole.resized(small.size).pixels
    away, moved = (
        np.abs(small.pixels - wanted).mean(),
        np.abs(wanted - picture.resized(small.size).pixels).mean(),
    )
    assert away < 0.4 * moved
