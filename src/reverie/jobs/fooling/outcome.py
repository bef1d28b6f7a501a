"""What came of an evolution, in numbers; needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.jobs.fooling.folder import Folder
from reverie.jobs.fooling.settings import LEVELS, Settings
from reverie.jobs.job import Result


@dataclass(frozen=True, kw_only=True)
class EvolutionResult(Result):
    """What came of an evolution so far.

    Attributes:
        settings: What evolved.
        folder: Where it is.
        generation: The last one that was finished.
        evaluations: Of the network until then.
        archive: The entries of ``archive.json``; none if it was stopped, unless it reports few classes.
        surest: Whether those are the classes that the network is surest of.
        network_seconds: In the network, of all sittings.
        outside_seconds: Outside of it.
    """

    settings: Settings
    folder: Folder
    generation: int
    evaluations: int
    archive: tuple[Mapping[str, Any], ...]
    surest: bool = False
    network_seconds: float = 0.0
    outside_seconds: float = 0.0

    @property
    def confidences(self) -> list[float]:
        """Of the reported classes in fp32, as their files give them."""
        return [entry["confidence"] for entry in self.archive]

    @property
    def median(self) -> float:
        """Median confidence of the reported classes, 0..1."""
        return float(np.median(self.confidences)) if self.archive else 0.0

    @property
    def over(self) -> tuple[int, int, int]:
        """How many classes are over .5, .95 and .99."""
        half, most, nearly = (sum(c > level for c in self.confidences) for level in LEVELS)
        return half, most, nearly

    def as_json(self) -> dict[str, Any]:
        """Where the folder and its page are, and how far the evolution came."""
        half, most, nearly = self.over
        return {
            "path": str(self.folder),
            "page": str(self.folder.page),
            "archive": str(self.folder.archive),
            "sheet": str(self.folder.sheet),
            "encoding": self.settings.encoding,
            "network": self.settings.network,
            "generations": self.generation,
            "evaluations": self.evaluations,
            "classes": len(self.confidences),
            "median": self.median,
            "over": {"0.5": half, "0.95": most, "0.99": nearly},
            "seconds": {"network": self.network_seconds, "outside": self.outside_seconds},
        }
