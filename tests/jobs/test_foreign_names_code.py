"""A network that is the user's own code: it dreams, and no picture or document ever makes it run unasked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.errors import UsageError
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.output import Output, Written
from reverie.jobs.rerun import RerunJob
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture, load_picture
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import preset

CODE = """
import pathlib, torch
pathlib.Path("ran").touch()

def make():
    torch.manual_seed(0)
    parts = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU()
    return torch.nn.Sequential(*parts), {"mean": 0.5, "std": 0.25}
"""


@pytest.fixture
def dreamt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a picture that own code dreamt, which has not run since."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(CODE)
    Picture(np.random.default_rng(0).random((40, 48, 3), np.float32)).save("me.png")
    network = f"py:{tmp_path}/net.py:make#std=0.5"
    recipe = preset("classic", objective=['"1"'], steps=[2], octaves=1, network=network)
    DreamJob(recipe=recipe, photo="me.png", output=Output(path="d.png")).run()
    Path("ran").unlink()
    return tmp_path


def test_a_result_is_made_again_only_if_it_is_trusted(dreamt: Path) -> None:
    job = RerunJob(result="d.png", output=Written(path="e.png"))
    with pytest.raises(
        UsageError, match=r'd.png: network "py:net.py:make" runs code, and nothing was run; --trust'
    ):
        job.run()
    assert not Path("ran").exists()
    assert not Path("e.png").exists()
    job.run(workspace=Workspace(trust=True))
    assert Path("ran").exists()
    assert Path("e.png").read_bytes() == Path("d.png").read_bytes()


def test_no_recipe_makes_it_run_from_python(dreamt: Path) -> None:
    recipe = preset("classic", objective=['"1"'], steps=[2], octaves=1, network="py:net.py:make")
    with pytest.raises(UsageError, match="runs code, which no recipe may ask for"):
        render(recipe, load_picture("me.png"))
    assert not Path("ran").exists()
    made = render(recipe, load_picture("me.png"), session=Session(recipe, net=load_net("py:net.py:make")))
    assert (made.pixels != load_picture("me.png").pixels).any()


def test_neither_its_recipe_nor_a_job_makes_it_run(dreamt: Path) -> None:
    from reverie.cli.main import run

    job = {"kind": "rerun", "result": "d.png", "output": "f.png"}
    Path("job.json").write_text(json.dumps(job))
    for words in (
        ["dream", "me.png", "-o", "f.png", "--recipe", "d.png"],
        ["run", "job.json"],
        ["rerun", "d.png"],
    ):
        assert run(words) == 2
        assert not Path("ran").exists()
    assert run(["show", "d.png"]) == 0
    assert not Path("ran").exists()
