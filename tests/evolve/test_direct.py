"""Genes that are pixels: chance, sizes, text."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import BadInput, UsageError
from reverie.evolve import genome_from_json, genome_json, make_encoding
from reverie.evolve.direct import Direct
from reverie.evolve.genome import child_rng


def test_the_start_is_uniform() -> None:
    genes = Direct(side=100).start(child_rng(0, 0, 0))
    counts = np.bincount(genes.reshape(-1), minlength=256) / genes.size
    assert genes.shape == (3, 100, 100)
    assert np.abs(counts - 1 / 256).max() < 0.0015


@pytest.mark.parametrize(("generation", "rate"), [(0, 0.1), (999, 0.1), (1000, 0.05), (3500, 0.0125)])
def test_the_rate_halves_every_thousand_generations(generation: int, rate: float) -> None:
    direct = Direct(side=150)
    parent = direct.start(child_rng(0, 0, 0))
    child = direct.mutate(parent, child_rng(0, generation, 1), generation=generation)
    # One step in about 60 rounds to nothing, or is cut off at the end of the range.
    assert (child != parent).mean() == pytest.approx(rate, rel=0.08)


def test_steps_have_the_mean_of_the_formula_and_parents_stay() -> None:
    direct = Direct(side=150)
    parent = np.full(direct.shape, 128, np.uint8)
    child = direct.mutate(parent, child_rng(0, 1, 1))
    steps = child.astype(int)[child != parent] - 128
    assert np.abs(steps).mean() == pytest.approx(255 / 17, rel=0.05)
    assert abs(steps.mean()) < 1
    assert (parent == 128).all()


@given(st.integers(0, 255))
def test_genes_stay_bytes(value: int) -> None:
    direct = Direct(side=12)
    child = direct.mutate(np.full(direct.shape, value, np.uint8), child_rng(value, 1, 0))
    assert child.dtype == np.uint8
    assert np.abs(child.astype(int) - value).max() < 256


def test_pixels_are_genes_at_their_own_size_and_squares_above() -> None:
    direct = Direct(side=8)
    genes = direct.start(child_rng(0, 0, 0))
    picture = direct.render([genes], 8)[0]
    np.testing.assert_array_equal(picture, np.moveaxis(genes, 0, 2).astype(np.float32) / np.float32(255))
    large = direct.render([genes, genes], 24)
    np.testing.assert_array_equal(large[1], picture.repeat(3, 0).repeat(3, 1))
    small = direct.render([genes], 4, eight_bit=True)[0]
    assert small == pytest.approx(picture.reshape(4, 2, 4, 2, 3).mean((1, 3)), abs=0.2)
    np.testing.assert_array_equal(small, np.rint(small * 255).astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("name", ["direct", "natural", "gradient"])
def test_a_genome_survives_its_text_and_its_array(name: str) -> None:
    encoding = make_encoding(name, side=16)
    genes = [encoding.start(child_rng(0, 0, i)) for i in range(3)]
    other, again = genome_from_json(json.loads(json.dumps(genome_json(encoding, genes[1]))))
    np.testing.assert_array_equal(again, genes[1])
    assert other.settings() == encoding.settings()
    np.testing.assert_array_equal(other.render([again], 50), encoding.render([genes[1]], 50))
    np.testing.assert_array_equal(encoding.unpack(encoding.pack(genes)), genes)
    assert encoding.unpack(encoding.pack([])) == []
    assert encoding.render([], 5).shape == (0, 5, 5, 3)


@pytest.mark.parametrize("genes", [None, 7, "", "AAAA", "not base 64!", "eJwDAAAAAAE=", "A" * 9000])
def test_damaged_genes_are_refused(genes: object) -> None:
    with pytest.raises(BadInput, match="genome"):
        Direct(side=8).decode({"genes": genes})


def test_genes_of_another_size_are_refused() -> None:
    small, large = Direct(side=8), Direct(side=9)
    with pytest.raises(BadInput, match="genes"):
        large.decode(small.encode(small.start(child_rng(0, 0, 0))))
    with pytest.raises(BadInput):
        large.unpack(small.pack([small.start(child_rng(0, 0, 0))]))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("direct", {"side": 0}),
        ("direct", {"channels": 0}),
        ("natural", {"weight": -1}),
        ("gradient", {"steps": 0}),
        ("gradient", {"step": 2}),
    ],
)
def test_settings_out_of_range(name: str, settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        make_encoding(name, **settings)
