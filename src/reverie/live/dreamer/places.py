"""Where in the picture a topic is dreamt."""

from __future__ import annotations

from typing import Final

from reverie.live.dreamer.protocol import Place
from reverie.objective import Objective

#: What the places of topics are called in objectives.
PARTS: Final[dict[Place, str]] = {
    "upper": "upper half",
    "lower": "lower half",
    "left": "left half",
    "right": "right half",
    "inner": "middle",
    "outer": "edges",
}


def placed(objective: Objective, place: Place) -> Objective:
    """An objective that counts in one place of the picture alone."""
    return objective if place == "whole" else objective.within(PARTS[place])
