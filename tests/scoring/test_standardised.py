"""What stands out of a layer: against NumPy, and its gradient against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.gradient.cells import Window
from reverie.network.channel_statistics import LEAST, PICTURES, SIDE, channel_statistics, dead_leaves
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.objective import parse
from reverie.scoring.bind import bind
from reverie.scoring.standardised import SERVES, StandardSquare

WHOLE = Window.whole(5, 7)


def square(channels: int = 6, threshold: float = 0.7) -> StandardSquare:
    rng = torch.Generator().manual_seed(4)
    mean, deviation, weight = torch.rand(3, channels, generator=rng, dtype=torch.float64)
    return StandardSquare(mean, deviation + 0.2, weight, threshold, (1.0, 2.0))


def cells(channels: int = 6) -> torch.Tensor:
    rng = torch.Generator().manual_seed(5)
    return 2 * torch.randn(2, channels, 5, 7, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("threshold", [-0.5, 0.0, 0.7])
def test_it_is_half_the_weighted_mean_square_beyond_the_threshold(threshold):
    function, found = square(threshold=threshold), cells()
    mean, deviation, weight = (
        v.numpy()[None, :, None, None] for v in (function.mean, function.deviation, function.weight)
    )
    beyond = np.maximum((found.numpy() - mean) / deviation - threshold, 0)
    np.testing.assert_allclose(function(found, WHOLE).numpy(), (weight * beyond**2).mean(1) / 2)


def test_its_slope_is_that_of_finite_differences():
    function, found, step = square(), cells(), 1e-6
    slope = function.slope(found)
    for place in [(0, 0, 0, 0), (1, 3, 2, 5), (0, 5, 4, 6), (1, 1, 1, 1)]:
        n, _, y, x = place
        up, down = found.clone(), found.clone()
        up[place] += step
        down[place] -= step
        change = (function(up, WHOLE) - function(down, WHOLE))[n, y, x] / (2 * step)
        assert float(slope[place]) == pytest.approx(float(change), abs=1e-7)


def test_a_bound_term_gives_what_autograd_gives():
    net = load_net("lite0").to(dtype=torch.float64)
    (term,) = bind(ob.standard("block3b", dogs=-1), net).terms
    found = 3 * torch.randn(1, net.channels_of("block3b"), 9, 8, dtype=torch.float64).requires_grad_(True)
    window, mask = Window.whole(9, 8), torch.rand(1, 1, 9, 8, dtype=torch.float64)
    with torch.enable_grad():
        value = term.score(found, window, mask)
        (wanted,) = torch.autograd.grad(value.sum(), found)
    short = term.slope(found.detach(), window, mask)
    assert short is not None
    torch.testing.assert_close(short[0], value.detach())
    torch.testing.assert_close(short[1], wanted)


def test_likings_weigh_channels_by_whom_they_serve():
    net = load_net("lite0")
    found = channel_statistics(net, "block5c")
    assert set(found.serves) == {"dogs", "animals"}
    (term,) = bind(ob.standard("block5c", dogs=-1, animals=2), net).terms
    dogs, animals = (found.serves[name].double().numpy() - SERVES for name in ("dogs", "animals"))
    weight = 1 / (1 + np.exp(dogs)) / (1 + np.exp(-2 * animals))
    assert isinstance(term.function, StandardSquare)
    np.testing.assert_allclose(term.function.weight.numpy(), weight / weight.mean(), rtol=1e-5)
    assert term.function.limits == found.limits


@pytest.mark.slow
def test_statistics_of_the_embedded_networks_are_those_of_photographs():
    """Over photographs that none of them was measured on, channels are about 0 and of about 1."""
    from support import twins

    for name, layer in (
        ("lite0", "block5c"),
        ("lite0", "block2b"),
        ("lite1", "block6b"),
        ("lite2", "block5a"),
    ):
        net = load_net(name)
        looks = [twins.photo(picture) for picture in ("chelsea", "coffee", "astronaut", "rocket")]
        found = channel_statistics(net, layer)
        with torch.no_grad():
            every = torch.cat([net.forward(look, [layer])[layer].flatten(2) for look in looks], 2)[0]
        height = (every - found.mean[:, None]) / found.deviation[:, None]
        assert float(height.mean().abs()) < 0.25
        assert 0.6 < float(height.square().mean().sqrt()) < 1.6
        assert 0 < found.limits[0] < found.limits[1]


@pytest.mark.slow
def test_a_network_that_nobody_measured_is_shown_dead_leaves():
    torch.manual_seed(2)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 5, 3))
    net = wrap_net(module, mean=0.5, std=0.25)
    found = channel_statistics(net, "0")
    looks = torch.cat([dead_leaves(3, k) for k in range(PICTURES)])
    with torch.no_grad():
        every = module[0]((looks - 0.5) / 0.25).transpose(0, 1).flatten(1)
    torch.testing.assert_close(found.mean, every.mean(1), atol=1e-4, rtol=1e-3)
    spread = every.std(1)
    least = LEAST * float(spread.median())
    torch.testing.assert_close(found.deviation, spread.clamp_min(least), atol=1e-3, rtol=1e-2)
    assert found.serves == {}
    assert channel_statistics(net, "0") is found  # measured once ...
    again = wrap_net(module, mean=0.0, std=1.0)
    assert channel_statistics(again, "0") is not found  # ... for each network


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_dead_leaves_are_pictures_of_edges_and_flat_parts(channels):
    picture = dead_leaves(channels, 3)
    assert picture.shape == (1, channels, SIDE, SIDE)
    assert 0 <= float(picture.min()) < float(picture.max()) <= 1
    assert torch.equal(picture, dead_leaves(channels, 3))
    steps = (picture[..., 1:] - picture[..., :-1]).abs()
    assert float((steps > 0.1).float().mean()) < 0.15 < float((steps < 0.05).float().mean())


@pytest.mark.parametrize(
    "text",
    [
        "standard(block5c)",
        "standard(block5c, threshold=0)",
        "standard(block5c, dogs=-1, animals=1.5)",
        "0.35*standard(block6b, threshold=1, dogs=-1) - 0.1*tv",
    ],
)
def test_its_text_reads_back(text):
    assert str(parse(text)) == text


@pytest.mark.parametrize("text", ["standard(block5c, dogs=101)", "standard(block5c, animals=-1e9)"])
def test_likings_beyond_measure_are_refused(text):
    with pytest.raises(UsageError, match="give a number from -100 to 100"):
        parse(text)
