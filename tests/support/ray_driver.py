"""A command that is killed: ``python -m support.ray_driver ADDRESS NAME INPUTS OUT LOG`` does a whole job."""

from __future__ import annotations

import sys
from pathlib import Path

from reverie.jobs.cluster.connect import connected
from reverie.jobs.cluster.ray_cluster import PerTask
from reverie.jobs.job import Event, ItemFinished, Listener, Step
from reverie.jobs.workspace import Workspace
from support.ray_jobs import Counted, whole_job


class Writes(Listener):
    """A line in a file for each item that is there, and each generation of an evolution."""

    def __init__(self, log: Path, name: str) -> None:
        self.log, self.name = log, name

    def line(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(text + "\n")

    def on_event(self, event: Event) -> None:
        if isinstance(event, ItemFinished) and not event.skipped and event.path:
            self.line(event.path)
        elif self.name == "fool" and isinstance(event, Step) and event.source is not None:
            self.line(f"generation {event.source.index}")


def main() -> None:
    """Does it; what comes back of a film's pieces is written down too."""
    address, name, inputs, out, log = sys.argv[1:]
    listener = Writes(Path(log), name)
    with connected(address, PerTask(1)) as cluster:
        counted = Counted(cluster)
        counted.each = lambda _: [
            listener.line(f"part {p[0]}") for p in list(counted.back)[-1:] if name == "film"
        ]
        whole_job(name, Path(inputs), Path(out)).run(listener, Workspace(elsewhere=counted))


if __name__ == "__main__":
    main()
