"""Frames to a folder, segment by segment, with a checkpoint whenever it is asked for."""

from __future__ import annotations

from reverie.media.video.write.encode import HELD, Segment
from reverie.media.video.write.formats import Reel
from reverie.media.video.write.work_folder import Bytes, Safe, WorkFolder


class Writer:
    """Puts frames into the work folder of a film.

    Attributes:
        safe: What is on the disk, so that a writer begun with it goes on from there; None if nothing is.
    """

    def __init__(self, folder: WorkFolder, reel: Reel, head: bytes, safe: Safe | None) -> None:
        """Takes up what is safe; BadInput if frames of it are gone."""
        self.folder, self.reel, self.safe = folder, reel, safe
        self._frames, self._segments, self._length = 0, 0, len(head)
        # Where frames begin, the HELD before the segment first, and where the last one ends.
        self._begins = [-reel.frame * back for back in range(HELD, 0, -1)]
        self._end = 0
        self._segment: Segment | None = None
        self._unkept: dict[int, Bytes] = {}
        if safe is not None:
            self._frames, self._segments, self._length = safe.frames, safe.segments, safe.length
            *self._begins, self._end = safe.recent
            for index in range(safe.frames - safe.waiting, safe.frames):
                self._encode(folder.get_frame(index))

    def _encode(self, rgb: Bytes) -> None:
        self._segment = self._segment or Segment(self.reel)
        self._segment.add(rgb)

    @property
    def _waiting(self) -> int:
        """Frames that are in no segment yet."""
        return len(self._begins) - HELD

    def add(self, rgb: Bytes, begin: int, end: int) -> None:
        """The next frame, and where it begins and ends in ticks; ResourceError if there is no room."""
        begin = max(begin, self._begins[-1] + 1)
        self._encode(rgb)
        self._unkept[self._frames] = rgb
        self._begins.append(begin)
        self._end = max(end, begin + 1)
        self._frames += 1
        if self._waiting == self.reel.together:
            self._cut()

    def _cut(self) -> None:
        """Close the segment: it is whole, and on the disk."""
        assert self._segment is not None
        before, ticks = self._begins[:HELD], [*self._begins[HELD:], self._end]
        data = self._segment.close(self._segments, before, ticks)
        self._length = self.folder.append(data, self._length)
        self._segments += 1
        self._begins = self._begins[-HELD:]
        self._segment = None
        self._unkept.clear()

    def save(self, state: bytes, *, complete: bool = False) -> None:
        """Make all frames safe, with the packed state after the last; ``complete`` if there are no more.

        Raises:
            ResourceError: It cannot be written; what was safe stays so.
        """
        if complete and self._waiting:
            self._cut()
        for index, rgb in self._unkept.items():
            self.folder.put_frame(index, rgb)
        self._unkept.clear()
        safe = Safe(
            frames=self._frames,
            waiting=self._waiting,
            segments=self._segments,
            length=self._length,
            recent=(*self._begins, self._end),
            complete=complete,
        )
        self.folder.save(safe, state)
        self.safe = safe
        with self.folder.writing():
            self.folder.keep_only(range(safe.frames - safe.waiting, safe.frames))
