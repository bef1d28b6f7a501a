"""One measurement: what its process is told."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from reverie.engine.environment import ENVIRONMENT
from reverie.jobs.bench.timing import Child

OURS = ("auto", "native", "torch", "plain")


@dataclass(frozen=True)
class Job:
    """A tool, how it is used, and on what.

    Attributes:
        tool: An engine of reverie, "naive", or the name of another tool.
        how: "usual" as its documentation shows it, "best" with a frozen network cut at the layer and nothing
            on top that can be switched off; of reverie's engines see ``ours``.
        network: A name in ``networks``.
        size: (width, height) of the picture.
        layer: What is excited, as an objective.
        seconds: How long to time steps.
        isa: Instruction set that the native engine is held to.
        gradient: A file to leave the gradient in.
        more: What only one kind of measurement needs.
    """

    tool: str
    how: str = "usual"
    network: str = "lite0"
    layer: str = "block5c"
    size: tuple[int, int] = (640, 448)
    seconds: float = 2.0
    threads: int = 2
    device: str = "cpu"
    precision: str = "auto"
    isa: str | None = None
    gradient: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def child(self) -> Child:
        """Its process; ours has what the command ``reverie`` sets for itself, the others nothing."""
        words = ["-m", "benchmarks.worker", json.dumps(asdict(self))]
        return Child(words, ENVIRONMENT if self.tool in OURS else {})

    @staticmethod
    def read(text: str) -> Job:
        """The job in the words of ``child``."""
        given = json.loads(text)
        return Job(**{**given, "size": tuple(given["size"])})
