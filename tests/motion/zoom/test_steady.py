"""What holds an endless picture: means, contrast, bands, and nothing beyond black and white."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.motion.zoom.steady import (
    BRIGHT,
    DEVIATION,
    KNEE,
    MOST_CAST,
    SteadyReference,
    evened,
    hold,
)
from reverie.ops.colour import bent
from support.slow import mostly_slow

LUMA = np.array([0.299, 0.587, 0.114])


def texture(seed: int, *, height: int = 90, width: int = 160, mean: float = 0.45, spread: float = 0.15):
    """Soft coloured noise that looks like something at every scale."""
    rng = torch.Generator().manual_seed(seed)
    total = torch.zeros(1, 3, height, width)
    for side in (4, 9, 20, 45, 90):
        plane = torch.randn(1, 3, side, side * 2, generator=rng)
        total += torch.nn.functional.interpolate(plane, size=(height, width), mode="bicubic")
    return (mean + spread * total / total.std()).clamp(0, 1)


def bright(picture: torch.Tensor) -> np.ndarray:
    return picture[0].permute(1, 2, 0).double().numpy() @ LUMA


def sharpness(picture: torch.Tensor) -> float:
    down, across = np.gradient(bright(picture))
    return float((down**2 + across**2).mean())


def test_a_picture_comes_to_the_reference_of_another():
    wanted, picture = texture(1), texture(2, mean=0.6, spread=0.09)
    reference = SteadyReference.of(wanted)
    for _ in range(6):
        picture = hold(picture, reference)
    np.testing.assert_allclose(picture.mean((0, 2, 3)), wanted.mean((0, 2, 3)), atol=0.01)
    assert bright(picture).std() == pytest.approx(bright(wanted).std(), rel=0.03)
    assert sharpness(picture) == pytest.approx(sharpness(wanted), rel=0.15)


def test_a_picture_at_its_own_reference_stays():
    picture = texture(3, spread=0.1)
    held = hold(picture, SteadyReference.of(picture))
    assert (held - picture).square().mean().sqrt() < 0.004


def away(picture: torch.Tensor, axes: tuple[int, ...], factor: float) -> torch.Tensor:
    """Farther from its mean, or nearer to it."""
    mean = picture.mean(axes, keepdim=True)
    return mean + (picture - mean) * factor


FAULTS = {
    "dark": lambda x: x * 0.95,
    "glaring": lambda x: 1 - (1 - x) * 0.95,
    "grey": lambda x: away(x, (1,), 0.95),
    "gaudy": lambda x: away(x, (1,), 1.05),
    "soft": lambda x: 0.8 * x + 0.2 * torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False),
    "flat": lambda x: away(x, (1, 2, 3), 0.95),
    "harsh": lambda x: away(x, (1, 2, 3), 1.05),
}


@mostly_slow("fault", FAULTS, quick=3)
def test_no_fault_lasts(fault):
    """Whatever a dream does to a picture in each frame, it does not add up."""
    picture = texture(4)
    reference = SteadyReference.of(picture).healthy()
    for _ in range(6):
        picture = hold(picture, reference)
    before = picture
    for _ in range(40):
        picture = FAULTS[fault](picture).clamp(0, 1)
        picture = hold(picture, reference)
    assert float(picture.mean()) == pytest.approx(float(before.mean()), rel=0.02)
    assert float(picture.std()) == pytest.approx(float(before.std()), rel=0.1)
    assert sharpness(picture) == pytest.approx(sharpness(before), rel=0.2)
    assert ((picture <= 0) | (picture >= 1)).float().mean() < 1e-3


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0, 0.3))
@settings(max_examples=40, deadline=None)
def test_what_is_held_for_an_hour_is_within_bounds(mean, spread):
    picture = (texture(5, spread=spread) - 0.45 + torch.tensor(mean).view(1, 3, 1, 1)).clamp(0, 1)
    healthy = SteadyReference.of(picture).healthy()
    middle = float(np.dot(healthy.mean, LUMA))
    assert (
        BRIGHT[0] - 1e-3 <= middle <= BRIGHT[1] + 1e-3 or abs(middle - float(bright(picture).mean())) < 1e-3
    )
    assert np.sqrt(np.mean((np.array(healthy.mean) - middle) ** 2)) <= MOST_CAST + 1e-6
    assert DEVIATION[0] <= healthy.deviation <= DEVIATION[1]
    assert len(healthy.bright) == len(SteadyReference.of(picture).bright)


@given(st.floats(-3, 4))
@settings(deadline=None)
def test_the_bend_keeps_order_and_range(value):
    values = torch.tensor([value - 0.01, value, value + 0.01], dtype=torch.float64)
    out = bent(values, KNEE)
    assert (out >= 0).all()
    assert (out <= 1).all()
    assert (out.diff() >= 0).all()
    if value - 0.01 >= 0.05 and value + 0.01 <= 0.95:
        torch.testing.assert_close(out, values)


def test_a_change_is_evened_and_keeps_its_energy():
    change = texture(6) - 0.45
    change[..., :80] *= 0.1
    out = evened(change, 0.5)
    assert float(out.square().mean()) == pytest.approx(float(change.square().mean()), rel=1e-4)

    def ratio(x: torch.Tensor) -> float:
        return float(x[..., 110:].std() / x[..., :50].std())

    assert ratio(out) == pytest.approx(ratio(change) ** 0.5, rel=0.15)
    assert evened(change, 0) is change
    assert not evened(torch.zeros(1, 3, 90, 160), 0.5).any()


def test_a_reference_is_plain_numbers_and_back():
    reference = SteadyReference.of(texture(7))
    assert SteadyReference.from_dict(reference.as_dict()) == reference


def test_a_finer_reference_has_more_of_what_is_finest_alone():
    picture = hold(texture(1), SteadyReference.of(texture(2)))
    before = SteadyReference.of(picture)
    finer = before.finer(1.1)
    assert finer.mean == before.mean
    for now, then in ((finer.bright, before.bright), (finer.colour, before.colour)):
        assert np.allclose(np.divide(now, then), [1.1, 1.1] + [1.0] * (len(then) - 2))
    found, same = (SteadyReference.of(hold(picture, aim)) for aim in (finer, before))
    assert found.bright[0] > 1.03 * same.bright[0]
    assert max(now / then for now, then in zip(found.bright[2:], same.bright[2:], strict=True)) < 1.005


def test_a_flat_picture_is_left_flat():
    flat = torch.full((1, 3, 60, 80), 0.4)
    held = hold(flat, SteadyReference.of(texture(8, height=60, width=80)))
    assert held.std((2, 3)).max() < 1e-4
    assert torch.isfinite(held).all()
