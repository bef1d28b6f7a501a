"""The process of one side of ``benchmarks.frame_speed``: it makes as many frames as a line on stdin says.

It is run with whichever checkout PYTHONPATH names, and so asks only for what checkouts have had for long.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from importlib import import_module
from itertools import count
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

#: What is timed: functions and methods by module, whichever of them there are, and the part they are of.
PARTS = {
    "network": ["engine.native:NativeEngine.forward", "engine.native:NativeEngine.backward"],
    "seeds and attention": ["gradient.picture_gradient:picture_gradient"],
    "direction": ["deepdream.direction:step_direction"],
    "canvas": [
        *(f"canvas.detail:DetailCanvas.{name}" for name in ("move", "piece", "moved")),
        "deepdream.room:with_room",
    ],
    "warps": ["ops.warp:warp", "canvas.fast:fast_warp", "canvas.detail:DetailCanvas.warped"],
    "resampling": ["canvas.detail:DetailCanvas.resize"],
    "holding": [f"motion.zoom.steady:{name}" for name in ("hold", "evened", "evened_onto")],
    "flow": ["motion.film.flow:between"],
    "finishing": ["deepdream.state:State._finished"],
}


class Clock:
    """Seconds of each part, without those of the parts that it calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._here = threading.local()  # a film's motion is measured in a thread of its own

    def watch(self) -> None:
        for part, names in PARTS.items():
            for name in names:
                module, _, path = name.partition(":")
                try:
                    home: Any = import_module(f"reverie.{module}")
                    *outer, last = path.split(".")
                    for step in outer:
                        home = getattr(home, step)
                    inner = getattr(home, last)
                except (ImportError, AttributeError):
                    continue
                self._put(home, last, inner, part)

    def _put(self, home: Any, name: str, inner: Any, part: str) -> None:
        timed = self._timed(inner, part)
        setattr(home, name, timed)
        if isinstance(home, type):
            return
        for module in list(sys.modules.values()):  # wherever it was imported by name
            if getattr(module, "__name__", "").startswith("reverie") and getattr(module, name, None) is inner:
                setattr(module, name, timed)

    def _timed(self, inner: Any, part: str) -> Any:
        def timed(*arguments: Any, **more: Any) -> Any:
            began = time.thread_time()
            within = self._here.__dict__.setdefault("within", [0.0])
            within.append(0.0)
            try:
                return inner(*arguments, **more)
            finally:
                whole = time.thread_time() - began
                own = whole - within.pop()
                within[-1] += whole
                self.seconds[part] = self.seconds.get(part, 0.0) + own

        return timed


class Flowing:
    """An endless film: a photograph that is panned, and a part of another that crosses it."""

    def __init__(self, size: tuple[int, int]) -> None:
        import skimage.data

        width, height = size
        self.info = SimpleNamespace(frames=None, rate=Fraction(25))
        self._size = size
        self._behind = cv2.resize(
            skimage.data.rocket(), (3 * width, 2 * height), interpolation=cv2.INTER_CUBIC
        )
        self._before = cv2.resize(skimage.data.chelsea(), (width // 3, height // 3))

    def frames(self, skip: int = 0) -> Iterator[Any]:
        from reverie.media.video.read.frame import VideoFrame

        for index in count(skip):
            width, height = self._size
            left = round(abs((3 * index) % (2 * width) - width)) + index % 3
            frame = self._behind[height // 2 : height // 2 + height, left : left + width].copy()
            at = 20 + (2 * index) % (width // 2)
            rows, columns = self._before.shape[:2]
            frame[height // 3 : height // 3 + rows, at : at + columns] = self._before
            yield VideoFrame(index=index, time=Fraction(index, 25), duration=Fraction(1, 25), rgb=frame)


def frames_of(settings: dict[str, Any], clock: Clock) -> Iterator[Any]:
    import torch

    torch.set_num_threads(1)
    from reverie.ascent.session import Session
    from reverie.recipe.presets.preset import preset

    size = tuple(int(side) for side in settings["size"].split("x"))
    if settings["kind"] == "zoom":
        from reverie.motion.zoom.zoom import zoom

        how = {"duration": 3600, "warm_up": 0}
        recipe = preset("zoom", size=size, threads=1, steps=[2], seed=settings["seed"], zoom=how)
    else:
        from reverie.motion.film.film import film

        usual = {"strength": 0.5, "smallest": 128}  # as films are: a tree from before has no preset for them
        recipe = preset("reverie", threads=1, steps=[2], octaves=2, seed=settings["seed"], film={}, **usual)
    session = Session(recipe, step=settings["backend"] or None)
    clock.watch()
    if settings["kind"] == "zoom":
        return zoom(recipe, session=session)
    return film(recipe, Flowing(size), session=session)


def main(text: str) -> None:
    settings, clock = json.loads(text), Clock()
    made = frames_of(settings, clock)
    for _ in range(4):  # the opening, and frames until all is in place
        next(made)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = int(line)
        clock.seconds.clear()
        began = time.process_time()
        for _ in range(asked):
            np.asarray(next(made).rgb)
        whole = (time.process_time() - began) * 1000 / asked
        parts = {name: 1000 * seconds / asked for name, seconds in clock.seconds.items()}
        parts["the rest"] = whole - sum(parts.values())
        print(json.dumps({"ms": whole, "parts": parts}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
