"""Where in the picture a topic is dreamt: masks that are in no file."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, get_args

import numpy as np

from reverie.live.dreamer.protocol import Place
from reverie.media.picture import Picture
from reverie.objective import Objective

#: Width and height of a mask; it is stretched over the picture.
SIDES: Final = (128, 72)
#: How wide the edge of a mask is, as a share of the half picture.
EDGE: Final = 0.12
#: The radius within which the inner ring lies, as a share of half of each side.
RING: Final = 0.62
_PREFIX: Final = "place: "


def placed(objective: Objective, place: Place) -> Objective:
    """An objective that counts in one place of the picture alone."""
    return objective if place == "whole" else objective.within(_PREFIX + place)


def with_places(open_file: Callable[[str], Picture]) -> Callable[[str], Picture]:
    """A way of opening files that knows the masks of all places too."""

    def opened(name: str) -> Picture:
        place = name.removeprefix(_PREFIX)
        if name == place or place not in get_args(Place):
            return open_file(name)
        return Picture(np.repeat(mask_of(place)[..., None], 3, axis=2))

    return opened


@functools.cache
def mask_of(place: Place) -> np.ndarray:
    """How much each part of the picture belongs to a place, (72, 128) float32 in [0, 1]."""
    width, height = SIDES
    x = (np.arange(width, dtype=np.float32)[None] + 0.5) / width * 2 - 1
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height * 2 - 1
    if place == "whole":
        return np.ones((height, width), np.float32)
    inside: np.ndarray = {
        "upper": -y + 0 * x,
        "lower": y + 0 * x,
        "left": -x + 0 * y,
        "right": x + 0 * y,
        "inner": RING - np.hypot(x, y),
        "outer": np.hypot(x, y) - RING,
    }[place]
    share = np.clip(inside / EDGE / 2 + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
