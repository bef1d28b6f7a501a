"""What carries a dream: a film's frames one after the other, and how each came from the one before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from reverie.ascent.session import Session
from reverie.motion.film.cuts import is_blank, is_cut
from reverie.motion.film.flow import Bytes, Motion, between, grey
from reverie.native.runtime import computes
from reverie.recipe.film import Film

if TYPE_CHECKING:
    from reverie.media.video.read.frame import VideoFrame
    from reverie.media.video.read.reader import Video


@dataclass(frozen=True, eq=False)
class FrameMotion:
    """A frame of a film, and how it came from the last one that showed something.

    ``begins``: nothing of an earlier frame is on it: the first, or one after a cut. ``blank``: it shows
    nothing (black, white, a flash), and what was before it is waited for. ``motion`` is None in both cases.
    """

    shot: VideoFrame
    motion: Motion | None
    begins: bool = False
    blank: bool = False


def moves(movie: Video, settings: Film, *, skip: int = 0, last: Bytes | None = None) -> Iterator[FrameMotion]:
    """Each frame of a film and its motion, as it goes; ``last`` is the last that showed something before."""
    with closing(movie.frames(skip)) as shots:
        for shot in shots:
            move = _move(shot, last, settings)
            if not move.blank:
                last = shot.rgb
            yield move


def _move(shot: VideoFrame, last: Bytes | None, settings: Film) -> FrameMotion:
    if is_blank(shot.rgb):
        return FrameMotion(shot, None, blank=True)
    if last is None or last.shape != shot.rgb.shape:
        return FrameMotion(shot, None, begins=True)
    motion = between(last, shot.rgb, settings.flow)
    if settings.cuts and is_cut(last, shot.rgb, motion.share):
        return FrameMotion(shot, None, begins=True)
    return FrameMotion(shot, motion)


class MaskFilm:
    """A film of masks as its frames are shown, over time; the last one holds on.

    Args:
        movie: It, or None.
    """

    def __init__(self, movie: Video | None) -> None:
        self._shots = iter(movie.frames()) if movie else iter(())
        self._now: Bytes | None = None
        self._next = next(self._shots, None)

    def at(self, time: Fraction) -> Bytes | None:
        """The frame (H, W, 3) at a time that is no earlier than the last one asked for; None: no film."""
        while self._next is not None and (self._next.time <= time or self._now is None):
            self._now = self._next.rgb
            self._next = next(self._shots, None)
        return self._now


class Masks:
    """Where dreams may be, over time: one picture for all of the film, or a film whose last frame holds on.

    Args:
        name: A picture's name, opened by the session, or None.
        movie: A film of masks, or None. Where there are both, each takes from what the other leaves.
        session: Opens pictures, and says where tensors are kept.
    """

    def __init__(self, name: str | None, movie: Video | None, session: Session) -> None:
        self.runtime = session.runtime
        with self.runtime.use():
            self._still = session.open_tensor(name).mean(1, keepdim=True) if name else None
        self._device = session.device
        self._film = MaskFilm(movie)
        self._shown: Bytes | None = None
        self._now: Tensor | None = None

    @computes
    def at(self, time: Fraction) -> Tensor | None:
        """The mask (1, 1, h, w) at a time that is no earlier than the last one asked for; None: no mask."""
        shown = self._film.at(time)
        if shown is not None and shown is not self._shown:
            self._now = torch.from_numpy(grey(shown)).to(self._device)[None, None].float() / 255
            self._shown = shown
        if self._now is None or self._still is None:
            return self._still if self._now is None else self._now
        size = (self._now.shape[2], self._now.shape[3])
        return self._now * torch.nn.functional.interpolate(self._still, size=size, mode="bilinear")
