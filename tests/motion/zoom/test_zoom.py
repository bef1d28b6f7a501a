"""Endless zooms: they move as asked, stay as they are, loop, and go on where they stopped."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

import reverie
from reverie.ascent.session import Session
from reverie.errors import UsageError
from reverie.motion.zoom.camera import Camera
from reverie.motion.zoom.zoom import ZoomState, zoom
from reverie.ops.warp import warp
from reverie.recipe.recipe import Recipe
from support.slow import mostly_slow
from support.zoom_measures import Look, registered

SMALL = (192, 108)


def recipe(size: tuple[int, int] = SMALL, seed: int = 0, **settings) -> Recipe:
    few = {"warm_up": 2, "octaves": 2, **settings}
    return reverie.preset(
        "reverie", start="clouds", size=size, steps=[6], octave_scale=1.6, seed=seed, zoom=few
    )


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(recipe())


def frames(made: Recipe, session: Session, picture=None) -> list[np.ndarray]:
    return [frame.rgb for frame in zoom(made, picture, session=session)]


@pytest.mark.slow
def test_a_zoom_is_as_long_as_asked_and_of_its_size(session):
    made = list(zoom(recipe(duration=0.5, fps=12), session=session))
    assert [frame.index for frame in made] == list(range(6))
    assert {frame.frames for frame in made} == {6}
    assert made[3].time == made[0].duration * 3
    assert sum(frame.duration for frame in made) == pytest.approx(0.5)
    assert {frame.rgb.shape for frame in made} == {(108, 192, 3)}
    assert all(frame.rgb.dtype == np.uint8 and 0 < frame.moved < 0.1 for frame in made)


@pytest.mark.slow
def test_the_same_zoom_is_the_same_bytes_and_another_seed_is_not(session):
    one, again, other = (frames(recipe(duration=0.2, seed=seed), session) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[-1], other[-1])


@pytest.mark.slow
def test_each_frame_is_asked_for_its_recipe(session):
    """What it is steered to goes before the scenes, and before the strength over time."""
    made = recipe(duration=0.24, scenes=["block4a", "block5a"], crossfade=0, strength=0.1)
    straight, asked = list(zoom(made, session=session)), []
    stronger = made.but(objective=["block4c"], strength=0.3)

    def steer(index):
        asked.append(index)
        return stronger if index in (3, 4) else made

    steered = list(zoom(made, session=session, steer=steer))
    assert asked == list(range(6))
    assert [frame.recipe.objective for frame in steered[2:5]] == [("block4a",), ("block4c",), ("block4c",)]
    assert [frame.recipe.strength for frame in steered[2:]] == [0.1, 0.3, 0.3, 0.1]
    assert steered[5].recipe == straight[5].recipe
    same = [np.array_equal(a.rgb, b.rgb) for a, b in zip(straight, steered, strict=True)]
    assert same == [True] * 3 + [False] * 3


def test_each_frame_may_move_and_dream_otherwise(session):
    """Octaves, steps, how the view moves and scenes may change at every frame; its length does not."""
    made = recipe(duration=0.24, scenes=["block4a"], steps=1, octaves=1)
    told = {
        2: {"steps": (2, 1), "octaves": 2, "zoom": 1.5, "rotate": 30},
        3: {"scenes": ("block5a",), "duration": 100.0},
    }

    def steer(index):
        return made.but(zoom={**made.zoom.model_dump(), **told.get(index, {})})

    shown = list(zoom(made, session=session, steer=steer))
    assert len(shown) == 6
    assert [len(frame.recipe.steps) for frame in shown] == [1, 1, 2, 1, 1, 1]
    assert [frame.recipe.octaves for frame in shown[1:]] == [1, 2, 1, 1, 1]
    assert [frame.recipe.objective[0] for frame in shown[1:]] == [
        "block4a",
        "block4a",
        "block5a",
        "block4a",
        "block4a",
    ]
    planes = [frame.planes for frame in shown]
    view = Camera(made.but(zoom={**made.zoom.model_dump(), **told[2]}).zoom, *SMALL)
    seen = warp(planes[1], view.step(2))
    assert (seen - planes[2]).abs().mean() < 0.5 * (planes[1] - planes[2]).abs().mean()


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"loop": True, "rotate": 20}, {"steady": False}])
def test_a_zoom_goes_on_with_the_same_bytes(session, settings, tmp_path):
    made = recipe(duration=0.4, scenes=["block5a", "block5c"], **settings)
    whole = frames(made, session)
    for stop in (0, 4, 8):
        for frame in itertools.islice(zoom(made, session=session), stop + 1):
            kept = frame.state.state_dict()
        torch.save(kept, tmp_path / "state.pt")
        read = torch.load(tmp_path / "state.pt", weights_only=True)
        rest = list(zoom(made, session=Session(made), state=ZoomState.from_dict(read, made)))
        assert [frame.index for frame in rest] == list(range(stop + 1, 10))
        assert all(np.array_equal(a.rgb, b) for a, b in zip(rest, whole[stop + 1 :], strict=True))


@pytest.mark.slow
def test_a_kept_state_does_not_move_on(session):
    going = zoom(recipe(duration=0.3), session=session)
    kept = next(going).state.state_dict()
    before = kept["picture"].clone(), kept["generator"].clone()
    next(going)
    assert torch.equal(kept["picture"], before[0])
    assert torch.equal(kept["generator"], before[1])
    assert kept["index"] == 1


@pytest.mark.slow
def test_a_zoom_moves_as_it_was_asked_to(session):
    """Over 25 frames: the growth's excess over 1 within 5 %, the turn within 10 %."""
    made = frames(recipe((320, 180), duration=27 / 25, zoom=1.3, rotate=8), session)
    grown, turned = registered(made[1:27])
    assert grown - 1 == pytest.approx(0.3, rel=0.05)
    assert turned == pytest.approx(8, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{}, {"zoom": 1.05, "rotate": 30}, {"zoom": 0.7}, {"zoom": 1, "pan_x": 0.3}]
)
def test_a_loop_comes_home(session, settings):
    """The step from the last frame to the first is no larger than any other, and looks like one."""
    made = recipe(duration=1.2, loop=True, **settings)
    shown = [torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255 for rgb in frames(made, session)]
    camera = Camera(made.zoom, *SMALL)

    def jump(before: int, after: int) -> float:
        seen = warp(shown[before], camera.step(after or len(shown)))
        return float((seen - shown[after]).square().mean().sqrt())

    usual = max(jump(i, i + 1) for i in range(12))
    assert jump(len(shown) - 1, 0) < 1.3 * usual
    assert max(jump(i, i + 1) for i in range(len(shown) - 1)) < 5 * usual  # all of it within half a second


@pytest.mark.slow
def test_colours_and_contrast_are_those_of_the_photograph(session):
    photo = torch.from_numpy(skimage.data.coffee().copy()).permute(2, 0, 1) / 255
    made = recipe(duration=0.5)
    looks = [Look.of(rgb) for rgb in frames(made, session, photo)]
    mean, deviation = np.median([[look.mean, look.deviation] for look in looks], axis=0)
    assert all(
        abs(look.mean / mean - 1) < 0.1 and abs(look.deviation / deviation - 1) < 0.1 for look in looks
    )
    assert mean == pytest.approx(float(photo.mean()), abs=0.1)


@pytest.mark.slow
def test_a_dream_that_begins_with_none_opens_with_the_photograph(session):
    photo = torch.from_numpy(skimage.data.chelsea()[:108, :192].transpose(2, 0, 1)[None] / 255).float()
    settings = {"duration": 0.25, "fps": 12, "steady": False}
    begun, grown, dreamt = (
        frames(recipe(strength=strength, **settings).but(start="photo"), session, photo)
        for strength in ("0:0, 2:0.3", "0:0, 2:0.3", "0.3")
    )
    away = [np.abs(one[0] / 255 - photo[0].numpy().transpose(1, 2, 0)).mean() for one in (begun, dreamt)]
    assert away[0] < 1 / 255 < 0.02 < away[1]
    assert all(map(np.array_equal, begun, grown))


def test_opposite_edges_meet_where_the_zoom_is_seamless(session):
    made = recipe(duration=0.3, zoom=1, pan_x=0.4).but(seamless=True)
    last = frames(made, session)[-1].astype(float)
    seam, usual = np.abs(last[:, 0] - last[:, -1]).mean(), np.abs(np.diff(last, axis=1)).mean()
    assert seam < 1.8 * usual


@pytest.mark.slow
def test_what_is_masked_is_not_dreamt(session, tmp_path):
    mask = np.zeros((108, 192, 3), np.float32)
    mask[:, 96:] = 1
    reverie.Picture(mask).save(str(tmp_path / "mask.png"))
    settings = {"duration": 0.2, "zoom": 1, "steady": False, "even": 0}
    made = recipe(**settings).but(mask=str(tmp_path / "mask.png"))
    first, *_, last = frames(made, Session(made))
    change = np.abs(last.astype(int) - first).mean(axis=(0, 2))
    assert change[:94].max() <= 1
    assert change[98:].mean() > 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scenes": ["block5c", "blok5b"]}, "blok5b"),
        ({"scenes": ['class("golden retriver")']}, "golden retriever"),
    ],
)
def test_names_that_do_not_exist_are_said_before_the_work(session, changes, words):
    with pytest.raises(UsageError, match=words):
        next(zoom(recipe(**changes), session=session))


def test_without_a_start_there_is_nothing_to_zoom_into(session):
    with pytest.raises(UsageError, match="photograph"):
        next(zoom(reverie.preset("classic", zoom={"duration": 1}), session=session))


@mostly_slow("name", ["zoom", "classic-zoom", "google2015-zoom", "lsdnn2015"])
def test_presets_zoom(session, name):
    made = reverie.preset(name, size=(160, 96), steps=[3])
    made = made.but(zoom={**made.zoom.model_dump(), "duration": 0.12, "warm_up": 1})
    assert len(frames(made, session)) == 3


def must_hold(looks: list[Look], source: Look) -> None:
    """The bounds of an endless zoom."""
    mean = np.median([look.mean for look in looks])
    deviation = np.median([look.deviation for look in looks])
    assert max(abs(look.mean / mean - 1) for look in looks) < 0.1
    assert max(abs(look.deviation / deviation - 1) for look in looks) < 0.1
    assert max(look.saturated for look in looks) <= source.saturated + 0.04
    second = np.mean([look.sharpness for look in looks[25:50]])
    assert np.mean([look.sharpness for look in looks[-25:]]) == pytest.approx(second, rel=0.15)


@pytest.mark.slow
def test_eight_seconds_hold(session):
    """200 frames of two classes, small, with every bound; full size is in the soak."""
    made = reverie.preset("zoom", size=(160, 96))
    scenes = ('class("pagoda")', 'class("golden retriever")')
    made = made.but(zoom={**made.zoom.model_dump(), "duration": 8, "octaves": 2, "scenes": scenes})
    looks = [Look.of(frame.rgb) for frame in zoom(made, session=session)]
    assert len(looks) == 200
    must_hold(looks, looks[0])


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_thousand_frames_hold(session, tmp_path: Path):
    """40 seconds at 640 x 360: the same bounds at the end, and memory flat."""
    import psutil

    made = reverie.preset("zoom", size=(640, 360))
    scenes = ('class("pagoda")', 'class("golden retriever")', "block5c")
    made = made.but(zoom={**made.zoom.model_dump(), "duration": 40, "scenes": scenes, "rotate": 3})
    looks, sizes, last = [], [], []
    for frame in zoom(made, session=session):
        looks.append(Look.of(frame.rgb))
        sizes.append(psutil.Process().memory_info().rss)
        last = [*last[-25:], frame.rgb]
    assert len(looks) == 1000
    must_hold(looks, looks[0])
    assert max(sizes[-100:]) < min(sizes[100:200]) + 60e6
    grown, turned = registered(last)
    assert grown - 1 == pytest.approx(0.25, rel=0.05)
    assert turned == pytest.approx(3, rel=0.1)
