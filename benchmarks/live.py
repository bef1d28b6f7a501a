"""The live show measured: frames in time, how much is dreamt, how soon a topic is there, and if it holds.

    python -m benchmarks.live show [--minutes 10] [--pace calm] [--size 1024x576]
    python -m benchmarks.live topics [--seconds 0.8] [--pace calm] [--each 7] [--topics volcano castle]
    python -m benchmarks.live hour [--seconds 0.5] [--frames 90000] [--out FOLDER]
    python -m benchmarks.live original [--size 1024x576]
    python -m benchmarks.live glide [--size 1024x576]

``show`` is real: frames go to a sink that counts them, on however idle a machine this is. ``topics`` and
``hour`` speed the clock: frames are made as fast as they can be, on a machine that dreams a keyframe in
``--seconds``, or that has one core like this one's where it is 0. ``topics`` asks networks that did not
dream (Lite1 and Lite2, the mean) for their probability of the topic on a grid of crops. ``original`` is the
method of 2015 on the same machine: ten full steps to a keyframe of two classes in halves, and frames in
between. ``glide`` draws a frame between two keyframes in each way there is, in turn. ``--out`` keeps
pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.beauty import STRANGERS, named
from benchmarks.motion_measures import look
from reverie.ascent.session import Session
from reverie.live.dreamer.glide import GlideMoment
from reverie.live.dreamer.keyframe import live_recipe, live_session
from reverie.live.dreamer.projector import Projector
from reverie.live.dreamer.protocol import PlacedTopic, SetTopics
from reverie.live.dreamer.show_dream import ShowDream
from reverie.live.dreamer.speeded import speeded
from reverie.live.frames import Shown
from reverie.motion.zoom.zoom import zoom
from reverie.network.zoo import load_net
from reverie.ops.warp import Similarity
from reverie.recipe.presets.preset import preset

#: What is dreamt in turn.
TOPICS = (
    *("volcano", "goldfish", "peacock", "castle", "tiger", "strawberry", "jellyfish", "macaw", "daisy"),
    *("palace", "golden retriever", "flamingo", "pineapple", "ladybug", "lion", "coral reef"),
    *("snow leopard", "bee", "hummingbird", "red fox"),
)
#: A topic is seen where the strangers' probability is above so many times chance, and clear from this on.
TIMES_CHANCE, CLEAR = 20, 0.5
#: Within so many seconds it is to be seen, and clear.
SEEN_IN, CLEAR_IN = 2.0, 6.0
#: A frame is in time if it is this near to its time (seconds).
IN_TIME = 0.06


class Counting:
    """A sink that counts."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.repeated = self.dreamt = 0

    def put(self, rgb: np.ndarray, number: int, flags: Shown = Shown.PLAIN, due: float = 0.0) -> None:
        self.late.append(time.monotonic() - due)
        self.repeated += bool(flags & Shown.REPEATED)
        self.dreamt += bool(flags & Shown.DREAMT)


def begun(given: argparse.Namespace) -> ShowDream:
    """A show from its beginning."""
    cv2.setNumThreads(1)
    recipe = live_recipe(given.size, seed=given.seed, threads=given.threads)
    dream = ShowDream(recipe, live_session(recipe), pace=given.pace)
    if given.topic:
        dream.order(topic(given.topic))
    return dream


def topic(name: str) -> SetTopics:
    return SetTopics(topics=(PlacedTopic(objective=f'class("{name}")', label=name),))


def show(given: argparse.Namespace) -> dict[str, Any]:
    """Minutes of a real show."""
    dream, sink = begun(given), Counting()
    failed: list[BaseException] = []
    projector = Projector(dream, sink, failed=failed.append)
    before, start = os.times(), time.monotonic()
    projector.start()
    turn = threading.Event()
    for k in range(max(1, round(given.minutes * 60 / given.each))):
        if given.turns:
            dream.order(topic(TOPICS[k % len(TOPICS)]))
        if turn.wait(min(given.each, given.minutes * 60)) or failed:
            break
    projector.end()
    seconds, after = time.monotonic() - start, os.times()
    if failed:
        raise failed[0]
    late = np.array(sink.late)
    frames = len(late)
    return {
        "pace": given.pace,
        "frames a second": frames / seconds,
        "in time (%)": 100 * float((late < IN_TIME).mean()),
        "late (ms), p50, p99, most": [round(float(x) * 1e3, 1) for x in np.percentile(late, (50, 99, 100))],
        "repeated (%)": 100 * sink.repeated / frames,
        "dreamt a second": dream.tally.dreamt / seconds,
        "look": dream.governor.look,
        "steps": dream.governor.steps,
        "core-ms a frame": {k: round(v * 1e3 / frames, 2) for k, v in dream.tally.seconds.items()},
        "core-ms a frame, all": (after.user + after.system - before.user - before.system) * 1e3 / frames,
        "load": os.getloadavg()[0],
    }


def topics(given: argparse.Namespace) -> dict[str, Any]:
    """Twenty topics in turn, and how soon strangers see each."""
    dream, fps = begun(given), 25
    names = load_net(STRANGERS[0]).classes
    assert names is not None
    each, before, rows = round(given.each * fps), None, []
    list(speeded(dream, given.first, pretended(given)))
    for name in given.topics or TOPICS[: given.count]:
        dream.order(topic(name))
        index, seen, clear, gone, best = list(names.members(name)), None, None, None, 0.0
        curve: list[float] = []
        for k, (_, rgb, _) in enumerate(speeded(dream, each, pretended(given)), 1):
            second = k / fps
            if second not in given.looks:
                continue
            found = said(rgb)
            here = float(found[:, index].sum(1).max())
            old = float(found[:, before].sum(1).max()) if before is not None else 0.0
            best = max(best, here) if second <= CLEAR_IN else best
            curve.append(round(here, 3))
            seen = second if seen is None and here > TIMES_CHANCE / len(names) else seen
            clear = second if clear is None and here >= CLEAR else clear
            gone = second if gone is None and old < here else gone
            if second in (2.0, 6.0, 12.0):
                picture(given, f"{len(rows):02d}-{name}-{second:.0f}s", rgb)
        rows.append(
            {
                "topic": name,
                "seen": seen,
                "clear": clear,
                "old below": gone,
                "best in 6 s": round(best, 3),
                "at each look": curve,
            }
        )
        print(json.dumps(rows[-1]), flush=True)
        before = index
    within = [
        all(
            row[k] is not None and row[k] <= s for k, s in (("seen", 2.0), ("clear", 6.0), ("old below", 6.0))
        )
        for row in rows
    ]
    return {"topics": len(rows), "within their times": sum(within), "dreamt a second": rate(dream)}


def said(rgb: np.ndarray) -> torch.Tensor:
    """What strangers say of a grid of crops: probabilities (K, classes)."""
    return named(torch.from_numpy(rgb.transpose(2, 0, 1).astype(np.float32) / 255)[None])


def hour(given: argparse.Namespace) -> dict[str, Any]:
    """Many frames, and how far they stray from where they were after the first ten seconds."""
    dream, looks, spent = begun(given), [], time.process_time()
    for k, (number, rgb, _) in enumerate(speeded(dream, given.frames, pretended(given))):
        if given.turns and k % round(given.each * 25) == 0:
            dream.order(topic(TOPICS[k // round(given.each * 25) % len(TOPICS)]))
        if k % 25 == 0:
            looks.append(look(rgb))
        if k % given.keep == 0:
            picture(given, f"frame-{number:06d}", rgb)
    late = looks[10:] or looks
    stray = {
        name: max(abs(getattr(x, name) / np.median([getattr(y, name) for y in late]) - 1) for x in late)
        for name in ("mean", "deviation", "sharp")
    }
    return {
        "frames": given.frames,
        "strays from the median (%)": {k: round(100 * float(v), 1) for k, v in stray.items()},
        "dreamt a second": rate(dream),
        "core-ms a frame": {k: round(v * 1e3 / given.frames, 2) for k, v in dream.tally.seconds.items()},
        "core-ms a frame, all": (time.process_time() - spent) * 1e3 / given.frames,
    }


def original(given: argparse.Namespace) -> dict[str, Any]:
    """What the method of 2015 takes here: ten full steps a keyframe of two classes, and frames in between."""
    recipe = preset("lsdnn2015", size=given.size, threads=given.threads, zoom={"warm_up": 0}, steps=(1,))
    spent = []
    begun = time.process_time()
    for frame in zoom(recipe, session=Session(recipe)):
        spent.append(time.process_time() - begun)
        begun = time.process_time()
        picture(given, f"original-{frame.index:03d}", np.uint8(frame.rgb))
        if frame.index >= 3:
            break
    keyframe = float(np.median(spent[1:]))
    return {"core-seconds a keyframe": keyframe, "keyframes a second and core": 1 / keyframe}


def glide(given: argparse.Namespace) -> dict[str, Any]:
    """What a frame between two keyframes takes, in core-ms, and how far it is from OpenCV's."""
    cv2.setNumThreads(1)
    chance = np.random.default_rng(given.seed)
    pictures = [
        cv2.GaussianBlur(chance.integers(0, 256, (*given.size[::-1], 3), np.uint8), (0, 0), 1)
        for _ in range(2)
    ]
    ways = [Similarity.of(zoom=1.04, turn=0.6, right=3, down=1), Similarity.of(zoom=1.01, turn=0.2, right=1)]
    moment = GlideMoment(((pictures[0], ways[0], 0.4), (pictures[1], ways[1], 0.6)))
    drawn = {"in one pass": moment.drawn, "by OpenCV": moment.drawn_by_opencv}
    spent: dict[str, list[float]] = {name: [] for name in drawn}
    for _ in range(25):
        for name, draw in drawn.items():
            begun = time.thread_time()
            draw()
            spent[name].append(1e3 * (time.thread_time() - begun))
    apart = np.abs(moment.drawn().astype(int) - moment.drawn_by_opencv())
    return {
        **{f"core-ms {name}": round(float(np.median(found)), 2) for name, found in spent.items()},
        "levels apart, most and mean": [int(apart.max()), round(float(apart.mean()), 3)],
        "load": os.getloadavg()[0],
    }


def rate(dream: ShowDream) -> float:
    """Frames dreamt a second of the show's own time."""
    return dream.tally.dreamt / max(1, dream.tally.shown) * dream.fps


def pretended(given: argparse.Namespace) -> Any:
    return given.seconds or (lambda cpu: cpu)


def picture(given: argparse.Namespace, name: str, rgb: np.ndarray) -> None:
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(given.out / f"{name.replace(' ', '_')}.png"), rgb[..., ::-1])


PARTS = {"show": show, "topics": topics, "hour": hour, "original": original, "glide": glide}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("part", choices=PARTS)
    made.add_argument("--size", type=_size, default=(1024, 576))
    made.add_argument("--pace", choices=("calm", "eager"), default="calm")
    made.add_argument("--minutes", type=float, default=10.0)
    made.add_argument("--seconds", type=float, default=0.0, help="what a keyframe takes; 0: as here")
    made.add_argument("--each", type=float, default=7.0, help="seconds a topic")
    made.add_argument("--looks", type=float, nargs="+", default=(1, 2, 4, 6), help="at seconds")
    made.add_argument("--topics", nargs="+", default=(), help="other topics than the usual twenty")
    made.add_argument("--first", type=int, default=125, help="frames before the first topic")
    made.add_argument("--count", type=int, default=len(TOPICS), help="topics")
    made.add_argument("--frames", type=int, default=90_000)
    made.add_argument("--keep", type=int, default=2500, help="keep a picture after so many frames")
    made.add_argument("--turns", action="store_true", help="topics in turn in show and hour too")
    made.add_argument("--topic", default="")
    made.add_argument("--threads", type=int, default=1)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--out", type=Path)
    return made


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found:
        raise argparse.ArgumentTypeError("write a size as 1024x576")
    return int(found[1]), int(found[2])


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    print(json.dumps(PARTS[given.part](given), indent=1, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
