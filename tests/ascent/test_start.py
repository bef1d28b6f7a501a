"""What a dream begins from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.ascent.folds import folds
from reverie.ascent.sky import sky
from reverie.ascent.start import DEFAULT_SIZE, clouds, fitted, noise, prepare
from reverie.errors import UsageError
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import make
from support import twins
from support.starts import rng


@pytest.mark.parametrize("start", [noise, clouds, folds, sky])
@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("size", [(96, 64), (33, 47), (640, 32)])
def test_starts_have_their_shape_and_range(start, channels, size):
    picture = start(rng(), size, channels)
    assert picture.shape == (1, channels, size[1], size[0])
    assert picture.dtype == torch.float32
    assert 0 <= float(picture.min()) < float(picture.max()) <= 1
    assert torch.equal(picture, start(rng(), size, channels))
    assert not torch.equal(picture, start(rng(1), size, channels))


def test_noise_is_grey_and_faint():
    picture = noise(rng(), (200, 150))
    assert float(picture.mean()) == pytest.approx(0.5, abs=0.01)
    assert 0.05 < float(picture.std()) < 0.12


def test_clouds_are_white_on_a_blue_that_pales_downwards():
    picture = clouds(rng(3), (300, 200))[0].numpy()
    red, blue = picture[0], picture[2]
    assert (blue >= red - 0.06).mean() > 0.99  # blue between the clouds, hardly warmer than white in them
    sky = blue - red > 0.2
    cloud = blue - red < 0.08
    assert sky.mean() > 0.15
    assert cloud.mean() > 0.15
    assert picture[:, cloud].mean() > picture[:, sky].mean() + 0.1


@pytest.mark.parametrize("start", [noise, clouds])
def test_starts_meet_from_left_to_right(start):
    energies = twins.edge_energies(start(rng(), (200, 120))[0].permute(1, 2, 0).double().numpy(), 1)
    assert energies[-1] <= np.percentile(energies, 95)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (200, 300)),
        ({"size": (64, 64)}, (64, 64)),
        ({"size": (500, 90)}, (90, 500)),
        ({"max_size": 150}, (100, 150)),
        ({"max_size": 900}, (200, 300)),
    ],
)
def test_photographs_are_fitted(settings, expected):
    photo = twins.photo("coffee", 200, 300)
    found = fitted(photo, make(**settings))
    assert tuple(found.shape[2:]) == expected
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    assert float(found.mean()) == pytest.approx(float(photo.mean()), abs=0.1)
    if not settings:
        assert torch.equal(found, photo)


def test_a_size_is_covered_and_cropped_at_the_centre():
    photo = twins.photo("coffee", 200, 300)
    assert torch.equal(fitted(photo, make(size=(200, 200))), photo[..., 50:250])


def test_channels_are_made_to_fit():
    photo = twins.photo("coffee", 40, 60)
    grey = prepare(make(), photo, rng(), 1)
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    torch.testing.assert_close(grey, (photo * weights).sum(1, keepdim=True))
    assert prepare(make(), grey, rng(), 5).shape == (1, 5, 40, 60)
    with pytest.raises(UsageError, match="3 channels, and the network takes 5"):
        prepare(make(), photo, rng(), 5)


def test_without_a_photograph():
    with pytest.raises(UsageError, match="nothing to dream on"):
        prepare(make(), None, rng(), 3)
    found = prepare(make(start="noise"), None, rng(), 3)
    assert tuple(found.shape[2:]) == DEFAULT_SIZE[::-1]
    assert prepare(make(start="clouds", size=(80, 50)), None, rng(), 3).shape == (1, 3, 50, 80)


def test_recipes_without_scenery_begin_as_they_always_did():
    starts = {"flat": (noise, clouds), "deep": (folds, sky)}
    for scenery, functions in starts.items():
        for start, function in zip(("noise", "clouds"), functions, strict=True):
            recipe = make(start=start, scenery=scenery, size=(80, 50))
            assert torch.equal(prepare(recipe, None, rng(), 3), function(rng(), (80, 50), 3))
    assert make().scenery == preset("classic").scenery == preset("zoom").scenery == "flat"
    assert preset("reverie").scenery == preset("cathedral").scenery == "deep"


@pytest.mark.parametrize("start", ["noise", "clouds"])
@pytest.mark.parametrize("scenery", ["flat", "deep"])
def test_seamless_starts_meet_on_all_sides(start, scenery):
    settings = dict(start=start, scenery=scenery, size=(160, 120), seamless=True)
    picture = prepare(make(**settings), None, rng(), 3)
    for axis in (0, 1):
        energies = twins.edge_energies(picture[0].permute(1, 2, 0).double().numpy(), axis)
        assert energies[-1] <= np.percentile(energies, 95)
