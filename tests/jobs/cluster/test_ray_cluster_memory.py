"""Neither this process nor a worker holds more the more there is to do."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from reverie.jobs.cluster import ray_cluster, worker
from reverie.jobs.cluster.shard import Packer
from reverie.jobs.cluster.worker import Carried, Limits, carry_out
from reverie.jobs.dreaming.batch import BatchJob
from reverie.jobs.dreaming.dream import DreamJob, PictureResult
from reverie.jobs.portraits.portraits import PortraitsJob
from reverie.jobs.workspace import JobPart, Workspace
from reverie.recipe.presets.preset import preset
from support.fake_ray import FakeRay, fake_cluster

#: Bytes of a photograph, and what this process may grow by for each that is done: its name and its result.
PHOTOGRAPH, EACH = 30_000, 4000


def grown(count: int, folder: Path) -> tuple[int, FakeRay]:
    """The most bytes that a batch of so many photographs takes here, and Ray, which makes nothing of them."""
    folder.mkdir()
    photos = [folder / f"{i:05}.png" for i in range(count)]
    for i, photo in enumerate(photos):
        photo.write_bytes(i.to_bytes(4, "big") * (PHOTOGRAPH // 4))
    recipe = preset("reverie")
    result = PictureResult(files=("x",), size=(8, 8), score=1.0, moved=0.1, recipe=recipe)
    carried = Carried((b"a picture",), (result,))

    def made_there(*_: Any) -> Carried:  # a mock would remember what it was called with
        return carried

    job = BatchJob(recipe=recipe, photos=[str(photo) for photo in photos], output=str(folder / "out"))
    with (
        fake_cluster(slots=4) as (cluster, ray),
        mock.patch.object(ray_cluster, "_carry", made_there),
        mock.patch("reverie.jobs.open_recipe.OpenRecipe.check_names"),
    ):
        gc.collect()
        tracemalloc.start()
        try:
            made = job.run(None, Workspace(elsewhere=cluster))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(made.made) == count
    return most, ray


@pytest.mark.slow
@pytest.mark.parametrize("many", [300, pytest.param(10_000, marks=pytest.mark.soak)])
def test_this_process_holds_a_few_photographs_however_many_there_are(many: int, tmp_path: Path) -> None:
    few = 100
    (low, _), (high, ray) = grown(few, tmp_path / "few"), grown(many, tmp_path / "many")
    print(f"{few}: {low / 1e6:.1f} MB, {many}: {high / 1e6:.1f} MB, in the store {ray.most / 1e6:.1f} MB")
    assert (high - low) / (many - few) < EACH
    assert ray.most <= 8 * PHOTOGRAPH  # those that are on their way
    assert ray.done == many


@pytest.mark.slow
def test_a_worker_holds_one_network_and_no_picture_of_the_last_shard(tmp_path: Path) -> None:
    limits, packer = Limits(max_pixels=1_000_000, offline=True), Packer()

    def done(recipe: Any, kind: Any, out: str) -> None:
        job = kind(recipe=recipe, output=str(tmp_path / out))
        packed = packer.pack(JobPart(job), Workspace())
        assert carry_out(packed.shard, packed.data.__getitem__, limits).error is None

    sketch = preset("sketch", size=(48, 48), steps=(1,), threads=1)
    done(sketch.but(objective=("block4a:3",)), PortraitsJob, "a.png")
    done(
        preset("reverie", start="noise", size=(400, 300), octaves=1, steps=(1,), threads=1), DreamJob, "b.png"
    )
    held = worker._workspace(limits)
    assert list(held.networks) == ["lite0"]
    done(sketch.but(network="lite1", objective=("block4a:3",)), PortraitsJob, "c.png")
    assert list(held.networks) == ["lite1"]
    gc.collect()
    large = [o for o in gc.get_objects() if type(o).__name__ == "Picture" and o.size == (400, 300)]
    assert not large
    assert not list(worker._folder().glob("tmp*"))  # nor files of it
