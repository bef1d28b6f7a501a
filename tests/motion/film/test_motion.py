"""Scene cuts: every one found, and none where there is only motion, light or a flash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from reverie.motion.film.motion import moves
from reverie.recipe.film import Film
from support import known_motion

SIZE = (256, 144)


#: Of hard motion: flow fails in as many of its frames as in larger ones, and they look as much alike.
LESS = (192, 108)
SCENES = ["astronaut", "coffee", "rocket", "chelsea", "hubble_deep_field", "immunohistochemistry", "retina"]
PLACES = [(0.35, 0.35), (0.65, 0.4), (0.5, 0.65)]


def wander(
    name: str, place: tuple[float, float], count: int, seed: int, size: tuple[int, int] = SIZE
) -> Iterator[known_motion.Bytes]:
    """A camera held by hand over a photograph."""
    picture = known_motion.photo(name)
    height, width = picture.shape[:2]
    scale = 0.45 * width / size[0]
    rng = np.random.default_rng(seed)
    x, y, turn = place[0] * width, place[1] * height, 0.0
    dx, dy = rng.normal(0, 2 * scale, 2)
    for _ in range(count):
        x, y, turn = x + dx + rng.normal(0, scale), y + dy + rng.normal(0, scale), turn + rng.normal(0, 0.004)
        yield known_motion.seen_by(known_motion.camera(x, y, scale, turn), picture, size)


def begun(frames: list[known_motion.Bytes]) -> list[int]:
    """Where scenes begin."""
    return [i for i, move in enumerate(moves(known_motion.Reel(frames), Film())) if move.begins]


@pytest.mark.slow
def test_all_of_twenty_cuts_are_found_and_nothing_else():
    scenes = [(name, place) for place in PLACES for name in SCENES]
    frames = [f for i, (name, place) in enumerate(scenes) for f in wander(name, place, 6, i)]
    assert len(scenes) == 21
    assert begun(frames) == list(range(0, len(frames), 6))


HARD = ("pan", "zoom", "shake", "light", "flashes")


def hard_motion(kind: str, name: str, seed: int) -> list[known_motion.Bytes]:
    """A fast pan, zoom, turn that shakes, light that changes, or flashes, in 100 frames."""
    picture = known_motion.photo(name)
    height, width = picture.shape[:2]
    scale = 0.4 * width / LESS[0]

    def frames(views: Iterable[np.ndarray]) -> list[known_motion.Bytes]:
        return [known_motion.seen_by(view, picture, LESS) for view in views]

    if kind == "pan":
        across = 0.5 * width * np.cos(np.arange(100) * 0.3)  # up to 15 % of a frame's width at once
        return frames(known_motion.camera(width / 2 + 0.8 * a, height / 2, scale) for a in across)
    if kind == "zoom":
        scales = scale * np.exp(0.6 * np.sin(np.arange(100) * 0.2))  # up to 12 % a frame
        return frames(known_motion.camera(width / 2, height / 2, s) for s in scales)
    if kind == "shake":
        rng = np.random.default_rng(seed)
        shakes = rng.normal(0, (0.02 * width, 8), (100, 2))
        return frames(
            known_motion.camera(width / 2 + x, height / 2 + y, scale, 0.07 * i)
            for i, (x, y) in enumerate(shakes)
        )
    walk = list(wander(name, (0.5, 0.5), 100, seed, LESS))
    if kind == "light":
        light = 0.65 + 0.35 * np.sin(np.arange(100) * 1.3)
        return [(f * v).astype(np.uint8) for f, v in zip(walk, light, strict=True)]
    flashes = [np.full_like(f, 255) if i % 10 == 5 else f for i, f in enumerate(walk)]
    return [
        np.clip(f * 1.4 + 70, 0, 255).astype(np.uint8) if i % 10 == 8 else f for i, f in enumerate(flashes)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", HARD)
@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket", "hubble_deep_field"])
def test_no_cut_is_found_in_hard_motion(name, kind):
    assert begun(hard_motion(kind, name, len(name))) == [0]


@pytest.mark.slow
def test_the_cuts_of_a_real_film_are_found():
    frames = known_motion.real("bikes", (320, 136), 0, 150)
    assert begun(list(frames)) == [0, 30, 76, 137]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["carphone_pristine", "bigbuckbunny"])
def test_a_real_film_without_cuts_has_none(name):
    assert begun(list(known_motion.real(name, (176, 144), 0, 120))) == [0]


@pytest.mark.slow
def test_a_flash_is_waited_out_and_a_cut_behind_black_is_a_cut():
    here, there = (list(wander(name, PLACES[0], 6, 1)) for name in ("astronaut", "coffee"))
    black = np.zeros_like(here[0])
    found = list(moves(known_motion.Reel([black, *here[:3], black, *here[3:], black, black, *there]), Film()))
    assert [i for i, m in enumerate(found) if m.blank] == [0, 4, 8, 9]
    assert [i for i, m in enumerate(found) if m.begins] == [1, 10]
    assert found[5].motion is not None
    assert found[5].motion.share < 0.3


def test_without_cuts_there_is_one_scene():
    frames = [f for name in SCENES[:3] for f in wander(name, PLACES[0], 3, 0)]
    assert sum(m.begins for m in moves(known_motion.Reel(frames), Film(cuts=False))) == 1


@pytest.mark.slow
def test_going_on_in_the_middle_finds_what_the_whole_film_did():
    frames = [f for name in SCENES[:3] for f in wander(name, PLACES[0], 4, 0)]
    whole = list(moves(known_motion.Reel(frames), Film()))
    rest = list(moves(known_motion.Reel(frames), Film(), skip=3, last=frames[2]))
    assert [m.begins for m in rest] == [m.begins for m in whole[3:]]
    assert np.array_equal(rest[2].motion.field, whole[5].motion.field)
