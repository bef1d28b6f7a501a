"""Looking as a job: units are told of, its document makes the same sheet, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError
from torch import Tensor, nn

from reverie import preset
from reverie.errors import UsageError
from reverie.jobs.job import Finished
from reverie.jobs.looking.look import LookJob, usual_layer
from reverie.jobs.workspace import Workspace
from reverie.network.wrap import wrap_net
from support.listeners import Recorder, again
from support.portraits import same

pytestmark = pytest.mark.usefixtures("in_its_folder")


def job_of(output: str = "look.png", network: str = "lite0", **changes: Any) -> LookJob:
    recipe = preset("sketch", size=(64, 64), steps=(2,), threads=1, network=network)
    return LookJob(recipe=recipe, output=output, **{"photo": "chelsea.png", **changes})


@pytest.mark.slow
def test_events_come_in_order_and_the_document_makes_the_same_sheet(workspace: Workspace) -> None:
    job, listener = job_of(units=["cat", "block5c:75"], strongest=1), Recorder()
    result = job.run(listener, workspace)
    assert listener.in_order()
    assert listener.events[-1] == Finished(result)
    count = len(result.seen)
    assert [step.text for step in listener.steps] == [f"{i} of {count}" for i in range(1, count + 1)]
    assert listener.steps[-1].share == pytest.approx(1)
    assert [(item.path, item.done, item.total) for item in listener.items] == [("look.png", 1, 1)]
    told = result.as_json()
    assert [unit["unit"] for unit in told["units"]][:2] == ["cat", "block5c:75"]
    assert [unit["layer"] for unit in told["units"]][-1] == "block5c"
    assert len(told["classes"]) == 5
    assert "cat" in told["classes"][0]["name"]
    for unit in told["units"]:
        left, top, right, bottom = unit["places"][0]["box"]
        assert 0 <= left < right <= unit["shown"][0]
        assert 0 <= top < bottom <= unit["shown"][1]
    other = again(job)
    assert other == job
    other.model_copy(update={"output": job_of("again.png").output}).run(None, workspace)
    assert same("again.png", "look.png")


@pytest.mark.slow
def test_one_unit_is_shown_large(workspace: Workspace) -> None:
    result = job_of(units=["tabby"]).run(None, workspace)
    assert (len(result.seen), result.classes) == (1, ())
    with Image.open("look.png") as sheet:
        assert sheet.size[0] == 880 + 2 * 12


def test_stopped_on_the_way_it_writes_nothing(workspace: Workspace) -> None:
    result = job_of(units=["block2a:1", "block2a:2", "block2a:3"]).run(Recorder(2), workspace)
    assert (result.stopped, result.files, result.seen) == ("unit 2 of 3", (), ())
    assert not Path("look.png").exists()


@pytest.mark.slow
def test_portraits_stand_beside_their_units(workspace: Workspace) -> None:
    job = job_of(units=["cat", "block5c"], strongest=1, portraits=True)
    listener = Recorder()
    plain = job.model_copy(update={"portraits": False, "output": job_of("plain.png").output})
    job.run(listener, workspace)
    plain.run(None, workspace)
    assert listener.steps[-1].share == pytest.approx(1)
    assert any("of 3" in step.label for step in listener.steps)
    with Image.open("look.png") as sheet, Image.open("plain.png") as without:
        assert sheet.size[0] > without.size[0]


def test_what_it_will_cost_is_asked_without_a_file(workspace: Workspace) -> None:
    plain = job_of(units=["block2a:1"]).estimate(workspace)
    assert plain.seconds is not None
    assert plain.seconds > 0
    assert not Path("look.png").exists()
    with pytest.raises(ValidationError, match="makes dreams and no portraits"):
        LookJob(recipe=preset("classic"), photo="chelsea.png", portraits=True, output="s.png")


def mine(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4), nn.Conv2d(8, 12, 3)
    )


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_a_network_of_ones_own_has_a_sheet(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reverie.network.channel_statistics.PICTURES", 1)
    place = Workspace(networks={"mine": wrap_net(mine(channels), channels=channels, name="mine")})
    result = job_of(network="mine", strongest=2, layer='"3"').run(None, place)
    assert [seen.subject.layer for seen in result.seen] == ["3", "3"]
    assert Path("look.png").exists()
    with pytest.raises(UsageError, match="for whole pictures and not for places"):
        job_of("other.png", network="mine", units=["logits:1"]).run(None, place)


class OnlyOfOneSize(nn.Module):
    """A network for pictures of 64 x 64, with one map."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 8, 8)
        self.head = nn.Linear(8 * 64, 4)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(self.patches(x).flatten(1))
        return found


def test_the_usual_layer_has_a_map(workspace: Workspace) -> None:
    assert usual_layer(workspace.network("lite0")) == "block5c"
    assert usual_layer(wrap_net(OnlyOfOneSize(), input_size=64)) == "patches"
    with pytest.raises(UsageError, match="no layer has a map"):
        usual_layer(wrap_net(nn.Sequential(nn.Flatten(), nn.Linear(192, 4)), input_size=8))


@pytest.mark.parametrize("channels", [2, 5])
def test_a_network_of_other_channels_is_refused_in_a_line(channels: int) -> None:
    place = Workspace(networks={"mine": wrap_net(mine(channels), channels=channels, name="mine")})
    with pytest.raises(UsageError, match=f"has 3 channels, and the network takes {channels}"):
        job_of(network="mine", strongest=2).run(None, place)
    assert not Path("look.png").exists()
