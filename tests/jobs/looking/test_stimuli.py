"""Stimuli as a job: photographs and portraits are told of, and a sheet is whole or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from reverie import preset
from reverie.analysis.stimuli import cut
from reverie.jobs.job import Finished
from reverie.jobs.looking.stimuli import StimuliJob
from reverie.jobs.workspace import Workspace
from reverie.media.picture import load_picture
from support.listeners import Recorder, again
from support.portraits import same


@pytest.fixture(autouse=True)
def _in_its_folder(here: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    Path("mine").mkdir()
    for path in photographs.glob("*.png"):
        Path("mine", path.name).write_bytes(path.read_bytes())


def job_of(output: str = "sheet.png", **changes: Any) -> StimuliJob:
    recipe = preset("sketch", size=(64, 64), steps=(2,), threads=1)
    settings = {"photos": ["mine"], "units": ["block2a:5", "tabby"], "count": 2, **changes}
    return StimuliJob(recipe=recipe, output=output, **settings)


@pytest.mark.slow
def test_events_come_in_order_and_the_document_makes_the_same_sheet(workspace: Workspace) -> None:
    job, listener = job_of(), Recorder()
    result = job.run(listener, workspace)
    assert listener.in_order()
    assert listener.events[-1] == Finished(result)
    assert [step.text for step in listener.steps[:4]] == [f"{i} of 4" for i in (1, 2, 3, 4)]
    assert {step.label for step in listener.steps[:4]} == {"photographs"}
    assert listener.steps[3].share == 0.5
    assert listener.steps[-1].share == pytest.approx(1)
    assert [(item.path, item.done, item.total) for item in listener.items] == [("sheet.png", 1, 1)]
    told = result.as_json()
    assert [unit["unit"] for unit in told["units"]] == ["block2a:5", "logits:281"]
    assert told["units"][1]["patches"][0]["photo"] == "mine/chelsea.png"
    with Image.open("sheet.png") as sheet:
        assert sheet.size[0] == 3 * (192 + 12) + 12  # a portrait and two patches
    other = again(job)
    assert other == job
    other.model_copy(update={"output": job_of("again.png").output}).run(None, workspace)
    assert same("again.png", "sheet.png")
    singly = [f"mine/{name}" for name in sorted(path.name for path in Path("mine").iterdir())]
    job_of("files.png", photos=singly).run(None, workspace)
    assert same("files.png", "sheet.png")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "stopped"), [(2, "photograph 2 of 4"), (5, "octave 1, step 1"), (8, "1 of 2 portraits")]
)
def test_stopped_on_the_way_it_writes_nothing(after: int, stopped: str, workspace: Workspace) -> None:
    result = job_of().run(Recorder(after), workspace)
    assert (result.stopped, result.files, result.failed) == (stopped, (), ())
    assert result.as_json()["units"] == []
    assert not Path("sheet.png").exists()


def test_the_cell_is_framed_on_the_sheet_and_not_in_the_patch(workspace: Workspace) -> None:
    result = job_of(units=["block2a:5"], count=1, portrait=False).run(None, workspace)
    assert result.found is not None
    (patch,) = result.found.patches["block2a"][5]
    ((_, plain),) = cut([patch], side=192)
    sheet = load_picture("sheet.png").pixels[12 : 12 + 192, 12 : 12 + 192]
    differs = np.argwhere(np.abs(sheet - plain.pixels).max(2) > 0.05)
    assert patch.marked is not None
    scale = 192 / (patch.box[2] - patch.box[0])
    x, y = ((patch.marked[k] + patch.marked[k + 2]) / 2 - patch.box[k] for k in (0, 1))
    assert differs.mean(0) == pytest.approx([y * scale, x * scale], abs=3)
    assert np.ptp(differs, axis=0).max() < 4 * scale + 8


def test_a_photograph_that_cannot_be_read_is_named_by_the_result_alone(
    workspace: Workspace, recwarn: pytest.WarningsRecorder
) -> None:
    Path("mine/bad.jpg").write_bytes(b"")
    result = job_of(portrait=False).run(None, workspace)
    assert len(result.failed) == 1
    assert "mine/bad.jpg" in result.failed[0]
    assert result.warnings == ()
    assert not [warning for warning in recwarn if "bad.jpg" in str(warning.message)]
    assert Path("sheet.png").exists()


def test_what_it_will_cost_is_asked_without_a_file(workspace: Workspace) -> None:
    found = job_of().estimate(workspace)
    assert (found.details["portraits"], found.details["photographs"]) == (2, 4)
    plain = job_of(portrait=False).estimate(workspace)
    assert plain.seconds is not None
    assert found.seconds is not None
    assert plain.seconds > 0
    assert found.seconds > found.details["photographs_seconds"]
    assert "4 photographs, about" in plain.text
    assert not Path("sheet.png").exists()


def test_a_recipe_of_dreams_shows_patches_alone() -> None:
    with pytest.raises(ValidationError, match="makes dreams and no portraits"):
        StimuliJob(recipe=preset("classic"), photos=["mine"], units=["stem:1"], output="s.png")
    StimuliJob(recipe=preset("classic"), photos=["mine"], units=["stem:1"], portrait=False, output="s.png")
