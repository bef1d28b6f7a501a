"""Evolutions and prints as jobs: told of, stopped and gone on with, made again from their document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reverie.errors import UsageError
from reverie.jobs.document import read_job
from reverie.jobs.fooling.job import EvolutionJob
from reverie.jobs.fooling.large_print import PrintJob
from reverie.jobs.job import Step
from reverie.jobs.workspace import Workspace
from support.fooling import five, tree
from support.listeners import Recorder, again

SETTINGS: dict[str, Any] = {
    "network": "five",
    "size": 32,
    "population": 12,
    "children": 8,
    "generations": 5,
    "seed": 3,
}


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(networks={"five": five()})


def evolution(folder: Path, **more: Any) -> EvolutionJob:
    return EvolutionJob(settings=SETTINGS, output=str(folder), **more)


def test_generations_are_told_in_order(tmp_path: Path, workspace: Workspace) -> None:
    listener = Recorder()
    result = evolution(tmp_path / "f").run(listener, workspace)
    assert listener.in_order()
    told = [step.source.index for step in listener.steps if step.source is not None]
    assert told == list(range(6))
    assert listener.steps[-1].text == "writing 5/5"
    assert result.files[0] == str(tmp_path / "f" / "index.html")
    assert not result.stopped


@pytest.mark.slow
def test_stopped_half_way_and_gone_on_with_it_is_the_whole(tmp_path: Path, workspace: Workspace) -> None:
    evolution(tmp_path / "whole").run(workspace=workspace)
    cut = evolution(tmp_path / "cut").run(Recorder(after=3), workspace)
    assert cut.stopped == "generation 2 of 5"
    with pytest.raises(UsageError, match="holds an evolution already"):
        evolution(tmp_path / "cut").run(workspace=workspace)
    evolution(tmp_path / "cut", resume=True).run(workspace=workspace)
    assert tree(tmp_path / "cut") == tree(tmp_path / "whole")


def test_the_document_makes_the_same_job(tmp_path: Path, workspace: Workspace) -> None:
    job = evolution(tmp_path / "f", classes=("stripes",))
    assert again(job) == job
    again(job).run(workspace=workspace)
    genome = next((tmp_path / "f").rglob("*.json"))
    large = PrintJob(genome=genome, size=64, output=str(tmp_path / "large.png"))
    assert again(large) == large


def test_an_estimate_writes_nothing(tmp_path: Path, workspace: Workspace) -> None:
    found = evolution(tmp_path / "f").estimate(workspace)
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.details["evaluations"] == 12 + 5 * 8
    assert not (tmp_path / "f").exists()


def test_a_print_is_drawn_and_told_of(tmp_path: Path, workspace: Workspace) -> None:
    result = evolution(tmp_path / "f").run(workspace=workspace)
    listener, out = Recorder(), tmp_path / "large.png"
    job = PrintJob(genome=tmp_path / "f" / result.archive[0]["genome"], size=96, output=str(out))
    assert job.estimate().details["size"] == [96, 96]
    assert not out.exists()
    assert job.run(listener).picture.size == (96, 96)
    assert listener.kinds == ["Started", "ItemFinished", "Finished"]


def test_settings_that_cannot_be_are_said(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        EvolutionJob(settings=SETTINGS, output=str(tmp_path / "f"), engine="steam")
    document = {**evolution(tmp_path / "f").document(), "threads": -1}
    with pytest.raises(UsageError, match="threads: "):
        read_job(document, trusted=True)
    with pytest.raises(UsageError, match="generations: "):
        EvolutionJob(settings={"generations": -1}, output="f").run()


def test_steps_have_no_picture_that_nobody_made() -> None:
    assert Step("cppn", "generation 1/2").picture is None


def test_quick_leaves_out_what_is_not_said(tmp_path: Path) -> None:
    job = EvolutionJob(settings={"generations": 5}, output=str(tmp_path / "f"), quick=True)
    assert (job.evolves.generations, job.evolves.size, job.evolves.counts) == (5, 128, (200, 200))
    assert job.surest == 24
    assert again(job) == job
    named = EvolutionJob(classes=("tabby",), output=str(tmp_path / "f"), quick=True)
    assert named.surest is None
    assert EvolutionJob(output=str(tmp_path / "f")).surest is None


@pytest.mark.slow
def test_quick_reports_the_classes_that_it_is_surest_of(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reverie.jobs.fooling.job.SUREST", 2)
    evolution(tmp_path / "all").run(workspace=workspace)
    evolution(tmp_path / "few", quick=True).run(workspace=workspace)
    whole, few = (
        {
            one["class"]: one["confidence"]
            for one in json.loads((tmp_path / name / "archive.json").read_text())
        }
        for name in ("all", "few")
    )
    assert len(few) == 2
    assert few == dict(sorted(whole.items(), key=lambda one: -one[1])[:2])
    said = evolution(tmp_path / "few", quick=True).estimate(workspace).text
    assert "quick: 52 pictures of 32 px (a whole run: 2,000,400 of 224 px)" in said
    assert "shows the 2 of 5 classes that it is surest of" in said
