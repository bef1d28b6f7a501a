"""A film that is dreamt elsewhere: cut into pieces as it is read, and put together in its order.

A scene begins afresh, so scenes are dreamt at the same time; the pieces of one follow each other, each from
the state that the one before left. What is finished lies in the film's work folder until its turn comes, and
is there when the film is gone on with.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from reverie.errors import BadInput, ReverieError
from reverie.jobs.job import Stopped
from reverie.jobs.moving.film_scene import Dreamt, SceneJob, Shot, pack_shots, read_dreamt
from reverie.jobs.output import Written
from reverie.jobs.provenance.note import EngineNote
from reverie.jobs.workspace import JobPart, Reference, Workspace
from reverie.media.picture import Picture
from reverie.media.picture.write import write_whole
from reverie.motion.frame import MovingFrame
from reverie.recipe.recipe import Recipe

#: Bytes of the film's own frames in a piece, at most, and in all pieces that wait on the disk.
PIECE: Final = 1 << 26
WAITING: Final = 1 << 31


@dataclass(frozen=True)
class Cutting:
    """What a film is cut by, and made of.

    Attributes:
        shots: Its frames from one on, and whether a scene begins with each: given how many to skip, and the
            last frame before that showed something.
        together: Pieces end after so many frames of the film, and after each multiple of it: where a film's
            own checkpoints are.
        recipe: With paths of its files.
        engine: What computes, exactly.
        frames: How many the film has, or None.
    """

    shots: Callable[[int, Any], Iterator[tuple[Shot, bool]]]
    together: int
    recipe: Recipe
    engine: EngineNote
    frames: int | None


@dataclass(frozen=True)
class CarriedFrame(MovingFrame):
    """A frame that was dreamt elsewhere; ``opacity`` is its alpha, (H, W) in [0, 1], or None."""

    opacity: NDArray[np.float32] | None = field(kw_only=True)

    @cached_property
    def picture(self) -> Picture:
        """As of any frame, with the film's transparency."""
        return replace(super().picture, alpha=self.opacity)

    @property
    def alpha(self) -> NDArray[np.float32] | None:
        """How opaque each pixel is, (H, W) in [0, 1]; None where all are."""
        return self.opacity


@dataclass(eq=False)
class ScenePiece:
    """Frames of one scene that follow each other.

    Attributes:
        name: Of its files.
        before: The piece of the same scene before it.
        times: Index, time and duration of each frame.
        room: Bytes of its frames.
        kept: The state that it left, where that is not in a file.
    """

    name: Path
    before: ScenePiece | None = None
    times: Sequence[tuple[int, Fraction, Fraction]] = ()
    room: int = 0
    sent: bool = False
    done: bool = False
    kept: Mapping[str, Any] | None = None

    @property
    def shots(self) -> Path:
        """The film's own frames, until it is dreamt."""
        return self.name.with_suffix(".shots")

    @property
    def made(self) -> Path:
        """What it became."""
        return self.name.with_suffix(".made")

    @property
    def ready(self) -> bool:
        """Whether it can be dreamt now."""
        return not self.sent and (self.before is None or self.before.done)

    def left(self) -> bytes:
        """The state that it left, packed; BadInput where its file is damaged."""
        from reverie.media.video.write.serialise import pack

        return pack(read_dreamt(str(self.made))[1] if self.kept is None else self.kept)


class FilmPieces:
    """The pieces of a film on their way through other machines, in a work folder. Use it once."""

    def __init__(self, cutting: Cutting, workspace: Workspace, folder: Path, safe: Callable[[], int]) -> None:
        """Of a film whose frames are ``safe`` up to so many; pieces of those are not kept."""
        self.cutting, self.workspace, self.folder = cutting, workspace, folder
        self._safe = safe
        self._waiting: deque[ScenePiece] = deque()  # not in the film yet, in its order
        self._written: deque[ScenePiece] = deque()
        self._unsent: deque[ScenePiece] = deque()
        self._over = False

    def render(
        self, kept: Mapping[str, Any] | None, stop: Callable[[], bool], told: Callable[[int], None]
    ) -> Generator[MovingFrame]:
        """The frames in their order; see ``FrameSource.render``.

        Args:
            kept: The state of the last frame that is there already; None to begin.
            stop: Whether to stop: what is at work is dropped, what came back is kept.
            told: Called with how many frames there are, as pieces come back.

        Raises:
            Stopped: It was stopped.
            ReverieError: That a piece ended with.
        """
        elsewhere = self.workspace.elsewhere
        assert elsewhere is not None
        made = skip = 0 if kept is None else int(kept["index"])
        try:
            with closing(self._cut(kept)) as pieces:
                while self._waiting or not self._over:
                    for part, found in elsewhere.carry_out(self._parts(pieces), self.workspace, stop):
                        if isinstance(found, ReverieError):
                            raise found
                        part.key.done = True
                        part.key.shots.unlink(missing_ok=True)
                        made += len(part.key.times)
                        told(made)
                        yield from self._in_order()
                    yield from self._in_order()
                    if stop():
                        raise Stopped(f"frame {self._next(skip)} of {self.cutting.frames or 'a film'}")
        finally:
            for piece in self._waiting:
                with suppress(OSError):
                    piece.shots.unlink(missing_ok=True)

    def _next(self, skip: int) -> int:
        """How many frames are in the film."""
        return self._written[-1].times[-1][0] + 1 if self._written else skip

    def _parts(self, pieces: Iterator[ScenePiece]) -> Iterator[JobPart | None]:
        """What can be dreamt now, the earliest first; the film is read on where nothing can."""
        while True:
            piece = next((piece for piece in self._unsent if piece.ready), None)
            if piece is not None:
                self._unsent.remove(piece)
                if not self._there(piece):
                    yield self._part(piece)
                continue
            read = not self._over and sum(piece.room for piece in self._waiting) < WAITING
            if read:
                self._read(pieces)
            if any(piece.sent and not piece.done for piece in self._waiting):
                yield None
            elif not read:
                return

    def _read(self, pieces: Iterator[ScenePiece]) -> None:
        """Read the film on by a piece."""
        new = next(pieces, None)
        self._over = new is None
        if new is not None:
            self._waiting.append(new)
            self._unsent.append(new)

    def _there(self, piece: ScenePiece) -> bool:
        """Whether it came back in an earlier run."""
        piece.sent = True
        try:
            piece.done = piece.made.exists() and len(read_dreamt(str(piece.made))[0]) == len(piece.times)
        except BadInput:
            piece.made.unlink(missing_ok=True)
        if piece.done:
            piece.shots.unlink(missing_ok=True)
        return piece.done

    def _part(self, piece: ScenePiece) -> JobPart:
        state, data = None, {}
        if piece.before is not None:
            left = piece.before.left()
            digest = hashlib.sha256(left).hexdigest()
            state, data = Reference(sha256=digest, name="state"), {digest: left}
        job = SceneJob(
            recipe=self.cutting.recipe,
            engine=self.cutting.engine,
            frames=Reference(path=os.fspath(piece.shots)),
            state=state,
            output=Written(path=os.fspath(piece.made), overwrite=True),
        )
        return JobPart(job, (os.fspath(piece.made),), piece, data)

    def _cut(self, kept: Mapping[str, Any] | None) -> Generator[ScenePiece]:
        """The film as pieces, their frames on the disk."""
        skip, last, before = 0, None, None
        if kept is not None:
            skip, last = int(kept["index"]), kept.get("last")
            before = ScenePiece(self.folder, done=True, kept=kept)
        shots: list[Shot] = []
        for shot, begins in self.cutting.shots(skip, None if last is None else last.numpy()):
            full = shot.frame.index % self.cutting.together == 0
            if shots and (begins or full or len(shots) * shot.frame.rgb.nbytes >= PIECE):
                yield (before := self._piece(shots, before))
                shots = []
            if begins:
                before = None
            shots.append(shot)
        if shots:
            yield self._piece(shots, before)

    def _piece(self, shots: Sequence[Shot], before: ScenePiece | None) -> ScenePiece:
        """A piece, its frames written down."""
        name = self.folder / f"piece-{shots[0].frame.index:08d}-{len(shots)}"
        times = [(shot.frame.index, shot.frame.time, shot.frame.duration) for shot in shots]
        piece = ScenePiece(name, before, times, sum(shot.frame.rgb.nbytes for shot in shots))
        write_whole(pack_shots(shots, self.cutting.frames), piece.shots, overwrite=True)
        return piece

    def _in_order(self) -> Iterator[MovingFrame]:
        """The frames whose turn it is."""
        while self._waiting and self._waiting[0].done:
            piece = self._waiting[0]
            dreamt, state = read_dreamt(str(piece.made))
            for place, (one, when) in enumerate(zip(dreamt, piece.times, strict=True)):
                yield self._frame(one, when, state if place == len(dreamt) - 1 else None)
            self._waiting.popleft()
            self._written.append(piece)
            self._tidy()

    def _frame(
        self, one: Dreamt, when: tuple[int, Fraction, Fraction], state: dict[str, Any] | None
    ) -> MovingFrame:
        index, time, duration = when
        alpha = None if one.alpha is None else one.alpha.astype(np.float32) / np.float32(255)
        return CarriedFrame(
            index=index,
            frames=self.cutting.frames,
            time=time,
            duration=duration,
            planes=torch.from_numpy(one.rgb).permute(2, 0, 1)[None].float().div_(255),
            opacity=alpha,
            score=one.score,
            moved=one.moved,
            recipe=self.cutting.recipe,
            state=_Left(state),
            keeps=state is not None,
        )

    def _tidy(self) -> None:
        """Take away pieces whose frames are safe, but the last ones: a piece may still need their state."""
        while len(self._written) > 1 and self._written[0].times[-1][0] < self._safe():
            self._written.popleft().made.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Left:
    """The state after the last frame of a piece."""

    left: dict[str, Any] | None

    def state_dict(self) -> dict[str, Any]:
        """See ``FilmState.state_dict``; only after the last frame of a piece."""
        assert self.left is not None
        return self.left
