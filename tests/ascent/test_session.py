"""A session that threads share: each dream comes to the bytes that it comes to alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.engine.select import make_engine
from reverie.errors import BadInput, UsageError
from reverie.evolve import NetScore
from reverie.gradient.attention import Attention
from reverie.gradient.picture_gradient import picture_gradient
from reverie.gradient.tiles import Tiling
from reverie.media.picture import Picture
from reverie.native import instruction_sets
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.ops.transform.roll import Roll
from reverie.portrait.batch import portraits
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from reverie.scoring.bind import bind

ENGINES = ["plain", "torch", *(["native"] if instruction_sets() else [])]
SIZES = ((48, 64), (64, 48), (80, 56), (33, 71), (96, 40))
Bytes = bytes


class Own(nn.Module):
    """A network that behaves otherwise in training, and works in place."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.norm, self.drop, self.act = nn.BatchNorm2d(8), nn.Dropout(0.5), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.act(self.b(self.drop(self.act(self.norm(self.a(x))))))
        return found


def networks(engine: str) -> list[tuple[Network, str]]:
    """Networks that an engine runs, with a layer of each."""
    lite = (load_net(), "block3a")
    return [lite] if engine == "native" else [lite, (wrap_net(Own()), "b")]


def noise(height: int, width: int) -> Picture:
    return Picture(np.random.default_rng(height).random((height, width, 3), np.float32))


def recipe_for(engine: str, layer: str, **settings: Any) -> Recipe:
    return preset("classic", objective=(layer,), engine=engine, threads=1, steps=(2,), octaves=2, **settings)


def side_by_side(works: Sequence[Callable[[], Bytes]], times: int, callers: int = 4) -> int:
    """Do works in some threads at once, each so often; returns how many came to other bytes than alone."""
    expected = [work() for work in works]
    begin = threading.Barrier(callers)

    def again(first: int) -> int:
        begin.wait()
        places = [(first + i) % len(works) for i in range(times)]
        return sum(works[i]() != expected[i] for i in places)

    with ThreadPoolExecutor(callers) as pool:
        return sum(pool.map(again, range(callers)))


def dreams(
    engine: str, sizes: Sequence[tuple[int, int]] = SIZES, **settings: Any
) -> list[Callable[[], Bytes]]:
    """Dreams of pictures of several sizes, on one session for each network."""
    works: list[Callable[[], Bytes]] = []
    for net, layer in networks(engine):
        recipe = recipe_for(engine, layer, **settings)
        session = Session(recipe, net=net)
        for size in sizes:
            picture = noise(*size)
            works.append(lambda p=picture, r=recipe, s=session: render(r, p, session=s).pixels.tobytes())  # type: ignore[misc]
    return works


@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("settings", [{}, {"seamless": True, "jitter": 16}, {"balance": "layers"}])
def test_two_hundred_dreams_in_four_threads(engine: str, settings: dict[str, Any]) -> None:
    assert side_by_side(dreams(engine, **settings), 50) == 0


@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
def test_dreams_and_portraits_on_one_session(engine: str) -> None:
    dreaming = dreams(engine)
    recipe = preset(
        "portrait", objective=("block3a:3",), size=(64, 64), steps=(2,), octaves=1, engine=engine, threads=1
    )
    session = Session(recipe)
    works = [*dreaming, lambda: portraits([recipe], session)[0].pixels.tobytes()]
    assert side_by_side(works, 50) == 0


def gradients(engine: str, sizes: Sequence[tuple[int, int]]) -> list[Callable[[], Bytes]]:
    """Gradients, whole and in tiles, by one engine for each network, without a session."""
    works: list[Callable[[], Bytes]] = []
    for net, layer in networks(engine):
        made = make_engine(engine, net, threads=1)
        goal = bind(recipe_for(engine, layer).objective_at(0), net)
        for height, width in sizes:
            picture = torch.from_numpy(noise(height, width).pixels).permute(2, 0, 1)[None]
            for tiling in (None, Tiling(32, 8, 8)):
                works.append(
                    lambda e=made, g=goal, p=picture, t=tiling: b"".join(  # type: ignore[misc]
                        found.numpy().tobytes() for found in picture_gradient(e, g, p, tiling=t)
                    )
                )
    return works


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("works", "sizes", "times"),
    [
        pytest.param(dreams, SIZES[:2], 2, id="dreams-on-a-session"),
        pytest.param(gradients, SIZES[:2], 4, id="gradients-on-an-engine"),
        pytest.param(gradients, SIZES, 50, id="many-gradients", marks=pytest.mark.soak),
    ],
)
def test_threads_that_share_get_what_they_get_alone(
    engine: str, works: Callable[..., list[Callable[[], Bytes]]], sizes: Sequence[tuple[int, int]], times: int
) -> None:
    assert side_by_side(works(engine, sizes), times) == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pass_is_its_threads_own(engine: str) -> None:
    """Forward here, forward there, back here."""
    made = make_engine(engine, load_net(), threads=1)
    here, there = (torch.from_numpy(noise(*size).pixels).permute(2, 0, 1)[None] for size in SIZES[:2])
    seeds = {"block2a": made.forward(here, ["block2a"])["block2a"]}
    expected = made.backward(seeds).clone()
    made.forward(here, ["block2a"])
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(RuntimeError, match="in the same thread"):
            pool.submit(made.backward, seeds).result()
        pool.submit(made.forward, there, ["block1a"]).result()
        assert torch.equal(made.backward(seeds), expected)


def test_networks_around_one_module_take_turns() -> None:
    module = Own().train()
    nets = [wrap_net(module), wrap_net(module), wrap_net(module.a)]
    picture = torch.rand(1, 3, 40, 48)
    layers = ["b", "act", "output"]
    works = [
        lambda n=net, name=layer: n.forward(picture, [name])[name].detach().numpy().tobytes()  # type: ignore[misc]
        for net, layer in zip(nets, layers, strict=True)
    ]
    assert side_by_side(works, 30) == 0
    assert module.training
    assert all(weight.requires_grad for weight in module.parameters())
    assert not module.b._forward_hooks


@pytest.mark.parametrize("engine", ENGINES)
def test_a_judge_may_be_shared(engine: str) -> None:
    score = NetScore(load_net(), engine=engine, threads=1)
    works = [
        lambda n=count: score(torch.full((n, 3, 48, 48), n / 10)).numpy().tobytes()  # type: ignore[misc]
        for count in (1, 2, 3)
    ]
    assert side_by_side(works, 3) == 0


# -- what is no picture -------------------------------------------------------------------------------

SHAPES = ((0, 40), (40, 0), (0, 0), (1, 1), (1, 40), (40, 1))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_side_of_nothing_is_refused_and_a_side_of_one_is_not(engine: str) -> None:
    net = load_net()
    made = make_engine(engine, net, threads=1)
    goal = bind(recipe_for(engine, "block1a").objective_at(0), net)
    for height, width in SHAPES:
        for count in (0, 1, 2):
            picture = torch.rand(count, 3, height, width)
            if 0 in picture.shape:
                for call in (
                    lambda p=picture: made.forward(p, ["block1a"]),
                    lambda p=picture: picture_gradient(made, goal, p),
                ):  # type: ignore[misc]
                    with pytest.raises(UsageError, match="has no pixels"):
                        call()
            else:
                assert picture_gradient(made, goal, picture)[1].shape == picture.shape


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "picture",
    [
        *(torch.rand(3, 40, 40), torch.rand(1, 1, 40, 40), torch.rand(1, 4, 40, 40), torch.rand(40, 40)),
        *(torch.rand(1, 1, 3, 40, 40), torch.zeros(1, 3, 40, 40, dtype=torch.uint8)),
        torch.zeros(1, 3, 40, 40, dtype=torch.complex64),
    ],
)
def test_what_is_no_picture_is_refused(engine: str, picture: Tensor) -> None:
    made = make_engine(engine, load_net(), threads=1)
    with pytest.raises(UsageError):
        made.forward(picture, ["block1a"])


@pytest.mark.parametrize(
    "picture", [torch.rand(3, 0, 4), torch.rand(0, 4, 4), torch.zeros(3, 4, 4).int(), torch.rand(4)]
)
def test_a_session_is_not_begun_with_it(picture: Tensor) -> None:
    recipe = recipe_for("plain", "b")
    with pytest.raises(BadInput):
        render(recipe, picture, session=Session(recipe, net=wrap_net(Own())))


@pytest.mark.parametrize("engine", ENGINES)
def test_layouts_do_not_matter(engine: str) -> None:
    made = make_engine(engine, load_net(), threads=1)
    wide = torch.rand(2, 3, 40, 96)
    plain = wide[..., ::2].contiguous()
    kinds = [wide[..., ::2], plain.contiguous(memory_format=torch.channels_last), plain.double()]
    kinds.append(plain.flip(2).flip(2).transpose(2, 3).contiguous().transpose(2, 3))
    expected = made.forward(plain, ["block2a"])["block2a"]
    seed = torch.rand(expected.shape)
    gradient = made.backward({"block2a": seed})
    for kind in kinds:
        assert torch.allclose(made.forward(kind, ["block2a"])["block2a"].float(), expected, atol=1e-4)
        spaced = torch.rand(*seed.shape[:-1], 2 * seed.shape[-1])[..., ::2].copy_(seed)
        assert torch.allclose(made.backward({"block2a": spaced}).float(), gradient, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_seeds_have_the_shape_of_their_activations(engine: str) -> None:
    made = make_engine(engine, load_net(), threads=1)
    for layer in ("stem", "block2a", "head", "logit_map", "logits"):
        found = made.forward(torch.rand(2, 3, 40, 56), [layer])[layer]
        shape = tuple(found.shape)
        wrong = [
            (1, *shape[1:]),
            (3, *shape[1:]),
            shape[1:],
            (2, shape[1] + 1, *shape[2:]),
            (2, 1, *shape[2:]),
        ]
        if len(shape) == 4:
            wrong += [(*shape[:2], 1, 1), (*shape[:3], shape[3] + 1), (*shape[:2], 0, 3)]
        for other in wrong:
            with pytest.raises(UsageError, match=f'seed of layer "{layer}": its shape is'):
                made.backward({layer: torch.rand(other)}, last=False)
        with pytest.raises(UsageError, match="was not read"):
            made.backward({"block3a": torch.rand(2, 40, 5, 7)}, last=False)
        assert made.backward({layer: torch.rand(shape)}).shape == (2, 3, 40, 56)
        assert torch.equal(nothing(made, layer), torch.zeros(2, 3, 40, 56))


def nothing(engine: Any, layer: str) -> Tensor:
    """The gradient without any seed."""
    engine.forward(torch.rand(2, 3, 40, 56), [layer])
    found: Tensor = engine.backward({})
    return found


def test_what_lies_backwards_or_may_not_be_written_is_dreamt_on() -> None:
    recipe = recipe_for("plain", "b")
    pixels = noise(40, 48).pixels
    kinds = [pixels.copy(), pixels[::-1, ::-1].copy()[::-1, ::-1], np.asfortranarray(pixels)]
    kinds[0].setflags(write=False)
    made = [render(recipe, Picture(p), session=Session(recipe, net=wrap_net(Own()))).pixels for p in kinds]
    assert np.array_equal(made[0], made[1])
    assert np.array_equal(made[0], made[2])


@pytest.mark.parametrize("tile", [-1, (0, 5), (16, 0), (-4, -4)])
def test_tiles_of_no_size_are_refused(tile: Any) -> None:
    with pytest.raises(UsageError, match="tile"):
        Session(recipe_for("plain", "b"), net=wrap_net(Own()), tile=tile)


@pytest.mark.parametrize("numbers", [(0, 0, 1), (32, 8, 0), (-32, 8, 8), (32, -1, 8), (32, 8, 8, -1)])
def test_tilings_that_cannot_be_are_refused(numbers: Any) -> None:
    with pytest.raises(UsageError, match="tiles"):
        Tiling(*numbers)


def test_where_a_gradient_is_written_and_how_it_is_looked_at() -> None:
    made = make_engine("plain", wrap_net(Own()))
    goal = bind(recipe_for("plain", "b").objective_at(0), made.net)
    picture = torch.rand(1, 3, 32, 40)
    for settings in ({"out": torch.zeros(1, 3, 31, 40)}, {"out": torch.zeros(0)}, {"margin": -5}):
        with pytest.raises(UsageError):
            picture_gradient(made, goal, picture, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "picture", [torch.zeros(1, 3, 8, 8, device="meta"), torch.zeros(1, 3, 8, 8).to_sparse()]
)
@pytest.mark.parametrize("engine", ENGINES)
def test_pictures_without_memory_are_refused(engine: str, picture: Tensor) -> None:
    with pytest.raises(UsageError, match="plain tensor"):
        make_engine(engine, load_net(), threads=1).forward(picture, ["stem"])


@pytest.mark.skipif(not instruction_sets(), reason="no native library on this machine")
@pytest.mark.parametrize("side", [2**31, 2**32 + 5])
def test_the_native_engine_takes_no_more_pixels_than_it_can_count(side: int) -> None:
    made = make_engine("native", load_net(), threads=1)
    with pytest.raises(UsageError, match="too large"):
        made.forward(torch.zeros(1, 3, 1, 1).expand(1, 3, side, 1), ["stem"])


@pytest.mark.parametrize("classes", [[5], [1000, 1], [-1, 1], [0, 1, 2], [0.5, 1.0], [[1, 2]]])
def test_classes_of_a_judge(classes: Any) -> None:
    with pytest.raises(UsageError, match="classes"):
        NetScore(load_net(), engine="plain").gradient(torch.rand(2, 3, 32, 32), torch.tensor(classes))


@pytest.mark.slow
def test_partners_look_along_with_the_same_strength() -> None:
    recipe = preset("menagerie", objective=("standard(block5a) + 0.5*standard(block4a)",), octaves=1)
    both = Session(recipe)
    picture = noise(64, 96)
    canvas = State.begin(recipe, picture, both).canvas
    _, found = both.gradient(both.goal(recipe, 0), canvas, Roll(3, -5, mirrored=True), Attention(1.0, 0.3))
    total = torch.zeros(found.shape)
    for name in ("lite0", "lite1"):
        alone = Session(recipe.but(network=name, partners=()))
        goal = alone.goal(recipe, 0)
        _, one = alone.gradient(goal, canvas, Roll(3, -5, mirrored=True), Attention(1.0, 0.3))
        total += one / torch.linalg.vector_norm(one)
    torch.testing.assert_close(found, total)


def test_partners_take_pictures_of_the_same_channels_and_draw_no_portraits() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3))
    grey = wrap_net(module, mean=0.5, std=0.25, channels=1)
    with pytest.raises(UsageError, match="takes pictures of 3 channels"):
        Session(preset("menagerie", objective=('mean("0")',)), net=grey)
    with pytest.raises(UsageError, match="a portrait is what one network wants to see"):
        Session(preset("portrait", partners=("lite1",)))


@pytest.mark.parametrize("name", ["evil.pt", "torchvision:resnet50"])
def test_partners_are_embedded_networks(name: str) -> None:
    with pytest.raises(UsageError, match="partners"):
        preset("reverie", partners=(name,))
