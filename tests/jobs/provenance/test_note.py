"""The document inside a picture, checked when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reverie.errors import UsageError
from reverie.jobs.provenance.note import bare_network, read_document, recipe_in
from reverie.media.picture import read_provenance
from reverie.recipe.recipe import Recipe
from support.dreams import made

pytestmark = pytest.mark.usefixtures("in_its_folder")
BAD_EDITS: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("newer", lambda d: d["recipe"].update(format=2), "newer"),
    ("unknown field", lambda d: d["recipe"].update(stepz=2), "stepz"),
    ("two fields", lambda d: d["recipe"].update(octaves=10_000, strength="much"), "strength"),
    ("not an object", lambda d: d.update(recipe=[1]), "not an object"),
    ("a path to the source", lambda d: d["source"].update(name="../chelsea.png"), "source.name"),
    ("a file not noted", lambda d: d["recipe"].update(mask="/etc/hostname"), "not among its files"),
    ("a noted path", lambda d: d.update(files=[{"name": "/etc/x", "sha256": "0" * 64}]), "files.0.name"),
    ("a path to weights", lambda d: d["recipe"].update(network="lite0:/etc/x.pth"), "network"),
    ("threads", lambda d: d["engine"].update(threads=-1), "engine.threads"),
    ("no engine", lambda d: d.pop("engine"), "engine"),
    ("tile", lambda d: d["engine"].update(tile="large"), "engine.tile"),
    ("engine", lambda d: d["engine"].update(engine="steam"), "engine.engine"),
    ("isa", lambda d: d["engine"].update(isa="../avx"), "engine.isa"),
    ("precision", lambda d: d["engine"].update(precision="a lot"), "engine.precision"),
    ("halo", lambda d: d["recipe"].update(halo="half"), "halo"),
    ("depth", lambda d: d["output"].update(depth=12), "output.depth"),
]


@pytest.mark.parametrize(("edited", "says"), [e[1:] for e in BAD_EDITS], ids=[e[0] for e in BAD_EDITS])
def test_nonsense_in_the_metadata_is_refused_by_field(
    here: Path, edited: Callable[[dict[str, Any]], None], says: str
) -> None:
    document: dict[str, Any] = {
        "reverie": "0.1.0",
        "recipe": Recipe().model_dump(mode="json"),
        "source": {"name": "chelsea.png", "sha256": "0" * 64},
        "files": [],
        "network": {"name": "lite0", "sha256": "0" * 64},
        "engine": {"engine": "plain", "device": "cpu", "precision": "fp32", "threads": 1},
        "output": {"depth": 8, "quality": None},
    }
    read_document(document, "d.png")
    edited(document)
    with pytest.raises(UsageError, match=says) as caught:
        read_document(document, "d.png")
    assert str(caught.value).startswith("d.png: ")


def test_weights_of_ones_own_keep_their_path_to_themselves(here: Path) -> None:
    assert bare_network("lite0:some/where/w.pth#sha256=" + "0" * 64) == "lite0:w.pth"
    assert bare_network("lite1") == "lite1"
    assert bare_network("torchvision:resnet50") == "torchvision:resnet50"


def test_recipes_come_from_json_and_from_pictures(here: Path) -> None:
    result = made(here, seed=5)
    assert recipe_in("d.png") == result.recipe
    Path("r.json").write_text(json.dumps(read_provenance("d.png")))
    assert recipe_in("r.json") == result.recipe
    Path("r.json").write_text('{"seed": 9}')
    assert recipe_in("r.json") == Recipe(seed=9)
    for text in ("{", "[1]", '{"seed": NaN}', "[" * 5000, '{"recipe": 3}'):
        Path("r.json").write_text(text)
        with pytest.raises(UsageError, match=r"r\.json"):
            recipe_in("r.json")
