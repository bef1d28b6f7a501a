"""A view of a picture is the rolled, padded picture, and adding to it is its adjoint, without either copy."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from reverie import objective as ob
from reverie.canvas.detail import DetailCanvas
from reverie.engine.engine import AutogradEngine
from reverie.gradient.picture_gradient import picture_gradient
from reverie.gradient.tiles import Tiling
from reverie.gradient.view import View
from reverie.network.zoo import load_net
from reverie.scoring.bind import BoundObjective, bind
from support import twins
from support.slow import mostly_slow

TEXTS = ["block3b", 'block3a - 0.4*tv + 0.2*l2 + block3a:3@mask("rocket.png")']


def goal_of(text: str, balance: str = "none") -> BoundObjective:
    def opened(name: str) -> torch.Tensor:
        return twins.photo(name.split(".")[0], 70, 90)

    return bind(ob.parse(text), load_net("lite0"), balance=balance, open_picture=opened)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    down=st.integers(-40, 40),
    right=st.integers(-40, 40),
    data=st.data(),
)
def test_a_view_is_the_rolled_and_padded_picture(size, down, right, data):
    margin = data.draw(st.integers(0, min(size)))
    picture = torch.arange(2.0 * size[0] * size[1]).view(1, 2, *size)
    made = F.pad(torch.roll(picture, (down, right), (2, 3)), (margin,) * 4, mode="circular")
    view = View(picture, down, right, margin)
    assert (view.height, view.width) == tuple(made.shape[2:])
    top, left = data.draw(st.integers(0, view.height - 1)), data.draw(st.integers(0, view.width - 1))
    bottom = data.draw(st.integers(top + 1, view.height))
    box = (top, left, bottom, data.draw(st.integers(left + 1, view.width)))
    piece = view.cut(box)
    assert torch.equal(piece, made[:, :, top:bottom, left : box[3]])
    # <cut(x), y> == <x, add(y)>, in whole numbers so that it is exact
    other = torch.arange(float(piece.numel())).view(piece.shape) % 7
    target = torch.zeros_like(picture)
    view.add(target, other, box)
    assert (piece * other).sum() == (picture * target).sum()


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 30), st.integers(1, 40)),
    roll=st.tuples(st.integers(-50, 50), st.integers(-50, 50)),
    soft=st.booleans(),
    data=st.data(),
)
def test_a_picture_that_is_made_where_it_is_looked_at_is_the_picture(size, roll, soft, data):
    rng = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    canvas = DetailCanvas(torch.rand(1, 3, *size, generator=rng), soft=soft)
    canvas.add(0.3 * torch.randn(1, 3, *size, generator=rng))
    margin = data.draw(st.integers(0, min(size)))
    made, whole = View(canvas.shown(), *roll, margin), View(canvas.picture(), *roll, margin)
    top, left = data.draw(st.integers(0, made.height - 1)), data.draw(st.integers(0, made.width - 1))
    box = (
        top,
        left,
        data.draw(st.integers(top + 1, made.height)),
        data.draw(st.integers(left + 1, made.width)),
    )
    assert torch.equal(made.cut(box), whole.cut(box))
    if margin == 0:  # all at once is what adding to zeros is
        gradient = torch.randn(1, 3, *size, generator=rng)
        added, put = torch.zeros(1, 3, *size), torch.full((1, 3, *size), float("nan"))
        whole.add(added, gradient, whole.all)
        whole.put(put, gradient)
        assert torch.equal(added, put)


def test_a_box_that_does_not_wrap_is_no_copy():
    picture = torch.rand(1, 3, 40, 50)
    piece = View(picture, 5, -3).cut((10, 10, 30, 30))
    assert piece.untyped_storage().data_ptr() == picture.untyped_storage().data_ptr()


@mostly_slow("text", TEXTS)
@pytest.mark.parametrize("tiling", [None, Tiling(64, 32, 8)])
def test_a_rolled_gradient_is_that_of_the_rolled_picture_to_the_bit(text, tiling):
    goal, engine = goal_of(text), AutogradEngine(load_net("lite0"))
    picture = twins.photo("chelsea", 101, 135)
    rolled = torch.roll(picture, (-9, 23), (2, 3))
    fields = {k: torch.roll(f, (-9, 23), (2, 3)) for k, f in goal.fields(101, 135, picture).items()}
    score, expected = picture_gradient(engine, goal, rolled, fields=fields, tiling=tiling)
    again, found = picture_gradient(engine, goal, picture, tiling=tiling, roll=(-9, 23))
    assert torch.equal(score, again)
    assert torch.equal(torch.roll(found, (-9, 23), (2, 3)), expected)


@pytest.mark.slow
def test_beyond_the_edges_lies_the_other_side():
    goal, engine = goal_of("block3b"), AutogradEngine(load_net("lite0").to(dtype=torch.float64))
    picture = twins.photo("coffee", 88, 104).double()
    leaf = picture.clone().requires_grad_(True)
    padded = F.pad(torch.roll(leaf, (7, -30), (2, 3)), (24,) * 4, mode="circular")
    _, at_padded = picture_gradient(engine, goal, padded.detach())
    (expected,) = torch.autograd.grad(padded, leaf, at_padded)
    for tiling in (None, Tiling(40, 48, 8)):
        _, found = picture_gradient(engine, goal, picture, tiling=tiling, roll=(7, -30), margin=24)
        assert float((found - expected).norm() / expected.norm()) < 1e-10


class Large(TorchDispatchMode):
    """Which operations made new memory of at least so many bytes."""

    def __init__(self, least: int, *known: torch.Tensor) -> None:
        super().__init__()
        self.least, self.made = least, []
        self.known = {t.untyped_storage().data_ptr() for t in known}

    def __torch_dispatch__(self, function, types, arguments=(), settings=None):
        result = function(*arguments, **(settings or {}))
        for tensor in torch.utils._pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                if storage.nbytes() >= self.least and storage.data_ptr() not in self.known:
                    self.known.add(storage.data_ptr())
                    self.made.append(str(function))
        return result


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "balance", "planes"),
    [
        ("layer(stem) - 0.1*tv - 0.1*l2", "none", 0),
        ("layer(stem) + block1a", "none", 0),
        ("layer(stem) + block1a", "layers", 0),
        ("layer(stem) + block1a + layer(stem):3", "terms", 2),
        ("layer(stem) - tv", "terms", 1),
    ],
)
def test_nothing_of_the_pictures_size_is_made(text, balance, planes, monkeypatch):
    monkeypatch.setattr("reverie.gradient.picture_gradient.STRIP", 1 << 13)
    text = text.replace("layer(stem):3", "stem:3")
    goal, engine = goal_of(text, balance), AutogradEngine(load_net("lite0"))
    picture, out = torch.rand(2, 1, 3, 1000, 700)
    with Large(picture.numel() * 4, picture, out) as large:
        picture_gradient(engine, goal, picture, tiling=Tiling(64, 16, 2), roll=(31, -17), out=out)
    assert len(large.made) == planes, large.made
