"""Listeners of jobs: one that writes down what it hears, and stops after so many steps."""

from __future__ import annotations

from reverie.jobs.job import Event, Finished, ItemFinished, Job, Listener, Started, Step
from reverie.recipe.recipe import Recipe


class Recorder(Listener):
    """Writes down every event; stops after ``after`` steps; steers to the recipes given by step."""

    def __init__(self, after: int | None = None, steer: dict[int, dict[str, object]] | None = None) -> None:
        self.events: list[Event] = []
        self.after = after
        self._steer = steer or {}

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    def should_stop(self) -> bool:
        return self.after is not None and len(self.steps) >= self.after

    def steer(self, recipe: Recipe) -> Recipe | None:
        changes = self._steer.get(len(self.steps))
        return None if changes is None else recipe.but(**changes)

    @property
    def steps(self) -> list[Step]:
        return [event for event in self.events if isinstance(event, Step)]

    @property
    def items(self) -> list[ItemFinished]:
        return [event for event in self.events if isinstance(event, ItemFinished)]

    @property
    def kinds(self) -> list[str]:
        """Kinds of events, each run of the same kind once."""
        names = [type(event).__name__ for event in self.events]
        return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]

    def in_order(self) -> bool:
        """Whether it began with one Started, ended with one Finished, and shares never went back."""
        shares = [step.share for step in self.steps if step.share is not None]
        return (
            isinstance(self.events[0], Started)
            and isinstance(self.events[-1], Finished)
            and sum(isinstance(event, Started | Finished) for event in self.events) == 2
            and shares == sorted(shares)
            and all(0 <= share <= 1 for share in shares)
        )


def again(job: Job) -> Job:
    """The same job, from what its document says as text."""
    import json

    from reverie.jobs.document import read_job

    return read_job(json.loads(json.dumps(job.document())), trusted=True)
