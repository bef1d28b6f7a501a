"""A microscope as a job: told of in batches, stopped anywhere, and gone on with to the same site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from reverie import preset
from reverie.jobs.job import Finished
from reverie.jobs.microscope.job import MicroscopeJob
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.workspace import Workspace
from reverie.network.wrap import wrap_net
from support.listeners import Recorder, again
from support.microscope import tree

pytestmark = pytest.mark.usefixtures("in_its_folder")


def job_of(folder: str, **changes: Any) -> MicroscopeJob:
    recipe = preset("sketch", size=(64, 64), steps=(1,), threads=1, portrait={"views": 1})
    what = {"layers": ["stem", "block1a"], "channels": "0-1", "classes": ["tabby"], "photos": ["chelsea.png"]}
    return MicroscopeJob(recipe=recipe, output=folder, **{**what, **changes})


class Counting(Recorder):
    """Stops when it was asked so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def should_stop(self) -> bool:
        self.left -= 1
        return self.left <= 0


@pytest.mark.slow
def test_events_come_in_order_and_the_document_makes_the_same_site(workspace: Workspace) -> None:
    job, listener = job_of("site"), Recorder()
    result = job.run(listener, workspace)
    assert listener.in_order()
    assert listener.events[-1] == Finished(result)
    assert [(step.label, step.text) for step in listener.steps] == [
        ("site", "5 portraits, 5 to make"),
        ("photographs", "1 of 1"),
        ("stem", "2 of 5"),
        ("block1a", "4 of 5"),
        ("classes", "5 of 5"),
    ]
    assert [(item.label, item.done, item.total) for item in listener.items] == [
        ("stem:0", 1, 5),
        ("stem:1", 2, 5),
        ("block1a:0", 3, 5),
        ("block1a:1", 4, 5),
        ("logits:281", 5, 5),
    ]
    assert all(Path(item.path).is_file() for item in listener.items)
    assert (result.made, result.there, result.wanted, result.files) == (5, 5, 5, ("site/index.html",))
    other = again(job)
    assert other == job
    assert other.run(None, workspace).made == 0
    other.model_copy(update={"output": job_of("other").output}).run(None, workspace)
    assert tree(Path("other")) == tree(Path("site"))


@pytest.mark.slow
@pytest.mark.parametrize(("times", "there"), [(1, 0), (2, 2), (4, 2), (5, 2), (8, 4)])
def test_stopped_anywhere_it_goes_on_to_the_same_site(times: int, there: int, workspace: Workspace) -> None:
    listener = Counting(times)
    first = job_of("site").run(listener, workspace)
    assert (first.stopped, first.there, first.made) == (f"{there} of 5 portraits", there, there)
    assert Path("site/index.html").exists()
    assert len(listener.items) == there
    second = job_of("site").run(None, workspace)
    assert (second.stopped, second.made, second.there) == ("", 5 - there, 5)
    job_of("whole").run(None, workspace)
    assert tree(Path("site")) == tree(Path("whole"))


def test_it_stops_between_photographs(workspace: Workspace, photographs: Path) -> None:
    listener = Recorder(after=3)  # what there is to make, and two photographs
    result = job_of("site", photos=[str(photographs)]).run(listener, workspace)
    assert listener.steps[-1].text == "2 of 4"
    assert (result.stopped, result.made) == ("0 of 5 portraits", 0)


@pytest.mark.slow
def test_what_it_will_cost_counts_what_is_missing_and_touches_nothing(workspace: Workspace) -> None:
    found = job_of("site").estimate(workspace)
    assert (found.details["portraits"], found.details["photographs"]) == (5, 1)
    assert not Path("site").exists()
    job_of("site", classes=["none"]).run(None, workspace)
    before = tree(Path("site"))
    found = job_of("site", photos=()).estimate(workspace)
    assert found.details["portraits"] == 1
    assert "1 of 64 x 64" in found.text
    assert tree(Path("site")) == before


def test_one_portrait_of_each_unit_is_asked_for() -> None:
    with pytest.raises(ValidationError, match="makes dreams and no portraits"):
        MicroscopeJob(recipe=preset("classic"), output="site")
    with pytest.raises(ValidationError, match="one portrait of each unit"):
        MicroscopeJob(recipe=preset("sketch", portrait={"facets": 2}), output="site")


def test_a_network_of_ones_own_is_shown_under_the_name_it_has_in_the_workspace() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Flatten(2))
    workspace = Workspace(networks={"mine": wrap_net(module)})
    recipe = preset("sketch", network="mine", size=(64, 64), steps=(1,), threads=1, portrait={"views": 1})
    result = MicroscopeJob(recipe=recipe, layers=["0"], classes=["none"], output="site").run(None, workspace)
    assert "has no batch norms that remember natural pictures" in result.warnings[0]
    assert (result.made, of_picture("site/portraits/layers/0/1.webp").recipe.network) == (6, "mine")
