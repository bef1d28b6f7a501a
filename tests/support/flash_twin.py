"""Flashes counted another way than the guard does: offline, in float64, where a pixel is a cell.

``general``, ``red`` and ``red_of_22`` take WCAG's sentences literally, pixel by pixel: of every window of a
second the longest chain of opposing changes is found by trying all pairs of its frames, so no peak is
followed and no hysteresis is kept. ``together`` counts how often a quarter of a field changes in one frame.
``of_fields`` looks at nothing but the mean light of fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

#: Frames of this size have pixels of 8 x 8 on a screen of 1024 x 768, and fields of 43 x 32 pixels.
SIZE = (128, 96)
FIELD = (341 * 96 / 768, 256 * 96 / 768)

Frames = Sequence[np.ndarray]
#: Of two frames: which pixels rise from the first to the second.
Rises = Callable[[int, int], np.ndarray]


def light(stack: np.ndarray) -> np.ndarray:
    """Linear light of sRGB bytes or floats, by the formula of WCAG 2."""
    values = stack / 255.0 if stack.dtype == np.uint8 else stack.astype(np.float64)
    return np.where(values <= 0.03928, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def general(frames: Frames, times: Sequence[float]) -> int:
    """Most general flashes in any second on more than a quarter of any field."""

    def changes(rgb: np.ndarray) -> Rises:
        y = rgb @ np.array([0.2126, 0.7152, 0.0722])
        return lambda i, j: (y[j] - y[i] >= 0.1) & (y[i] < 0.8)

    return worst(frames, times, changes)


def red(frames: Frames, times: Sequence[float]) -> int:
    """Most red flashes, by the working definition of WCAG 2.0 and 2.1."""

    def changes(rgb: np.ndarray) -> Rises:
        r, g, b = np.moveaxis(rgb, -1, 0)
        total = r + g + b
        saturated = (r >= 0.8 * total) & (total > 0)
        amount = np.maximum(0, r - g - b) * 320
        return lambda i, j: (amount[j] - amount[i] > 20) & (saturated[i] | saturated[j])

    return worst(frames, times, changes)


def red_of_22(frames: Frames, times: Sequence[float], dark: float = 1 / 12) -> int:
    """Most red flashes, by the working definition of WCAG 2.2: into or out of saturated red, by chromaticity.

    Black has no chromaticity and is taken as the white point; a red with R up to ``dark`` is no red.
    """
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])

    def changes(rgb: np.ndarray) -> Rises:
        x, y, z = np.moveaxis(rgb @ matrix.T, -1, 0)
        total = np.maximum(x + 15 * y + 3 * z, 1e-9)
        u = np.where(total > 1e-6, 4 * x / total, 0.1978)
        v = np.where(total > 1e-6, 9 * y / total, 0.4683)
        saturated = (rgb[..., 0] >= 0.8 * rgb.sum(-1)) & (rgb[..., 0] > dark)
        return lambda i, j: ~saturated[i] & saturated[j] & (np.hypot(u[i] - u[j], v[i] - v[j]) > 0.2)

    return worst(frames, times, changes)


def of_fields(frames: Frames, times: Sequence[float], depth: float) -> int:
    """Most flashes of the mean luminance of any field, by changes of ``depth``."""
    y = light(np.stack(frames)) @ np.array([0.2126, 0.7152, 0.0722])
    wide, high = (round(side) for side in FIELD)
    places = [(top, left) for top in range(0, 97 - high, 8) for left in range(0, 129 - wide, 8)]
    means = np.stack([y[:, t : t + high, x : x + wide].mean((1, 2)) for t, x in places], 1)
    found = 0
    for first in range(len(times)):
        window = [k for k in range(first, len(times)) if times[k] - times[first] < 1 - 1e-6]
        found = max(found, int(chains(window, lambda i, j: means[j] - means[i] >= depth).max()) // 2)
    return found


def together(frames: Frames, times: Sequence[float]) -> int:
    """Most flashes in which more than a quarter of a field goes up or down at once."""
    stack = np.stack(frames)
    columns = stack.transpose(1, 2, 0, 3).reshape(-1, len(frames) * 3)
    kinds, which = np.unique(columns, axis=0, return_inverse=True)
    y = light(kinds.reshape(len(kinds), len(frames), 3)) @ np.array([0.2126, 0.7152, 0.0722])
    ways = np.array([turns(list(series)) for series in y])  # (kinds, frames): -1, 0, 1
    ways = ways[which.ravel()].reshape(*stack.shape[1:3], len(frames))
    found = 0
    wide, high = (round(side) for side in FIELD)
    for top in range(0, 97 - high, 4):
        for left in range(0, 129 - wide, 4):
            part = ways[top : top + high, left : left + wide].reshape(-1, len(frames))
            found = max(found, most_in_a_second(crowds(part, times), times) // 2)
    return found


def turns(series: list[float]) -> list[int]:
    """At which frames a luminance has come 0.1 down (-1) or up (1) from its last peak or valley."""
    found, way, peak, valley = [], 0, series[0], series[0]
    for now in series:
        peak, valley = max(peak, now), min(valley, now)
        if way >= 0 and peak - now >= 0.1 and now < 0.8:
            way, valley = -1, now
            found.append(-1)
        elif way <= 0 and now - valley >= 0.1 and valley < 0.8:
            way, peak = 1, now
            found.append(1)
        else:
            found.append(0)
    return found


def crowds(ways: np.ndarray, times: Sequence[float]) -> list[int]:
    """The frames at which a quarter of a field goes the other way than a quarter went last."""
    found, way = [], 0
    last, when = np.zeros(len(ways)), np.full(len(ways), -np.inf)
    for k, time in enumerate(times):
        turned = ways[:, k] != 0
        last[turned], when[turned] = ways[turned, k], time
        recent = when > time - 1 / 30 + 1e-6
        now = [w for w in (-1, 1) if ((last == w) & recent).sum() > FIELD[0] * FIELD[1] / 4]
        other = [w for w in now if w != way and (ways[:, k] == w).any()]
        if other:
            way = other[0]
            found.append(k)
    return found


def most_in_a_second(events: list[int], times: Sequence[float]) -> int:
    """The largest number of events in less than a second."""
    moments = [times[k] for k in events]
    return max((sum(a <= b < a + 1 - 1e-6 for b in moments) for a in moments), default=0)


def worst(frames: Frames, times: Sequence[float], changes: Callable[[np.ndarray], Rises]) -> int:
    """Whole flashes, pairs of opposing changes, at their worst."""
    stack = np.stack(frames)
    # Pixels whose colours are the same all along are looked at once.
    columns = stack.transpose(1, 2, 0, 3).reshape(-1, len(frames) * 3)
    kinds, which = np.unique(columns, axis=0, return_inverse=True)
    rises = cache(changes(light(kinds.reshape(len(kinds), len(frames), 3).swapaxes(0, 1))))
    found = 0
    for first in range(len(times)):
        window = [k for k in range(first, len(times)) if times[k] - times[first] < 1 - 1e-6]
        longest = chains(window, rises).max(0)[which.ravel()].reshape(stack.shape[1:3])
        while fills_a_quarter(longest // 2 > found):
            found += 1
    return found


def chains(window: Sequence[int], rises: Rises) -> np.ndarray:
    """The longest chain of opposing changes that ends in each frame, (frames, pixels)."""
    pixels = rises(window[0], window[0]).shape
    up, down = (np.zeros((len(window), *pixels), np.int16) for _ in range(2))
    for b, j in enumerate(window):
        for a, i in enumerate(window[:b]):
            np.maximum(up[b], np.where(rises(i, j), down[a] + 1, 0), out=up[b])
            # What rises from j to i, backwards in time, falls from i to j.
            np.maximum(down[b], np.where(rises(j, i), up[a] + 1, 0), out=down[b])
    return np.maximum(up, down)


def fills_a_quarter(mask: np.ndarray) -> bool:
    """Whether more than a quarter of any field is in this mask."""
    wide, high = (round(side) for side in FIELD)
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    sums[1:, 1:] = mask.cumsum(0).cumsum(1)
    fields = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    return bool((fields > 0.25 * FIELD[0] * FIELD[1]).any())
