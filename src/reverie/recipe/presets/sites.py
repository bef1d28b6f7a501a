"""Presets of what is dreamt at a few places of a photograph."""

from __future__ import annotations

from typing import Any, Final

SITES: Final[dict[str, dict[str, Any]]] = {
    # Our own, for classes over photographs: animals, houses and fruit that grow out of what is there.
    "apparition": {
        "objective": ('class("golden retriever")',),
        "balance": "none",
        "octaves": 3,
        "octave_scale": 4 / 3,
        "steps": (80, 50, 20),
        "jitter": 0,
        "normalise": "none",
        "drift": 0.0,
        "clean": 0.1,
        "sites": {},
    },
}
