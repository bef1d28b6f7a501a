"""What a recipe, a job or a run may name: what lies beside it, and nothing else unless it is trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reverie.errors import UsageError
from reverie.jobs.document import load_job, read_job
from reverie.jobs.foreign_names import beside, check_beside, files_of, names_read, placed
from reverie.network.description import Description
from reverie.recipe.recipe import Recipe, read

#: Every place of a recipe in which a file is named.
PLACES: dict[str, Any] = {
    "mask": lambda name: {"mask": name},
    "guide": lambda name: {"objective": [f"guide({json.dumps(name)}, block5a)"]},
    "caricature": lambda name: {"objective": [f"tv + caricature({json.dumps(name)}, block5a)"]},
    "invert": lambda name: {"objective": [f"invert({json.dumps(name)}, block5a)"]},
    "region": lambda name: {"objective": ["block5c", f"block5c@mask({json.dumps(name)})"]},
    "outside": lambda name: {"objective": [f"block5c@outside({json.dumps(name)})"]},
    "scene": lambda name: {"zoom": {"scenes": [f"guide({json.dumps(name)}, block5a)"]}},
    "film mask": lambda name: {"film": {"mask": name}},
    "music": lambda name: {"film": {"pulse": name}},
    "weights": lambda name: {"network": f"lite0:{name}"},
    "weights with a hash": lambda name: {"network": f"lite1:{name}#sha256={'0' * 64}"},
    "caffe": lambda name: {"network": f"caffe:{name}"},
    "onnx": lambda name: {"network": f"onnx:{name}#mean=0.5"},
    "state of timm": lambda name: {"network": f"timm:resnet18:{name}"},
    "names of classes": lambda name: {"network": str(Description("hf", "a/b", {"classes": name}))},
    "text of caffe": lambda name: {"network": str(Description("hf", "a/b", {"prototxt": name}))},
    "unknown network": lambda name: {"network": f"mine:{name}"},
}
ELSEWHERE = (
    "/etc/passwd",
    "../secret",
    "sub/file",
    "./file",
    "..",
    "C:\\me",
    "a\\b",
    "link",
    "~/x",
    "/dev/zero",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with files, a link that leads out of it, and a secret beside it."""
    (tmp_path / "secret").write_text("secret")
    path = tmp_path / "here"
    (path / "sub").mkdir(parents=True)
    (path / "sub" / "file").touch()
    (path / "file").touch()
    (path / "link").symlink_to("../secret")
    (path / "inner").symlink_to("file")
    monkeypatch.chdir(path)
    return path


@pytest.mark.parametrize("place", PLACES)
def test_a_recipe_names_what_lies_beside_it(folder: Path, place: str) -> None:
    for name in ("file", "inner"):
        recipe = read(PLACES[place](name), "r.json")
        assert list(names_read(recipe)) == [name]
        assert list(names_read(beside(recipe, "sub/../r.json"))) == [os.path.join("sub", "..", name)]
    recipe = read(PLACES[place]("not there"), "r.json")
    assert beside(recipe, "sub/r.json") == recipe
    for name in ELSEWHERE:
        recipe = read(PLACES[place](name), "r.json")
        with pytest.raises(UsageError, match="--trust") as caught:
            beside(recipe, "r.json")
        assert str(caught.value).startswith("r.json: ")
        (found,) = names_read(beside(recipe, "r.json", trust=True))
        assert os.path.normpath(found) == os.path.normpath(name)


@pytest.mark.parametrize("place", PLACES)
def test_a_job_names_files_of_this_folder(folder: Path, place: str) -> None:
    document = {"kind": "dream", "photo": "file", "output": "o.png"}
    for name in ("file", "inner", "not there", *ELSEWHERE):
        Path("job.json").write_text(json.dumps({**document, "recipe": PLACES[place](name)}))
        if name not in ELSEWHERE:
            load_job("job.json")
            continue
        with pytest.raises(UsageError, match="--trust"):
            load_job("job.json")
        load_job("job.json", trusted=True)


FIELDS: dict[str, Any] = {
    "photo": lambda name: {"kind": "dream", "photo": name, "output": "o.png"},
    "photo's path": lambda name: {"kind": "dream", "photo": {"path": name}, "output": "o.png"},
    "output": lambda name: {"kind": "dream", "output": name},
    "photos": lambda name: {"kind": "batch", "photos": ["file", name], "output": "o"},
    "layers": lambda name: {"kind": "layers", "photo": name, "output": "o.png"},
    "targets": lambda name: {
        "kind": "portraits",
        "targets": [f"guide({json.dumps(name)}, block5a)"],
        "output": "o.png",
    },
    "inversions": lambda name: {"kind": "inversions", "photo": name, "output": "o.png"},
    "settings": lambda name: {"kind": "fool", "settings": {"network": f"lite0:{name}"}, "output": "f"},
    "genome": lambda name: {"kind": "print", "genome": name, "output": "o.png"},
    "result": lambda name: {"kind": "rerun", "result": name, "output": "o.png"},
    "input": lambda name: {"kind": "rerun", "result": "file", "input": name, "output": "o.png"},
    "video": lambda name: {"kind": "film", "video": name, "output": "o.mp4"},
    "a zoom's photo": lambda name: {"kind": "zoom", "photo": name, "output": "o.mp4"},
    "folder": lambda name: {"kind": "microscope", "photos": [name], "output": "site"},
}


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_job_is_held_to_that(folder: Path, field: str) -> None:
    recipes = {"portraits": "portrait", "microscope": "sketch", "zoom": None, "film": None, "fool": None}
    for name in ELSEWHERE:
        document = FIELDS[field](name)
        if document["kind"] in ("dream", "batch", "layers"):
            document["recipe"] = {}
        elif (preset := recipes.get(document["kind"])) is not None:
            document["recipe"] = {"portrait": {}, "start": "noise"}
            assert preset
        elif document["kind"] in ("zoom", "film"):
            document["recipe"] = {document["kind"]: {}}
        Path("job.json").write_text(json.dumps(document))
        with pytest.raises(UsageError, match="--trust"):
            load_job("job.json")


@pytest.mark.parametrize(
    "network", ["py:file.py:make", "py:os:getcwd", "torch:file", "py:file.py:f#mean=0.5"]
)
def test_code_that_a_file_names_runs_only_if_it_is_trusted(folder: Path, network: str) -> None:
    (folder / "file.py").touch()
    recipe = Recipe(network=network)
    with pytest.raises(UsageError, match=r"^r.json: network .* runs code, and nothing was run; --trust"):
        beside(recipe, "r.json")
    assert beside(recipe, "r.json", trust=True).network.startswith(network.partition(":")[0])
    for document in (
        {"kind": "dream", "photo": "file", "output": "o.png", "recipe": {"network": network}},
        {"kind": "fool", "settings": {"network": network}, "output": "f"},
    ):
        with pytest.raises(UsageError, match="runs code, and nothing was run; --trust"):
            read_job(document)
        read_job(document, trusted=True)


def test_names() -> None:
    assert files_of("lite0") == ()
    assert files_of("torchvision:resnet18") == ()
    assert files_of("lite0:w.pth#sha256=00") == ("w.pth",)
    assert placed("lite0:w.pth#sha256=00", {"w.pth": "f/w.pth"}) == "lite0:f/w.pth#sha256=00"
    assert placed("lite0:w.pth", {}) == "lite0:w.pth"
    assert names_read(Recipe()) is not None
    with pytest.raises(UsageError, match='r: "" is a path'):
        check_beside("", "r")
