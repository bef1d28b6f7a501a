"""Bound objectives of a batch of portraits: every item alone, twins in NumPy, and every objective rises."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reverie import objective as ob
from reverie.engine.engine import AutogradEngine
from reverie.errors import UsageError
from reverie.gradient.picture_gradient import picture_gradient
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.scoring.batch import BatchObjective
from reverie.scoring.bind import BoundObjective, bind
from reverie.scoring.pairwise import alignment, diversity
from support import twins
from support.networks import PatchTransformer
from support.slow import mostly_slow

Maps = dict[str, Tensor]


@cache
def lite() -> Network:
    return load_net("lite0")


def opened(name: str) -> Tensor:
    return twins.photo(name.split(".")[0], 48, 64)


@cache
def goal_of(text: str, balance: str = "none") -> BoundObjective:
    return bind(ob.parse(text), lite(), open_picture=opened, portrait=True, size=(64, 48), balance=balance)


def batch(*texts: str, balance: str = "none") -> BatchObjective:
    return BatchObjective([goal_of(text, balance) for text in texts])


def made_up(layers: tuple[str, ...], count: int, views: int, seed: int = 0) -> Maps:
    """Activations of ``views`` views of ``count`` items; an item's are its own, whoever else is there."""
    return {
        name: torch.cat([piece(name, i, v, seed) for v in range(views) for i in range(count)])
        for name in layers
    }


def piece(name: str, item: int, view: int, seed: int = 0) -> Tensor:
    layer = lite().layer(name)
    rng = torch.Generator().manual_seed(1000 * seed + 100 * view + item)
    size = (5, 7) if layer.stride else ()
    return torch.randn(1, layer.channels, *size, generator=rng) + 0.3


ALONE = [
    "block4b",
    "mean(block4b)",
    "block4b:17",
    "block4b:17@3,2",
    "neuron(block4c, 3)",
    "peak(block4b, 17)",
    "logits:207",
    'class("tabby")',
    'logprob("tabby")',
    "direction(block4b, 3:1, 9:-0.5, cosine=2)",
    'guide("coffee.png", block4b)',
    'guide("coffee.png", block4b, channels)',
    'caricature("coffee.png", block4b, cosine=2)',
    'invert("coffee.png", block4b)',
    "block4b:3 - 0.5*block4c:4 + 0.01*logits:3",
]
WHOLE = [*ALONE, "-tv", "block4b:3 - 0.5*tv(2) - 3*alpha(6) - l2"]


# -- items are independent -------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(ALONE), min_size=1, max_size=7), st.integers(1, 3), st.booleans())
def test_an_item_does_not_know_its_neighbours(texts, views, balanced):
    """Score and seeds are those of a batch of that item only, to the last bit."""
    balance = "layers" if balanced else "none"
    together = batch(*texts, balance=balance)
    maps = made_up(together.layers, len(texts), views)
    scores, seeds = together.evaluate(maps, views)
    assert scores.shape == (len(texts),)
    assert all(seeds[k].shape == maps[k].shape for k in maps)
    for i, text in enumerate(texts):
        alone = batch(text, balance=balance)
        own = {k: maps[k][i :: len(texts)].clone() for k in alone.layers}
        score, seed = alone.evaluate(own, views)
        assert torch.equal(scores[i], score[0])
        for layer in together.layers:
            found = seeds[layer][i :: len(texts)]
            assert torch.equal(found, seed[layer] if layer in seed else torch.zeros_like(found))


def test_an_item_does_not_know_its_neighbours_on_many_threads_either():
    """A shallow layer's maps are large enough for torch to share a sum among threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        goal = goal_of("block2b:3 + block2b - 0.1*tv")
        maps = torch.randn(3, 24, 64, 200, generator=torch.Generator().manual_seed(1))
        pictures = torch.rand(3, 3, 128, 128, generator=torch.Generator().manual_seed(2))
        scores, seeds = BatchObjective([goal] * 3).evaluate({"block2b": maps})
        penalties, gradients = BatchObjective([goal] * 3).penalise(pictures)
        for i in range(3):
            score, seed = BatchObjective([goal]).evaluate({"block2b": maps[i : i + 1].clone()})
            penalty, gradient = BatchObjective([goal]).penalise(pictures[i : i + 1].clone())
            assert torch.equal(score[0], scores[i])
            assert torch.equal(seed["block2b"][0], seeds["block2b"][i])
            assert torch.equal(penalty[0], penalties[i])
            assert torch.equal(gradient[0], gradients[i])
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("balance", ["none", "layers"])
@pytest.mark.parametrize("text", WHOLE)
def test_a_batch_of_one_is_a_dream_in_one_view(text, balance):
    """Score and gradient are those of the seam that dreams use."""
    if balance == "layers" and "tv" in text:
        return  # a portrait's penalties are as weighted
    picture, engine = twins.photo("chelsea", 80, 96), AutogradEngine(lite())
    expected, slope = picture_gradient(engine, goal_of(text, balance), picture)
    one = batch(text, balance=balance)
    score, seeds = one.evaluate(engine.forward(picture, one.layers)) if one.layers else (torch.zeros(1), {})
    found = engine.backward(seeds) if seeds else torch.zeros_like(picture)
    penalty, change = one.penalise(picture)
    torch.testing.assert_close(score + penalty, expected, rtol=1e-5, atol=1e-7)
    size = float(slope.abs().max())
    torch.testing.assert_close(found + change, slope, rtol=1e-4, atol=1e-5 * size)


def test_a_score_is_the_mean_over_an_items_views():
    texts, views = ["block4b:17", "block4b:3 - block4c:2"], 3
    group = batch(*texts)
    maps = made_up(group.layers, 2, views)
    scores, seeds = group.evaluate(maps, views)
    each = [group.evaluate({k: a[2 * v : 2 * v + 2] for k, a in maps.items()}) for v in range(views)]
    torch.testing.assert_close(scores, torch.stack([s for s, _ in each]).mean(0))
    for layer in group.layers:
        torch.testing.assert_close(seeds[layer], torch.cat([s[layer] for _, s in each]) / views)


@pytest.mark.parametrize("text", ALONE)
def test_seeds_are_the_gradient_of_the_score(text):
    """By central differences in float64, along a random direction."""
    if text.startswith("guide") and "channels" not in text:
        return  # which column fits best is held
    group = batch(text)
    maps = {k: a.double() for k, a in made_up(group.layers, 1, 2).items()}
    _, seeds = group.evaluate(maps, 2)
    rng = torch.Generator().manual_seed(9)
    way = {k: torch.randn(a.shape, generator=rng, dtype=torch.float64) for k, a in maps.items()}
    ends = [group.evaluate({k: a + e * way[k] for k, a in maps.items()}, 2)[0] for e in (1e-6, -1e-6)]
    expected = sum(float((seeds[k] * way[k]).sum()) for k in maps)
    assert expected != 0
    assert float((ends[0] - ends[1]) / 2e-6) == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_balanced_terms_are_equally_strong_at_their_layers():
    group = batch("100*block4b:17 + 100*block4c", balance="layers")
    _, seeds = group.evaluate(made_up(group.layers, 1, 2), 2)
    for layer in group.layers:
        norms = seeds[layer].flatten(1).norm(dim=1)
        torch.testing.assert_close(norms, torch.full((2,), 50.0))


def test_tokens_and_vectors_are_read_too():
    net = wrap_net(PatchTransformer(extra=20).eval(), input_size=(32, 48), name="patches")
    texts = ["encoder:3", "encoder", "logits:2", "logprob(1)", "encoder:3 + diversity(encoder)"]
    goals = [bind(ob.parse(text), net, portrait=True) for text in texts]
    group, engine = BatchObjective(goals), AutogradEngine(net)
    pictures = torch.rand(5, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    activations = engine.forward(pictures, group.layers)
    assert {a.ndim for a in activations.values()} == {2, 3}
    scores, seeds = group.evaluate(activations)
    assert float(scores[0]) == pytest.approx(float(activations["encoder"][0, :, 3].mean()), rel=1e-5)
    assert float(scores[3]) == pytest.approx(float(activations["logits"][3].log_softmax(0)[1]), rel=1e-5)
    assert not seeds["logits"][0].any()
    assert seeds["encoder"].shape == activations["encoder"].shape
    gradient = engine.backward(seeds)
    assert all(gradient[i].abs().sum() > 0 for i in range(5))


# -- what compares items ---------------------------------------------------------------------------


def cosines(maps: np.ndarray) -> np.ndarray:
    """Cosines (n, n) of the Gram matrices of maps (n, C, h, w)."""
    columns = maps.reshape(*maps.shape[:2], -1)
    grams = np.einsum("ncp,ndp->ncd", columns, columns).reshape(len(maps), -1)
    grams = grams / np.linalg.norm(grams, axis=1, keepdims=True)
    return grams @ grams.T


def diversity_twin(maps: np.ndarray) -> np.ndarray:
    found, count = cosines(maps), len(maps)
    return -np.array([(found[i].sum() - found[i, i]) / (count - 1) for i in range(count)])


def alignment_twin(maps: np.ndarray) -> np.ndarray:
    count = len(maps)
    return -np.array(
        [
            sum(
                ((maps[i] - maps[j]) ** 2).mean() / 2 ** abs(i - j)
                for j in range(count)
                if 0 < abs(i - j) < 5
            )
            for i in range(count)
        ]
    )


@pytest.mark.parametrize(("name", "twin"), [("diversity", diversity_twin), ("alignment", alignment_twin)])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_comparisons_agree_with_numpy(name, twin, count):
    group = batch(*[f"2*{name}(block4b)"] * count)
    maps = made_up(group.layers, count, 2)
    scores, _ = group.evaluate(maps, 2)
    a = maps["block4b"].double().numpy()
    expected = 2 * (twin(a[:count]) + twin(a[count:])) / 2
    np.testing.assert_allclose(scores.numpy(), expected, rtol=1e-4)


@pytest.mark.parametrize(("of", "twin"), [(diversity, diversity_twin), (alignment, alignment_twin)])
def test_a_comparison_is_climbed_with_the_others_held(of, twin):
    rng = np.random.default_rng(5)
    maps, way = rng.normal(0.3, 1, (4, 6, 3, 5)), rng.normal(size=(6, 3, 5))
    _, slopes = of(torch.from_numpy(maps)[None])
    for i in range(4):
        step = np.zeros_like(maps)
        step[i] = 1e-6 * way
        expected = (twin(maps + step)[i] - twin(maps - step)[i]) / 2e-6
        assert float((slopes[0, i].numpy() * way).sum()) == pytest.approx(expected, rel=1e-5)


def test_families_do_not_see_each_other():
    text = "block4b:17 + 3*diversity(block4b)"
    maps = made_up(("block4b",), 5, 2)
    mixed = BatchObjective([goal_of(text)] * 5, families=["a", "b", "a", "b", "a"])
    scores, seeds = mixed.evaluate(maps, 2)
    for items in ([0, 2, 4], [1, 3]):
        rows = [v * 5 + i for v in range(2) for i in items]
        alone, seed = BatchObjective([goal_of(text)] * len(items)).evaluate(
            {"block4b": maps["block4b"][rows]}, 2
        )
        assert torch.equal(alone, scores[items])
        assert torch.equal(seed["block4b"], seeds["block4b"][rows])


def test_one_alone_has_nobody_to_differ_from():
    for text in ("diversity(block4b)", "alignment(block4b)"):
        score, seeds = batch(text).evaluate(made_up(("block4b",), 1, 2), 2)
        assert float(score) == 0
        assert not seeds["block4b"].any()


def test_only_those_who_ask_are_compared():
    """An item without the term is neither compared nor changed."""
    group = batch("block4b:1 + diversity(block4b)", "block4b:1", "block4b:2 + 2*diversity(block4b)")
    maps = made_up(group.layers, 3, 1)
    scores, _ = group.evaluate(maps)
    a = maps["block4b"].double().numpy()
    pair = diversity_twin(a[[0, 2]])
    expected = [a[0, 1].mean() + pair[0], a[1, 1].mean(), a[2, 2].mean() + 2 * pair[1]]
    np.testing.assert_allclose(scores.numpy(), expected, rtol=1e-4)


# -- ascent ----------------------------------------------------------------------------------------


def climb(group: BatchObjective, *, steps: int = 12, side: int = 64) -> tuple[Tensor, Tensor]:
    """Scores before a short ascent from weak noise and in its second half; items have own generators."""
    engine = AutogradEngine(lite())
    starts = [
        torch.randn(3, side, side, generator=torch.Generator().manual_seed(i)) for i in range(len(group))
    ]
    x = 0.5 + 0.08 * torch.stack(starts)
    found = []
    for _ in range(steps + 1):
        scores, gradient = group.penalise(x)
        if group.layers:
            values, seeds = group.evaluate(engine.forward(x, group.layers))
            scores, gradient = scores + values, gradient + engine.backward(seeds)
        found.append(scores)
        x = (x + 0.002 * gradient / gradient.square().mean((1, 2, 3), keepdim=True).sqrt()).clamp(0, 1)
    return found[0], torch.stack(found[steps // 2 :]).mean(0)  # a single step may fall


@mostly_slow(
    "text",
    [*WHOLE, "-l2", "-tv(2)", "-alpha(6)", "diversity(block4b)", "alignment(block4b)", "logprob(207) - tv"],
    quick=3,
)
def test_every_objective_rises_in_a_batch(text):
    before, after = climb(batch(text, "block4b:5", text))
    assert (after > before + 0.1 * before.abs()).all()


@pytest.mark.slow
def test_diversity_shows_other_facets_of_the_same_unit():
    """Gram matrices 30 % farther apart than from independent starts, with 90 % of the activation."""
    found = {}
    for text in ("block5c:40", "block5c:40 + 20*diversity(block5c)"):
        group, engine = batch(*[text] * 4), AutogradEngine(lite())
        rngs = [torch.Generator().manual_seed(i) for i in range(4)]
        x = 0.45 + 0.1 * torch.stack([torch.rand(3, 64, 64, generator=rng) for rng in rngs])
        for _ in range(25):
            _, seeds = group.evaluate(engine.forward(x, group.layers))
            gradient = engine.backward(seeds)
            x = (x + 0.02 * gradient / gradient.square().mean((1, 2, 3), keepdim=True).sqrt()).clamp(0, 1)
        maps = lite().forward(x, "block5c")["block5c"].double().numpy()
        found[text] = maps[:, 40].mean(), -diversity_twin(maps).mean()
    (plain, alike), (other, apart) = found.values()
    assert apart <= 0.7 * alike
    assert other >= 0.9 * plain


# -- faults ----------------------------------------------------------------------------------------


def test_faults_are_named():
    region = bind(ob.parse('block4b@mask("coffee.png")'), lite(), open_picture=opened)
    for said, make in (
        ("at least one objective", lambda: BatchObjective([])),
        ("a portrait has no regions", lambda: BatchObjective([region])),
        ("3 families for 1", lambda: BatchObjective([goal_of("block4b")], families=[1, 2, 3])),
        ("balance terms is not for portraits", lambda: batch("block4b - tv", balance="terms")),
        (
            "a portrait has no regions",
            lambda: bind(ob.parse('block4b@mask("coffee.png")'), lite(), portrait=True),
        ),
    ):
        with pytest.raises(UsageError, match=said):
            make()
    with pytest.raises(UsageError, match="no cell 7,0; at this size"):
        batch("block4b:3@7,0").evaluate(made_up(("block4b",), 1, 1))
    assert batch("block4b", balance="terms").objectives[0].balance == "terms"  # nothing to balance
