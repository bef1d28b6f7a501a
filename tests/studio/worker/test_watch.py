"""What a worker tells of a dream, and how it is held, stopped and steered."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from reverie.errors import UsageError
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.job import Step
from reverie.jobs.workspace import Workspace
from reverie.recipe.recipe import Recipe
from reverie.studio.worker.watch import GivenUp, JobWatch

RECIPE = Recipe(octaves=1, steps=(4,), size=(64, 64), start="clouds", threads=1)


class Heard(list[dict[str, Any]]):
    def __call__(self, message: dict[str, Any], more: bytes = b"") -> None:
        self.append({**message, "bytes": len(more)})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self if one["type"] == kind]


def watch(heard: Heard, steered: Any = (), check: Any = lambda recipe: None, **more: Any) -> JobWatch:
    return JobWatch(heard, steered, more.pop("seconds", 60.0), check, **more)


@pytest.mark.slow
def test_a_dream_is_told_step_by_step_with_previews(in_its_folder: Any, workspace: Workspace) -> None:
    heard = Heard()
    one = watch(heard)
    one.show(40)
    DreamJob(recipe=RECIPE, output="a.png").run(one, workspace)
    assert [step["step"] for step in heard.of("step")] == [0, 1, 2, 3]
    assert heard.of("step")[-1]["share"] == 1.0
    previews = heard.of("preview")
    assert previews
    assert all((p["width"], p["height"]) == (40, 40) and p["bytes"] > 50 for p in previews)
    assert heard.of("item")[0]["path"] == "a.png"


def test_nobody_watches_and_no_preview_is_made(in_its_folder: Any, workspace: Workspace) -> None:
    heard = Heard()
    DreamJob(recipe=RECIPE, output="a.png").run(watch(heard), workspace)
    assert heard.of("preview") == []


def test_previews_change_nothing(in_its_folder: Any, workspace: Workspace) -> None:
    seen = watch(Heard())
    seen.show(50)
    for name, one in (("a.png", seen), ("b.png", watch(Heard()))):
        DreamJob(recipe=RECIPE, output=name).run(one, workspace)
    assert (in_its_folder / "a.png").read_bytes() == (in_its_folder / "b.png").read_bytes()


@pytest.mark.slow
def test_steering_is_told_and_done_again_at_the_same_place(in_its_folder: Any, workspace: Workspace) -> None:
    heard = Heard()

    class Steers(JobWatch):
        def _step(self, step: Step) -> None:
            super()._step(step)
            if self._at == [0, 1]:
                self.want({"strength": 0.9, "seed": 7})

    DreamJob(recipe=RECIPE, output="a.png").run(Steers(heard, (), 60.0, lambda recipe: None), workspace)
    (told,) = heard.of("steered")
    assert told["at"] == [0, 1]
    course = [{"at": told["at"], "changes": told["changes"]}]
    DreamJob(recipe=RECIPE, output="b.png").run(watch(Heard(), course), workspace)
    assert (in_its_folder / "a.png").read_bytes() == (in_its_folder / "b.png").read_bytes()


def test_what_cannot_be_is_a_warning_and_what_can_is_done() -> None:
    heard = Heard()

    def check(recipe: Recipe) -> None:
        if recipe.objective == ("nowhere",):
            raise UsageError("layer nowhere is not there")

    one = watch(heard, check=check)
    one.want({"objective": ["nowhere"]})
    one.want({"strength": 0.9})
    one.want({"strength": 9})
    changed = one.steer(RECIPE)
    assert changed is not None
    assert changed.strength == 0.9
    assert len(heard.of("warning")) == 2
    assert one.steer(RECIPE) is None


def test_it_waits_goes_on_and_is_given_up() -> None:
    one = watch(Heard())
    one.pause(True)
    threading.Timer(0.15, one.pause, [False]).start()
    began = time.monotonic()
    one.on_event(Step("a", "b"))
    assert time.monotonic() - began > 0.1
    assert not one.should_stop()
    one.pause(True)
    threading.Timer(0.05, one.give_up, ["yielded"]).start()
    with pytest.raises(GivenUp, match="yielded"):
        one.on_event(Step("a", "b"))


def test_it_ends_when_told_or_when_its_time_is_over() -> None:
    one = watch(Heard())
    assert not one.should_stop()
    one.stop()
    assert one.should_stop()
    assert watch(Heard(), seconds=-1.0).should_stop()
    held = watch(Heard(), seconds=0.2)
    held.pause(True)
    time.sleep(0.3)
    held.pause(False)
    assert not held.should_stop()  # the time that it was held does not count


def test_errands_come_between_steps_and_take_a_third_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, done = [0.0], []
    monkeypatch.setattr("reverie.studio.worker.watch.time.monotonic", lambda: now[0])

    def errand() -> bool:
        done.append(now[0])
        now[0] += 5.0
        return True

    one = watch(Heard(), seconds=1e9, errand=errand)
    for _ in range(100):
        now[0] += 1.0
        one.on_event(Step("a", "b"))
    assert done[:3] == [1.0, 16.0, 31.0]  # each takes 5, and the job has 10 before the next
    assert len(done) == 10
