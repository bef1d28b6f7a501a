"""Presets: steps, octaves and what crosses between them, against twins written in NumPy and float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from unittest import mock

import numpy as np
import pytest
import torch
from torch import Tensor

from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.deepdream.state import REACH, REACH_OF_STD, State
from reverie.errors import UsageError
from reverie.network.efficientnet_lite import Lite
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import PRESETS, of_layer, preset
from reverie.recipe.recipe import Recipe
from support import twins
from support.slow import mostly_slow
from support.twins import Array

SEED = 11
HEIGHT, WIDTH = 96, 122


@cache
def lite64() -> Network:
    """Our Lite0 with its batch norms folded in float64 and never rounded to float32."""
    found = load_net("lite0")
    with mock.patch.object(Tensor, "float", Tensor.double):
        module = Lite("lite0", {k: v.double() for k, v in twins.twin_network().state_dict().items()})
    net = Network("lite0", module, layers=found.layers, mean=found.mean, std=found.std)
    assert net.dtype == torch.float64
    return net


# -- the objectives, spelled out as gradients at the layers ----------------------------------------


def activations_themselves(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Ascent on half the squared norm."""
    return dict(found)


def weighted_inner_squares(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Chollet: 1, 1.5, 2 and 2.5 times the sum of squares inside a border of 2, over the element count."""
    seeds = {}
    for block, weight in {"5a": 1.0, "5b": 1.5, "5c": 2.0, "6a": 2.5}.items():
        inner = torch.zeros_like(found[block])
        inner[:, :, 2:-2, 2:-2] = found[block][:, :, 2:-2, 2:-2]
        seeds[block] = 2 * weight * inner / found[block].numel()
    return seeds


def sum_of_means(found: dict[str, Tensor]) -> dict[str, Tensor]:
    return {block: torch.ones_like(a) / a.numel() for block, a in found.items()}


def each_over_its_norm(found: dict[str, Tensor]) -> dict[str, Tensor]:
    return {block: a / a.norm() for block, a in found.items()}


# -- what each system does with the gradient -------------------------------------------------------


def over_mean_magnitude(gradient: Array, _way: float) -> Array:
    return gradient / np.abs(gradient).mean()


def over_deviation(gradient: Array, _way: float) -> Array:
    return gradient / np.sqrt(np.mean((gradient - gradient.mean()) ** 2))


def smoothed_then_standardised(gradient: Array, way: float) -> Array:
    """Sigma = (i + 1) / N * 2 + 0.5; then zero mean and unit deviation."""
    smooth = twins.three_gaussians(gradient, way * 2 + 0.5)
    return (smooth - smooth.mean()) / smooth.std()


@dataclass(frozen=True)
class System:
    """A system as its description tells it."""

    blocks: tuple[str, ...]
    seeds: twins.Seeder
    direction: Callable[[Array, float], Array]
    length: float
    jitter: int
    scale: float
    carry: str  # "detail", "picture" or "lost"
    clips: bool
    resize: Callable[[Array, int, int], Array] = twins.bilinear
    top: int = 0


SYSTEMS = {
    "google2015": System(
        ("5c",), activations_themselves, over_mean_magnitude, 1.5 / 255, 32, 1.4, "detail", True
    ),
    "keras": System(
        ("5a", "5b", "5c", "6a"), weighted_inner_squares, over_mean_magnitude, 0.005, 0, 1.4, "lost", False
    ),
    "tensorflow": System(("4c", "5b"), sum_of_means, over_deviation, 0.005, 512, 1.3, "picture", True, top=2),
    "smooth2020": System(
        ("5b",), activations_themselves, smoothed_then_standardised, 0.09 * 0.226, 32, 1.8, "picture", True
    ),
    "crowsonkb": System(
        ("4a", "4c", "5a", "5c"),
        each_over_its_norm,
        over_mean_magnitude,
        1 / 255,
        32,
        math.sqrt(2),
        "detail",
        False,
        twins.bicubic,
    ),
}


def draws(jitter: int) -> Callable[[], tuple[int, int]]:
    """The shifts down and right of a seed, uniform on -jitter..jitter."""
    rng = torch.Generator().manual_seed(SEED)

    def draw() -> tuple[int, int]:
        if not jitter:
            return 0, 0
        down, right = torch.randint(-jitter, jitter + 1, (2,), generator=rng).tolist()
        return down, right

    return draw


def one_step(system: System, picture: Array, shift: tuple[int, int], way: float) -> Array:
    rolled = np.roll(picture, shift, (1, 2))
    gradient = twins.twin_gradient(rolled, system.blocks, system.seeds)
    gradient = np.roll(gradient, (-shift[0], -shift[1]), (1, 2))
    picture = picture + system.length * system.direction(gradient, way)
    return np.clip(picture, 0, 1) if system.clips else picture


def twin_dream(system: System, source: Array, octaves: int, steps: int) -> Array:
    """The whole procedure: a pyramid of the source, and what crosses from one octave to the next."""
    draw = draws(system.jitter)
    height, width = source.shape[1:]
    picture = base = None
    for k in range(octaves - 1, -1, -1):
        factor = system.scale ** (system.top - k)
        size = round(height * factor), round(width * factor)
        before, base = base, np.clip(system.resize(source, *size), 0, 1)
        if picture is None:
            picture = base
        elif system.carry == "detail":
            picture = base + system.resize(picture - before, *size)
        else:
            picture = system.resize(picture, *size)
        for i in range(steps):
            picture = one_step(system, picture, draw(), (i + 1) / steps)
        if system.carry == "lost" and before is not None:
            picture = picture + (base - system.resize(before, *size))
    return picture


def our_dream(recipe: Recipe, source: Array) -> Array:
    """Our loop in float64, from the same source; the picture of the last octave, (C, H, W)."""
    session = Session(recipe, net=lite64())
    state = State.begin(recipe, torch.from_numpy(source).float(), session)
    canvas = state.canvas
    canvas.source, canvas.base, canvas.detail = (
        plane.double() for plane in (canvas.source, canvas.base, canvas.detail)
    )
    for _ in dream(recipe, session=session, state=state):
        pass
    assert canvas.detail.dtype == torch.float64
    return canvas.picture()[0].numpy()


def photograph() -> Array:
    return twins.photo("chelsea", HEIGHT, WIDTH)[0].double().numpy()


def assert_same_step(found: Array, expected: Array, before: Array) -> None:
    """The step, not only the picture."""
    assert found.shape == expected.shape
    assert twins.rms(expected - before) > 1e-3
    assert twins.rms(found - expected) / twins.rms(expected - before) < 1e-6


def assert_equals_its_twin(name: str, octaves: int, steps: int) -> None:
    system, source = SYSTEMS[name], photograph()
    expected = twin_dream(system, source, octaves, steps)
    before = np.clip(system.resize(source, *expected.shape[1:]), 0, 1)
    recipe = preset(name, octaves=octaves, steps=(steps,), seed=SEED)
    assert_same_step(our_dream(recipe, source), expected, before)


@mostly_slow("name", SYSTEMS, quick=3)
def test_one_step_equals_its_twin(name):
    assert_equals_its_twin(name, 1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_what_crosses_from_octave_to_octave_equals_its_twin(name):
    """Two octaves of two steps: sizes, the base's pyramid, what is carried, sigma's course, every shift."""
    assert_equals_its_twin(name, 2, 2)


@pytest.mark.slow
def test_the_carries_differ():
    """What crosses is a real choice: another rule gives another picture."""
    source = photograph()
    system = SYSTEMS["google2015"]
    pictures = {
        carry: twin_dream(System(**{**system.__dict__, "carry": carry}), source, 2, 1)
        for carry in ("detail", "picture", "lost")
    }
    assert twins.rms(pictures["detail"] - pictures["picture"]) > 0.01
    assert twins.rms(pictures["lost"] - pictures["picture"]) > 0.01


# -- our own default -------------------------------------------------------------------------------


def bend(base: Array, detail: Array) -> Array:
    """The change that a detail makes: slower the nearer it comes to black or white."""
    room = np.maximum(np.where(detail > 0, 1 - base, base), 1e-6)
    return detail / np.sqrt(1 + (detail / room) ** 2)


def twin_default(source: Array, octaves: int, steps: int) -> Array:
    """Bands of equal size, and a ball around the source that grows from step to step.

    The numbers are our own and may be tuned, so they are read; what is done with them is written again.
    """
    recipe = preset("classic")
    assert (recipe.strength, recipe.clip, recipe.normalise) == (0.5, "soft", "std")
    draw = draws(recipe.jitter)
    deviation = np.mean([c.std(ddof=1) for c in source])
    full = min(REACH, REACH_OF_STD * deviation)
    height, width = source.shape[1:]
    detail = base = np.zeros_like(source)
    length = {1: 3.0, 2: 1.5, 5: 0.8}[steps]
    for i in range(octaves):
        factor = recipe.octave_scale ** (i - octaves + 1)
        size = round(height * factor), round(width * factor)
        base = np.clip(twins.bicubic(source, *size), 0, 1)
        detail = twins.bicubic(detail, *size) if i else np.zeros_like(base)
        start, end = (i / octaves) ** recipe.bend, ((i + 1) / octaves) ** recipe.bend
        for k in range(steps):
            down, right = draw()
            rolled = np.roll(base + bend(base, detail), (down, right), (1, 2))
            gradient = twins.twin_gradient(rolled, ("5c",), activations_themselves)
            gradient = np.roll(gradient, (-down, -right), (1, 2))
            way = twins.laplacian_normalised(gradient, recipe.levels, recipe.tilt)
            way = (way - way.mean()) / way.std()
            detail = detail + length * full * (end - start) * way
            detail = np.clip(detail, -2 * base, 2 * (1 - base))
            moved = twins.rms(bend(base, detail))
            radius = full * (start + (end - start) * (k + 1) / steps)
            detail = detail * min(1.0, radius / moved)
    return base + bend(base, detail)


@mostly_slow(("octaves", "steps"), [(1, 1), (2, 2), (1, 5)])
def test_the_default_equals_its_twin(octaves, steps):
    source = photograph()
    recipe = preset("classic", octaves=octaves, steps=(steps,), seed=SEED)
    found = our_dream(recipe, source)
    assert_same_step(found, twin_default(source, octaves, steps), source)


# -- published numbers -----------------------------------------------------------------------------

PUBLISHED = {
    # name: (sizes for 640 x 480 from small to large, steps)
    "google2015": ([(233, 175), (327, 245), (457, 343), (640, 480)], 10),
    "keras": ([(327, 245), (457, 343), (640, 480)], 20),
    "tensorflow": ([(379, 284), (492, 369), (640, 480), (832, 624), (1082, 811)], 100),
    "smooth2020": ([(110, 82), (198, 148), (356, 267), (640, 480)], 10),
    "crowsonkb": ([(226, 170), (320, 240), (453, 339), (640, 480)], 10),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_octaves_and_steps_are_those_published(name):
    recipe = preset(name)
    picture = torch.full((1, 3, 480, 640), 0.5)
    plan = State.begin(recipe, picture, Session(recipe, net=lite64())).plan(recipe)
    sizes, steps = PUBLISHED[name]
    assert [o.steps for o in plan] == [steps] * len(sizes)
    for octave, size in zip(plan, sizes, strict=True):
        assert abs(octave.size[0] - size[0]) <= 1
        assert abs(octave.size[1] - size[1]) <= 1
    assert plan[-1 - recipe.octave_top].size == (640, 480)


def test_crowsonkb_goes_down_to_128_pixels():
    recipe = preset("crowsonkb")
    session = Session(recipe, net=lite64())
    for side in (128, 256, 700, 1024):
        plan = State.begin(recipe, torch.full((1, 3, side, side + 40), 0.5), session).plan(recipe)
        shortest = [min(o.size) for o in plan]
        assert shortest[0] >= 128
        assert round(shortest[0] / math.sqrt(2)) < 128
        assert len(plan) == 1 + math.floor(2 * math.log2(side / 128) + 1e-9)


def test_settings_of_each_preset():
    numbers = {
        "google2015": {"step_size": 1.5 / 255, "jitter": 32, "normalise": "mean", "objective": ("block5c",)},
        "keras": {"step_size": 0.005, "jitter": 0, "normalise": "mean", "max_score": 15.0, "carry": "lost"},
        "tensorflow": {"step_size": 0.005, "jitter": 512, "normalise": "std", "carry": "picture"},
        "smooth2020": {"jitter": 32, "smoothing": "gaussians", "carry": "picture"},
        "crowsonkb": {"step_size": 1 / 255, "jitter": 32, "balance": "layers", "carry": "detail"},
    }
    ours = {"reverie", "gentle", "menagerie", "cathedral", "etching", "classic"}
    assert set(numbers) | ours == set(PRESETS)
    for name, settings in numbers.items():
        recipe = preset(name)
        assert recipe.preset == name
        assert {k: getattr(recipe, k) for k in settings} == settings
        assert recipe.strength is None


@pytest.mark.slow
def test_keras_stops_an_octave_above_its_loss_and_steps_lift_that():
    recipe = preset("keras", max_score=1e-6)
    photo = twins.photo("chelsea", 192, 244)  # smaller ones have nothing inside the border
    session = Session(recipe, net=load_net("lite0"))
    assert len(list(dream(recipe, photo, session=session))) == 3  # one step in each of three octaves
    assert preset("keras").max_score == 15
    counted = preset("keras", steps=(4,))
    assert counted.max_score is None
    assert len(list(dream(counted, photo, session=session))) == 12


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(UsageError, match='did you mean "google2015"'):
        preset("google2016")
    with pytest.raises(UsageError, match="jitter"):
        preset("google2015", jitter=-1)


def test_the_default_keeps_more_of_a_photograph_and_nothing_lets_giants_come() -> None:
    ours, film = preset("reverie"), preset("film")
    assert (ours.strength, ours.smallest) == (0.42, 192)
    assert (film.strength, film.smallest) == (0.5, 128)
    assert film.film is not None
    for start in ("clouds", "noise"):
        assert preset("reverie", start=start) == ours.but(start=start, smallest=128)
        assert preset("reverie", start=start, smallest=200).smallest == 200
    assert preset("reverie", start="photo") == ours
    assert preset("reverie", objective=ours.objective) == ours
    assert preset("reverie", objective="block4b").smallest == 128
    assert preset("reverie", objective="block4b").strength == ours.strength
    assert of_layer(ours, "block4b") == preset("reverie", objective="block4b")
    assert of_layer(ours.but(smallest=200), "block4b").smallest == 200
    assert of_layer(preset("etching"), "block4b") == preset("etching", objective="block4b")
