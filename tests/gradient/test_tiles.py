"""Tiles: with the full halo the sum over tiles is the gradient of the whole, for every objective."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reverie import objective as ob
from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.engine.engine import AutogradEngine, Engine
from reverie.engine.select import ENGINES, NoEngineError, make_engine
from reverie.errors import ResourceError
from reverie.gradient.picture_gradient import picture_gradient
from reverie.gradient.tiles import BUDGET, BUDGET_A_PIXEL, Cut, Tiling, common_shape, room_for, round_up
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.ops.transform.roll import Roll
from reverie.recipe.presets.preset import preset
from reverie.scoring.bind import BoundObjective, bind
from support import twins
from support.slow import mostly_slow


@cache
def lite(double: bool = False) -> Network:
    net = load_net("lite0")
    return net.to(dtype=torch.float64) if double else net


def opened(name: str) -> Tensor:
    return twins.photo(name.split(".")[0], 120, 160)


def goal_of(text: str, net: Network, balance: str = "none") -> BoundObjective:
    return bind(ob.parse(text), net, balance=balance, open_picture=opened)


def full_halo(net: Network, goal: BoundObjective) -> tuple[int, int]:
    geometry = net.geometry(goal.layers)
    assert geometry is not None
    stride, field = geometry
    return stride, round_up(field / 2 + stride, stride)


def error(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


# -- cutting ---------------------------------------------------------------------------------------


@pytest.mark.slow
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


def seen_by(cut: Cut, shape: tuple[int, int]) -> tuple[int, int]:
    """Pixels that the largest tile sees, and all together."""
    tiles = cut.tiling(shape).tiles(cut.height, cut.width)
    areas = [(t.seen[2] - t.seen[0]) * (t.seen[3] - t.seen[1]) for t in tiles]
    return max(areas), sum(areas)


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(200, 3000),
    width=st.integers(200, 3000),
    halo=st.sampled_from([16, 96, 192]),
    room=st.integers(200_000, 5_000_000),
)
def test_a_cut_keeps_to_its_room_and_looks_twice_at_as_little_as_it_can(height, width, halo, room):
    cut = Cut(height, width, halo, 16, room)
    shape = cut.shape()
    if height * width <= room:
        assert shape is None
        return
    assert shape is not None
    largest, together = seen_by(cut, shape)
    assert largest <= room or shape == (128, 128)
    for rows in range(1, 5):  # by trial: no even cut that fits sees less
        for columns in range(1, 5):
            other = round_up(height / rows, 16), round_up(width / columns, 16)
            if min(other) >= 128 and seen_by(cut, other)[0] <= room:
                assert together <= seen_by(cut, other)[1]


def test_one_tile_serves_every_octave():
    octaves = [Cut(h, h, 80, 16, 4_000_000) for h in (1000, 1500, 2100, 2926, 4096)]
    shape = common_shape(octaves)
    assert (
        shape == octaves[-1].shape()
    )  # the largest octave's, not what an even cut of a smaller one would be
    deeper = Cut(2926, 2926, 192, 32, 500_000)
    shared = common_shape([*octaves, deeper])
    assert shared is not None
    assert seen_by(deeper, shared)[0] <= deeper.room
    assert common_shape(octaves[:2]) is None
    assert common_shape([]) is None


def test_room_is_what_memory_leaves_but_no_more_than_pays():
    plenty = room_for(57, 20 * 2**30, 4096, 4096)
    assert plenty * 57 == pytest.approx(BUDGET + BUDGET_A_PIXEL * 4096 * 4096)
    assert room_for(2000, 20 * 2**30, 4096, 4096) == pytest.approx(
        1e6
    )  # an engine that takes much: a megapixel
    scarce = room_for(1000, 2 * 2**30, 3000, 4000)
    assert scarce * 1000 < 2 * 2**30 - 5 * 12 * 3000 * 4000
    assert 0 < room_for(1000, 2**20, 10_000, 10_000) < 1000


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
    ('class("tabby")@mask("rocket.png")', "none", 233, 301, 160),
]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "balance", "height", "width", "side"), CASES)
def test_tiles_change_nothing_in_float64(text, balance, height, width, side):
    net = lite(True)
    goal = goal_of(text, net, balance)
    stride, halo = full_halo(net, goal)
    tiling = Tiling(round_up(side, stride), halo, stride)
    assert len(tiling.tiles(height, width)) > 3
    picture = twins.photo("chelsea", height, width).double()
    score, gradient = picture_gradient(AutogradEngine(net), goal, picture, tiling=tiling)
    whole_score, whole = picture_gradient(AutogradEngine(net), goal, picture)
    assert float(score) == pytest.approx(float(whole_score), rel=1e-10)
    assert error(gradient, whole) <= 1e-10


@pytest.mark.soak
def test_tiles_change_nothing_for_a_class_and_a_deep_layer_together():
    """Far larger than the halo, so that tiles really see a part only; the class through its map."""
    net = lite(True)
    goal = goal_of('class("tabby") + 0.1*block5c', net)
    stride, halo = full_halo(net, goal)
    assert stride == 32
    picture = twins.photo("coffee", 97, 1203).double()
    tiling = Tiling(128, halo, stride)
    assert min(t.seen[3] - t.seen[1] for t in tiling.tiles(97, 1203)) < 700
    _, gradient = picture_gradient(AutogradEngine(net), goal, picture, tiling=tiling)
    _, whole = picture_gradient(AutogradEngine(net), goal, picture)
    assert error(gradient, whole) <= 1e-10


@pytest.mark.slow
def test_a_halo_that_is_too_small_would_be_noticed():
    net = lite(True)
    goal = goal_of("block4a", net)
    picture = twins.photo("chelsea", 233, 301).double()
    _, gradient = picture_gradient(AutogradEngine(net), goal, picture, tiling=Tiling(96, 16, 16))
    _, whole = picture_gradient(AutogradEngine(net), goal, picture)
    assert error(gradient, whole) > 1e-4


def engine_of(name: str, net: Network) -> Engine:
    """An engine in fp32, or the test is skipped where it cannot be."""
    try:
        return make_engine(name, net, precision="fp32")
    except NoEngineError as error:
        pytest.skip(str(error))


FP32 = [
    ("block3b", "none"),
    ("block4a:17", "none"),
    ('guide("coffee.png", block3b, channels)', "none"),
    ("block2b + block4a - 0.1*tv", "none"),
    ("block2b + block4a - 0.1*tv", "layers"),
    ("block2b + block4a - 0.1*tv", "terms"),
]


@pytest.mark.parametrize("name", ENGINES)
@mostly_slow(("text", "balance"), FP32)
def test_tiles_change_next_to_nothing_in_fp32(name, text, balance):
    net = lite()
    goal, engine = goal_of(text, net, balance), engine_of(name, net)
    stride, halo = full_halo(net, goal)
    picture = twins.photo("coffee", 233, 301)
    tiling = Tiling(round_up(96, stride), halo, stride, round_up(120, stride))
    _, gradient = picture_gradient(engine, goal, picture, tiling=tiling)
    _, whole = picture_gradient(engine, goal, picture)
    assert error(gradient, whole) <= 1e-5


def energy_at_cuts(text: str, halo: str | int, name: str, rolls: int) -> float:
    """By how much the tiled gradient's energy at the cuts differs from the untiled one's, over many rolls."""
    net = lite()
    recipe = preset("classic", objective=(text,), halo=halo, engine=name, precision="fp32")
    try:
        session = Session(recipe, net=net, tile=(144, 176))
    except NoEngineError as error:
        pytest.skip(str(error))
    goal = session.goal(recipe, 0)
    picture = twins.photo("coffee", 300, 380)
    tiling = session.tiling(goal, 300, 380)
    assert tiling is not None
    near = torch.zeros(300, 380, dtype=torch.bool)
    for tile in tiling.tiles(300, 380):
        top, left, _, _ = tile.owned
        near[max(0, top - 1) : top + 1] |= top > 0
        near[:, max(0, left - 1) : left + 1] |= left > 0
    rng = torch.Generator().manual_seed(5)
    energy = torch.zeros(2, dtype=torch.float64)
    for _ in range(rolls):
        roll = Roll.draw(rng, 64)
        for i, cut in enumerate((None, tiling)):
            _, found = picture_gradient(
                session.engine, goal, picture, tiling=cut, roll=(roll.down, roll.right)
            )
            rolled = torch.roll(found, (roll.down, roll.right), (2, 3))
            energy[i] += rolled[:, :, near].double().square().sum()
    return float(energy[1] / energy[0]) - 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "native"])
@pytest.mark.parametrize("text", ["block3b", "block4c", "block5c"])
def test_no_seam_can_be_found_at_the_default_halo(text, name):
    assert abs(energy_at_cuts(text, "auto", name, 6)) < 0.02


@pytest.mark.slow
def test_a_seam_would_be_found():
    assert abs(energy_at_cuts("block4c", 0, "plain", 2)) > 0.1


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(st.integers(33, 140), st.integers(33, 140), st.sampled_from([16, 24, 40, 64]))
def test_any_size_any_tile(height, width, side):
    net = lite(True)
    goal = goal_of('block2b@mask("rocket.png") + block3a:3', net)
    stride, halo = full_halo(net, goal)
    picture = twins.photo("chelsea", height, width).double()
    tiling = Tiling(round_up(side, stride), halo, stride)
    _, gradient = picture_gradient(AutogradEngine(net), goal, picture, tiling=tiling)
    _, whole = picture_gradient(AutogradEngine(net), goal, picture)
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
@mostly_slow("size", [(150, 161), (199, 134), (131, 262)])
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


@pytest.mark.slow
@pytest.mark.parametrize("seamless", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_a_dream_in_tiles_is_the_dream(seamless):
    recipe = preset(
        "reverie",
        objective=("block4a - 0.1*tv",),
        octaves=2,
        steps=(2,),
        seed=4,
        seamless=seamless,
        halo="full",
    )
    photo = twins.photo("chelsea", 121, 151)
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
    recipe = preset("classic", objective=("block3b",), jitter=0)
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
    assert session.record().tile == 128
    assert again == pytest.approx(score, rel=1e-5)
    assert error(tiled, gradient) <= 1e-5


def test_out_of_memory_twice_is_said():
    recipe = preset("classic", objective=("block3b",), jitter=0)
    session = Session(recipe, net=lite())
    failing(session, 2)
    canvas = State.begin(recipe, twins.photo("chelsea", 256, 256), session).canvas
    with pytest.raises(ResourceError, match=r"256 x 256.*smaller tiles.*--max-size") as caught:
        session.gradient(session.goal(recipe, 0), canvas, Roll(0, 0))
    assert caught.value.exit_code == 6


def test_other_errors_are_not_taken_for_it():
    recipe = preset("classic", objective=("block3b",), jitter=0)
    session = Session(recipe, net=lite())

    def broken(picture, layers):
        raise RuntimeError("shapes do not fit")

    session.engine.forward = broken
    canvas = State.begin(recipe, twins.photo("chelsea", 200, 200), session).canvas
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        session.gradient(session.goal(recipe, 0), canvas, Roll(0, 0))
