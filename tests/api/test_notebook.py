"""A running dream in a notebook, with an IPython that is not there."""

from __future__ import annotations

import sys
import types

import pytest
import torch
from torch import nn

from reverie.api.dreams import dream
from reverie.api.notebook import watch
from reverie.ascent.loop import Frame
from reverie.ascent.session import Session
from reverie.media.picture import Picture
from reverie.network.wrap import wrap_net
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support import twins


class Handle:
    made: list[Handle]

    def __init__(self) -> None:
        self.shown: list[object] = []
        self.started = False
        type(self).made.append(self)

    def display(self, data: object, raw: bool = False) -> None:
        self.started = raw and "text/plain" in data

    def update(self, picture: object) -> None:
        self.shown.append(picture)


@pytest.fixture
def ipython(monkeypatch):
    """A fake IPython; ``shell`` says whether a notebook is running."""
    Handle.made = []
    module, display = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    module.shell = object()
    module.get_ipython = lambda: module.shell
    display.DisplayHandle = Handle
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return module


def frames_of(recipe: Recipe) -> list[Frame]:
    torch.manual_seed(0)
    net = wrap_net(nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Tanh()))
    photo = twins.photo("coffee", 40, 60)
    return dream(recipe, photo, session=Session(recipe, net=net))


RECIPE = preset("classic", objective=('layer("1")',), octaves=2, octave_scale=1.2, steps=(7,))


def test_frames_pass_and_the_display_follows(ipython):
    passed = list(watch(frames_of(RECIPE), every=3))
    assert [(f.octave.index, f.step) for f in passed] == [(o, s) for o in range(2) for s in range(7)]
    (handle,) = Handle.made
    assert handle.started
    assert len(handle.shown) == 6  # steps 0, 3 and 6 of each octave; 6 is its end too
    assert all(isinstance(p, Picture) and p.size == (60, 40) for p in handle.shown)
    assert handle.shown[-1]._repr_png_().startswith(b"\x89PNG")
    assert (handle.shown[0].pixels != handle.shown[-1].pixels).any()


def test_the_very_objects_are_passed_on(ipython):
    given = list(frames_of(RECIPE))
    assert all(a is b for a, b in zip(given, watch(given), strict=True))


def test_an_octave_that_ends_early_shows_its_end(ipython):
    recipe = RECIPE.but(max_change=0.01, steps=(40,))
    passed = list(watch(frames_of(recipe), every=1000))
    (first, second) = ([f for f in passed if f.octave.index == o] for o in range(2))
    assert 1 < len(first) < 40
    assert len(second) == 1
    (handle,) = Handle.made
    assert len(handle.shown) == 3  # the first and the last of one octave, the only one of the other


def test_outside_a_notebook_nothing_is_shown(ipython):
    ipython.shell = None
    assert len(list(watch(frames_of(RECIPE)))) == 14
    assert Handle.made == []


def test_without_ipython(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert len(list(watch(frames_of(RECIPE)))) == 14


def test_a_picture_shows_itself():
    picture = Picture(twins.photo("coffee", 20, 30)[0].permute(1, 2, 0).contiguous().numpy())
    assert picture._repr_png_().startswith(b"\x89PNG\r\n")
