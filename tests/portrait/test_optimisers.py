"""Optimisers against torch's, schedules, and the size of gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import UsageError
from reverie.portrait.optimisers import OPTIMISERS, make_optimiser, normalised, rate_at

TORCHS = {
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr, maximize=True),
    "nadam": lambda p, lr: torch.optim.NAdam(p, lr=lr, maximize=True),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, maximize=True),
    "ascent": lambda p, lr: torch.optim.SGD(p, lr=lr, maximize=True),
}


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def slopes_at(parameters):
    """Of a bumpy hill."""
    return [torch.cos(3 * p) - p for p in parameters]


def climb(name, parameters, steps, *, optimiser=None, rate=0.05):
    optimiser = optimiser or make_optimiser(name, parameters, rate)
    for _ in range(steps):
        optimiser.step(parameters, slopes_at(parameters))
    return optimiser


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_same_as_torchs(name):
    ours = [numbers(2, 3, 5), numbers(2, 7, seed=1)]
    theirs = [p.clone() for p in ours]
    twin = TORCHS[name](theirs, 0.05)
    climb(name, ours, 60)
    for _ in range(60):
        for p, slope in zip(theirs, slopes_at(theirs), strict=True):
            p.grad = slope
        twin.step()
    tolerance = 1e-5 if name == "nadam" else 1e-9  # torch keeps the product of its momenta in float32
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(p, q, rtol=tolerance, atol=tolerance)


def test_other_betas():
    ours = [numbers(2, 3)]
    theirs = [ours[0].clone()]
    twin = torch.optim.Adam(theirs, lr=0.05, betas=(0.5, 0.99), maximize=True)
    optimiser = make_optimiser("adam", ours, 0.05, betas=(0.5, 0.99))
    climb("adam", ours, 30, optimiser=optimiser)
    for _ in range(30):
        theirs[0].grad = slopes_at(theirs)[0]
        twin.step()
    torch.testing.assert_close(ours[0], theirs[0], rtol=1e-9, atol=1e-9)
    with pytest.raises(UsageError, match="no betas"):
        make_optimiser("momentum", ours, 0.05, betas=(0.5, 0.99))


def test_nadam_is_dozats():
    x, slope, mean, square, product = 0.3, 0.0, 0.0, 0.0, 1.0
    ours = [torch.full((1, 1), x, dtype=torch.float64)]
    climb("nadam", ours, 30)
    for t in range(1, 31):
        slope = math.cos(3 * x) - x
        now, ahead = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * k)) for k in (t, t + 1))
        product *= now
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        looked = ahead * mean / (1 - product * ahead) + (1 - now) * slope / (1 - product)
        x += 0.05 * looked / (math.sqrt(square / (1 - 0.999**t)) + 1e-8)
    assert float(ours[0]) == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_it_climbs(name):
    leaf = numbers(2, 30).requires_grad_(True)

    def height():
        return (torch.sin(3 * leaf) / 3 - leaf**2 / 2).detach().sum(1)

    before = height()
    climb(name, [leaf], 100, rate=0.02)
    assert (height() > before + 1).all()
    assert leaf.requires_grad
    assert leaf.is_leaf


@pytest.mark.parametrize("name", OPTIMISERS)
def test_stopped_and_resumed_it_is_the_same(name):
    whole = [numbers(2, 9)]
    climb(name, whole, 20)
    parts = [numbers(2, 9)]
    kept = climb(name, parts, 8).state_dict()
    resumed = make_optimiser(name, parts, 99.0)
    resumed.load_state_dict({k: v for k, v in kept.items()})
    climb(name, [parts[0]], 12, optimiser=resumed)
    assert torch.equal(whole[0], parts[0])
    # What was kept is a copy, and an optimiser that has gone on can go back to it.
    again = [numbers(2, 9)]
    climb(name, again, 8)
    resumed.load_state_dict(kept)
    climb(name, again, 12, optimiser=resumed)
    assert torch.equal(whole[0], again[0])


@pytest.mark.parametrize("name", OPTIMISERS)
def test_memory_crosses_to_another_size(name):
    """What is cut off is gone, what is left goes on as if nothing had happened."""
    whole, part = [numbers(2, 9)], [numbers(2, 9)]
    climb(name, whole, 20)
    optimiser = climb(name, part, 8)
    assert not optimiser.memory or not optimiser.carry(lambda kept: None)
    part = [part[0][:, :4].clone()]
    assert optimiser.carry(lambda kept: [tensor[:, :4] for tensor in kept])
    climb(name, part, 12, optimiser=optimiser)
    assert torch.equal(part[0], whole[0][:, :4])


def test_what_belongs_to_another_is_refused():
    adam = make_optimiser("adam", [numbers(2, 9)], 1.0)
    for name, shape in (("momentum", (2, 9)), ("adam", (2, 8)), ("adam", (1, 9))):
        with pytest.raises(UsageError, match="another"):
            make_optimiser(name, [numbers(*shape)], 1.0).load_state_dict(adam.state_dict())


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_item_is_in_a_batch_what_it_is_alone(name):
    together = [numbers(3, 2, 37, dtype=torch.float32)]
    lone = [p[1:2].clone() for p in together]
    climb(name, together, 25)
    climb(name, lone, 25)
    assert together[0][1:2].numpy().tobytes() == lone[0].numpy().tobytes()


def test_the_rate_of_a_step_is_the_one_given():
    p = [torch.zeros(1, 2)]
    optimiser = make_optimiser("ascent", p, 1.0)
    slope = [torch.tensor([[1.0, -2.0]])]
    optimiser.step(p, slope)
    optimiser.step(p, slope, 0.5)
    assert p[0].tolist() == [[1.5, -3.0]]
    assert slope[0].tolist() == [[1.0, -2.0]]


def test_unknown_names_are_said():
    with pytest.raises(UsageError, match='did you mean "adam"'):
        make_optimiser("adamw", [], 1.0)
    with pytest.raises(UsageError, match='did you mean "cosine"'):
        rate_at("cosin", 1, 0, 0, 1)
    with pytest.raises(UsageError, match="there are none, mean, std, l2"):
        normalised(torch.ones(1, 1), "max")


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(2, 500), st.data())
def test_schedules_begin_and_end_where_they_should(start, end, steps, data):
    step = data.draw(st.integers(0, steps - 1))
    for schedule in ("linear", "cosine"):
        assert rate_at(schedule, start, end, 0, steps) == start
        assert rate_at(schedule, start, end, steps - 1, steps) == pytest.approx(end)
        low, high = sorted((start, end))
        assert low - 1e-9 <= rate_at(schedule, start, end, step, steps) <= high + 1e-9
    assert rate_at("constant", start, end, step, steps) == start


def test_the_shapes_of_schedules():
    assert rate_at("linear", 1, 0, 25, 101) == pytest.approx(0.75)
    assert rate_at("cosine", 1, 0, 25, 101) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)
    assert rate_at("linear", 3, 7, 0, 1) == 3
    rising = [rate_at("constant", 1, 1, step, 10, rise=4) for step in range(6)]
    assert rising == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


def test_the_size_of_a_gradient():
    g = 7 * numbers(3, 2, 11, 13) + 1
    for how, size in (
        ("mean", lambda a: np.abs(a).mean()),
        ("std", lambda a: a.std()),
        ("l2", lambda a: np.sqrt((a * a).sum())),
        ("none", lambda a: 1.0),
    ):
        found = normalised(g, how)
        for item, own in zip(found, g.numpy(), strict=True):
            np.testing.assert_allclose(item.numpy(), own / size(own), rtol=1e-12)


@pytest.mark.parametrize("how", ["mean", "std", "l2"])
def test_no_gradient_stays_none_and_each_item_has_its_own_size(how):
    g = numbers(3, 3, 40, 41, dtype=torch.float32)
    g[1] = 0
    g[2] *= 1e-12
    found = normalised(g, how)
    assert not found[1].any()
    assert found.isfinite().all()
    for i in (0, 2):
        alone = normalised(g[i : i + 1].clone(), how)
        assert alone.numpy().tobytes() == found[i].numpy().tobytes()
        assert 1e-3 < float(found[i].abs().max()) < 10
