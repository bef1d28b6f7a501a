"""Networks of one, two and five channels through every verb and function: a picture, or one clear error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import reverie
from reverie import objective as ob
from reverie.analysis.classify import classify
from reverie.engine.engine import AutogradEngine
from reverie.errors import UsageError
from reverie.media.picture import Picture, load_picture
from reverie.scoring.bind import bind
from support.commands import Ran

CODE = """
import torch
from torch import nn

def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d({channels}, 8, 5, 2, 2), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5),
    )
"""
NAME = "py:mine.py:network#channels={channels}&mean=0.5&std=0.25"
SHORT = ["--steps", "2"]
#: What is typed; OUT becomes a name, and a network follows.
OVER_PHOTOGRAPHS = {
    "dream": ["dream", "chelsea.png", "-o", "OUT.png", "--layer", "2", *SHORT],
    "class": ["dream", "chelsea.png", "-o", "OUT.png", "--class", "3", *SHORT],
    "guide": ["dream", "chelsea.png", "-o", "OUT.png", "--guide", "chelsea.png", "--layer", "2", *SHORT],
    "variations": ["dream", "chelsea.png", "-o", "OUT.png", "--layer", "2", "--variations", "2", *SHORT],
    "zoom from nothing": ["zoom", "-o", "OUT.gif", "--layer", "2", "--size", "64", "--duration", "0.2"],
    "zoom": ["zoom", "chelsea.png", "-o", "OUT.gif", "--layer", "2", "--size", "64", "--duration", "0.2"],
    "invert": ["invert", "chelsea.png", "--layer", "2", "-o", "OUT.png", "--size", "48", *SHORT],
    "all": ["invert", "chelsea.png", "--all-layers", "-o", "OUT.png", "--size", "48", *SHORT],
    "stimuli": ["stimuli", "chelsea.png", "--unit", "2:3", "-o", "OUT.png", "--steps", "2"],
    "look": ["look", "chelsea.png", "--unit", "2:3", "--portraits", "-o", "OUT.png", "--steps", "2"],
    "strongest": ["look", "chelsea.png", "--strongest", "3", "-o", "OUT.png"],
    "sheet": ["sheet", "chelsea.png", "-o", "OUT.png", "--steps", "1", "--cell", "64"],
}
FROM_NOTHING = {
    "noise": ["dream", "--from", "noise", "-o", "OUT.png", "--layer", "2", "--size", "64", *SHORT],
    "clouds": ["dream", "--from", "clouds", "-o", "OUT.png", "--layer", "2", "--size", "64", *SHORT],
    "see": ["see", "2:3", "-o", "OUT.png", "--size", "48", *SHORT],
    "sheet of portraits": ["see", "2:3", "4", "-o", "OUT.png", "--size", "48", *SHORT],
}


@pytest.fixture(params=[1, 2, 5])
def channels(request: pytest.FixtureRequest, here: Path) -> int:
    (here / "mine.py").write_text(CODE.format(channels=request.param))
    return int(request.param)


def typed(inside: Callable[..., Ran], words: list[str], channels: int) -> Ran:
    words = [word.replace("OUT", "out") for word in words]
    return inside(*words, "--network", NAME.format(channels=channels), "--trust")


def says_one_line(ran: Ran, *parts: str) -> None:
    assert ran.rc == 2, ran.stderr
    (line,) = [line for line in ran.stderr.splitlines() if not line.startswith("warning: ")]
    assert line.startswith("error: ")
    assert all(part in line for part in parts), line
    assert "internal" not in line


@pytest.mark.slow
@pytest.mark.parametrize("verb", OVER_PHOTOGRAPHS)
def test_what_needs_grey_or_colours(verb: str, channels: int, here: Path, inside: Callable[..., Ran]) -> None:
    ran = typed(inside, OVER_PHOTOGRAPHS[verb], channels)
    if channels != 1:
        says_one_line(ran, "has 3 channels, and the network takes", "portraits")
        return
    assert ran.rc == 0, ran.stderr
    made = next(here.glob("out.*"))
    if made.suffix == ".png":
        assert np.ptp(load_picture(made).pixels) > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("verb", FROM_NOTHING)
def test_what_comes_from_nothing_is_a_picture(
    verb: str, channels: int, here: Path, inside: Callable[..., Ran]
) -> None:
    ran = typed(inside, FROM_NOTHING[verb], channels)
    assert ran.rc == 0, ran.stderr
    if channels != 1:
        assert ran.stderr.count("beside each other") == 1
    made = load_picture(here / "out.png")
    if verb in ("noise", "see"):
        side = 64 if verb == "noise" else 48
        assert made.size == (side * channels, side)


@pytest.mark.slow
def test_microscopes_classes_and_evolutions(channels: int, here: Path, inside: Callable[..., Ran]) -> None:
    name = NAME.format(channels=channels)
    site = ["microscope", name, "-o", "site", "--layers", "2", "--channels", "0-1", "--classes", "0"]
    ran = inside(*site, "--size", "32", *SHORT, "--trust")
    assert ran.rc == 0, ran.stderr
    assert (here / "site" / "layers" / "2" / "1.html").is_file()
    ran = inside(
        "fool", "1", "-o", "fooled", "--generations", "2", "--population", "8", "--network", name, "--trust"
    )
    if channels == 1:
        assert ran.rc == 0, ran.stderr
    else:
        says_one_line(ran, "what fools is grey or coloured")
    ran = inside("classify", "chelsea.png", "--network", name, "--trust")
    if channels == 1:
        assert ran.rc == 0, ran.stderr
    else:
        says_one_line(ran, "the network takes")
    assert inside("layers", name, "--trust").rc == 0


def net_of(channels: int) -> reverie.Network:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(channels, 8, 5, 2, 2), nn.Tanh(), nn.Conv2d(8, 4, 3, 2, 1))
    return reverie.wrap_net(module, mean=0.5, std=0.25, channels=channels)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_picture_functions(channels: int, photographs: Path, tmp_path: Path) -> None:
    net, photo = net_of(channels), load_picture(photographs / "chelsea.png")
    recipe = reverie.preset("classic", objective=ob.layer("2"), steps=2, octaves=1)
    dreamt = reverie.render(recipe, torch.rand(channels, 48, 64), net=net)
    assert dreamt.pixels.shape == (48, 64, channels)
    score, gradient = reverie.picture_gradient(
        AutogradEngine(net), bind(ob.layer("2"), net), torch.rand(channels, 40, 40)
    )
    assert score.shape == ()
    assert gradient.shape == (channels, 40, 40)
    portrait = reverie.render(
        reverie.preset("sketch", objective=ob.channel("2", 1), size=(32, 32), steps=2), net=net
    )
    assert portrait.pixels.shape == (32, 32, channels)
    shown = portrait.visible()
    assert shown.size == (32 * channels, 32)
    np.testing.assert_array_equal(shown.of_channels(channels).pixels, portrait.pixels)
    for name, picture in (("shown.png", shown), ("portrait.png", portrait)):
        picture.save(tmp_path / name)
        found = load_picture(tmp_path / name)
        assert found.provenance is not None, "both know how they were made"
        assert np.abs(found.of_channels(channels).pixels - portrait.pixels).max() <= 0.5 / 255 + 1e-6
    (shown.pixels[0, 0], changed) = (1 - shown.pixels[0, 0], tmp_path / "changed.png")
    shown.save(changed)
    assert load_picture(changed).provenance is None, "a picture that was changed is another"
    made = reverie.microscope(
        net, tmp_path / "site", layers=["2"], channels="0-1", classes=["none"], recipe=tiny()
    )
    assert (made.there, made.wanted) == (2, 2)
    if channels == 1:
        assert reverie.render(recipe, photo, net=net).pixels.shape[2] == 1
        return
    with pytest.raises(UsageError, match=f"has 3 channels, and the network takes {channels}"):
        reverie.render(recipe, photo, net=net)
    with pytest.raises(UsageError, match="has no classes"):
        classify(net, photo)


def tiny() -> reverie.Recipe:
    return reverie.preset("sketch", size=(32, 32), steps=2)


def test_channels_beside_each_other_are_each_of_them() -> None:
    pixels = np.random.default_rng(0).random((4, 3, 2), dtype=np.float32)
    picture = Picture(pixels, alpha=np.ones((4, 3), np.float32))
    shown = picture.visible()
    np.testing.assert_array_equal(shown.pixels[:, :3, 0], pixels[..., 0])
    np.testing.assert_array_equal(shown.pixels[:, 3:, 0], pixels[..., 1])
    assert shown.alpha is not None
    assert shown.alpha.shape == (4, 6)
    assert picture.in_colours().pixels.shape == (4, 6, 3)
    coloured: Any = Picture(np.zeros((2, 2, 3), np.float32))
    assert coloured.visible() is coloured
    with pytest.raises(ValueError, match="4 channels"):
        shown.of_channels(4)
