"""What belongs to a canvas: how its values begin and move, where a preset was made for another canvas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reverie.recipe.portrait import Portrait

#: Settings that mean something else on another canvas: those of its values, and in whose units they move.
OF_CANVAS: Final = (
    "falloff",
    "colour",
    "saturation",
    "contrast",
    "squash",
    "grey",
    "spread",
    "standardise",
    "optimiser",
    "rate",
    "betas",
)
#: Where a canvas asks for others than the defaults: MACO's as in its paper, networks as lucid trains them.
OWN: Final[dict[str, dict[str, Any]]] = {
    "pixels": {},
    "fourier": {},
    "laplacian": {},
    "maco": {"spread": 1.0, "standardise": True, "optimiser": "nadam", "rate": ((1.0, 1.0),)},
    "cppn": {"rate": ((0.005, 0.002),)},
}


def onto(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A portrait's settings with some changed; another canvas brings its own for what belongs to it."""
    usual = Portrait.model_fields["canvas"].default
    before, now = settings.get("canvas", usual), changes.get("canvas")
    if not isinstance(now, str) or now == before or now not in OWN:
        return {**settings, **changes}
    kept = {name: value for name, value in settings.items() if name not in OF_CANVAS}
    return {**kept, **OWN[now], **changes}
