"""How undecided channels are: limits, twins in NumPy, seeds, regions, tiles, dreams and portraits."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reverie import objective as ob
from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.engine.engine import AutogradEngine
from reverie.errors import UsageError
from reverie.gradient.cells import Window, as_map
from reverie.gradient.picture_gradient import Tiling, picture_gradient
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.portrait.batch import make_portraits
from reverie.recipe.presets.preset import preset
from reverie.scoring.batch import BatchObjective
from reverie.scoring.bind import BoundObjective, bind
from reverie.scoring.functions import softmax_entropy
from support import twins
from support.networks import PatchTransformer
from support.recipes import GENTLE


@cache
def lite(double: bool = False) -> Network:
    return load_net("lite0").to(dtype=torch.float64) if double else load_net("lite0")


def half(name: str) -> Tensor:
    """White on the left."""
    mask = torch.zeros(1, 1, 96, 128)
    mask[..., :64] = 1
    return mask


def bound(text: str, net: Network, *, portrait: bool = False) -> BoundObjective:
    return bind(ob.parse(text), net, open_picture=half, portrait=portrait)


def entropy_of(cells: Tensor) -> Tensor:
    return softmax_entropy(cells, Window.whole(*cells.shape[2:]))


def by_numpy(columns: np.ndarray) -> np.ndarray:
    """Entropies of the softmax over the first axis, from the definition, in float64."""
    p = np.exp(columns.astype(np.float64) - columns.max(0))
    p /= p.sum(0)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), 0)


# -- the text form ---------------------------------------------------------------------------------


def test_the_text_form():
    assert ob.entropy() == ob.entropy("logits") == ob.parse("entropy()") == ob.parse("entropy(logits)")
    assert str(ob.entropy()) == "entropy(logits)"
    odd = ob.entropy("odd name") - ob.entropy("tv").within("m.png")
    assert str(odd) == 'entropy("odd name") - entropy("tv")@mask("m.png")'
    assert ob.parse(str(odd)) == odd
    with pytest.raises(UsageError, match='at column 9 found "3'):
        ob.parse("entropy(3)")
    with pytest.raises(UsageError, match="at column 16 found the end"):
        ob.parse("entropy(block5c")
    with pytest.raises(UsageError, match='did you mean "entropy"'):
        ob.parse("entrpy()")


# -- its values ------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([1e-3, 1.0, 30.0, 1e4, 1e30]))
def test_it_lies_between_nothing_and_the_logarithm_of_the_channels(seed, channels, scale):
    cells = scale * torch.randn(2, channels, 3, 2, generator=torch.Generator().manual_seed(seed))
    leaf = cells.requires_grad_(True)
    found = entropy_of(leaf)
    values = found.detach().numpy()
    assert values.shape == (2, 3, 2)
    assert values.min() >= 0
    assert values.max() <= math.log(channels) + 1e-5
    expected = by_numpy(cells.detach().transpose(0, 1).numpy())
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)
    (slope,) = torch.autograd.grad(found.sum(), leaf)
    assert torch.isfinite(slope).all()


@pytest.mark.parametrize("level", [-1e4, 0.0, 3.5, 1e6])
def test_equal_channels_are_as_undecided_as_can_be(level):
    found = entropy_of(torch.full((1, 1000, 2, 2), level, dtype=torch.float64))
    torch.testing.assert_close(found, torch.full_like(found, math.log(1000)))


def test_one_channel_that_outdoes_all_others_is_decided():
    cells = torch.zeros(1, 10, 1, 1)
    cells[:, 3] = 200
    assert float(entropy_of(cells)) == 0


@pytest.mark.slow
def test_a_score_is_the_mean_over_positions():
    """Of maps (N, C, h, w) and vectors (N, C), with and without a region."""
    picture = twins.photo("coffee", 96, 128)
    found = lite().forward(picture, ["block4b", "logits"])
    cells, logits = by_numpy(found["block4b"][0].numpy()), by_numpy(found["logits"][0].numpy())
    assert cells.shape == (6, 8)
    for text, expected in {
        "entropy()": logits,
        "entropy(block4b)": cells.mean(),
        'entropy(block4b)@mask("m.png")': cells[:, :4].sum() / 48,
        "2*entropy() - entropy(block4b)": 2 * logits - cells.mean(),
    }.items():
        score, _ = picture_gradient(AutogradEngine(lite()), bound(text, lite()), picture)
        assert float(score) == pytest.approx(float(expected), rel=1e-4), text
    with pytest.raises(UsageError, match="layer logits has no map"):
        bound('entropy()@mask("m.png")', lite())
    with pytest.raises(UsageError, match='did you mean "block5c"'):
        bound("entropy(blok5c)", lite())


@pytest.mark.slow
def test_tokens_are_positions_too():
    net = wrap_net(PatchTransformer(extra=20).eval(), input_size=(32, 48), name="patches")
    pictures = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    batch = BatchObjective([bound(text, net, portrait=True) for text in ("entropy(encoder)", "entropy()")])
    activations = AutogradEngine(net).forward(pictures, batch.layers)
    scores, seeds = batch.evaluate(activations)
    tokens, vector = activations["encoder"][0].numpy(), activations["logits"][1].numpy()  # (T, C), (C,)
    assert float(scores[0]) == pytest.approx(by_numpy(tokens.T).mean(), rel=1e-5)
    assert float(scores[1]) == pytest.approx(by_numpy(vector), rel=1e-5)
    assert seeds["encoder"].shape == activations["encoder"].shape


# -- its seeds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 80, 5, 7), (1, 80, 24), (1, 80)], ids=["map", "tokens", "vector"])
def test_seeds_are_the_gradient_at_the_layer(shape):
    """By the formula -p (log p + H) in NumPy, by central differences, and by autograd of the definition."""
    rng = np.random.default_rng(4)
    values = rng.normal(0, 2, shape)
    activation = torch.from_numpy(values if len(shape) != 3 else values.transpose(0, 2, 1).copy())
    batch = BatchObjective([bound("entropy(block4b)", lite(), portrait=True)])
    score, seeds = batch.evaluate({"block4b": activation})
    seed = as_map(seeds["block4b"])[0].flatten(1).numpy()  # (C, P)
    columns = values[0].reshape(80, -1)
    assert float(score[0]) == pytest.approx(by_numpy(columns).mean(), rel=1e-12)

    p = np.exp(columns) / np.exp(columns).sum(0)
    formula = -p * (np.log(p) + by_numpy(columns)) / columns.shape[1]
    np.testing.assert_allclose(seed, formula, rtol=1e-9, atol=1e-15)

    way = rng.normal(size=columns.shape)
    ends = [by_numpy(columns + step * way).mean() for step in (1e-5, -1e-5)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx((seed * way).sum(), rel=1e-6)

    leaf = torch.from_numpy(columns).requires_grad_(True)
    entropy = torch.distributions.Categorical(logits=leaf.t()).entropy().mean()
    (slope,) = torch.autograd.grad(entropy, leaf)
    np.testing.assert_allclose(seed, slope.numpy(), rtol=1e-9, atol=1e-15)


@pytest.mark.slow
def test_tiles_change_nothing_in_float64():
    net = lite(double=True)
    goal = bound('entropy(block3b) + 2*entropy(block2b)@mask("m.png")', net)
    seen = net.geometry(goal.layers)
    assert seen is not None
    stride, field = seen
    halo = -(-field // 2 // stride) * stride
    tiling = Tiling(6 * stride, halo, stride)
    assert len(tiling.tiles(150, 190)) > 3
    picture = twins.photo("chelsea", 150, 190).double()
    score, gradient = picture_gradient(AutogradEngine(net), goal, picture, tiling=tiling)
    expected, whole = picture_gradient(AutogradEngine(net), goal, picture)
    assert float(score) == pytest.approx(float(expected), rel=1e-10)
    assert float((gradient - whole).norm() / whole.norm()) <= 1e-10


# -- ascent ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["logits", "block5c"])
def test_a_dream_becomes_undecided_or_sure(layer):
    def entropy(picture: Tensor) -> float:
        return float(picture_gradient(AutogradEngine(lite()), bound(f"entropy({layer})", lite()), picture)[0])

    photo, found = twins.photo("chelsea", 96, 128), []
    for text in (f"entropy({layer})", f"-entropy({layer})"):
        recipe = preset("classic", objective=(text,), **GENTLE)
        session = Session(recipe, net=lite())
        state = State.begin(recipe, photo, session)
        for _ in dream(recipe, session=session, state=state):
            pass
        found.append(entropy(state.canvas.picture()))
    undecided, sure = found
    assert undecided > 1.2 * entropy(photo)
    assert sure < 0.8 * entropy(photo)


@pytest.mark.slow
def test_a_portrait_becomes_undecided_or_sure():
    """What the preset "naive" draws, made together: next to log 1000 = 6.9, and next to nothing."""
    recipes = [
        preset("naive", objective=(text,), size=(96, 96), steps=(16,), seed=3)
        for text in ("entropy(logits)", "-entropy(logits)")
    ]
    undecided, sure = (made.score for made in make_portraits(recipes, Session(recipes[0], net=lite())))
    assert undecided > 6
    assert -0.1 < sure <= 0
