"""What goes wrong with parts of jobs is one line, and of the kind that it is on one machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from reverie.errors import BadInput, NetworkError, ResourceError, UsageError
from reverie.jobs.cluster import ray_cluster
from reverie.jobs.cluster.shard import Packer, Shard, unpack
from reverie.jobs.cluster.worker import Carried
from reverie.jobs.dreaming.batch import BatchJob, VariationsJob
from reverie.jobs.dreaming.dream import DreamJob, PictureResult
from reverie.jobs.portraits.portraits import PortraitsJob
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.workspace import JobPart, Workspace
from reverie.recipe.presets.preset import preset
from support.fake_ray import fake_cluster
from support.fooling import five
from support.microscope import lite0

resource = pytest.importorskip("resource", reason="limits of this kind are Unix's")
DREAM = preset("reverie", start="noise", size=(64, 48), octaves=1, steps=(1,), threads=1)


@contextmanager
def disk_that_is_full() -> Iterator[None]:
    """No file grows over 5 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_here_is_said_as_on_one_machine(here: Path) -> None:
    """Each photograph of a batch fails by itself; what makes one thing ends."""
    result = PictureResult(files=("x",), size=(8, 8), score=1.0, moved=0.1, recipe=DREAM)
    carried = Carried((bytes(20_000),), (result,))
    batch = BatchJob(recipe=preset("reverie"), photos=[str(here / "chelsea.png")], output=str(here / "out"))
    seeds = VariationsJob(recipe=DREAM, count=2, output=str(here / "v.png"))
    with (
        fake_cluster() as (cluster, _),
        mock.patch.object(ray_cluster, "_carry", return_value=carried),
        mock.patch("reverie.jobs.open_recipe.OpenRecipe.check_names"),
        disk_that_is_full(),
    ):
        ((_, error),) = batch.run(None, Workspace(elsewhere=cluster)).failed
        assert isinstance(error, ResourceError)
        assert str(error).startswith(f"cannot write {here / 'out' / 'chelsea.png'}: ")
        with pytest.raises(ResourceError, match=r"cannot write .*v-seed\d\.png"):
            seeds.run(None, Workspace(elsewhere=cluster))
    assert sorted(path.name for path in here.rglob("*")) == ["chelsea.png", "out"]


@pytest.mark.slow
def test_a_full_disk_of_a_worker_names_the_machine(tmp_path: Path) -> None:
    seeds = VariationsJob(recipe=DREAM, count=1, output=str(tmp_path / "v.png"))
    full = pytest.raises(ResourceError, match=r"^machine \S+: cannot write ")
    with fake_cluster() as (cluster, _), disk_that_is_full(), full:
        seeds.run(None, Workspace(elsewhere=cluster))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_network_that_only_this_process_has_is_refused_in_one_line(tmp_path: Path) -> None:
    """In memory alone, or under a name that means another one there."""
    for name, error, said in (
        ("mine", UsageError, '"mine"'),
        ("lite0", NetworkError, "a worker has another one of this name"),
    ):
        recipe = preset("sketch", network=name, size=(48, 48), steps=(1,), threads=1)
        job = PortraitsJob(recipe=recipe.but(objective=("logits:1",)), output=str(tmp_path / "p.png"))
        with fake_cluster() as (cluster, _), pytest.raises(error, match=said):
            job.run(None, Workspace(elsewhere=cluster, networks={name: five()}))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_same_network_under_its_name_is_not(tmp_path: Path) -> None:
    recipe = preset("sketch", size=(48, 48), steps=(1,), threads=1)
    job = PortraitsJob(recipe=recipe.but(objective=("block4a:1",)), output=str(tmp_path / "p.png"))
    with fake_cluster() as (cluster, _):
        job.run(None, Workspace(elsewhere=cluster, networks={"lite0": lite0()}))
    assert (tmp_path / "p.png").exists()


def test_a_worker_runs_no_code_that_a_document_names(tmp_path: Path) -> None:
    """Packer never sends such a document; somebody else might."""
    packed = Packer().pack(JobPart(DreamJob(recipe=DREAM, output=str(tmp_path / "d.png"))), Workspace())
    document = json.loads(json.dumps(dict(packed.shard.document)))
    document["recipe"]["network"] = "py:net.py:make"
    with pytest.raises(UsageError, match="runs code"):
        unpack(Shard(document, ()), lambda digest: b"", tmp_path / "kept", tmp_path)


@pytest.mark.slow
def test_a_recipe_found_in_a_picture_names_no_code(tmp_path: Path) -> None:
    """A picture says that code made it: nothing of it is believed, here or with --cluster."""
    from reverie.media.picture import load_picture, read_provenance, save_picture

    DreamJob(recipe=DREAM, output=str(tmp_path / "d.png")).run()
    found = read_provenance(tmp_path / "d.png")
    assert found is not None
    found["recipe"]["network"] = found["network"]["name"] = "py:net.py:make"
    save_picture(load_picture(tmp_path / "d.png"), tmp_path / "e.png", provenance=found)
    recipe = of_picture(tmp_path / "e.png").recipe
    with pytest.raises(UsageError, match="runs code"):
        Packer().pack(JobPart(DreamJob(recipe=recipe, output=str(tmp_path / "f.png"))), Workspace())
    from reverie.jobs.foreign_names import beside

    with pytest.raises(UsageError, match="runs code"):
        beside(recipe, str(tmp_path / "e.png"))


def test_a_file_that_goes_away_is_said(tmp_path: Path) -> None:
    job = DreamJob(recipe=preset("reverie"), photo=str(tmp_path / "none.png"), output=str(tmp_path / "d.png"))
    with pytest.raises(BadInput, match=r"none\.png"):
        Packer().pack(JobPart(job), Workspace())
