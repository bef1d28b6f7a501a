"""How often light flashes, and over how much of the view: the thresholds of WCAG 2.3.1 as a running measure.

WCAG 2 allows three general and three red flashes in any second, or more where those that occur together cover
at most a quarter of any field of ten degrees.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.motion.flashing.screen import COARSE, Floats, Grid, Mask, luminance, redness

#: Changes of direction in less than a second that make three flashes; one more is too many.
MOST: Final = 6
#: What turns within this many seconds turns together, where frames are shorter.
TOGETHER: Final = 1 / 30
#: What turned as often in the last second is what flashes, of all that turns together.
AGAIN: Final = 3
#: A time this near to a whole second after another is a whole second after it.
SLACK: Final = 1e-6


class Tally:
    """How many events each place had in the last second."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.count = np.zeros(shape, np.int16)
        self.past: deque[tuple[float, NDArray[np.int32]]] = deque()

    def forget(self, time: float) -> None:
        """Drop what happened a second or more before ``time``."""
        while self.past and self.past[0][0] <= time - 1 + SLACK:
            self.count.ravel()[self.past.popleft()[1]] -= 1

    def add(self, time: float, where: Mask) -> None:
        """One more event at each place of ``where``."""
        places = np.flatnonzero(where).astype(np.int32)
        if places.size:
            self.past.append((time, places))
            self.count.ravel()[places] += 1

    def state_dict(self) -> dict[str, Any]:
        """What happened in the last second, as arrays."""
        times = np.array([time for time, _ in self.past], np.float64)
        lengths = np.array([len(places) for _, places in self.past], np.int64)
        places = np.concatenate([p for _, p in self.past]) if self.past else np.zeros(0, np.int32)
        return {"count": self.count.copy(), "times": times, "lengths": lengths, "places": places}

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""
        self.count = np.array(kept["count"], np.int16)
        ends = np.cumsum(np.asarray(kept["lengths"], np.int64))
        parts = np.split(np.asarray(kept["places"], np.int32), ends[:-1]) if len(ends) else []
        times = np.asarray(kept["times"], np.float64).tolist()
        self.past = deque((time, part.copy()) for time, part in zip(times, parts, strict=True))


class Swings:
    """Where a signal changes direction, cell by cell, and how often each cell did in the last second.

    A cell changes direction when its signal has come ``depth`` away from its last peak or valley, so that
    what wavers by less is not counted; the darker side of a change lies below ``ceiling``.
    """

    def __init__(self, grid: Grid, depth: float, ceiling: float) -> None:
        self.depth, self.ceiling = np.float32(depth), np.float32(ceiling)
        self.high = np.full(grid.shape, -np.inf, np.float32)
        self.low = np.full(grid.shape, np.inf, np.float32)
        self.way = np.zeros(grid.shape, np.int8)
        self.when = np.full(grid.shape, -np.inf)
        self.tally = Tally(grid.shape)

    def look(self, signal: Floats, spare: float = 1.0) -> Swing:
        """What this signal (rows, columns) would do next; ``spare`` of the depth is enough."""
        depth = self.depth * np.float32(spare)
        fell = (self.high - signal >= depth) & (self.way >= 0)
        rose = (signal - self.low >= depth) & (self.way <= 0)
        if np.isfinite(self.ceiling):
            fell &= signal < self.ceiling
            rose &= self.low < self.ceiling
        return Swing(signal, fell, rose & ~fell)

    def take(self, swing: Swing, time: float) -> None:
        """Go on with what was looked at."""
        np.maximum(self.high, swing.signal, out=self.high)
        np.minimum(self.low, swing.signal, out=self.low)
        turned = swing.turned
        if turned.any():
            np.copyto(self.low, swing.signal, where=swing.fell)
            np.copyto(self.high, swing.signal, where=swing.rose)
            self.way[swing.fell] = -1
            self.way[swing.rose] = 1
            self.when[turned] = time
            self.tally.add(time, turned)

    def going(self, way: int, swing: Swing, time: float) -> Mask:
        """The cells that go this way (-1 down, 1 up) now, or have begun to a moment ago."""
        now = swing.rose if way > 0 else swing.fell
        lately: Mask = (self.way == way) & (self.when > time - TOGETHER + SLACK) & ~swing.turned
        return now | lately

    def state_dict(self) -> dict[str, Any]:
        """Peaks, valleys and directions of every cell, and the tally, as arrays."""
        kept: dict[str, NDArray[Any]] = {
            "high": self.high,
            "low": self.low,
            "way": self.way,
            "when": self.when,
        }
        tally = {f"tally.{key}": value for key, value in self.tally.state_dict().items()}
        return {key: value.copy() for key, value in kept.items()} | tally

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""
        self.high, self.low = np.array(kept["high"], np.float32), np.array(kept["low"], np.float32)
        self.way, self.when = np.array(kept["way"], np.int8), np.array(kept["when"], np.float64)
        self.tally.load(under(kept, "tally"))


@dataclass(frozen=True)
class Swing:
    """What a signal would do: the cells that would fall, and those that would rise."""

    signal: Floats
    fell: Mask
    rose: Mask

    @property
    def turned(self) -> Mask:
        """Either of both."""
        return self.fell | self.rose


@dataclass(frozen=True)
class Turns:
    """What one more frame would do: in fine and coarse cells, the fields that turn, and what is too much."""

    fine: Swing
    coarse: Swing
    fields: Mask | None
    culprits: Mask | None


class FlashKind:
    """Flashes of one signal, general or red, read in two ways of which neither may be too much.

    Together: more than a quarter of the fine cells of a field falls, then more than a quarter rises, be it
    another one. What moves makes some cells lighter and as many darker, each at its own time: no flash.
    Places: fine cells flash, each at its own time, and so do the means of a degree and a half around them.
    """

    def __init__(self, fine: Grid, coarse: Grid, depth: float, ceiling: float = np.inf) -> None:
        self.grid = fine
        self.fine, self.coarse = Swings(fine, depth, ceiling), Swings(coarse, depth, ceiling)
        self.way = np.zeros(fine.fields, np.int8)
        self.tally = Tally(fine.fields)
        #: Most changes of direction in less than a second that covered enough to count.
        self.worst = 0

    def look(self, fine: Floats, coarse: Floats, time: float) -> Turns:
        """What these signals of fine and coarse cells would do at ``time``."""
        for tally in (self.tally, self.fine.tally, self.coarse.tally):
            tally.forget(time)
        near, wide = self.fine.look(fine), self.coarse.look(coarse)
        turned, culprits = near.turned, np.zeros(self.grid.shape, bool)
        fields = self._fields(near, time) if turned.any() else None
        if fields is not None and (failing := fields & (self.tally.count >= MOST)).any():
            culprits |= self._flashing(self.grid.covered(failing) & turned)
        often = self._often(MOST, near, wide)
        if often is not None and (crowded := self.grid.crowded(often)) is not None:
            culprits |= self.grid.covered(crowded) & often & (turned | self.fitted(wide.turned))
        return Turns(near, wide, fields, culprits if culprits.any() else None)

    def _fields(self, near: Swing, time: float) -> Mask | None:
        """The fields of which a quarter goes another way than the last time that a quarter did."""
        fields: Mask | None = None
        for way in (-1, 1):
            crowd = self._crowd(way, near, time)
            if crowd is not None:
                crowd = crowd & (self.way != way)
                fields = crowd if fields is None else fields | crowd
        return fields

    def _crowd(self, way: int, near: Swing, time: float) -> Mask | None:
        """The fields of which more than a quarter goes this way, some of it just now."""
        crowd = self.grid.crowded(self.fine.going(way, near, time))
        return None if crowd is None else crowd & self.grid.touched(near.rose if way > 0 else near.fell)

    def _flashing(self, turned: Mask) -> Mask:
        """Of cells that turn together, those that did before; all if there are none or too many others."""
        again = turned & (self.fine.tally.count >= AGAIN)
        return again if again.any() and self.grid.crowded(turned & ~again) is None else turned

    def _often(self, most: int, near: Swing | None = None, wide: Swing | None = None) -> Mask | None:
        """The cells that turn more often than this, with what is around them; None if there are none."""
        around = self.coarse.tally.count if wide is None else self.coarse.tally.count + wide.turned
        if around.max() <= most:
            return None
        cells = self.fine.tally.count if near is None else self.fine.tally.count + near.turned
        return (cells > most) & self.fitted(around > most)

    def fitted(self, mask: Mask) -> Mask:
        """A mask of coarse cells as one of fine cells."""
        import cv2

        rows, columns = self.grid.shape
        return cv2.resize(mask.view(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST) > 0

    def take(self, turns: Turns, time: float) -> None:
        """Go on with what was looked at."""
        if turns.fields is not None:
            falling = self._crowd(-1, turns.fine, time)
            falls = turns.fields & (self.way >= 0)
            falls &= falling if falling is not None else False
            self.way[turns.fields] = 1
            self.way[falls] = -1
            self.tally.add(time, turns.fields)
            self.worst = max(self.worst, int(self.tally.count.max()))
        self.fine.take(turns.fine, time)
        self.coarse.take(turns.coarse, time)
        while (often := self._often(self.worst)) is not None and self.grid.crowded(often) is not None:
            self.worst += 1

    def turning(self, fine: Floats, coarse: Floats, spare: float) -> Mask:
        """The fine cells that these signals would turn, or nearly, or those around."""
        return self.fine.look(fine, spare).turned | self.fitted(self.coarse.look(coarse, spare).turned)

    def lately(self, time: float) -> Mask:
        """The fine cells that turned in the last second, or whose surroundings did."""
        near, wide = (swings.when > time - 1 + SLACK for swings in (self.fine, self.coarse))
        return near | self.fitted(wide)

    def state_dict(self) -> dict[str, Any]:
        """Both readings, and the worst so far, as arrays and numbers."""
        kept: dict[str, Any] = {"way": self.way.copy(), "worst": self.worst}
        parts: dict[str, Swings | Tally] = {"fine": self.fine, "coarse": self.coarse, "tally": self.tally}
        return kept | {
            f"{n}.{key}": value for n, part in parts.items() for key, value in part.state_dict().items()
        }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""
        self.way, self.worst = np.array(kept["way"], np.int8), int(kept["worst"])
        self.fine.load(under(kept, "fine"))
        self.coarse.load(under(kept, "coarse"))
        self.tally.load(under(kept, "tally"))


def under(kept: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The part of a state whose keys begin with ``name.``."""
    return {key[len(name) + 1 :]: value for key, value in kept.items() if key.startswith(f"{name}.")}


class Meter:
    """General and red flashes of a film, frame by frame.

    A general flash is two opposing changes of relative luminance by 0.1 or more, the darker below 0.8. A red
    one is two opposing changes of R - G - B by 20/320 or more that involve a saturated red,
    R >= 0.8 (R + G + B). What is not saturated counts as no red at all: the stricter side of WCAG 2.0 to 2.2,
    but for reds so dark that they are nearly black.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.fine, self.coarse = Grid(size), Grid(size, COARSE)
        self.kinds = {
            "general": FlashKind(self.fine, self.coarse, 0.1 - 1e-5, 0.8),
            "red": FlashKind(self.fine, self.coarse, 20 / 320),
        }

    def signals(self, light: Floats) -> dict[str, tuple[Floats, Floats]]:
        """What each kind looks at, fine and coarse, of the linear light (rows, columns, 3) of fine cells."""
        import cv2

        wide = np.asarray(cv2.blur(self.coarse.means(light), (3, 3)), np.float32)
        return {
            "general": (luminance(light), luminance(wide)),
            "red": (redness(light), redness(wide)),
        }

    def look(self, light: Floats, time: float) -> dict[str, Turns]:
        """What this light of fine cells would do at ``time``."""
        return {name: self.kinds[name].look(*signals, time) for name, signals in self.signals(light).items()}

    def take(self, turns: Mapping[str, Turns], time: float) -> None:
        """Go on with what was looked at."""
        for name, one in turns.items():
            self.kinds[name].take(one, time)

    def turning(self, light: Floats, spare: float) -> Mask:
        """The fine cells that this light would turn, or nearly: by ``spare`` of a change."""
        masks = [self.kinds[name].turning(*signals, spare) for name, signals in self.signals(light).items()]
        return functools.reduce(np.logical_or, masks)

    def lately(self, time: float) -> Mask:
        """The fine cells where something changed direction in the last second."""
        return functools.reduce(np.logical_or, [kind.lately(time) for kind in self.kinds.values()])

    def culprits(self, turns: Mapping[str, Turns]) -> Mask:
        """The fine cells that would make it too much."""
        found = np.zeros(self.fine.shape, bool)
        for turn in turns.values():
            if turn.culprits is not None:
                found |= turn.culprits
        return found

    def worst(self, kind: str) -> float:
        """Most flashes of this kind, general or red, in a second."""
        return self.kinds[kind].worst / 2

    def state_dict(self) -> dict[str, Any]:
        """All that both kinds of flashes remember, by dotted names."""
        kinds = self.kinds.items()
        return {f"{name}.{key}": value for name, kind in kinds for key, value in kind.state_dict().items()}

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""
        for name, kind in self.kinds.items():
            kind.load(under(kept, name))
