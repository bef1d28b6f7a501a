"""A film that is being written: safe at every moment, and gone on with after any end."""

from __future__ import annotations

import json
import os
import queue
import threading
import time as clock
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from contextvars import copy_context
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from reverie._version import __version__
from reverie.errors import BadInput, ResourceError, UsageError
from reverie.media.video.write.encode import Segment
from reverie.media.video.write.formats import Reel, VideoEncoding, encoding_for
from reverie.media.video.write.mux import finish
from reverie.media.video.write.partial_film import PartialFilm
from reverie.media.video.write.segment_writer import Writer
from reverie.media.video.write.serialise import pack
from reverie.media.video.write.work_folder import FORMAT, Bytes, WorkFolder, check_target, folder_of, target

if TYPE_CHECKING:
    from reverie.media.video.read.audio import Sound

State = Callable[[], Mapping[str, Any]]
_Job = Callable[[], None]
#: Frames that may wait for the encoder.
_QUEUED: Final = 8


def key_of(out: str | os.PathLike[str]) -> dict[str, Any] | None:
    """The key of the unfinished film of this name; None if there is none, or it is damaged.

    Raises:
        UsageError: The name is none of a film, or its work folder is something else.
    """
    name = os.fspath(out)
    path = target(name, encoding_for(name))
    try:
        found = WorkFolder(folder_of(path), name).read()
    except BadInput:
        return None
    return None if found is None else dict(found["key"])


class Render:
    """A film on its way into a file.

        encoding = encoding_for("z.mp4")
        with Render("z.mp4", key, size=(640, 360), rate=Fraction(25), encoding=encoding) as render:
            if not render.complete:
                for frame in frames(render.state, skip=render.done):
                    render.add(frame.rgb, frame.time, frame.duration, frame.state.state_dict)
            render.finish(sound=movie.sound(), metadata=document)

    Whatever ends the ``with`` early, what is safe stays, and a Render with the same key goes on with it.

    Attributes:
        out: The result's name.
        part: The film of what is safe, which can be played.
        reel: Size, rate and encoding.
    """

    def __init__(
        self,
        out: str | os.PathLike[str],
        key: Mapping[str, Any],
        *,
        size: tuple[int, int],
        rate: Fraction,
        encoding: VideoEncoding,
        aspect: Fraction = Fraction(1),
        alpha: bool = False,
        overwrite: bool = False,
        patience: float = 10.0,
    ) -> None:
        """Begin a film, or go on with the one that was begun under this name with the same key.

        Args:
            out: The result; there must be nothing of this name unless ``overwrite``.
            key: A JSON document of everything that decides the frames.
            size: Width and height of the frames in pixels.
            rate: Frames a second; for a variable rate the nominal one.
            encoding: How frames are packed.
            aspect: Width of a pixel over its height.
            alpha: Whether frames have four channels; only where ``encoding.keeps_alpha``.
            overwrite: Replace ``out`` at the end, and begin again where another film was begun.
            patience: Seconds after which frames are made safe before their segment is full.

        Raises:
            UsageError: ``out`` exists, another film was begun under its name, or the size cannot be written.
            BadInput: What was begun is damaged.
            ResourceError: The folder is missing or cannot be written, or another process is at it.
        """
        self.out = os.fspath(out)
        self.reel = Reel(encoding, size, rate, aspect, alpha)
        self.reel.check()
        self._overwrite, self._patience = overwrite, patience
        self._path = target(self.out, encoding)
        self._folder = WorkFolder(folder_of(self._path), self.out)
        self.part = self._folder.called / self._folder.partial.name
        self._check_out()
        head = Segment(self.reel).head()
        self._folder.lock()
        try:
            self._writer, self._state = self._begin(_note(key, self.reel), head)
        except BaseException:
            self._folder.release()
            raise
        self._added = self.done
        self._kept = self.done
        self._kept_at = clock.monotonic()
        self._last: State | None = None
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_QUEUED)
        self._error: BaseException | None = None
        self._cancelled = False
        # What is said there goes to who listens here.
        run, name = copy_context().run, "reverie-encoder"
        self._worker = threading.Thread(target=run, args=(self._work,), name=name, daemon=True)
        self._worker.start()

    @property
    def done(self) -> int:
        """How many frames are safe: go on with the frame of this index."""
        return self._writer.safe.frames if self._writer.safe else 0

    @property
    def folder(self) -> Path:
        """Where pieces of it may be kept until it is finished: files ``piece-NNNNNNNN-N`` of two endings."""
        return self._folder.path

    @property
    def state(self) -> dict[str, Any] | None:
        """What was given with the last of the frames that were safe at the beginning; None if none was."""
        return self._state

    @property
    def complete(self) -> bool:
        """Whether all frames are safe, so that only ``finish`` is left."""
        return self._writer.safe is not None and self._writer.safe.complete

    def _check_out(self) -> None:
        """UsageError if something is in the way of the result; ResourceError if its folder is missing."""
        self._folder.forget_finished(self._path)
        check_target(self._path, self.out, self.reel.encoding, overwrite=self._overwrite)
        parent = self._path.parent
        if not parent.is_dir():
            raise ResourceError(f"cannot write {self.out}: there is no folder {parent}; create it first")

    def _begin(self, note: dict[str, Any], head: bytes) -> tuple[Writer, dict[str, Any] | None]:
        """Make the folder new, or take up what is safe in it."""
        try:
            found = self._folder.read()
            if found == note:
                safe, state = self._folder.load(head) or (None, None)
                return Writer(self._folder, self.reel, head, safe), state
        except BadInput:
            if not self._overwrite:
                raise
            found = None
        if found is not None and not self._overwrite:
            others = ", ".join(islice(_differences(found, note), 3))
            raise UsageError(
                f"{self.out}: another film was begun under this name (it differs in {others}); the command "
                "that began it goes on with it, --overwrite begins again"
            )
        self._folder.begin(note, head)
        return Writer(self._folder, self.reel, head, None), None

    def add(self, rgb: Bytes, time: Fraction, duration: Fraction, state: State) -> None:
        """Put the next frame into the film.

        Args:
            rgb: (H, W, 3) or with alpha (H, W, 4), sRGB; it is copied.
            time: Seconds from the first frame, later than of the frame before.
            duration: Seconds it is shown.
            state: Gives what is needed to go on after this frame: a dict of tensors, arrays, numbers, texts,
                fractions, None, and dicts and lists of those. Called in this thread, before ``add`` returns
                or later by ``keep`` or ``finish``, and only when it is needed.

        Raises:
            ResourceError: The disk is full or the folder is gone; what was safe stays so.
            ValueError: The frame has another shape.
        """
        width, height = self.reel.size
        shape = (height, width, 4 if self.reel.alpha else 3)
        if rgb.shape != shape or rgb.dtype != np.uint8:
            raise ValueError(f"a frame is {shape} of uint8, got {rgb.shape} of {rgb.dtype}")
        begin, end = self.reel.ticks(time), self.reel.ticks(time + duration)
        picture = np.array(rgb, order="C")
        self._put(lambda: self._writer.add(picture, begin, end))
        self._added += 1
        self._last = state
        full = self._added % self.reel.together == 0
        if full or clock.monotonic() - self._kept_at > self._patience:
            self._save()

    def keep(self) -> None:
        """Make all frames that were added safe, as before a pause; the last frame's ``state`` is asked for.

        Raises:
            ResourceError: As ``add``.
        """
        if self._kept < self._added:
            self._save()
        self._wait()

    def _save(self, *, complete: bool = False) -> None:
        """Have the writer make everything safe with the state as it is now."""
        state = pack(self._last() if self._last is not None else self._state or {})
        self._put(lambda: self._writer.save(state, complete=complete))
        self._kept, self._kept_at = self._added, clock.monotonic()

    def finish(self, *, sound: Sound | None = None, metadata: Mapping[str, Any] | None = None) -> None:
        """Write the final file under its name, and take the work folder away.

        Args:
            sound: The sound of the film (``movie.sound()``), or None.
            metadata: A JSON document of what made the film, put inside.

        Raises:
            UsageError: There are no frames, or something of the result's name has come to be.
            ResourceError: It cannot be written; all frames stay safe.
        """
        if self._added == 0:
            raise UsageError(f"{self.out}: no frames, nothing to write")
        if not self.complete:
            self._save(complete=True)
        self._wait()
        safe = self._writer.safe
        assert safe is not None
        with self._folder.writing():
            whole = self._folder.whole(self._path)
            film = PartialFilm(self._folder.partial, self.reel, safe.frames, safe.recent[-1])
            try:
                finish(film, whole, self.out, sound=sound, metadata=metadata)
            except BaseException:
                with suppress(OSError):
                    self._folder.discard_whole()
                raise
            check_target(self._path, self.out, self.reel.encoding, overwrite=self._overwrite)
            self._folder.deliver(whole, self._path)
        self.close()
        self._folder.remove()

    def close(self) -> None:
        """Stop; what is safe stays, and nothing is left of a film of which nothing is safe."""
        self._cancelled = True
        while self._worker.is_alive():
            try:
                self._jobs.put(None, timeout=0.05)
                self._worker.join()
            except queue.Full:
                continue
        if self._writer.safe is None:
            self._folder.remove()
        self._folder.release()

    def _put(self, job: _Job) -> None:
        """Hand a job to the worker; raises what stopped it."""
        while True:
            if self._error is not None:
                raise self._error
            if self._cancelled:
                raise RuntimeError("the film is closed")
            self._check_worker()
            try:
                return self._jobs.put(job, timeout=0.1)
            except queue.Full:
                continue

    def _wait(self) -> None:
        """Until the worker has done everything; raises what stopped it."""
        done = threading.Event()
        self._put(done.set)
        while not done.wait(0.1):
            if self._error is not None:
                raise self._error
            self._check_worker()

    def _check_worker(self) -> None:
        """ResourceError in a forked child, which has no thread that encodes."""
        if not self._worker.is_alive():
            raise ResourceError(
                f"{self.out}: it was begun before this process was forked; go on with it there"
            )

    def _work(self) -> None:
        """The worker's life: job after job; after the first that fails none is done."""
        while (job := self._jobs.get()) is not None:
            if self._error is not None or self._cancelled:
                continue
            try:
                job()
            except BaseException as error:
                self._error = error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _note(key: Mapping[str, Any], reel: Reel) -> dict[str, Any]:
    """What ``render.json`` says: all that decides the bytes."""
    import av

    versions = {name: ".".join(map(str, number)) for name, number in av.library_versions.items()}
    note = {
        "reverie": __version__,
        "format": FORMAT,
        "film": reel.document(),
        "key": dict(key),
        "libraries": {"av": av.__version__, **versions},
    }
    found: dict[str, Any] = json.loads(json.dumps(note))
    return found


def _differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Where two JSON documents differ, by dotted names."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            if one.get(name) != other.get(name):
                yield from _differences(one.get(name), other.get(name), f"{where}.{name}".lstrip("."))
    elif one != other:
        yield where.removeprefix("key.").removeprefix("film.")
