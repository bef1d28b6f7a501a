"""Parts of jobs that travel: what is in them, and what comes of them in a process that has only that."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import BadInput, UsageError
from reverie.jobs.cluster.shard import PackedShard, Packer, unpack
from reverie.jobs.cluster.worker import Limits, carry_out
from reverie.jobs.dreaming.dream import DreamJob, PictureResult
from reverie.jobs.job import Job
from reverie.jobs.looking.responses import ResponsesJob
from reverie.jobs.portraits.portraits import PortraitsJob
from reverie.jobs.workspace import JobPart, Workspace
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


def packed_of(job: Job[object], side: int | None = 0) -> PackedShard:
    return Packer().pack(JobPart(job, side=side), Workspace())


@pytest.mark.slow
@pytest.mark.parametrize("masked", [False, True])
def test_a_worker_makes_the_bytes_that_this_process_makes(here: Path, masked: bool) -> None:
    recipe = dream_of(mask=str(here / "masks" / "m.png") if masked else None)
    job = DreamJob(recipe=recipe, photo=str(here / "me.png"), output=str(here / "d.png"))
    packed = packed_of(job, side=20)
    carried = carry_out(packed.shard, packed.data.__getitem__, LIMITS)
    assert carried.error is None
    job.run()
    assert carried.files == ((here / "d.png").read_bytes(),)
    (result,) = carried.results
    assert isinstance(result, PictureResult)
    assert result.size == (96, 64)
    assert result.picture is not None
    assert result.picture.size == (20, 13)


@pytest.mark.slow
@pytest.mark.parametrize("side", [0, None])
def test_a_picture_travels_only_where_it_is_wanted(here: Path, side: int | None) -> None:
    packed = packed_of(DreamJob(recipe=dream_of(), photo=str(here / "me.png"), output="d.png"), side)
    (result,) = carry_out(packed.shard, packed.data.__getitem__, LIMITS).results
    assert isinstance(result, PictureResult)
    assert (result.picture and result.picture.size) == (None if side == 0 else (96, 64))


@pytest.mark.slow
def test_facets_come_in_their_order(here: Path) -> None:
    recipe = preset("sketch", size=(48, 48), steps=(2,), threads=1, portrait={"facets": 3})
    job = PortraitsJob(recipe=recipe.but(objective=("block4a:3",)), output=str(here / "p.png"))
    carried = carry_out(packed_of(job).shard, {}.__getitem__, LIMITS)
    made = job.run().made
    assert [Path(one.path).read_bytes() for one in made] == list(carried.files)


def test_no_path_of_this_machine_travels(here: Path) -> None:
    recipe = dream_of(mask=str(here / "masks" / "m.png"), objective=(f'guide("{here}/me.png", block4a)',))
    job = DreamJob(recipe=recipe, photo=str(here / "me.png"), output=str(here / "deep" / "d.webp"))
    shard = packed_of(job).shard
    assert str(here) not in json.dumps(dict(shard.document))
    assert shard.document["output"]["path"] == "made.webp"
    assert {content.name for content in shard.contents} == {"me.png", "m.png"}
    digest = hashlib.sha256((here / "me.png").read_bytes()).hexdigest()
    assert digest in shard.hashes(lasting=True)  # it is a guide too, which other parts need


def test_errors_of_the_work_come_back(here: Path) -> None:
    (here / "cut.png").write_bytes((here / "me.png").read_bytes()[:200])
    job = DreamJob(recipe=dream_of(), photo=str(here / "cut.png"), output=str(here / "d.png"))
    packed = packed_of(job)
    carried = carry_out(packed.shard, packed.data.__getitem__, LIMITS)
    assert isinstance(carried.error, BadInput)
    assert packed.named(str(carried.error)).startswith(f"{here / 'cut.png'}: ")
    assert carried.files == carried.results == ()


def refused(job: Job[object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        packed_of(job)


def test_what_cannot_travel_is_refused(here: Path) -> None:
    out = str(here / "d.png")
    refused(DreamJob(recipe=dream_of(network="py:net.py:make"), output=out), UsageError, "runs code")
    refused(DreamJob(recipe=dream_of(), photo=str(here / "none.png"), output=out), BadInput, "none.png")


def test_a_file_is_read_again_only_when_it_has_changed(here: Path) -> None:
    packer = Packer()
    part = JobPart(DreamJob(recipe=dream_of(), photo=str(here / "me.png"), output=str(here / "d.png")))
    first = packer.pack(part, Workspace())
    (digest,) = first.data
    assert first.data[digest] == (here / "me.png").read_bytes()
    assert not packer.pack(part, Workspace(), {digest}).data
    assert packer.pack(part, Workspace(), {}).data == first.data  # nobody holds it any more
    (here / "me.png").write_bytes(b"other")
    assert list(packer.pack(part, Workspace(), {digest}).data.values()) == [b"other"]


def test_photographs_of_one_name_stay_apart(here: Path) -> None:
    """And those that are the same file under two names."""
    names = [str(here / "a" / "x.png"), str(here / "b" / "x.png"), str(here / "b" / "y.png")]
    for k, name in enumerate(names):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"%d" % min(k, 1))
    packed = packed_of(ResponsesJob(recipe=dream_of(), photos=names, layers={"block2a": (1,)}))
    (here / "own").mkdir()
    job, files = unpack(packed.shard, packed.data.__getitem__, here / "kept", here / "own")
    assert isinstance(job, ResponsesJob)
    assert [Path(files.path(photo)).read_bytes() for photo in job.photos] == [b"0", b"1", b"1"]
