"""Tiles: with the full halo the sum over tiles is the gradient of the whole, for every objective."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import twins
from reverie import objective as ob
from reverie.errors import ResourceError
from reverie.goal import Goal, bind
from reverie.gradient import PlainEngine, Tiling, picture_gradient
from reverie.gradient.tiles import plan_tiling, round_up
from reverie.loop import dream
from reverie.net import Net, load_net, wrap_net
from reverie.presets import preset
from reverie.session import Session
from reverie.state import State
from reverie.transform import Roll
from twins import one_thread  # noqa: F401


@cache
def lite(double: bool = False) -> Net:
    net = load_net("lite0")
    return net.to(dtype=torch.float64) if double else net


def opened(name: str) -> Tensor:
    return twins.photo(name.split(".")[0], 120, 160)


def goal_of(text: str, net: Net, balance: str = "none") -> Goal:
    return bind(ob.parse(text), net, balance=balance, open_picture=opened)


def full_halo(net: Net, goal: Goal) -> tuple[int, int]:
    geometry = net.geometry(goal.layers)
    assert geometry is not None
    stride, field = geometry
    return stride, round_up(field / 2 + stride, stride)


def error(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


# -- cutting ---------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(
    height=st.integers(1, 900),
    width=st.integers(1, 900),
    stride=st.sampled_from([1, 2, 3, 4, 8, 16, 32]),
    side=st.integers(1, 12),
    halo=st.integers(0, 8),
)
def test_tiles_partition_the_picture(height, width, stride, side, halo):
    tiling = Tiling(side * stride, halo * stride, stride)
    covered = torch.zeros(height, width, dtype=torch.int32)
    if height * width // (side * stride) ** 2 > 3000:
        return
    for tile in tiling.tiles(height, width):
        top, left, bottom, right = tile.owned
        covered[top:bottom, left:right] += 1
        assert bottom - top <= tiling.side
        assert right - left <= tiling.side
        for k, length in ((0, height), (1, width)):
            start, end = tile.owned[k], tile.owned[k + 2]
            seen_from, seen_to = tile.seen[k], tile.seen[k + 2]
            assert start % stride == 0
            assert seen_from % stride == 0
            assert end % stride == 0 or end == length
            assert 0 <= seen_from <= start < end <= seen_to <= length
            assert seen_from == 0 or start - seen_from == tiling.halo
            assert seen_to == length or seen_to - end >= tiling.halo
            # Odd sizes on the way down shift what strided convolutions sample: the remainder must stay.
            assert (seen_to - seen_from) % stride == length % stride
    assert (covered == 1).all()


def test_a_plan_keeps_to_the_memory():
    fits = plan_tiling(1000, 1000, bytes_per_pixel=1000, memory=2**33, stride=16, halo=192)
    assert fits is None
    memory = 2**31
    tiling = plan_tiling(3000, 4000, bytes_per_pixel=1000, memory=memory, stride=16, halo=192)
    assert tiling is not None
    assert tiling.side % 16 == 0
    largest = max((t.seen[2] - t.seen[0]) * (t.seen[3] - t.seen[1]) for t in tiling.tiles(3000, 4000))
    assert largest * 1000 < memory
    tiny = plan_tiling(3000, 4000, bytes_per_pixel=1000, memory=1, stride=32, halo=64)
    assert tiny is not None
    assert tiny.side == 128


# -- the gradient ----------------------------------------------------------------------------------

CASES = [
    # text, balance, height, width, side
    ("block3b", "none", 233, 301, 96),
    ("block4a", "none", 350, 257, 112),
    ("layer(block3b, border=2)", "none", 233, 301, 64),
    ("mean(block2b) - 0.5*block3a:7", "none", 233, 301, 80),
    ("block4a:17", "none", 350, 257, 128),
    ("neuron(block3b, 5, x=0.7, y=0.3)", "none", 233, 301, 64),
    ("neuron(block3b, 5, x=1, y=1)", "none", 233, 301, 64),
    ("direction(block4a, 3:1, 9:-0.5, cosine=1)", "none", 233, 301, 96),
    ('guide("coffee.png", block3b)', "none", 233, 301, 96),
    ('guide("coffee.png", block3b, channels)', "none", 350, 257, 96),
    ('block3b@mask("rocket.png") - block3b:4@outside("rocket.png")', "none", 233, 301, 72),
    ('guide("coffee.png", block3b)@mask("rocket.png")', "none", 233, 301, 96),
    ("block3b - 0.3*tv - 0.2*l2", "none", 233, 301, 64),
    ("block2b + block3b + 0.5*block4a", "layers", 233, 301, 96),
    ('block2b + 0.5*block4a:3@mask("rocket.png") - tv', "terms", 350, 257, 96),
    ("block5c", "none", 401, 275, 160),
    ('class("tabby")@mask("rocket.png")', "none", 233, 301, 96),
]


@pytest.mark.parametrize(("text", "balance", "height", "width", "side"), CASES)
def test_tiles_change_nothing_in_float64(text, balance, height, width, side):
    net = lite(True)
    goal = goal_of(text, net, balance)
    stride, halo = full_halo(net, goal)
    tiling = Tiling(round_up(side, stride), halo, stride)
    assert len(tiling.tiles(height, width)) > 3
    picture = twins.photo("chelsea", height, width).double()
    score, gradient = picture_gradient(PlainEngine(net), goal, picture, tiling=tiling)
    whole_score, whole = picture_gradient(PlainEngine(net), goal, picture)
    assert float(score) == pytest.approx(float(whole_score), rel=1e-10)
    assert error(gradient, whole) <= 1e-10


def test_tiles_change_nothing_for_a_class_and_a_deep_layer_together():
    """Far larger than the halo, so that tiles really see a part only; the class through its map."""
    net = lite(True)
    goal = goal_of('class("tabby") + 0.1*block5c', net)
    stride, halo = full_halo(net, goal)
    assert stride == 32
    picture = twins.photo("coffee", 97, 1203).double()
    tiling = Tiling(128, halo, stride)
    assert min(t.seen[3] - t.seen[1] for t in tiling.tiles(97, 1203)) < 700
    _, gradient = picture_gradient(PlainEngine(net), goal, picture, tiling=tiling)
    _, whole = picture_gradient(PlainEngine(net), goal, picture)
    assert error(gradient, whole) <= 1e-10


def test_a_halo_that_is_too_small_would_be_noticed():
    net = lite(True)
    goal = goal_of("block4a", net)
    picture = twins.photo("chelsea", 233, 301).double()
    _, gradient = picture_gradient(PlainEngine(net), goal, picture, tiling=Tiling(96, 16, 16))
    _, whole = picture_gradient(PlainEngine(net), goal, picture)
    assert error(gradient, whole) > 1e-4


FP32 = ["block3b", "block4a:17", 'guide("coffee.png", block3b, channels)', "block2b + block4a - 0.1*tv"]


@pytest.mark.parametrize("text", FP32)
@pytest.mark.parametrize("balance", ["none", "layers", "terms"])
def test_tiles_change_next_to_nothing_in_fp32(text, balance):
    net = lite()
    goal = goal_of(text, net, balance)
    stride, halo = full_halo(net, goal)
    picture = twins.photo("coffee", 233, 301)
    tiling = Tiling(round_up(96, stride), halo, stride)
    _, gradient = picture_gradient(PlainEngine(net), goal, picture, tiling=tiling)
    _, whole = picture_gradient(PlainEngine(net), goal, picture)
    assert error(gradient, whole) <= 1e-5


@settings(max_examples=12, deadline=None)
@given(st.integers(33, 140), st.integers(33, 140), st.sampled_from([16, 24, 40, 64]))
def test_any_size_any_tile(height, width, side):
    net = lite(True)
    goal = goal_of('block2b@mask("rocket.png") + block3a:3', net)
    stride, halo = full_halo(net, goal)
    picture = twins.photo("chelsea", height, width).double()
    tiling = Tiling(round_up(side, stride), halo, stride)
    _, gradient = picture_gradient(PlainEngine(net), goal, picture, tiling=tiling)
    _, whole = picture_gradient(PlainEngine(net), goal, picture)
    assert error(gradient, whole) <= 1e-10


# -- networks of other people: strides and fields are measured, paddings are theirs ----------------


def padded() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, 2, 2), nn.Tanh(), nn.Conv2d(8, 8, 3, 2, 1), nn.Tanh(), nn.Conv2d(8, 6, 3, 1, 1)
    )


def unpadded() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, 2), nn.Tanh(), nn.Conv2d(8, 8, 3, 2), nn.Tanh(), nn.Conv2d(8, 6, 3)
    )


@pytest.mark.parametrize("build", [padded, unpadded])
@pytest.mark.parametrize("size", [(150, 161), (199, 134), (131, 262)])
@pytest.mark.parametrize("layers", [("4",), ("0", "4")])
def test_tiles_of_a_wrapped_network(build, size, layers):
    torch.manual_seed(0)
    net = wrap_net(build().double(), mean=0.5)
    recipe = preset(
        "reverie", objective=(" + ".join(f'layer("{n}")' for n in layers),), balance="none", jitter=0
    )
    picture = twins.photo("chelsea", *size).double()
    found = []
    for tile in (0, 40):
        session = Session(recipe, net=net, tile=tile)
        goal = session.goal(recipe, 0)
        _, gradient = picture_gradient(session.engine, goal, picture, tiling=session.tiling(goal, *size))
        found.append(gradient)
    assert session.tiling(goal, *size) is not None
    assert error(found[1], found[0]) <= 1e-10


# -- sessions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seamless", [False, True])
def test_a_dream_in_tiles_is_the_dream(seamless):
    recipe = preset(
        "reverie", objective=("block4a - 0.1*tv",), octaves=2, steps=(2,), seed=4, seamless=seamless
    )
    photo = twins.photo("chelsea", 150, 193)
    pictures, tilings = [], []
    for tile in (0, 64):
        session = Session(recipe, net=lite(True), tile=tile)
        state = State.begin(recipe, photo, session)
        canvas = state.canvas
        canvas.source, canvas.base, canvas.detail = (
            plane.double() for plane in (canvas.source, canvas.base, canvas.detail)
        )
        for _ in dream(recipe, session=session, state=state):
            pass
        pictures.append(canvas.picture())
        tilings.append(session.used.side if session.used else None)
    assert tilings == [None, 64]
    assert float((pictures[0] - pictures[1]).abs().max()) < 1e-9


def failing(session: Session, times: int) -> list[tuple[int, ...]]:
    """Let the session's engine run out of memory some times; returns what it was asked for."""
    forward = session.engine.forward
    asked: list[tuple[int, ...]] = []

    def fail(picture, layers):
        asked.append(tuple(picture.shape[2:]))
        if len(asked) <= times:
            raise torch.OutOfMemoryError("CUDA out of memory (simulated)")
        return forward(picture, layers)

    session.engine.forward = fail
    return asked


def test_out_of_memory_takes_smaller_tiles_once():
    recipe = preset("reverie", objective=("block3b",), jitter=0)
    photo = twins.photo("chelsea", 256, 256)
    plain = Session(recipe, net=lite(), tile=0)
    canvas = State.begin(recipe, photo, plain).canvas
    score, gradient = plain.gradient(plain.goal(recipe, 0), canvas, Roll(0, 0))
    session = Session(recipe, net=lite())
    asked = failing(session, 1)
    again, tiled = session.gradient(session.goal(recipe, 0), canvas, Roll(0, 0))
    assert asked[0] == (256, 256)
    assert all(h * w < 256 * 256 for h, w in asked[1:])
    assert len(asked) > 2
    assert session.path().tile == 128
    assert again == pytest.approx(score, rel=1e-5)
    assert error(tiled, gradient) <= 1e-5


def test_out_of_memory_twice_is_said():
    recipe = preset("reverie", objective=("block3b",), jitter=0)
    session = Session(recipe, net=lite())
    failing(session, 2)
    canvas = State.begin(recipe, twins.photo("chelsea", 256, 256), session).canvas
    with pytest.raises(ResourceError, match=r"256 x 256.*smaller tiles.*--max-size") as caught:
        session.gradient(session.goal(recipe, 0), canvas, Roll(0, 0))
    assert caught.value.exit_code == 6


def test_other_errors_are_not_taken_for_it():
    recipe = preset("reverie", objective=("block3b",), jitter=0)
    session = Session(recipe, net=lite())

    def broken(picture, layers):
        raise RuntimeError("shapes do not fit")

    session.engine.forward = broken
    canvas = State.begin(recipe, twins.photo("chelsea", 200, 200), session).canvas
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        session.gradient(session.goal(recipe, 0), canvas, Roll(0, 0))
