"""Which engine runs, and what is said where the one that was asked for cannot."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn

from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.engine import select as choose
from reverie.engine.select import NoEngineError, make_engine
from reverie.errors import ReverieWarning, UsageError
from reverie.native import Unavailable, instruction_sets
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import preset
from support import twins


def small_net() -> Network:
    torch.manual_seed(0)
    return wrap_net(nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1)))


def unavailable(why: str) -> Callable[..., None]:
    def engine(*_: object, **__: object) -> None:
        raise Unavailable(why)

    return engine


def test_auto_takes_native_for_lite_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    net = load_net("lite0")
    if instruction_sets():
        assert make_engine("auto", net).name == "native"
    monkeypatch.setattr(choose, "NativeEngine", unavailable("not built"))
    assert make_engine("auto", net).name == "torch"
    with pytest.raises(NoEngineError, match="--engine native: not built; use --engine auto"):
        make_engine("native", net)


def test_native_knows_its_own_networks_only() -> None:
    assert make_engine("auto", small_net()).name == "torch"
    with pytest.raises(NoEngineError, match="native"):
        make_engine("native", small_net())


def test_a_reference_in_float64_stays_one() -> None:
    net = load_net("lite0").to(dtype=torch.float64)
    engine = make_engine("auto", net)
    assert engine.name == "plain"
    activation = engine.forward(torch.rand(1, 3, 48, 48, dtype=torch.float64), ["block2a"])["block2a"]
    assert activation.dtype == torch.float64


@pytest.mark.parametrize("name", choose.ENGINES)
def test_an_engine_takes_again_what_it_says_it_ran(name: str) -> None:
    net = load_net("lite0")
    try:
        first = make_engine(name, net)
    except NoEngineError as error:
        pytest.skip(str(error))
    again = make_engine(name, net, precision=first.precision, isa=getattr(first, "isa", None))
    assert (again.name, again.precision) == (first.name, first.precision)
    assert getattr(again, "isa", None) == getattr(first, "isa", None)
    picture = twins.photo("chelsea", 64, 80)
    for engine in (first, again):
        engine.release()  # nothing is lost by it
    activations = [engine.forward(picture, ["block3a"])["block3a"] for engine in (first, again)]
    gradients = [engine.backward({"block3a": activations[0]}) for engine in (first, again)]
    assert torch.equal(*activations)
    assert torch.equal(*gradients)
    assert first.bytes_per_pixel(["block3a"]) > 10


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"name": "fast"}, "--engine fast"),
        ({"name": "native", "device": "cuda"}, "not on cuda"),
        ({"name": "native", "isa": "mmx"}, "mmx"),
        ({"name": "plain", "precision": "fp8"}, "fp8"),
        ({"name": "plain", "precision": "fp16"}, "fp16"),
    ],
)
def test_what_cannot_be_is_said(settings: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_engine(net=load_net("lite0"), **settings)


def test_what_fell_back_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = preset("classic", objective=('layer("2")',), octaves=1, steps=(3,), engine="plain", jitter=0)
    session = Session(recipe, net=small_net())
    session.engine.note = "the torch engine could not be: reasons"
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for _ in dream(recipe, twins.photo("chelsea", 64, 80), session=session):
            pass
    said = [str(w.message) for w in heard if issubclass(w.category, ReverieWarning)]
    assert said == ["the torch engine could not be: reasons"]
