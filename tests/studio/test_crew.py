"""Workers and what is done besides: errands make way for visitors, and are done later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reverie.studio.crew import Crew, Errand, Worker
from reverie.studio.settings import StudioSettings
from reverie.studio.worker.messages import MADE_WAY


class Child:
    """What is said to a worker."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    def say(self, message: dict[str, Any]) -> None:
        self.said.append(message)


@pytest.fixture
def crew(tmp_path: Path) -> Crew:
    crew = Crew(
        StudioSettings(data=tmp_path), heard=lambda *_: None, lost=lambda _: None, lay_out=lambda *_: None
    )
    for _ in range(2):
        child: Any = Child()
        crew.workers.append(Worker(child, ready=True))
    return crew


def said(worker: Worker) -> list[str]:
    child: Any = worker.process
    return [message["do"] for message in child.said]


def hear(crew: Crew, worker: Worker, id: str, outcome: str) -> None:
    crew._hear(worker, {"type": "end", "job": id, "outcome": outcome}, b"")


def errand(id: str, ends: list[str], **more: Any) -> Errand:
    return Errand(id, {}, lambda end: ends.append(f"{id} {end['outcome']}"), **more)


def test_an_errand_makes_way_once_and_is_done_later(crew: Crew) -> None:
    ends: list[str] = []
    crew.errands += [errand("a", ends), errand("b", ends, idle=True), errand("c", ends)]
    crew.run_errands()
    one, other = crew.workers
    assert [worker.errand and worker.errand.id for worker in crew.workers] == ["a", "b"]
    assert crew.idle == []
    crew.make_way(1)
    crew.make_way(1)
    assert (said(one), said(other)) == (["errand", "make way"], ["errand"])
    hear(crew, one, "a", MADE_WAY)
    assert crew.idle == [one]
    assert [waits.id for waits in crew.errands] == ["a", "c"]
    assert ends == []
    crew.run_errands()
    hear(crew, one, "a", "done")
    assert ends == ["a done"]
    assert one.making_way is False


def test_what_is_wanted_at_once_or_not_at_all_is_not_done_later(crew: Crew) -> None:
    ends: list[str] = []
    crew.errands.append(errand("sketch", ends, again=False))
    crew.run_errands()
    crew.make_way(5)
    hear(crew, crew.workers[0], "sketch", MADE_WAY)
    assert ends == [f"sketch {MADE_WAY}"]
    assert crew.errands == []


def test_a_worker_that_has_a_job_does_its_errand_between_two_steps(crew: Crew) -> None:
    crew.workers[0].job = "job"
    crew.errands += [errand("idle", [], idle=True), errand("now", [])]
    crew.workers.pop()
    crew.run_errands()
    assert crew.workers[0].errand is not None
    assert crew.workers[0].errand.id == "now"
    crew.make_way(3)
    assert said(crew.workers[0]) == ["errand"]
