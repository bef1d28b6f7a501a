"""Numbers that are not finite: whatever dreams or looks stops at once, and says where they first came up."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reverie.analysis.classify import classify
from reverie.analysis.stimuli import strongest
from reverie.api.dreams import dream, render
from reverie.ascent.session import Session
from reverie.engine.engine import AutogradEngine
from reverie.engine.select import make_engine
from reverie.errors import BadInput, NetworkError, UsageError
from reverie.evolve import NetScore
from reverie.gradient.picture_gradient import picture_gradient
from reverie.jobs.dreaming.batch import BatchJob
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture
from reverie.motion.zoom.zoom import zoom
from reverie.native import instruction_sets
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.portrait.batch import portraits
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

ENGINES = ("plain", "torch")
SMALL = {"steps": (2,), "octaves": 1}
BAD = (math.nan, math.inf, -math.inf)


class Small(nn.Module):
    """Three convolutions and five classes."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.norm, self.c, self.head = nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.b(self.a(x).relu())).relu()
        found: Tensor = self.head(self.c(x).mean((2, 3)))
        return found


def scaled(**factors: float) -> Small:
    """With the weights of some layers larger."""
    module = Small()
    with torch.no_grad():
        for name, factor in factors.items():
            getattr(module, name).weight.mul_(factor)
    return module


def noise(height: int = 48, width: int = 64) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).random((height, width, 3), np.float32)


def dreamt(module: nn.Module, picture: Any = None, **settings: Any) -> Picture:
    recipe = preset("classic", **{"objective": ("c",), **SMALL, **settings})
    return render(recipe, Picture(noise()) if picture is None else picture, session=session(recipe, module))


def session(recipe: Recipe, module: nn.Module, **files: Any) -> Session:
    return Session(recipe, net=wrap_net(module), **files)


# -- weights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", ["a.weight", "a.bias", "b.weight", "norm.weight", "head.bias"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_weight_that_is_not_finite_is_named(engine: str, name: str, bad: float) -> None:
    module = Small()
    with torch.no_grad():
        module.get_parameter(name).view(-1)[-1] = bad
    with pytest.raises(NetworkError, match=f'weight "{name}" holds NaN or infinite') as caught:
        dreamt(module, engine=engine)
    assert caught.value.exit_code == 5


def test_buffers_may_be_infinite_as_masks_of_attention_are_but_not_nan() -> None:
    module = Small()
    module.register_buffer("mask", torch.full((3, 3), -math.inf))
    dreamt(module)
    module.norm.running_mean[2] = math.nan  # type: ignore[index]
    with pytest.raises(NetworkError, match=r"norm\.running_mean"):
        dreamt(module)


def test_weights_that_are_spoiled_later_are_found_when_they_are_used_next() -> None:
    module = Small()
    net = wrap_net(module)
    make_engine("plain", net)
    with torch.no_grad():
        module.a.weight.view(-1)[0] = math.nan
    with pytest.raises(NetworkError, match=r"a\.weight"):
        make_engine("plain", net)
    recipe = preset("classic", objective=("c",), **SMALL)
    module = Small()
    made = session(recipe, module)
    with torch.no_grad():
        module.b.weight.view(-1)[0] = math.nan
    with pytest.raises(NetworkError, match=r"b\.weight"):
        render(recipe, Picture(noise()), session=made)


def test_a_file_of_weights_that_are_not_finite_names_the_tensor(tmp_path: Path) -> None:
    from reverie.network.weights import WeightsFile
    from reverie.network.zoo import networks

    packed = networks()[0].weights_file()
    assert packed is not None
    state = dict(WeightsFile(io.BytesIO(packed.read_bytes()), packed.name))
    name = list(state)[40]
    state[name].view(-1)[0] = math.nan
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(NetworkError, match=name):
        load_net(f"lite0:{tmp_path / 'w.pth'}")


@pytest.mark.skipif(not instruction_sets(), reason="no native library on this machine")
def test_weights_that_relu6_would_hide_are_refused() -> None:
    net = load_net()
    with torch.no_grad():
        net.module.stages["stem"].weight[0, 0, 1, 1] = 1e20  # type: ignore[index, union-attr]
    with pytest.raises(NetworkError, match="over 1e"):
        make_engine("native", net)


# -- layers that overflow ----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_layer_that_overflows_is_named(engine: str) -> None:
    for factors, layer in (({"a": 1e30, "b": 1e30}, "b"), ({"c": 1e38, "a": 1e10}, "c")):
        with pytest.raises(NetworkError, match=f'layer "{layer}" gives NaN or infinite.*too large'):
            dreamt(scaled(**factors), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_overflow_in_half_precision_advises_fp32(engine: str) -> None:
    half = scaled(a=3000, b=3000, norm=1000).half()
    with pytest.raises(
        NetworkError, match=r'layer "b".*fp16 overflowed there; use --precision fp32'
    ) as caught:
        dreamt(half, engine=engine)
    assert caught.value.exit_code == 5
    with pytest.raises(NetworkError, match="overflows in fp16; use --precision fp32"):
        AutogradEngine(wrap_net(scaled(a=1e6)), precision="fp16")


def test_a_half_precision_that_does_not_overflow_dreams() -> None:
    for engine in ENGINES:
        assert np.isfinite(dreamt(scaled(a=300), engine=engine, precision="bf16").pixels).all()


LOOKS: dict[str, Callable[[Network], Any]] = {
    "classify": lambda net: classify(net, Picture(noise())),
    "judge": lambda net: NetScore(net)(torch.rand(2, 3, 48, 48)),
    "gradient of a judge": lambda net: NetScore(net).gradient(torch.rand(2, 3, 48, 48), torch.tensor([0, 1])),
    "portrait": lambda net: made_portrait(net),
    "portrait, warmed up": lambda net: made_portrait(net, warm_up=2),
    "portrait, many views": lambda net: made_portrait(net, views=2, view_size=(48,)),
    "inversion": lambda net: dreamt_with(net, 'invert("g.png", c)'),
    "guide": lambda net: dreamt_with(net, 'guide("g.png", c)'),
    "zoom": lambda net: list(zoom(moving(), Picture(noise()), session=Session(moving(), net=net))),
}


def made_portrait(net: Network, **settings: Any) -> Any:
    recipe = preset("portrait", objective=("c:1",), size=(64, 64), **SMALL, portrait=settings)
    return portraits([recipe], Session(recipe, net=net))


def dreamt_with(net: Network, objective: str) -> Any:
    recipe = preset("classic", objective=(objective,), **SMALL)
    return render(
        recipe, Picture(noise()), session=Session(recipe, net=net, open_file=lambda _: Picture(noise()))
    )


def moving() -> Recipe:
    return preset(
        "reverie", objective=("c",), **SMALL, zoom={"duration": 0.3, "fps": 8, "steps": 1, "warm_up": 1}
    )


@pytest.mark.parametrize("look", LOOKS)
def test_whatever_looks_through_a_network_says_so(look: str) -> None:
    with pytest.raises(NetworkError, match=r'layer "b" gives NaN'):
        LOOKS[look](wrap_net(scaled(a=1e30, b=1e30)))
    module = Small()
    with torch.no_grad():
        module.a.weight.view(-1)[0] = math.nan
    with pytest.raises(NetworkError, match=r'weight "a\.weight"'):
        LOOKS[look](wrap_net(module))


def test_stimuli_say_so(tmp_path: Path) -> None:
    Picture(noise()).save(tmp_path / "a.png")
    engine = make_engine("plain", wrap_net(scaled(a=1e30, b=1e30)))
    with pytest.raises(NetworkError, match=r'layer "b" gives NaN'):
        strongest(engine, tmp_path, {"c": [0]})


# -- pixels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", BAD)
def test_pixels_that_are_not_finite_are_bad_input(bad: float) -> None:
    pixels = noise()
    pixels[3, 4, 1] = bad
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    for picture in (Picture(pixels), tensor, tensor[None], Picture(noise(), alpha=pixels[:, :, 1].copy())):
        for start in (dreamt, lambda module, picture: made_from(picture)):
            with pytest.raises(BadInput, match="not finite") as caught:
                start(Small(), picture)
            assert caught.value.exit_code == 3


def made_from(picture: Any) -> Any:
    recipe = preset("portrait", objective=("c:1",), size=(64, 64), **SMALL)
    from reverie.api.dreams import begin

    return begin(recipe, picture, session(recipe, Small()))


@pytest.mark.parametrize(
    "objective",
    [
        *('c@mask("f.png")', 'c@outside("f.png")'),
        *('guide("f.png", c)', 'invert("f.png", c)', 'caricature("f.png", c)'),
    ],
)
def test_masks_and_guides_too(objective: str) -> None:
    pixels = noise()
    pixels[3, 4] = math.nan
    recipe = preset("classic", objective=(objective,), **SMALL)
    with pytest.raises(BadInput, match="not finite"):
        render(
            recipe, Picture(noise()), session=session(recipe, Small(), open_file=lambda _: Picture(pixels))
        )
    recipe = preset("classic", objective=("c",), mask="f.png", **SMALL)
    with pytest.raises(BadInput, match="not finite"):
        render(
            recipe, Picture(noise()), session=session(recipe, Small(), open_file=lambda _: Picture(pixels))
        )


@pytest.mark.parametrize("engine", ["plain", "torch", "native"])
def test_engines_look_at_the_pixels_they_are_shown(engine: str) -> None:
    """Rectifiers would take NaN for 0."""
    if engine == "native" and not instruction_sets():
        pytest.skip("no native library on this machine")
    made = make_engine(engine, load_net())
    recipe = preset("classic", objective=("block1a",), **SMALL)
    goal = Session(recipe, net=made.net).goal(recipe, 0)
    picture = torch.rand(2, 3, 40, 48)
    picture[1, 2, 3, 4] = math.nan
    for call in (lambda: made.forward(picture, ["block1a"]), lambda: picture_gradient(made, goal, picture)):
        with pytest.raises(BadInput, match="not finite"):
            call()


# -- objectives --------------------------------------------------------------------------------------

OBJECTIVES = (
    *("c", "mean(c)", "c:3", "layer(c, border=1)", "neuron(c, 1, x=0.5, y=0.5)", "c:1@0,0"),
    *("direction(c, 3:1, 4:-0.5)", "direction(c, 3:1, cosine=2)", "entropy()", "entropy(c)", "-entropy(c)"),
    *("class(2)", "logprob(2)", 'guide("g.png", c)', 'guide("g.png", c, channels)', 'invert("g.png", c)'),
    *('caricature("g.png", c)', 'caricature("g.png", c, cosine=3)', "c - tv", "c - tv(1.5)", "c - tv(100)"),
    *("c - l2", "c - alpha(1)", "c - alpha(1.5)", "c - alpha(100)", 'c@mask("g.png")', "tv", "l2", "0*c"),
    *("1e-38*c", "1e-44*c", "1e-60*c", "1e10*c"),
)
FLAT = (0.0, 0.5, 1.0)


class Dead(Small):
    """All it says is 0, whatever it is shown: every norm of it is."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * 0)


STEPS = (("none", "mean", "laplacian"), ("layers", "std", "none"), ("terms", "none", "gaussians"))


def is_finite_of(kind: type[Small], level: float, objective: str, how: tuple[str, str, str]) -> bool:
    """Whether all is finite of a dream of a flat picture."""
    flat = Picture(np.full((32, 40, 3), level, np.float32))
    balance, normalise, smoothing = how
    recipe = preset(
        "reverie",
        **{"objective": (objective,), "balance": balance, "normalise": normalise, "smoothing": smoothing},
        **{"engine": "plain", "steps": (1,), "octaves": 1},
    )
    frames = dream(recipe, flat, session=session(recipe, kind(), open_file=lambda _: flat))
    found = [(frame.score, frame.moved, float(frame.picture.pixels.sum())) for frame in frames]
    return bool(np.isfinite(found).all())


@pytest.mark.parametrize(("number", "objective"), list(enumerate(OBJECTIVES)))
def test_objectives_are_finite_of_flat_pictures_and_dead_layers(number: int, objective: str) -> None:
    assert is_finite_of(
        Dead if "mask" not in objective else Small, FLAT[number % 3], objective, STEPS[number % 3]
    )


@pytest.mark.soak
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("level", FLAT)
@pytest.mark.parametrize("kind", [Small, Dead])
def test_every_objective_however_it_is_climbed(kind: type[Small], level: float, objective: str) -> None:
    if kind is Dead and "mask" in objective:
        pytest.skip("a dead layer has no geometry, and so no regions")
    for how in itertools.product(*zip(*STEPS, strict=True)):
        assert is_finite_of(kind, level, objective, how), how


@pytest.mark.parametrize("normalise", ["none", "mean", "std"])
@pytest.mark.parametrize("weight", ["1e25", "1e38", "1e60", "1e300"])
@pytest.mark.parametrize("engine", ENGINES)
def test_an_objective_that_is_too_large_is_named(engine: str, weight: str, normalise: str) -> None:
    with pytest.raises(UsageError, match=r'objective ".*c": its score or gradient') as caught:
        dreamt(Small(), objective=(f"{weight}*c",), engine=engine, normalise=normalise)
    assert caught.value.exit_code == 2


# -- files -------------------------------------------------------------------------------------------


def test_nothing_is_saved_and_each_item_of_a_batch_says_why(tmp_path: Path) -> None:
    for name in "ab":
        Picture(noise()).save(tmp_path / f"{name}.png")
    workspace = Workspace(networks={"lite0": wrap_net(scaled(a=1e30, b=1e30))})
    recipe = preset("classic", objective=("c",), **SMALL)
    out, photos = tmp_path / "out.png", [tmp_path / "a.png", tmp_path / "b.png"]
    with pytest.raises(NetworkError, match='layer "b"'):
        DreamJob(recipe=recipe, photo=photos[0], output={"path": str(out)}).run(workspace=workspace)
    assert not out.exists()
    batch = BatchJob(recipe=recipe, photos=photos, output={"path": str(tmp_path / "outs")})
    failed = batch.run(workspace=workspace).failed
    assert [type(error) for _, error in failed] == [NetworkError] * 2
    assert not any((tmp_path / "outs").iterdir())
