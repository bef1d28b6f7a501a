"""Objectives that are functions of Python: scores, gradients, batches, and what no file holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import reverie
from reverie import objective as ob
from reverie.engine.engine import AutogradEngine
from reverie.errors import UsageError
from reverie.gradient.tiles import Tiling
from reverie.jobs.document import read_job
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.output import Output
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.rerun import RerunJob
from reverie.scoring.bind import bind
from support.commands import Ran


@pytest.fixture(scope="module")
def net() -> reverie.Network:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.Tanh(), nn.Conv2d(8, 6, 3, 2, 1), nn.Tanh())
    return reverie.wrap_net(module, mean=0.5, std=0.25)


def gradient_of(net: reverie.Network, wanted: ob.Objective, x: Tensor, **how: Any) -> tuple[Tensor, Tensor]:
    return reverie.picture_gradient(AutogradEngine(net), bind(wanted, net, **how), x)


@pytest.mark.slow
def test_a_function_of_a_channel_is_the_channel(net: reverie.Network) -> None:
    x = torch.rand(2, 3, 40, 48)
    mine = ob.function(lambda acts: acts["1"][:, 5].mean(), layers=["1"])
    score, gradient = gradient_of(net, mine, x)
    told, wanted = gradient_of(net, ob.channel("1", 5), x)
    torch.testing.assert_close(score, told)
    torch.testing.assert_close(gradient, wanted)


def test_a_function_of_two_layers_against_autograd_and_item_by_item(net: reverie.Network) -> None:
    x = torch.rand(3, 3, 32, 32)

    @ob.function(layers=["1", "3"])
    def agree(acts: Any) -> Tensor:
        return acts["1"].square().mean() * acts("3").amax()

    score, gradient = gradient_of(net, 0.5 * agree, x)
    for i in range(3):
        leaf = x[i : i + 1].clone().requires_grad_(True)
        found = net(leaf, ["1", "3"])
        value = 0.5 * found["1"].square().mean() * found["3"].amax()
        (slope,) = torch.autograd.grad(value, leaf)
        torch.testing.assert_close(score[i], value.detach())
        torch.testing.assert_close(gradient[i : i + 1], slope)


@pytest.mark.parametrize("balance", ["none", "terms", "layers"])
def test_beside_other_terms_it_weighs_as_they_do(net: reverie.Network, balance: str) -> None:
    x = torch.rand(1, 3, 32, 32)
    mine = ob.function(lambda acts: acts["1"][:, 2].mean(), layers=["1"])
    score, gradient = gradient_of(net, mine + 0.7 * ob.channel("3", 1) - 0.1 * ob.tv(), x, balance=balance)
    told = ob.channel("1", 2) + 0.7 * ob.channel("3", 1) - 0.1 * ob.tv()
    twin = gradient_of(net, told, x, balance=balance)
    torch.testing.assert_close(score, twin[0])
    torch.testing.assert_close(gradient, twin[1])


def test_decorators_as_lucent_has_them_find_their_layers(net: reverie.Network) -> None:
    @ob.wrap_objective()
    def channel(layer: str, index: int) -> Any:
        return lambda model: model(layer)[:, index].mean()

    wanted = channel("3", 4)
    assert str(wanted) == 'python("channel(3, 4)")'
    assert bind(wanted, net).layers == ("3",)
    x = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(gradient_of(net, wanted, x)[1], gradient_of(net, ob.channel("3", 4), x)[1])


def test_its_text_parses_to_the_same_function_and_names_are_never_shared() -> None:
    one = ob.function(lambda acts: acts["1"].mean(), layers="1", name="mine")
    other = ob.function(lambda acts: acts["1"].amax(), layers="1", name="mine")
    assert ob.parse(str(one)) == one != other
    assert str(other) != str(one)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (lambda acts: acts["1"], "one number a picture is needed"),
        (lambda acts: acts["1"].mean().item(), "returned float; one number"),
        (lambda acts: acts["1"].detach().mean(), "does not depend on 1"),
        (lambda acts: acts["3"].mean(), 'reads layer "3", which was not asked for'),
    ],
)
def test_what_cannot_be_climbed_is_said_in_a_line(net: reverie.Network, code: Any, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        gradient_of(net, ob.function(code, layers=["1"]), torch.rand(1, 3, 32, 32))


def test_tiles_regions_and_unknown_functions_are_refused(net: reverie.Network) -> None:
    wanted = ob.function(lambda acts: acts["1"].mean(), layers=["1"])
    goal = bind(wanted, net)
    with pytest.raises(UsageError, match="sees whole pictures"):
        reverie.picture_gradient(
            AutogradEngine(net), goal, torch.rand(1, 3, 64, 64), tiling=Tiling(32, 32, 4)
        )
    with pytest.raises(UsageError, match="cannot be confined"):
        wanted.within("sky.png")
    with pytest.raises(UsageError, match="no file holds"):
        bind(ob.parse('python("nobody", "1")'), net)


@pytest.mark.slow
def test_a_large_picture_is_seen_whole_and_dreams_with_the_default_preset() -> None:
    seen: list[tuple[int, ...]] = []

    def code(acts: Any) -> Tensor:
        seen.append(tuple(acts["block3b"].shape))
        return acts["block3b"].square().mean()

    recipe = reverie.preset("reverie", objective=ob.function(code, layers="block3b"), steps=2, octaves=1)
    session = reverie.Session(recipe, tile=64)
    picture = reverie.render(recipe, torch.rand(3, 192, 160), session=session)
    assert picture.size == (160, 192)
    assert set(seen) == {(1, 40, 24, 20)}


@pytest.mark.slow
def test_portraits_climb_a_function_each_as_alone() -> None:
    mine = ob.function(lambda acts: acts["block2b"][:, 3].mean(), layers="block2b")
    recipe = reverie.preset("portrait", objective=mine, size=(64, 64), steps=4)
    twin = recipe.but(objective="block2b:3")
    found, wanted = reverie.render(recipe), reverie.render(twin)
    assert abs(found.pixels - wanted.pixels).max() < 0.02


@pytest.mark.slow
def test_files_say_that_they_cannot_be_repeated(here: Path, inside: Callable[..., Ran]) -> None:
    mine = ob.function(lambda acts: acts["block2b"].mean(), layers="block2b", name="soft")
    recipe = reverie.preset("classic", objective=mine, steps=1, octaves=1, size=(64, 64))
    job = DreamJob(recipe=recipe, photo=str(here / "chelsea.png"), output=Output(path=str(here / "d.png")))
    job.run()
    assert of_picture(here / "d.png").recipe.code() == ('python("soft", block2b)',)
    with pytest.raises(UsageError, match='not repeatable from the file: its objective python\\("soft"'):
        RerunJob(result=str(here / "d.png"), output=Output(path=str(here / "e.png"))).run()
    with pytest.raises(UsageError, match="job: not repeatable from the file"):
        job.document()
    document = {
        "kind": "dream",
        "recipe": recipe.model_dump(mode="json"),
        "photo": "chelsea.png",
        "output": {"path": "f.png"},
    }
    with pytest.raises(UsageError, match='python\\("soft", block2b\\) is Python code'):
        read_job(document, trusted=True)
    shown = inside("show", here / "d.png")
    assert shown.stdout.startswith("not repeatable from the file")
