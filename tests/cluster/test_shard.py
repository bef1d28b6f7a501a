"""Parts of jobs that travel: what is in them, and what comes of them in a process that has only that."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.cluster.shard import Packer, Shard
from reverie.cluster.worker import Limits, carry_out
from reverie.errors import BadInput, UsageError
from reverie.jobs.dream import DreamJob
from reverie.jobs.job import Job
from reverie.jobs.portraits import PortraitsJob
from reverie.jobs.workspace import Workspace
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

LIMITS = Limits(max_pixels=1_000_000, offline=True)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A photograph, and a mask in another folder."""
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).resize((96, 64)).save(tmp_path / "me.png")
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.tile(np.arange(96, dtype=np.uint8), (64, 1)) * 2).save(tmp_path / "masks" / "m.png")
    return tmp_path


def dream_of(**changes: object) -> Recipe:
    return preset("reverie", octaves=1, steps=(2,), threads=1, **changes)


def contents_of(packer: Packer, shard: Shard) -> dict[str, bytes]:
    return {digest: packer.read(digest) for digest in shard.hashes}


@pytest.mark.slow
@pytest.mark.parametrize("masked", [False, True])
def test_a_worker_makes_the_bytes_that_this_process_makes(here: Path, masked: bool) -> None:
    recipe = dream_of(mask=str(here / "masks" / "m.png") if masked else None)
    job = DreamJob(recipe=recipe, photo=str(here / "me.png"), output=str(here / "d.png"))
    packer = Packer()
    shard = packer.pack(job, Workspace())
    carried = carry_out(shard, contents_of(packer, shard), LIMITS)
    assert carried.error is None
    job.run()
    assert carried.files == ((here / "d.png").read_bytes(),)
    (result,) = carried.results
    assert result.picture is not None
    assert result.size == (96, 64)


@pytest.mark.slow
def test_facets_come_in_their_order(here: Path) -> None:
    recipe = preset("sketch", size=(48, 48), steps=(2,), threads=1, portrait={"facets": 3})
    job = PortraitsJob(recipe=recipe.but(objective=("block4a:3",)), output=str(here / "p.png"))
    packer = Packer()
    carried = carry_out(packer.pack(job, Workspace()), {}, LIMITS)
    made = job.run().made
    assert [Path(one.path).read_bytes() for one in made] == list(carried.files)


def test_no_path_of_this_machine_travels(here: Path) -> None:
    recipe = dream_of(mask=str(here / "masks" / "m.png"), objective=(f'guide("{here}/me.png", block4a)',))
    job = DreamJob(recipe=recipe, photo=str(here / "me.png"), output=str(here / "deep" / "d.webp"))
    shard = Packer().pack(job, Workspace())
    assert str(here) not in json.dumps(dict(shard.document))
    assert shard.document["output"]["path"] == "picture.webp"
    assert {content.name for content in shard.contents} == {"me.png", "m.png"}
    assert hashlib.sha256((here / "me.png").read_bytes()).hexdigest() in shard.hashes


def test_errors_of_the_work_come_back(here: Path) -> None:
    (here / "cut.png").write_bytes((here / "me.png").read_bytes()[:200])
    job = DreamJob(recipe=dream_of(), photo=str(here / "cut.png"), output=str(here / "d.png"))
    packer = Packer()
    shard = packer.pack(job, Workspace())
    carried = carry_out(shard, contents_of(packer, shard), LIMITS)
    assert isinstance(carried.error, BadInput)
    assert carried.files == carried.results == ()


def refused(job: Job[object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Packer().pack(job, Workspace())


def test_what_cannot_travel_is_refused(here: Path) -> None:
    out = str(here / "d.png")
    refused(DreamJob(recipe=dream_of(network="py:net.py:make"), output=out), UsageError, "runs code")
    refused(DreamJob(recipe=dream_of(), photo=str(here / "none.png"), output=out), BadInput, "none.png")


def test_a_file_that_changes_meanwhile_is_said(here: Path) -> None:
    packer = Packer()
    shard = packer.pack(
        DreamJob(recipe=dream_of(), photo=str(here / "me.png"), output=str(here / "d.png")), Workspace()
    )
    (here / "me.png").write_bytes(b"other")
    with pytest.raises(BadInput, match="has changed"):
        packer.read(shard.hashes[0])
