"""``reverie sheet``, ``classify``, ``layers`` and ``networks``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from reverie.cli import complete
from support.commands import Ran

Reverie = Callable[..., Ran]


def test_sheet_shows_every_layer(here: Path, inside: Reverie) -> None:
    done = inside(
        "sheet", "chelsea.png", "-o", "s.png", "--cell", "64", "--steps", "1", "--threads", "1", "--json"
    )
    assert done.rc == 0, done.stderr
    assert done.json["layers"] == complete.layer_names()
    assert min(Image.open(here / "s.png").size) > 3 * 64


def test_classify_says_cat(here: Path, inside: Reverie) -> None:
    done = inside("classify", "chelsea.png", "--top", "3", "--json")
    found = done.json["classes"]
    assert len(found) == 3
    assert found[0]["class"] in (281, 282, 285)
    assert found[0]["probability"] > 0.2
    assert found[0]["name"] in inside("classify", "chelsea.png").stdout


def test_layers_and_networks_list(inside: Reverie) -> None:
    table = inside("layers").stdout
    assert "block5c" in table
    assert "339 px" in table
    assert "logit_map" not in table
    listed = inside("networks", "--json").json["networks"]
    assert [n["name"] for n in listed] == ["lite0", "lite1", "lite2"]
