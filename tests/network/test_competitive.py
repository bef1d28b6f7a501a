"""Cells that competed as a network: maps of any size, units of the whole, and what a file says of them."""

import json

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save

import reverie
from reverie.ascent.session import Session
from reverie.errors import NetworkError
from reverie.network.class_names import class_names
from reverie.network.competitive import Competitive, CompetitivePlan, competitive_network
from reverie.network.trained import ENTRY, CompetitiveFacts, pack

PLAN = CompetitivePlan(side=20, cells=4, kernel=5, pool=5, units=3)
FACTS = CompetitiveFacts(classes=("a", "b", "c"), side=20, cells=4, kernel=5, pool=5)


@pytest.fixture(scope="module")
def state():
    rng = torch.Generator().manual_seed(0)
    return {
        name: torch.rand(shape, generator=rng) - (name != "deviation") * 0.5
        for name, shape in PLAN.shapes().items()
    }


@pytest.fixture(scope="module")
def net(state):
    return competitive_network("cells", PLAN, state, class_names(["a", "b", "c"]))


def test_units_read_what_the_paper_says(net, state):
    """Brought to one contrast, filtered, on and off, pooled, to one scale and length: a twin by hand."""
    x = torch.rand(2, 1, 20, 20, generator=torch.Generator().manual_seed(1))
    for i, picture in enumerate(x):
        even = (picture - picture.mean()) / (picture.std(unbiased=False) + 0.02)
        found = F.conv2d(F.pad(even[None], (2, 2, 2, 2), mode="reflect"), state["cells"])[0]
        both = torch.cat([found.clamp_min(0), (-found).clamp_min(0)])
        pooled = both.unfold(1, 5, 5).unfold(2, 5, 5).mean((3, 4)).flatten()
        read = (pooled - state["mean"]) / state["deviation"]
        expected = state["units"] @ (read / read.norm())
        assert torch.allclose(net.forward(x, "logits")["logits"][i], expected, atol=1e-5)


def test_contrast_and_brightness_hardly_matter(net):
    x = torch.rand(1, 1, 20, 20, generator=torch.Generator().manual_seed(2))
    found = [net.forward(y, "logits")["logits"] for y in (x, 0.3 * x + 0.4)]
    assert torch.allclose(*found, atol=0.05)


@pytest.mark.parametrize("layers", [("cells",), ("pooled",), ("logits",), ("cells", "logits")])
@pytest.mark.parametrize("size", [(20, 20), (35, 50)])
def test_the_engine_that_runs_has_the_gradient_of_float64(net, layers, size):
    engine = Session(reverie.preset("small", objective=['class("a")']), net=net).engine
    x = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(4))
    found = engine.forward(x, layers)
    slope = engine.backward({name: torch.ones_like(a) for name, a in found.items()})
    exact, leaf = net.to(dtype=torch.float64), x.double().requires_grad_()
    (true,) = torch.autograd.grad(sum(a.sum() for a in exact.forward(leaf, layers).values()), leaf)
    assert float(F.cosine_similarity(slope.flatten().double(), true.flatten(), dim=0)) > 0.9999
    assert (engine.name, engine.note) == ("torch", "")


def test_a_file_of_it_is_a_network(tmp_path, state):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(pack(FACTS, state))
    net = reverie.load_net(str(path))
    assert (net.channels, net.min_size, list(net.classes)) == (1, 20, ["a", "b", "c"])
    assert isinstance(net.module, Competitive)
    assert torch.equal(net.module.units, state["units"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"side": 22}, "no multiple"),
        ({"kernel": 4}, "kernel"),
        ({"pool": 0}, "pool"),
        ({"cells": 5}, "not for cells"),
    ],
)
def test_what_it_says_of_itself_is_looked_at(tmp_path, state, changes, words):
    facts = {**FACTS.model_dump(mode="json"), **changes}
    path = tmp_path / "m.safetensors"
    path.write_bytes(save(dict(state), {ENTRY: json.dumps(facts)}))
    with pytest.raises(NetworkError, match=words):
        reverie.load_net(str(path))
