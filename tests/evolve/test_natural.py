"""Genes of smooth surfaces and the prior of natural images: against torch, and native against NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.evolve import natural as module
from reverie.evolve.direct import Direct
from reverie.evolve.genome import child_rng
from reverie.evolve.natural import NATURAL, Natural, roughness
from reverie.native import surfaces as native

has_native = pytest.mark.skipif(not native.available(), reason="no native library on this machine")


@has_native
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    side=st.integers(1, 40),
    size=st.integers(1, 90),
    count=st.integers(1, 4),
    channels=st.integers(1, 4),
    eight_bit=st.booleans(),
    threads=st.integers(1, 5),
)
def test_both_ways_of_drawing_give_the_same_bytes(seed, side, size, count, channels, eight_bit, threads):
    natural = Natural(side=side, channels=channels)
    genes = np.stack([natural.start(child_rng(seed, 0, i)) for i in range(count)])
    sides = [*natural.sides, size]
    wanted = module._drawn(genes, sides, eight_bit)
    first, weights = zip(*(module._taps(a, b) for a, b in itertools.pairwise(sides)), strict=True)
    found = native.draw(
        genes, module.STRENGTHS, sides, first, weights, levels=255 if eight_bit else 0, threads=threads
    )
    assert found.tobytes() == wanted.tobytes()
    if eight_bit:
        whole = np.rint(wanted * 255)
        np.testing.assert_array_equal(wanted, whole.astype(np.float32) / np.float32(255))


@has_native
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    count=st.integers(1, 4),
    channels=st.sampled_from([1, 2, 3, 7, 64]),
    threads=st.integers(1, 5),
    extreme=st.booleans(),
)
def test_both_ways_of_measuring_give_the_same_sums(seed, size, count, channels, threads, extreme):
    planes = np.random.default_rng(seed).random((count, channels, *size), np.float32)
    if extreme:  # the largest numbers that have to be added up
        planes = np.broadcast_to((planes[:, :1] < 0.5).astype(np.float32), planes.shape)
    found = native.measure(planes, threads=threads)
    np.testing.assert_array_equal(found, module._measured(planes))
    bytes_ = np.floor(planes.astype(np.float64) * 255 + 0.5).sum(1)
    np.testing.assert_allclose(found[:, 1], (bytes_**2).sum((1, 2)), rtol=2e-3)


def test_without_the_library_a_run_has_the_same_bytes(monkeypatch):
    natural = Natural(side=14)
    genes = [natural.start(child_rng(0, 0, i)) for i in range(3)]
    first = natural.render(genes, 50, eight_bit=True)
    rough = natural.penalty(first)
    monkeypatch.setattr(native, "available", lambda: False)
    again = natural.render(genes, 50, eight_bit=True)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(rough, natural.penalty(again))


def test_roughness_of_noise_waves_and_nothing() -> None:
    noise = np.random.default_rng(0).random((1, 200, 200, 3), np.float32)
    assert roughness(noise)[0] == pytest.approx(1, abs=0.02)
    # Half the mean square of a difference of neighbours: (1 - cos(w)) of the variance, along one of two axes.
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * np.arange(200) / 20)[None, :, None, None] * np.ones((1, 1, 200, 3))
    assert roughness(wave.astype(np.float32))[0] == pytest.approx((1 - np.cos(2 * np.pi / 20)) / 2, rel=0.02)
    assert roughness(np.ones((1, 9, 9, 3), np.float32))[0] == 0


def test_the_prior_likes_neighbours_that_are_alike_as_in_photographs() -> None:
    pytest.importorskip("skimage")
    from skimage import data

    photo = data.astronaut()[::2, ::2].astype(np.float32)[None] / 255
    noise = np.random.default_rng(0).random(photo.shape, np.float32)
    flat = np.full_like(photo, 0.5)
    natural = Natural(weight=0.1)
    liked, rough, empty = (float(natural.penalty(p)[0]) for p in (photo, noise, flat))
    assert liked == 0 < rough < empty
    assert rough == pytest.approx(0.1 * (np.log2(1 / NATURAL) - 1), rel=0.01)


@pytest.mark.parametrize(("side", "size"), [(56, 224), (14, 50), (9, 9), (30, 11), (2, 5), (1, 4)])
def test_natural_genes_are_knots_of_surfaces_that_are_added_up(side: int, size: int) -> None:
    natural = Natural(side=side)
    genes = natural.start(child_rng(0, 0, 0))
    surface, first = torch.zeros(1, 3, 1, 1), 0
    for knots in natural.sides:
        here = torch.from_numpy(genes[:, first : first + knots**2].reshape(1, 3, knots, knots)).float() / 255
        surface = F.interpolate(surface, (knots, knots), mode="bicubic") + 0.6 * (here - 0.5)
        first += knots**2
    assert genes.shape == (3, first)
    wanted = F.interpolate(surface, (size, size), mode="bicubic", antialias=size < side) + 0.5
    found = natural.render([genes], size)
    np.testing.assert_allclose(np.moveaxis(found, 3, 1), wanted.clamp(0, 1).numpy(), atol=1e-5)


def test_natural_pictures_begin_with_the_power_of_photographs_in_each_octave() -> None:
    """Differences at 4 times the distance have more than twice the square, and at 16 times, again."""
    natural = Natural()
    assert natural.sides == [7, 14, 28, 56]
    pictures = natural.render([natural.start(child_rng(0, 0, i)) for i in range(20)], 224)
    squares = [float(np.square(pictures[:, d:] - pictures[:, :-d]).mean()) for d in (1, 4, 16, 64)]
    assert squares[1] > 4 * squares[0]
    assert squares[2] > 1.5 * squares[1]
    assert (np.abs(np.log2(roughness(pictures) / NATURAL)) < 1).all()
    assert (natural.penalty(pictures) == 0).all()
    assert 0.15 < pictures.std() < 0.35


def test_natural_pictures_begin_smoother_than_direct_ones() -> None:
    natural, direct = Natural(), Direct()
    smooth = roughness(natural.render([natural.start(child_rng(0, 0, 0))], 224))[0]
    rough = roughness(direct.render([direct.start(child_rng(0, 0, 0))], 224))[0]
    assert smooth < 0.1 < rough
