"""The dream of the show: what is dreamt next, what comes of it, and what each frame shows.

Three threads may use one: whoever shows frames (``shown``), whoever dreams keyframes (``plan``, ``work``,
``enter``) and, at the eager pace, whoever dreams a little for each frame (``shimmer_on``). What they share is
small and changes under a lock that is held for microseconds, so none waits for another's work.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import cv2
import numpy as np
import torch
from torch import Tensor

from reverie.ascent.session import Session
from reverie.ascent.start import prepare
from reverie.live.dreamer.glide import Bytes, Floats, Glide, GlideMoment, Keyframe, as_bytes, scaled, seen
from reverie.live.dreamer.governor import Governor
from reverie.live.dreamer.keyframe import KeyframeJob, KeyframeMaker, Wanted
from reverie.live.dreamer.live_camera import LiveCamera
from reverie.live.dreamer.places import placed
from reverie.live.dreamer.protocol import (
    CalmDown,
    GoOn,
    MoveCamera,
    Order,
    Pace,
    PauseDream,
    SetPace,
    SetPulse,
    SetTopics,
)
from reverie.live.dreamer.shimmer import LASTS, SHARE, Shimmer
from reverie.live.dreamer.wishes import Wishes
from reverie.motion.zoom.steady import SteadyReference, hold
from reverie.objective import parse
from reverie.recipe.recipe import Recipe
from reverie.scoring.bind import bind

#: A keyframe is dreamt for where the view will be after this share of the time it is expected to take: from
#: there on it can come in at any time, before that it cannot.
SOON: Final = 0.85
#: Rounds in which what a show begins with is brought to where all is held.
SETTLING: Final = 4
#: The first keyframe of a topic looks no larger than this share of the picture's sides, to be there soon.
HASTE: Final = 0.6
#: Where a topic is asked for, what is just coming in has come within so many seconds.
HURRY_FADE: Final = 0.25
#: While a topic is fresh keyframes fade in within so many seconds.
FRESH_FADE: Final = 0.6
#: Seconds at the beginning in which the dream is stronger, as with a new topic: it starts from clouds.
OPENING: Final = 10.0
#: Layers of single frames that are kept: no thread is further behind another.
LAYERS: Final = 16
#: So many frames before the next one to be shown their own looks may begin.
EARLY: Final = 8
#: A layer of which less is left than this is not drawn any more.
FAINT: Final = 0.05


@dataclass
class DreamTally:
    """What became of the frames, and the processor's time by part (seconds)."""

    shown: int = 0
    dreamt: int = 0
    repeated: int = 0
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


class ShowDream:
    """The dream at work.

    Args:
        recipe: As ``live_recipe`` gives it; its size is that of the frames.
        session: As ``live_session`` gives it, for keyframes.
        fps: Frames a second.
        pace: "calm" or "eager".
        aside: Gives the second session, for the looks of single frames, when it is first needed.
        kept: What ``state_dict`` gave once, to go on from.
    """

    def __init__(
        self,
        recipe: Recipe,
        session: Session,
        *,
        fps: float = 25.0,
        pace: Pace = "calm",
        aside: Callable[[], Session] | None = None,
        kept: dict[str, Any] | None = None,
    ) -> None:
        assert recipe.size is not None
        self.recipe, self.fps, self.pace = recipe, fps, pace
        self.size = recipe.size
        self.governor = Governor()
        self.tally = DreamTally()
        self._aside = aside or (lambda: Session(recipe, net=session.net, tile=0, open_file=session.open_file))
        self._lock = threading.Lock()
        rng = torch.Generator().manual_seed(recipe.seed)
        first = 0 if kept is None else int(kept["frame"])
        self.camera = LiveCamera(self.size, fps, first)
        self.wishes = Wishes(recipe.objective[-1], recipe.zoom.undertone if recipe.zoom else 0.35)
        if kept is None:
            picture, reference = _opening(recipe, session, rng)
        else:
            picture, reference = (
                kept["picture"].float().to(session.device),
                SteadyReference.from_dict(kept["reference"]),
            )
        self.maker = KeyframeMaker(recipe, session, rng, reference)
        self.next = first  # the frame to be shown next
        self._picture, self._frame = picture, first
        self._stale = False
        self._unseen = False  # what is wanted is in no keyframe yet
        if kept is not None:
            self._take_up(kept)
        self._glide = Glide(Keyframe(_bytes(picture), first, first - 1, 1), self.camera.between)
        self._layers: deque[tuple[int, Floats]] = deque(maxlen=LAYERS)
        self._drawn: dict[int, tuple[GlideMoment, Bytes]] = {}  # for looks of single frames, by frame
        self.shimmer: Shimmer | None = None
        self._takes = 0.02  # seconds that a look of a single frame took lately

    # -- orders -------------------------------------------------------------------------------------------

    def check(self, order: SetTopics) -> None:
        """UsageError where topics name what the network has not, or what cannot be dreamt in their place."""
        session = self.maker.session
        for topic in order.topics:
            bind(placed(parse(topic.objective), topic.place), session.net, open_picture=session.open_tensor)

    def order(self, order: Order) -> None:
        """Do what the server says from the next frame on that is not made yet."""
        with self._lock:
            match order:
                case SetTopics():
                    if self.wishes.ask(order, self.next / self.fps):
                        self._stale = self._unseen = True
                        self._glide.hurry(self.next, max(1, round(HURRY_FADE * self.fps)))
                case SetPace():
                    self.pace = order.pace
                case CalmDown():
                    self.wishes.factor = order.factor
                case SetPulse():
                    self.wishes.pulse = order.level
                case MoveCamera():
                    self.camera.ask(order)
                case PauseDream() | GoOn():
                    self.wishes.paused = self.camera.rests = isinstance(order, PauseDream)
                case _:
                    pass

    # -- keyframes ----------------------------------------------------------------------------------------

    def plan(self) -> KeyframeJob | None:
        """The next keyframe; None while the dream is paused."""
        with self._lock:
            if self.wishes.paused:
                return None
            fresh, young = self._fresh(self.next), self._young(self.next)
            look, steps = self.governor.look, self.governor.steps
            if self._unseen:
                look = min(look, HASTE)
            work = Wanted("", fresh=fresh, look=look, steps=steps).work
            frame = max(self._glide.free, self.next + math.ceil(SOON * self.governor.full * work * self.fps))
            # It is all there when it has come in, and so is what it is dreamt for.
            there = frame / self.fps + self._fade(fresh)
            wanted = Wanted(
                self.wishes.objective(there),
                self.wishes.strength(frame / self.fps) * (1 + young),
                fresh,
                look,
                steps,
            )
            self._stale = False
            return KeyframeJob(self._picture, self.camera.between(self._frame, frame), frame, wanted)

    def _fade(self, fresh: float) -> float:
        """Seconds in which a keyframe comes in."""
        gap = self.governor.gap
        return min(gap, FRESH_FADE) if fresh > 0 else gap

    def _young(self, frame: int) -> float:
        """How young a show that began anew is, 1 to 0."""
        return max(0.0, 1 - frame / self.fps / OPENING)

    def _fresh(self, frame: int) -> float:
        return max(self._young(frame), self.wishes.fresh(frame / self.fps))

    @property
    def stale(self) -> bool:
        """Whether something else is wanted since the last keyframe was planned: it need not be finished."""
        return self._stale

    def work(self, job: KeyframeJob, breathe: Callable[[], None] | None = None) -> Tensor:
        """Dream a keyframe, (1, C, H, W); ``breathe`` is called between any two steps."""
        begun = time.thread_time()
        picture = self.maker.make(job.picture, job.way, job.wanted, breathe)
        self.tally.seconds["keyframe"] += time.thread_time() - begun
        return picture

    def enter(self, job: KeyframeJob, picture: Tensor) -> None:
        """Let a keyframe come in, as soon as its view is reached and the last one is there."""
        begun = time.thread_time()
        rgb = _bytes(picture)
        length = max(1, round(self._fade(job.wanted.fresh) * self.fps))
        with self._lock:
            begins = max(job.frame, self._glide.free, self.next)
            self._glide.enter(Keyframe(rgb, job.frame, begins, length))
            self._picture, self._frame = picture, job.frame
            self._unseen = self._stale  # what was wanted when it was planned may not be what is wanted now
            if self.pace == "calm":
                self.tally.dreamt += 1
        self.tally.seconds["keyframe"] += time.thread_time() - begun

    @property
    def free(self) -> int:
        """The first frame at which another keyframe may come in."""
        with self._lock:
            return self._glide.free

    def fades(self) -> bool:
        """Whether the last keyframe is not all there yet, so that no other may come in."""
        with self._lock:
            return self.next < self._glide.free

    # -- frames -------------------------------------------------------------------------------------------

    def skip(self, frame: int) -> None:
        """Go on with this frame: those before it were never made."""
        with self._lock:
            self.next = max(self.next, frame)

    def ready(self) -> bool:
        """Whether all that the next frame is to have is there: at the eager pace, a gradient of its own."""
        with self._lock:
            return self.pace == "calm" or bool(self._layers and self._layers[-1][0] >= self.next)

    def shown(self) -> tuple[Bytes, bool]:
        """The next frame, (H, W, 3) uint8, and whether a gradient was made for it alone; never waits."""
        begun = time.thread_time()
        with self._lock:
            frame = self.next
            moment = self._glide.moment(frame)
            layer, dreamt = self._layer(frame)
            self.next = frame + 1
            drawn = self._drawn.get(frame)
            self._drawn = {k: one for k, one in self._drawn.items() if k > frame}
        rgb = drawn[1] if drawn and drawn[0].same(moment) else moment.drawn()
        if layer is not None:
            rgb = _over(rgb, layer)
        self.tally.dreamt += dreamt
        self.tally.seconds["glide"] += time.thread_time() - begun
        return rgb, dreamt

    def _layer(self, frame: int) -> tuple[Floats | None, bool]:
        """What is added to a frame, and whether it was dreamt for that one; the latest, moved on, if not."""
        at, layer = next((one for one in reversed(self._layers) if one[0] <= frame), (frame, None))
        if layer is None or at == frame:
            return layer, layer is not None
        fades = math.exp((at - frame) / (LASTS * self.fps))
        if fades < FAINT:
            return None, False
        return np.asarray(
            seen(layer, scaled(self.camera.between(at, frame), SHARE)) * np.float32(fades)
        ), False

    def shimmer_on(self) -> bool:
        """Dream a little for the first frame that can still have it; False if none is due."""
        with self._lock:
            # One that takes longer than a frame is shown aims at one that is not made yet by then.
            late = min(EARLY, math.ceil(self._takes * self.fps)) if self._takes * self.fps > 1 else 0
            frame = max(self.next + late, self._layers[-1][0] + 1 if self._layers else 0)
            if self.pace != "eager" or self.wishes.paused or frame > self.next + EARLY:
                return False
        self.shimmer_for(frame)
        return True

    def shimmer_for(self, frame: int) -> None:
        """Dream a little for a frame, at the eager pace."""
        begun, clock = time.thread_time(), time.monotonic()
        with self._lock:
            if self.pace != "eager" or self.wishes.paused:
                return
            made = self.shimmer
            moment = self._glide.moment(frame)
            before = frame - 1 if made is None else made.frame
            way = scaled(self.camera.between(min(before, frame), frame), SHARE)
            seconds = frame / self.fps
            objective, strength = self.wishes.objective(seconds), self.wishes.strength(seconds)
        if made is None:
            made = self.shimmer = Shimmer(self.recipe, self._aside(), self.size, self.fps, frame - 1)
        if frame - made.frame > LAYERS:
            made.clear(frame - 1)
        drawn = moment.drawn()
        small = cv2.resize(drawn, made.size, interpolation=cv2.INTER_AREA)
        below = np.multiply(small, np.float32(1 / 255), dtype=np.float32)
        layer = made.advance(below, way, frame, objective, strength, self.governor.quick)
        with self._lock:
            self._layers.append((frame, layer))
            if frame >= self.next:
                self._drawn[frame] = moment, drawn
        self._takes += 0.2 * (time.monotonic() - clock - self._takes)
        self.tally.seconds["shimmer"] += time.thread_time() - begun

    # -- what is kept -------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later, as tensors and plain values."""
        with self._lock:
            return {
                "frame": self.next,
                "picture": self._picture,
                "reference": self.maker.reference.as_dict(),
                "generator": self.maker.rng.get_state(),
                "camera": self.camera.state_dict(),
                "wishes": self.wishes.state_dict(self.next / self.fps),
                "governor": asdict(self.governor),
                "counts": [self.tally.shown, self.tally.dreamt, self.tally.repeated],
            }

    def _take_up(self, kept: dict[str, Any]) -> None:
        self.maker.rng.set_state(kept["generator"])
        self.camera.load_state_dict({**kept["camera"], "last": self.next})
        self.wishes.load_state_dict(kept["wishes"], self.next / self.fps)
        self.governor = Governor(**kept["governor"])
        self.tally.shown, self.tally.dreamt, self.tally.repeated = kept["counts"]


def _opening(recipe: Recipe, session: Session, rng: torch.Generator) -> tuple[Tensor, SteadyReference]:
    """What a show begins with, (1, C, H, W): clouds, as bright and colourful as all that will follow."""
    with session.runtime.use():
        picture = prepare(recipe, None, rng, session.net.channels).to(session.device)
        reference = SteadyReference.of(picture).healthy(recipe.zoom.vivid if recipe.zoom else 1.0)
        for _ in range(SETTLING):
            picture = hold(picture, reference)
    return picture, reference


def _bytes(picture: Tensor) -> Bytes:
    """A picture (1, C, H, W) in [0, 1] as (H, W, 3) uint8."""
    planes = picture[0].cpu().numpy()
    planes = planes if len(planes) == 3 else np.repeat(planes[:1], 3, axis=0)
    return as_bytes(np.ascontiguousarray(planes.transpose(1, 2, 0)))


def _over(rgb: Bytes, layer: Floats) -> Bytes:
    """A frame with a layer of any size added to it."""
    height, width = rgb.shape[:2]
    large = cv2.resize(layer * np.float32(255), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(rgb, large, dtype=cv2.CV_8U), np.uint8)
