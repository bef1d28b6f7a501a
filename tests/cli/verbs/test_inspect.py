"""``reverie sheet``, ``layers`` and ``networks``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from reverie.cli import complete
from support.commands import Ran

Reverie = Callable[..., Ran]


@pytest.mark.slow
def test_sheet_shows_every_layer(here: Path, inside: Reverie) -> None:
    done = inside(
        "sheet", "chelsea.png", "-o", "s.png", "--cell", "64", "--steps", "1", "--threads", "1", "--json"
    )
    assert done.rc == 0, done.stderr
    assert done.json["layers"] == complete.layer_names()
    assert min(Image.open(here / "s.png").size) > 3 * 64


def test_layers_and_networks_list(inside: Reverie) -> None:
    table = inside("layers").stdout
    assert "block5c" in table
    assert "339 px" in table
    assert "logit_map" not in table
    listed = inside("networks", "--json").json["networks"]
    assert [n["name"] for n in listed] == ["lite0", "lite1", "lite2"]


CODE = """
from torch import nn
def make():
    return nn.Sequential(nn.Conv2d(1, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 4, 3, 2, 1))
"""


def test_layers_of_any_network(here: Path, inside: Reverie) -> None:
    (here / "net.py").write_text(CODE)
    words = ("layers", "py:net.py:make", "--channels", "1", "--size", "64x48")
    found = inside(*words, "--sees", "--json").json["layers"]
    assert [one["name"] for one in found] == ["0", "1", "2"]
    told = {"shape": [4, 12, 16], "stride": 4, "receptive_field": 7, "objective": 'layer("2")'}
    assert found[2] | told == found[2]
    table = inside(*words).stdout
    assert "4 x 12 x 16" in table
    inside("layers", "py:net.py:make").refused(5, "give channels=1 (--channels 1)")


@pytest.mark.slow
def test_networks_that_cannot_be(here: Path, inside: Reverie) -> None:
    (here / "net.pt2").write_bytes(b"PK")
    inside("layers", "torch:net.pt2").refused(2, "can run code", "--trust")
    inside("layers", "torch:net.pt2", "--trust").refused(5, "cannot be loaded by torch.export")
    inside("classify", "chelsea.png", "--network", "caffe:absent.caffemodel").refused(5, "absent.caffemodel")
    inside("layers", "cafe:x").refused(2, 'did you mean "caffe"')
    inside("layers", "lite0", "--mean", "red").refused(2, "--mean: red is no number")
    (here / "net.py").write_text(CODE)
    grey = ("--network", "py:net.py:make", "--channels", "1")
    inside("dream", "chelsea.png", "-o", "d.png", *grey, "--layer", "outpt").refused(
        2, 'did you mean "output"'
    )
