"""The protocol of jobs: dreams, batches, variations and layers, driven by a listener."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from reverie import preset
from reverie.errors import BadInput, UsageError
from reverie.jobs.dreaming.batch import BatchJob, LayersJob, VariationsJob
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.job import Finished, ItemFinished, Job, Listener, Listeners, Started, Warned
from reverie.jobs.output import Output
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.workspace import LocalFiles, Reference, Workspace
from reverie.recipe.recipe import Recipe
from support.listeners import Recorder, again

QUICK: dict[str, Any] = {"steps": (2,), "octaves": 2, "jitter": 8, "threads": 1}


@pytest.fixture(autouse=True)
def _in_its_folder(here: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(here)
    (here / "coffee.png").write_bytes((photographs / "coffee.png").read_bytes())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def recipe(**changes: Any) -> Recipe:
    return preset("classic", **{**QUICK, **changes})


JOBS: dict[str, Job[Any]] = {
    "dream": DreamJob(recipe=recipe(), photo="chelsea.png", output="d.png"),
    "batch": BatchJob(recipe=recipe(), photos=["chelsea.png", "coffee.png"], output="many"),
    "variations": VariationsJob(recipe=recipe(), photo="chelsea.png", count=2, output="v.png"),
    "layers": LayersJob(recipe=recipe(octaves=1), photo="chelsea.png", cell=64, output="sheet.png"),
}


def contents(files: tuple[str, ...]) -> dict[str, bytes]:
    return {os.path.basename(file): Path(file).read_bytes() for file in files}


@pytest.mark.slow
@pytest.mark.parametrize("kind", JOBS)
def test_events_come_in_order_and_the_document_makes_the_same_job(kind: str, tmp_path: Path) -> None:
    job, listener = JOBS[kind], Recorder()
    result = job.run(listener)
    assert listener.in_order()
    assert listener.events[-1] == Finished(result)
    assert [item.done for item in listener.items] == list(range(1, len(listener.items) + 1))
    assert not result.stopped
    made = contents(result.files)
    for file in result.files:
        os.unlink(file)
    assert again(job) == job
    assert contents(again(job).run().files) == made


@pytest.mark.slow
@pytest.mark.parametrize("kind", JOBS)
def test_stopped_half_way_and_done_again_it_is_the_whole(kind: str) -> None:
    job = JOBS[kind]
    whole = contents(job.run().files)
    for file in Path().rglob("*"):
        if file.is_file() and str(file) not in ("chelsea.png", "coffee.png"):
            file.unlink()
    listener = Recorder(after=3)
    stopped = job.run(listener)
    assert stopped.stopped
    assert listener.in_order()
    over = job.model_copy(update={"output": job.output.at(job.output.path, overwrite=kind != "batch")})
    assert contents(over.run().files)
    folder = Path("many" if kind == "batch" else ".")
    assert {name: (folder / name).read_bytes() for name in whole} == whole


@pytest.mark.slow
def test_an_estimate_writes_nothing_and_names_seconds_and_bytes() -> None:
    before = set(Path().rglob("*"))
    for kind, job in JOBS.items():
        found = job.estimate()
        assert found.seconds is not None
        assert found.seconds > 0
        assert found.bytes
        assert found.text
        assert found.details["seconds"] == pytest.approx(found.seconds), kind
    assert set(Path().rglob("*")) == before


def test_a_picture_can_be_asked_for_at_each_step() -> None:
    sizes = []

    class Watcher(Listener):
        def on_event(self, event: object) -> None:
            picture = getattr(event, "picture", None)
            if picture is not None:
                sizes.append(picture.size)

    DreamJob(recipe=recipe(), photo="chelsea.png", output="d.png").run(Watcher())
    assert sizes == [Image.open("chelsea.png").size] * 4


@pytest.mark.slow
def test_a_listener_steers_and_what_it_did_is_recorded() -> None:
    plain = DreamJob(recipe=recipe(), photo="chelsea.png", output="plain.png").run()
    listener = Recorder(steer={2: {"objective": ("block3a",)}, 3: {"strength": 0.9}})
    DreamJob(recipe=recipe(), photo="chelsea.png", output="steered.png").run(listener)
    assert Path("steered.png").read_bytes() != Path(plain.path).read_bytes()
    note = of_picture("steered.png")
    assert note.recipe == plain.recipe
    assert [(s.octave, s.step, s.changes) for s in note.steered] == [
        (1, 0, {"objective": ["block3a"]}),
        (1, 1, {"objective": ["block3a"], "strength": 0.9}),
    ]
    again = Recorder(steer={2: {"objective": ("block3a",)}, 3: {"strength": 0.9}})
    DreamJob(recipe=recipe(), photo="chelsea.png", output="twice.png").run(again)
    assert Path("twice.png").read_bytes() == Path("steered.png").read_bytes()


@pytest.mark.slow
def test_what_is_fixed_at_the_beginning_cannot_be_steered() -> None:
    with pytest.raises(UsageError, match="seed: cannot change while a dream runs; objective"):
        DreamJob(recipe=recipe(), photo="chelsea.png", output="d.png").run(Recorder(steer={1: {"seed": 1}}))
    assert not Path("d.png").exists()


@pytest.mark.slow
def test_a_bad_photograph_does_not_stop_the_rest() -> None:
    Path("bad.png").write_bytes(b"no picture")
    listener = Recorder()
    job = BatchJob(recipe=recipe(), photos=["bad.png", "coffee.png"], output="many")
    result = job.run(listener)
    assert [(name, type(error)) for name, error in result.failed] == [("bad.png", BadInput)]
    assert [item.error is None for item in listener.items] == [False, True]
    assert len(result.made) == 1
    second = job.run(listener)
    assert (second.skipped, second.made) == (1, ())


def test_warnings_are_events_and_in_the_result() -> None:
    listener = Recorder()
    few = recipe(octaves=20)
    result = DreamJob(recipe=few, photo="chelsea.png", output="d.png").run(listener)
    said = [event.text for event in listener.events if isinstance(event, Warned)]
    assert len(said) == 1
    assert "octaves dropped" in said[0]
    assert result.warnings == tuple(said)


def test_several_listeners_are_one() -> None:
    first, second = Recorder(), Recorder(after=1)
    result = DreamJob(recipe=recipe(), photo="chelsea.png", output="d.png").run(Listeners(first, second))
    assert result.stopped == "octave 1, step 1"
    assert first.events == second.events
    assert [type(event) for event in first.events[:1]] == [Started]
    assert isinstance(first.events[-2], ItemFinished)


def test_a_workspace_keeps_a_network_for_the_next_job() -> None:
    workspace = Workspace()
    DreamJob(recipe=recipe(), photo="chelsea.png", output="a.png").run(workspace=workspace)
    net = workspace.networks["lite0"]
    DreamJob(recipe=recipe(), photo="chelsea.png", output="b.png").run(workspace=workspace)
    assert workspace.networks["lite0"] is net
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


@pytest.mark.slow
def test_a_photograph_by_its_hash_is_found_by_the_resolver() -> None:
    from reverie.jobs.provenance.note import sha256_of

    reference = Reference(sha256=sha256_of("chelsea.png"))
    job = DreamJob(recipe=recipe(), photo=reference, output="d.png")
    with pytest.raises(BadInput, match="no such file"):
        job.run()
    job.run(workspace=Workspace(resolver=LocalFiles(".")))
    assert of_picture("d.png").source.name == "chelsea.png"  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="store"):
        DreamJob(recipe=recipe(), photo=Reference(id="x1"), output="e.png").run()


def test_nothing_is_left_where_it_fails() -> None:
    with pytest.raises(BadInput):
        DreamJob(recipe=recipe(), photo="missing.png", output=Output(path="d.png")).run()
    with pytest.raises(UsageError, match="nothing to dream on"):
        DreamJob(recipe=recipe(), output="d.png").run()
    assert not Path("d.png").exists()
