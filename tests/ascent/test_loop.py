"""What holds for every dream: strength, budgets, masks, seams, seeds, resuming, and the default's look."""

from __future__ import annotations

import io
import itertools
import warnings
from functools import cache

import numpy as np
import pytest
import skimage.filters
import torch
from torch import Tensor

from reverie.api.dreams import dream, render
from reverie.ascent.session import Session
from reverie.ascent.start import prepare
from reverie.deepdream.state import State
from reverie.errors import BadInput, ReverieWarning, UsageError
from reverie.media.picture import Picture
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import PRESETS, preset
from reverie.recipe.recipe import Recipe
from support import twins
from support.slow import mostly_slow

PHOTOS = ("chelsea", "coffee", "rocket", "astronaut")
#: A fifth of the default's steps: enough for what is true at any number of them.
QUICK = {"steps": (6,)}


@cache
def lite() -> Network:
    return load_net("lite0")


def session_for(recipe: Recipe, **files: Tensor) -> Session:
    """A session whose files are these masks, by name without ending."""

    def opened(name: str) -> Picture:
        plane = files[name.split(".")[0]]
        return Picture(plane[0].expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy())

    return Session(recipe, net=lite(), open_file=opened)


def dreamed(recipe: Recipe, photo: Tensor | None, **files: Tensor) -> np.ndarray:
    return render(recipe, photo, session=session_for(recipe, **files)).pixels


def change(pixels: np.ndarray, photo: Tensor) -> float:
    """RMS change of the 8-bit pictures, 0..1."""
    before = twins.to_bytes(photo).astype(float)
    return twins.rms(twins.bytes_of(pixels) - before) / 255


# -- strength and budgets --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_strength_zero_gives_the_photograph(name):
    photo = twins.small("coffee", 160)
    recipe = preset(name, strength=0, steps=(2,))
    assert np.array_equal(twins.bytes_of(dreamed(recipe, photo)), twins.to_bytes(photo))


@mostly_slow("layer", ["block5c", "block2b", "block6d"])
@mostly_slow("name", PHOTOS)
def test_strength_feels_the_same_everywhere(name, layer):
    photo = twins.small(name)
    moved = []
    for strength in (0, 0.25, 0.5, 0.75, 1):
        recipe = preset("classic", objective=(layer,), strength=strength, steps=(5,))
        moved.append(change(dreamed(recipe, photo), photo))
    assert moved == sorted(moved)
    assert all(b - a > 0.01 for a, b in itertools.pairwise(moved))
    assert moved[0] == 0
    assert 0.05 <= moved[2] <= 0.12


@pytest.mark.parametrize("limit", [0.03, 0.06])
@pytest.mark.parametrize("name", ["chelsea", "rocket"])
def test_max_change_stops_there(name, limit):
    photo = twins.small(name)
    recipe = preset("classic", max_change=limit, **QUICK)
    assert change(dreamed(recipe, photo), photo) == pytest.approx(limit, rel=0.05)


def test_max_change_without_a_strength_stops_an_octave_early():
    photo = twins.small("chelsea")
    recipe = preset("google2015", max_change=0.03)
    session = session_for(recipe)
    frames = list(dream(recipe, photo, session=session))
    assert len(frames) < 40
    assert frames[-1].moved == pytest.approx(0.03, rel=0.05)
    assert change(frames[-1].picture.pixels, photo) == pytest.approx(0.03, rel=0.05)


@pytest.mark.parametrize("name", PRESETS)
def test_steps_are_counted_exactly(name):
    photo = twins.small("coffee", 100)
    recipe = preset(name, steps=(3,), octaves=2)
    frames = [(f.octave.index, f.step, f.octaves) for f in dream(recipe, photo, session=session_for(recipe))]
    assert frames == [(o, s, 2) for o in range(2) for s in range(3)]


def test_steps_and_layers_differ_from_octave_to_octave():
    photo = twins.small("coffee", 120)
    recipe = preset("classic", steps=(1, 3), octaves=3, objective=("block4a", "block5c"))
    session = session_for(recipe)
    bound = []
    frames = []
    for frame in dream(recipe, photo, session=session):
        frames.append(frame.octave.index)
        bound.append(session.goal(recipe, frame.octave.index).layers)
    assert frames == [0, 1, 1, 1, 2, 2, 2]
    assert bound == [("block4a",)] + [("block5c",)] * 6


def test_octaves_too_small_are_dropped_and_said():
    photo = twins.small("coffee", 100)
    recipe = preset("classic", octaves=9, steps=(1,))
    with pytest.warns(ReverieWarning, match=r"\d of 9 octaves dropped.*32 px"):
        frames = list(dream(recipe, photo, session=session_for(recipe)))
    assert len(frames) == frames[0].octaves < 9
    assert min(frames[0].octave.size) >= 32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(dream(preset("classic", octaves=2, steps=(1,)), photo, session=session_for(recipe)))


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (640, 32), (32, 640)])
@pytest.mark.parametrize("seamless", [False, True])
def test_any_size_from_32_pixels(size, seamless):
    photo = twins.photo("rocket", *size)
    pixels = dreamed(preset("classic", steps=(3,), seamless=seamless), photo)
    assert pixels.shape == (*size, 3)
    assert np.isfinite(pixels).all()
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert change(pixels, photo) > 0.03


def test_a_frame_is_what_the_result_will_be():
    photo = twins.small("coffee", 100)
    recipe = preset("classic", steps=(2,), keep_colour=0.5)
    frames = [f.picture for f in dream(recipe, photo, session=session_for(recipe))]
    assert all(p.size == (photo.shape[3], photo.shape[2]) for p in frames)
    assert np.array_equal(frames[-1].pixels, dreamed(recipe, photo))


# -- masks, colour, seams --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reverie", "google2015", "keras", "crowsonkb"])
def test_black_stays_and_white_dreams(name):
    photo = twins.small("chelsea")
    mask = torch.zeros(1, 1, photo.shape[2], photo.shape[3])
    mask[..., photo.shape[3] // 2 :] = 1
    pixels = dreamed(preset(name, mask="m.png", steps=(4,), octaves=2), photo, m=mask)
    moved = np.abs(twins.bytes_of(pixels).astype(int) - twins.to_bytes(photo))
    assert moved[:, : photo.shape[3] // 2].max() <= 1
    assert moved[:, photo.shape[3] // 2 :].mean() > 3


def edge_of(mask: Tensor, photo: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """How much each column changed, and how sharply from column to column, with a mask."""
    pixels = dreamed(preset("classic", mask="m.png", **QUICK), photo, m=mask)
    moved = twins.bytes_of(pixels) / 255 - twins.to_bytes(photo) / 255
    return np.abs(moved).mean((0, 2)), twins.edge_energies(moved, 1)


@pytest.mark.slow
def test_a_soft_mask_leaves_no_edge():
    """Along a ramp of 60 px the change grows with the mask, and its foot is no sharper than the dream.

    The measure is the energy of the change from column to column, against that inside the dream.
    A hard mask, by the same measure, has an edge.
    """
    photo = twins.small("astronaut", 200)
    height, width = photo.shape[2:]
    ramp = ((torch.arange(width) - 60) / 60).clamp(0, 1).expand(1, 1, height, width)
    moved, jumps = edge_of(ramp, photo)
    assert moved[:60].max() <= 1 / 255
    thirds = [moved[60 + 20 * k : 80 + 20 * k].mean() for k in range(3)]
    assert thirds[0] < thirds[1] < thirds[2]
    inside = jumps[122:-1]
    assert jumps[50:75].max() < np.median(inside)
    assert jumps[75:122].max() < 1.5 * np.percentile(inside, 95)
    _, hard = edge_of((ramp > 0.5).float(), photo)
    assert hard[85:95].max() > 1.5 * np.percentile(inside, 95)


def test_keep_colour_keeps_the_chroma():
    photo = twins.small("astronaut", 120)
    kept = dreamed(preset("classic", keep_colour=1, **QUICK), photo)
    free = dreamed(preset("classic", keep_colour=0, **QUICK), photo)
    before = photo[0].permute(1, 2, 0).numpy()

    def chroma(pixels: np.ndarray) -> np.ndarray:
        return pixels - (pixels @ np.array([0.299, 0.587, 0.114]))[..., None]

    unclipped = ((kept > 0) & (kept < 1)).all(2)
    assert unclipped.mean() > 0.7
    drift = np.abs(chroma(kept) - chroma(before)).max(2)
    assert drift[unclipped].max() < 1e-5
    assert np.abs(chroma(free) - chroma(before)).mean() > 0.01
    luma = [p @ np.array([0.299, 0.587, 0.114]) for p in (kept, before)]
    assert twins.rms(luma[0] - luma[1]) > 0.03


@mostly_slow("start", ["coffee", "rocket", "noise", "clouds"])
def test_seamless_has_no_seam(start):
    """Rolled by half, the former edges are boundaries like any other, over seeds and both directions.

    One boundary in ten of a seamless picture is outside the 5th to 95th percentile, so the median of six
    is held to it; a seam that shows is far above, so none of them may be.
    """
    ranks, heights = [], []
    for seed in range(3):
        recipe = preset("classic", seamless=True, seed=seed, **QUICK)
        if start in PHOTOS:
            pixels = dreamed(recipe, twins.small(start, 160))
        else:
            pixels = dreamed(recipe.but(start=start, size=(160, 112)), None)
        rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
        rolled = np.roll(twins.bytes_of(pixels) / 255, (rows, columns), (0, 1))
        for axis, middle in ((0, rows), (1, columns)):
            energies = twins.edge_energies(rolled, axis)[:-1]
            seam = energies[middle - 1]
            ranks.append(100 * (energies < seam).mean())
            heights.append(seam / np.percentile(energies, 95))
    assert 5 <= np.median(ranks) <= 95
    assert max(heights) < 1.5


def test_without_it_the_photograph_has_a_seam():
    pixels = dreamed(preset("classic", **QUICK), twins.small("coffee", 200))
    energies = twins.edge_energies(twins.bytes_of(pixels) / 255, 0)
    assert energies[-1] > 2 * np.percentile(energies[:-1], 95)


# -- seeds, steering, resuming ---------------------------------------------------------------------


@pytest.mark.parametrize("start", ["photo", "noise", "clouds"])
def test_a_seed_is_a_picture(start):
    photo = twins.small("coffee", 100) if start == "photo" else None
    size = None if photo is not None else (96, 64)
    bytes_of = [
        twins.bytes_of(
            dreamed(preset("classic", start=start, size=size, seed=s, steps=(2,)), photo)
        ).tobytes()
        for s in (3, 3, 4)
    ]
    assert bytes_of[0] == bytes_of[1]
    assert bytes_of[0] != bytes_of[2]


def test_a_callable_steers():
    photo = twins.small("coffee", 100)
    first = preset("classic", octaves=1, steps=(6,), objective=("block3b",))
    then = first.but(objective=("block5c",))
    asked = []

    def ask(state: State | None) -> Recipe:
        asked.append(state)
        return first if state is None or state.step < 3 else then

    frames = list(dream(ask, photo, session=session_for(first)))
    assert [f.recipe.objective[0] for f in frames] == ["block3b"] * 3 + ["block5c"] * 3
    assert len(asked) == 7
    steered, straight = frames[-1].picture.pixels, dreamed(first, photo)
    assert not np.array_equal(steered, straight)
    same = list(dream(lambda _: first, photo, session=session_for(first)))[-1].picture.pixels
    assert np.array_equal(same, straight)


RESUMED = {
    "default": {"octaves": 2, "steps": (3,)},
    "stopped by max_change": {"octaves": 2, "steps": (6,), "max_change": 0.02},
    "keras": {"preset": "keras", "octaves": 2, "steps": (3,)},
    "tensorflow": {"preset": "tensorflow", "octaves": 2, "steps": (2,)},
}


@mostly_slow("case", RESUMED, quick=2)
def test_a_dream_goes_on_where_it_stopped(case):
    settings = dict(RESUMED[case])
    recipe = preset(settings.pop("preset", "reverie"), **settings)
    photo = twins.small("chelsea", 100)
    session = session_for(recipe)
    whole = State.begin(recipe, photo, session)
    count = sum(1 for _ in dream(recipe, session=session, state=whole))
    expected = whole.finished(recipe).pixels.tobytes()
    for stop in range(1, count + 1):
        state = State.begin(recipe, photo, session)
        for _ in itertools.islice(dream(recipe, session=session, state=state), stop):
            pass
        file = io.BytesIO()
        torch.save(state.state_dict(), file)
        file.seek(0)
        kept = State.from_dict(torch.load(file, weights_only=True), recipe)
        rest = sum(1 for _ in dream(recipe, session=session, state=kept))
        assert stop + rest == count
        assert kept.finished(recipe).pixels.tobytes() == expected, f"stopped after {stop} of {count}"


def test_errors_before_any_work():
    recipe = preset("classic")
    with pytest.raises(UsageError, match="give a photograph, or --from noise or clouds"):
        next(dream(recipe, session=session_for(recipe)))
    for broken, said in (
        (torch.rand(96, 96), "shape"),
        (torch.full((3, 96, 96), float("nan")), "not finite"),
    ):
        with pytest.raises(BadInput, match=said):
            next(dream(recipe, broken, session=session_for(recipe)))


# -- the look --------------------------------------------------------------------------------------


@pytest.mark.parametrize("blur", [3, 12])
def test_fog_stays_fog(blur):
    """A flat picture moves by no more than three quarters of its own deviation."""
    photo = twins.small("rocket", 130)[0].permute(1, 2, 0).numpy()
    fog = 0.7 + 0.2 * (skimage.filters.gaussian(photo, blur, channel_axis=2) - photo.mean())
    flat = torch.from_numpy(fog.astype(np.float32)).permute(2, 0, 1)[None]
    deviation = float((twins.to_bytes(flat) / 255).std())
    assert deviation < 0.12
    moved = change(dreamed(preset("classic", **QUICK), flat), flat)
    assert 0.3 * deviation < moved <= 0.75 * deviation


@pytest.mark.slow
@pytest.mark.parametrize("name", PHOTOS)
def test_the_default_dream_as_another_network_package_sees_it(name):
    photo = twins.photo(name)
    recipe = preset("classic")
    before = twins.to_bytes(photo)
    after = twins.bytes_of(dreamed(recipe, photo))
    source = prepare(recipe, photo, torch.Generator(), 3)
    assert torch.equal(source, photo)
    assert twins.judge(after) >= 3 * twins.judge(before)
    assert change(after / 255, photo) <= 0.12
    assert abs(after.mean() - before.mean()) / 255 <= 0.02
    assert 0.9 <= after.std() / before.std() <= 1.25

    def clipped(pixels: np.ndarray) -> float:
        return float(((pixels == 0) | (pixels == 255)).mean())

    assert clipped(after) - clipped(before) <= 0.04
