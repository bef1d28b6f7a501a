"""Flashing light in a film, measured and damped (WCAG 2.3.1, "three flashes or below threshold").

Flashes are counted as ``meter.py`` says. The guard is causal: it sees a frame, and gives the one to show.
As long as what was shown stays within the limit, frames pass untouched. A frame that would break it is mixed,
in linear light and only where it flashes, with the frame shown before; there light follows slowly until the
film has been calm for a second.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.motion.flashing.meter import MOST, Meter, Turns, under
from reverie.motion.flashing.screen import Floats, linear, to_srgb

#: Seconds for which a place stays calm after it last flashed, and in which light there follows by two thirds.
CALM: Final = 1.0
SLOW: Final = 0.5
#: Seconds in which a place that was calm comes back to what the film shows.
BACK: Final = 0.5
#: Shares of the way to the new light that are tried where it must not turn.
SHARES: Final = (1.0, 0.6, 0.35, 0.2, 0.1, 0.05, 0.0)
#: Of a change that counts: held places stay below it with this much to spare, for the encoder's sake.
SPARE: Final = 0.8


@dataclass(frozen=True)
class FlashReport:
    """What was found: flashes a second at their worst, where they cover enough of the view to count.

    ``general`` and ``red`` are of the frames that came in, ``general_left`` and ``red_left`` of those that
    went out; ``damped`` frames of ``frames`` were changed. WCAG allows at most three a second.
    """

    frames: int
    general: float
    red: float
    general_left: float
    red_left: float
    damped: int

    @property
    def flashing(self) -> bool:
        """Whether what came in flashes more than three times in some second."""
        return 2 * max(self.general, self.red) > MOST

    @property
    def safe(self) -> bool:
        """Whether what went out never does."""
        return 2 * max(self.general_left, self.red_left) <= MOST

    def as_dict(self) -> dict[str, int | float | bool]:
        """The figures under their names, for JSON: those above, ``flashing`` and ``safe``."""
        return {**asdict(self), "flashing": self.flashing, "safe": self.safe}

    def words(self) -> str:
        """One line for a person; empty when nothing flashes."""
        if not self.flashing:
            return ""
        rates = ((self.general, ""), (self.red, "red "))
        found = " and ".join(f"{rate:g} {kind}flashes" for rate, kind in rates if 2 * rate > MOST)
        if self.damped:
            return (
                f"light flashed up to {found} a second, where 3 are safe: damped in {self.damped} of "
                f"{self.frames} frames (--allow-flashes keeps them)"
            )
        return (
            f"light flashes up to {found} a second, where 3 are safe: this can cause seizures; "
            "warn whoever watches it"
        )


class FlashGuard:
    """One frame in, one frame out, never more than three flashes a second in what comes out.

    Args:
        size: (width, height) of every frame, pixels.
        rate: Nominal frames a second, for frames whose time is not given.
        allow: Measure only; every frame passes as it is.

    Raises:
        ValueError: A size or rate that is not over 0.
    """

    def __init__(self, size: tuple[int, int], rate: Fraction | float, allow: bool = False) -> None:
        if min(size) < 1 or not rate > 0:
            raise ValueError(f"size {size} and rate {rate} must be over 0")
        self.size, self.rate, self.allow = (int(size[0]), int(size[1])), float(rate), bool(allow)
        #: Of what comes in, and of what goes out: one and the same until a frame is damped.
        self.seen = self.shown = Meter(self.size)
        self.grid = self.shown.fine
        self.frames = self.damped = 0
        self.time = -math.inf
        self.last: NDArray[Any] | None = None
        #: While places are held: until when each is, and the share of the new light that it takes.
        self.until: NDArray[np.float64] | None = None
        self.share = np.ones(self.grid.shape, np.float32)

    def __call__(self, rgb: NDArray[Any], time: Fraction | float | None = None) -> NDArray[Any]:
        """The frame to show: the very array that was given, or another where its light had to be held.

        Args:
            rgb: (H, W, 3), uint8 or float32 in [0, 1], sRGB; not kept and not changed.
            time: Seconds; must grow from frame to frame. A nominal frame after the last if missing.

        Raises:
            ValueError: Another size or number format, or a time that does not grow.
        """
        now = self._checked(rgb, time)
        light = self.grid.means(linear(rgb))
        if self.seen is not self.shown:
            self.seen.take(came := self.seen.look(light, now), now)
        else:
            came = None
        look = self.shown.look(light, now)
        if self.allow or (self.until is None and not failing(look)):
            self.shown.take(look, now)
            out = rgb
        else:
            out = self._held(rgb, light, look, came, now)
        self.frames, self.time = self.frames + 1, now
        if not self.allow:
            self.last = out.copy()
        return out

    def _checked(self, rgb: NDArray[Any], time: Fraction | float | None) -> float:
        """The time of this frame, in seconds."""
        width, height = self.size
        if rgb.shape != (height, width, 3) or rgb.dtype not in (np.uint8, np.float32):
            raise ValueError(
                f"a frame of {rgb.shape} {rgb.dtype}: ({height}, {width}, 3) uint8 or float32 is needed"
            )
        if self.last is not None and rgb.dtype != self.last.dtype:
            raise ValueError(f"a frame of {rgb.dtype} after one of {self.last.dtype}")
        if time is None:
            return 0.0 if math.isinf(self.time) else self.time + 1 / self.rate
        if not self.time < float(time) < math.inf:
            raise ValueError(f"a frame at {float(time)} s after one at {self.time} s")
        return float(time)

    # -- damping ---------------------------------------------------------------------------------------

    def _held(self, rgb: NDArray[Any], light: Floats, look: Any, came: Any, now: float) -> NDArray[Any]:
        """A frame nearer to the one before, and safe."""
        assert self.last is not None
        if self.seen is self.shown:
            self.seen = copy.deepcopy(self.shown)
            self.seen.take(came := self.seen.look(light, now), now)
        if self.until is None:
            self.until = np.full(self.grid.shape, -math.inf)
        before = self.grid.means(linear(self.last))
        self._mark(look, came, now)
        share = self._shares(light, before, now)
        for _ in range(3):
            out, turns = self._mixed(rgb, share, now)
            if not failing(turns):
                break
            share = smooth(np.where(self.shown.culprits(turns), 0, share).astype(np.float32))
        else:  # nothing turns when nothing moves
            out = self.last.copy()
            turns = self.shown.look(before, now)
        self.shown.take(turns, now)
        if np.array_equal(out, rgb):
            out = rgb
            if not (self.until > now).any():
                self.until = None
        else:
            self.damped += 1
        return out

    def _mark(self, look: Mapping[str, Turns], came: Mapping[str, Turns], now: float) -> None:
        """Hold the places that flash too often in what comes in, or would in what goes out."""
        assert self.until is not None
        flashing = self.shown.culprits(look) | self.seen.culprits(came)
        step = now - self.time
        held = flashing | (self.until > now)
        self.until[flashing] = now + CALM
        slow = np.float32(1 - math.exp(-step / SLOW))
        self.share = np.where(held, slow, np.minimum(1, self.share + np.float32(step / BACK)))
        self.share = np.asarray(self.share, np.float32)

    def _shares(self, light: Floats, before: Floats, now: float) -> Floats:
        """The share of the new light that each cell takes: all, or as much as turns no held place."""
        assert self.until is not None
        busy = (self.until > now) & self.shown.lately(now)
        chosen = np.where(busy, 0, self.share).astype(np.float32)
        open_ = busy.copy()
        for factor in SHARES[:-1]:
            share = self.share * np.float32(factor)
            mixed = before + (light - before) * share[..., None]
            turns = self.shown.turning(mixed, SPARE)
            fine = open_ & ~turns
            chosen[fine] = share[fine]
            open_ &= turns
            if not open_.any():
                break
        return smooth(chosen)

    def _mixed(self, rgb: NDArray[Any], share: Floats, now: float) -> tuple[NDArray[Any], Any]:
        """The frame mixed with the last one, and what it does."""
        import cv2

        assert self.last is not None
        wide = cv2.resize(share, self.size, interpolation=cv2.INTER_LINEAR)[..., None]
        if (wide >= 1).all():
            out = rgb
        else:
            before = linear(self.last)
            mixed = to_srgb(before + (linear(rgb) - before) * wide)
            if rgb.dtype == np.uint8:
                mixed = np.rint(mixed * 255).astype(np.uint8)
            out = np.where(wide >= 1, rgb, np.where(wide <= 0, self.last, mixed))
        return out, self.shown.look(self.grid.means(linear(out)), now)

    # -- what was found, and going on --------------------------------------------------------------------

    def report(self) -> FlashReport:
        """What was found until now."""
        rates = (meter.worst(kind) for meter in (self.seen, self.shown) for kind in ("general", "red"))
        general, red, general_left, red_left = rates
        return FlashReport(self.frames, general, red, general_left, red_left, self.damped)

    def state_dict(self) -> dict[str, Any]:
        """Everything the next frames depend on: one level of strings to numbers and NumPy arrays."""
        kept: dict[str, Any] = {"width": self.size[0], "height": self.size[1], "rate": self.rate}
        kept |= {"allow": self.allow, "frames": self.frames, "damped": self.damped, "time": self.time}
        if not self.frames:
            return kept
        kept |= {f"shown.{key}": value for key, value in self.shown.state_dict().items()}
        if self.seen is not self.shown:
            kept |= {f"seen.{key}": value for key, value in self.seen.state_dict().items()}
        if self.last is not None:
            kept |= {"last": self.last.copy(), "share": self.share.copy()}
        if self.until is not None:
            kept["until"] = self.until.copy()
        return kept

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> FlashGuard:
        """The guard that ``state_dict`` described; it goes on with the same bytes."""
        guard = cls((int(state["width"]), int(state["height"])), float(state["rate"]), bool(state["allow"]))
        guard.frames, guard.damped = int(state["frames"]), int(state["damped"])
        guard.time = float(state["time"])
        if not guard.frames:
            return guard
        guard.shown.load(under(state, "shown"))
        if seen := under(state, "seen"):
            guard.seen = Meter(guard.size)
            guard.seen.load(seen)
        if "last" in state:
            guard.last, guard.share = np.array(state["last"]), np.array(state["share"], np.float32)
        if "until" in state:
            guard.until = np.array(state["until"], np.float64)
        return guard


def failing(turns: Mapping[str, Turns]) -> bool:
    """Whether this would be too much."""
    return any(turn.culprits is not None for turn in turns.values())


def smooth(share: Floats) -> Floats:
    """A share for each cell that is nowhere larger, and changes softly from cell to cell."""
    import cv2

    if share.min() == share.max():
        return share
    least = cv2.erode(share, np.ones((9, 9), np.uint8))
    return np.minimum(share, np.asarray(cv2.blur(least, (7, 7)), np.float32))
