"""Dreaming films: no flicker, equal strength, cuts, masks, strength over time, and going on later."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
import torch

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.deepdream.looks import CELL
from reverie.errors import UsageError
from reverie.motion.film import patches
from reverie.motion.film.film import film
from reverie.motion.film.state import FilmState
from reverie.recipe.film import Film
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support import known_motion, twins
from support.slow import mostly_slow

SMALL = (160, 96)


@cache
def session() -> Session:
    return Session(preset("classic"))


def recipe(**settings) -> Recipe:
    settings = {"steps": (6,), "octaves": 2, **settings}
    return preset("classic", **{**settings, "film": Film(**settings.get("film", {}))})


def dreamt(frames, settings: Recipe, **options):
    return list(film(settings, known_motion.Reel(frames), session=session(), **options))


def shown(frames) -> known_motion.Bytes:
    return np.stack([frame.rgb for frame in frames])


@cache
def _network() -> torch.nn.Module:
    return twins.twin_network(double=False)


def score(frames) -> np.ndarray:
    """The mean square of block5c, by another implementation of the network."""
    values = []
    for frame in frames:
        picture = torch.from_numpy(frame).permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            seen = twins.twin_activations(_network(), picture, ["5c"])["5c"]
        values.append(float(seen.square().mean()))
    return np.array(values)


def alone(frames, settings: Recipe) -> known_motion.Bytes:
    """Each frame dreamt by itself."""
    pictures = [torch.from_numpy(f).permute(2, 0, 1) / 255 for f in frames]
    dreams = [render(settings, p, session=session()).pixels for p in pictures]
    return np.stack([np.rint(d * 255).astype(np.uint8) for d in dreams])


FILMS = {
    "pan": lambda: known_motion.pan(10),
    "zoom": lambda: known_motion.zoom(10),
    "occlusion": lambda: known_motion.occlusion(10),
    "bunny": lambda: known_motion.measured(known_motion.real("bigbuckbunny", (320, 180), 20, 32)),
    "street": lambda: known_motion.measured(known_motion.real("bikes", (384, 160), 140, 152)),
}


def must_not_flicker(dreams: known_motion.Bytes, known: known_motion.Known) -> np.ndarray:
    """Little changes but what moves, and the change is as strong throughout; the warping errors."""
    error = known_motion.flicker(dreams, known)
    change = known_motion.change(dreams, known.frames)
    limit = np.maximum(1.5 * known_motion.flicker(known.frames, known), 0.15 * change[1:])
    assert error.mean() <= limit.mean()
    assert (error / limit).max() < 1.15
    assert change.min() / change.max() > 0.9
    return error


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pan", "street"])
def test_the_usual_look_does_not_flicker(name):
    """What is seen, how strong channels are and what each layer's share is go from frame to frame."""
    known = FILMS[name]()
    frames = list(film(preset("film"), known_motion.Reel(known.frames), session=session()))
    must_not_flicker(shown(frames), known)
    scores = score(shown(frames))
    assert (scores / score(known.frames)).min() > 1.6  # it climbs other layers too
    assert np.abs(np.diff(scores) / scores[:-1]).max() < 0.1
    attention = frames[-1].state.looks.largest()
    assert attention.map.shape[2:] == tuple(-(-side // CELL) for side in known.frames.shape[1:3])


@pytest.mark.soak
@pytest.mark.parametrize("name", FILMS)
def test_no_flicker(name):
    """Must hold on every film: little changes but what moves, at a strength that is equal throughout."""
    known = FILMS[name]()
    settings = preset("classic", film=Film())
    dreams = shown(dreamt(known.frames, settings))
    error = must_not_flicker(dreams, known)
    scores = score(dreams)
    assert (scores / score(known.frames)).min() > 2
    assert np.abs(np.diff(scores) / scores[:-1]).max() < 0.1

    few = alone(known.frames[4:7], _of_equal_score(settings, known.frames[4], scores[4]))
    part = known_motion.Known(known.frames[4:7], known.fields[4:6], known.seen[4:6])
    assert np.abs(score(few) / scores[4:7] - 1).mean() < 0.12
    assert error[4:6].mean() < 0.4 * known_motion.flicker(few, part).mean()


def _of_equal_score(settings: Recipe, frame: known_motion.Bytes, wanted: float) -> Recipe:
    """The dream of one frame alone that scores as high: a little weaker or stronger than the film's."""
    low, high = 0.3, 0.8
    for _ in range(6):
        middle = (low + high) / 2
        settings = settings.model_copy(update={"strength": middle})
        low, high = (middle, high) if score(alone([frame], settings))[0] < wanted else (low, middle)
    return settings


@pytest.mark.slow
def test_it_begins_with_the_first_frame_and_afresh_after_each_cut():
    frames = [*known_motion.pan(3, SMALL).frames, *known_motion.zoom(3, SMALL).frames]
    done = dreamt(frames, recipe())
    assert [f.fresh for f in done] == [True, False, False, True, False, False]
    assert [f.index for f in done] == list(range(6))
    assert [f.time for f in done] == [shot.time for shot in known_motion.Reel(frames).shots]
    assert done[3].uncovered == 1
    assert all(f.uncovered < 0.2 for f in done if not f.fresh)
    again = dreamt(known_motion.zoom(3, SMALL).frames, recipe())
    assert np.array_equal(done[3].rgb, again[0].rgb)  # nothing of the scene before is left


@pytest.mark.slow
def test_the_dream_lies_on_what_moves():
    """Carried over a pan, it is where the photograph's own points have gone to, and not where it was."""
    known = known_motion.pan(8)
    dreams = shown(dreamt(known.frames, recipe(steps=(10,)))).astype(float) - known.frames
    there = dreams[0]
    for field in known.fields:
        there = known_motion.cv2.remap(there, field, None, known_motion.cv2.INTER_CUBIC)
    inside = np.s_[20:-20, 40:-40]

    def alike(one, other):
        return np.corrcoef(one[inside].ravel(), other[inside].ravel())[0, 1]

    assert alike(there, dreams[-1]) > 0.8
    assert alike(dreams[0], dreams[-1]) < 0.3


@pytest.mark.slow
def test_strength_is_held():
    done = dreamt(known_motion.pan(6, SMALL).frames, recipe())
    moved = np.array([f.moved for f in done])
    assert np.abs(moved / moved[0] - 1).max() < 0.1
    assert 0.08 < moved[0] < 0.13


@pytest.mark.slow
def test_strength_follows_its_curve_and_comes_back():
    frames = known_motion.pan(7, SMALL).frames
    done = dreamt(frames, recipe(film={"strength": "0:0.5, 3:0, 6:0.5"}))
    moved = np.array([f.moved for f in done])
    assert moved[3] == 0
    assert np.array_equal(done[3].rgb, frames[3])
    assert moved[6] == pytest.approx(moved[0], rel=0.1)
    assert moved[1] > moved[2] > moved[3]
    assert moved[1] == pytest.approx(moved[0] * 2 / 3, rel=0.1)


@pytest.mark.slow
def test_a_pulse_moves_the_strength():
    frames = known_motion.pan(4, SMALL).frames
    asked = []

    def pulse(seconds: float) -> float:
        asked.append(seconds)
        return (1.0, 0.5, 0.0, 7.0)[len(asked) - 1]

    done = dreamt(frames, recipe(film={"pulse_depth": 0.6}), pulse=pulse)
    moved = np.array([f.moved for f in done])
    assert asked == pytest.approx([0, 0.04, 0.08, 0.12])
    assert moved / moved[0] == pytest.approx([1, 0.7, 0.4, 1], rel=0.12)


@pytest.mark.slow
def test_masks_move():
    frames = known_motion.pan(3, SMALL).frames
    masks = []
    for i in range(2):
        mask = np.zeros((96, 160, 3), np.uint8)
        mask[:, 80 * i : 80 * (i + 1)] = 255
        masks.append(mask)
    done = dreamt(frames, recipe(), masks=known_motion.Reel(masks))
    for i, frame in enumerate(done):
        black = np.s_[:, 80:] if i == 0 else np.s_[:, :80]
        assert np.array_equal(frame.rgb[black], frames[i][black])
        assert np.abs(frame.rgb.astype(int) - frames[i]).mean() > 3


@pytest.mark.slow
def test_alpha_comes_through_and_blank_frames_stay_blank():
    alpha = np.linspace(0, 255, 96 * 160).reshape(96, 160).astype(np.uint8)
    black = np.zeros((96, 160, 3), np.uint8)
    frames = [black, *known_motion.pan(2, SMALL).frames, black]
    done = list(film(recipe(), known_motion.Reel(frames, alpha=alpha), session=session()))
    for frame in done:
        assert np.abs(frame.picture.alpha * 255 - alpha).max() < 1e-3
    assert done[0].rgb.max() == 0
    assert done[3].rgb.max() < 30
    assert [f.fresh for f in done] == [False, True, False, False]


@mostly_slow(("after", "name"), [(1, "classic"), (3, "classic"), (4, "classic"), (3, "reverie")])
def test_going_on_gives_the_bytes_of_an_unbroken_film(after, name):
    frames = [*known_motion.pan(4, SMALL).frames, *known_motion.zoom(2, SMALL).frames]
    settings = preset(name, steps=(6,), octaves=2, film=Film())
    whole = shown(dreamt(frames, settings))
    kept = io.BytesIO()
    for frame in film(settings, known_motion.Reel(frames), session=session()):
        if frame.index == after:
            torch.save(frame.state.state_dict(), kept)
            break
    kept.seek(0)
    state = FilmState.from_dict(torch.load(kept), settings)
    assert state.index == after + 1
    reel = known_motion.Reel(frames)
    rest = list(film(settings, reel, session=session(), state=state))
    assert reel.asked == [after + 1]
    assert [f.index for f in rest] == list(range(after + 1, 6))
    assert np.array_equal(shown(rest), whole[after + 1 :])


@pytest.mark.slow
def test_what_is_new_is_dreamt_on_by_itself_and_going_on_gives_the_same_bytes(monkeypatch):
    for name, value in (("SMALLEST", 0), ("LEAST", 64), ("AROUND", 16), ("MOST", 0.9)):  # for a small frame
        monkeypatch.setattr(patches, name, value)
    views = [known_motion.camera(200 + 3 * i, 180, 0.95) for i in range(4)]
    settings = preset("reverie", steps=[2], octaves=1, film=Film())
    reel = known_motion.Reel(known_motion.moving("astronaut", views, (256, 128)).frames)
    whole, cut, kept = [], [], io.BytesIO()
    for frame in film(settings, reel, session=session()):
        whole.append(frame.rgb)
        cut.append(frame.state.patches)
        if frame.index == 1:
            torch.save(frame.state.state_dict(), kept)
    assert cut[0] == []  # a scene that begins has been dreamt on everywhere
    assert any(cut[1:])
    kept.seek(0)
    state = FilmState.from_dict(torch.load(kept), settings)
    rest = film(settings, reel, session=session(), state=state)
    assert [f.rgb.tobytes() for f in rest] == [rgb.tobytes() for rgb in whole[2:]]


def test_what_is_kept_does_not_move_on():
    frames = known_motion.pan(3, SMALL).frames
    running = film(recipe(), known_motion.Reel(frames), session=session())
    kept = next(running).state.state_dict()
    before = {k: v.clone() for k, v in kept.items() if isinstance(v, torch.Tensor)}
    list(running)
    for name, value in before.items():
        assert torch.equal(kept[name], value), name


def test_half_a_state_is_refused():
    with pytest.raises(UsageError, match=r"lacks .*detail"):
        FilmState.from_dict({"index": 3}, recipe())


@mostly_slow("name", ["google2015", "keras", "crowsonkb"])
def test_the_early_systems_dream_films_too(name):
    frames = known_motion.pan(3, SMALL).frames
    settings = preset(name, film=Film())
    done = list(film(settings, known_motion.Reel(frames), session=session()))
    moved = np.array([f.moved for f in done])
    assert moved.min() > 0.01
    assert moved.max() / moved.min() < 1.5
    error = known_motion.flicker(shown(done), known_motion.pan(3, SMALL))
    assert error.mean() < 0.5 * known_motion.change(shown(done), frames).mean()


def test_too_few_steps_for_the_sizes():
    with pytest.raises(UsageError, match="too few"):
        preset("classic", film={"steps": 2, "sizes": 3})
