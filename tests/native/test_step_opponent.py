"""The fused bands along axes of colour against the torch code that serves elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reverie.deepdream.direction import room_for, step_direction
from reverie.errors import UsageError
from reverie.native import library
from reverie.native import step as native
from reverie.native.runtime import Runtime
from reverie.ops.opponent import CELL, OpponentNumbers, opponent_normalised
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support.step_cases import of_bands

pytestmark = pytest.mark.skipif(library() is None, reason="the native library is not built")

KERNELS = native.backends()[1:]
CLOSE = 1e-5


def made(
    shape: tuple[int, ...], *, seed: int = 0, scale: float = 1e-6, attentive: bool = True
) -> tuple[Tensor, Tensor | None]:
    """A gradient and attention."""
    rng = torch.Generator().manual_seed(seed)
    gradient = scale * torch.randn(shape, generator=rng)
    attention = torch.rand(1, 1, *shape[2:], generator=rng).mul_(2).sub_(0.5).clamp_(0, 1)
    return gradient, attention if attentive else None


def by_kernel(
    gradient: Tensor, way: str, threads: int, *, levels: int = 4, tilt: float = 0.4, **options
) -> tuple[Tensor, native.Moments]:
    """A copy, done by these kernels, and its moments."""
    found = gradient.clone()
    with Runtime(threads, way).use():
        moments = native.opponent_(found, OpponentNumbers.of(found.shape, levels, tilt), **options)
    assert moments is not None
    return found, moments


def apart(found: Tensor, expected: Tensor) -> float:
    """The RMS of the difference over that of what is expected."""
    difference = found.double() - expected.double()
    return float(difference.square().mean().sqrt() / expected.double().square().mean().sqrt())


@pytest.mark.parametrize("way", KERNELS)
@pytest.mark.parametrize("size", [(40, 64), (61, 90)])
def test_attention_may_be_told_by_cells(way, size):
    """Its means over cells, which is what is made of every pixel's."""
    gradient, attention = made((1, 3, *size))
    cells = torch.nn.functional.avg_pool2d(attention, CELL, ceil_mode=True)
    pixels, _ = by_kernel(gradient, way, 1, attention=attention)
    found, _ = by_kernel(gradient, way, 1, attention=cells)
    assert apart(found, pixels) < CLOSE
    expected = opponent_normalised(gradient.double(), attention=cells.double())
    assert apart(found, expected) < 10 * CLOSE


@pytest.mark.slow
@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(8, 90), st.integers(8, 120)),
    attentive=st.booleans(),
    threads=st.integers(1, 4),
    scale=st.sampled_from([1.0, 1e-8]),
    way=st.sampled_from(KERNELS),
    **of_bands(5, 8, (-0.5, 1)),
)
def test_it_is_torchs(size, channels, levels, tilt, attentive, circular, threads, scale, seed, way):
    gradient, attention = made((1, channels, *size), seed=seed, scale=scale, attentive=attentive)
    options = {"levels": levels, "tilt": tilt, "circular": circular, "attention": attention}
    expected = opponent_normalised(gradient.double(), **options)
    found, moments = by_kernel(gradient, way, threads, **options)
    assert apart(found, expected) < CLOSE
    assert apart(opponent_normalised(gradient, **options), expected) < CLOSE
    size = float(expected.square().mean().sqrt())
    assert moments.mean == pytest.approx(float(expected.mean()), abs=1e-5 * size)
    assert moments.deviation == pytest.approx(float(expected.std(correction=0)), rel=1e-5)


@pytest.mark.parametrize("way", KERNELS)
@pytest.mark.parametrize("attentive", [False, True])
@pytest.mark.parametrize("size", [(590, 1101), (1100, 9), (9, 1100)])
def test_the_same_bytes_for_any_number_of_threads(way, attentive, size):
    gradient, attention = made((1, 3, *size), attentive=attentive)
    found = []
    for threads in (1, 2, 3, 4):
        plane, moments = by_kernel(gradient, way, threads, attention=attention)
        found.append((plane.numpy().tobytes(), moments))
    assert found.count(found[0]) == 4
    assert apart(plane, opponent_normalised(gradient, attention=attention)) < CLOSE


@pytest.mark.parametrize("circular", [False, True])
def test_nothing_stays_nothing(circular):
    for value in (0.0, 3.0):
        flat, moments = by_kernel(torch.full((1, 3, 33, 48), value), KERNELS[-1], 1, circular=circular)
        assert float(flat.abs().max()) < 1e-2
        assert moments.deviation < 1e-2
    nothing, moments = by_kernel(torch.zeros(1, 2, 33, 48), KERNELS[-1], 1, circular=circular)
    assert not nothing.any()
    assert moments == native.Moments(0.0, 0.0)


def test_one_channel_of_nothing_beside_another():
    gradient, attention = made((1, 2, 40, 50))
    gradient[:, 1] = 0
    found, _ = by_kernel(gradient, KERNELS[-1], 2, attention=attention)
    assert apart(found, opponent_normalised(gradient.double(), attention=attention)) < CLOSE
    assert not found[:, 1].any()


@pytest.mark.parametrize("way", KERNELS)
def test_grey_stays_grey(way):
    """Rounding along an axis of colour is not taken for colour."""
    gradient, attention = made((1, 1, 64, 70))
    found, _ = by_kernel(gradient.expand(1, 3, 64, 70).contiguous(), way, 1, attention=attention)
    assert float((found - found.mean(1, keepdim=True)).abs().max()) < 0.02 * float(found.std())


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (40, 5)])
def test_a_picture_too_small_for_a_band_is_left_to_torch(size):
    gradient, attention = made((1, 3, *size))
    kept = gradient.clone()
    for shape in (size, (8, 8)):
        numbers = OpponentNumbers.of((1, 3, *shape), 4, 0.4)
        assert native.opponent_(gradient, numbers, attention=attention) is None
        assert torch.equal(gradient, kept)


def test_the_room_may_be_given_and_need_not():
    gradient, attention = made((1, 3, 61, 83))
    need = native.opponent_room(gradient.shape, 4)
    first = by_kernel(gradient, KERNELS[-1], 2, attention=attention)
    second = by_kernel(gradient, KERNELS[-1], 2, attention=attention, room=torch.full((need,), float("nan")))
    assert torch.equal(first[0], second[0])
    assert first[1] == second[1]
    assert need < 0.6 * gradient.numel()


def test_cells_are_of_one_size():
    assert native.CELL == CELL


def test_numbers_of_other_gradients_are_refused():
    gradient, _ = made((1, 3, 32, 40))
    right = OpponentNumbers.of(gradient.shape, 3, 0.4)
    assert native.opponent_(gradient.clone(), right) is not None
    wrong = [
        OpponentNumbers.of((1, 4, 32, 40), 2, 0.4),
        *(replace(right, axes=axes) for axes in (right.axes[:8], (1.0,) * 10)),
        *(replace(right, ground=right.ground[:n], form=right.form[:n]) for n in (1, 2, 4, 8)),
        replace(right, form=right.form[:6]),
        replace(right, form=()),
        replace(right, ground=right.ground * 40, form=right.form * 40),
        *(replace(right, local_taps=taps) for taps in ((), (0.5, 0.5), (1 / 131,) * 131)),
        *(replace(right, gate_taps=taps) for taps in ((), (0.5, 0.5), (1 / 131,) * 131)),
        *(replace(right, single=numbers) for numbers in ((), right.single[:5], (*right.single, 1.0))),
    ]
    for numbers in wrong:
        with pytest.raises(UsageError, match="native kernel"):
            native.opponent_(gradient, numbers)
    two, _ = made((1, 2, 32, 40))
    with pytest.raises(UsageError, match="axes are those of 3"):
        native.opponent_(two, replace(OpponentNumbers.of(two.shape, 3, 0.4), axes=right.axes))
    # Fewer bands than the picture has room for, and blurs that reach far beyond it, are done.
    assert native.opponent_(gradient, replace(right, local_taps=(1 / 129,) * 129), circular=True) is not None


@pytest.mark.parametrize("attentive", [False, True])
def test_a_step_goes_where_torchs_goes(attentive):
    recipe = preset("reverie")
    assert recipe.smoothing == "opponent"
    gradient, attention = made((1, 3, 90, 121), attentive=attentive)
    room = torch.empty(room_for(gradient.shape, recipe))
    ways = []
    for way in (KERNELS[-1], "torch"):
        with Runtime(2, way).use():
            d = step_direction(gradient.clone(), recipe, 0.5, room=room, attention=attention)
            ways.append(d.factor * d.plane + d.offset)
    assert apart(ways[0], ways[1]) < CLOSE
    assert room_for(gradient.shape, Recipe()) == native.laplacian_room(gradient.shape, Recipe().levels)
