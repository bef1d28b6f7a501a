"""A file that shows how far a dream has come."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from reverie._version import __version__
from reverie.errors import BadInput
from reverie.jobs.old_run import check_writable
from reverie.media.picture import check_save, read_provenance, save_picture

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame


class Preview:
    """Keeps a file up to date while a dream runs: at each octave's end, and every few seconds.

    Only a file that is new, or an earlier preview, is written over.
    """

    MARK = "preview"

    def __init__(self, path: str, *, every: float = 3.0, overwrite: bool = False) -> None:
        """A preview at ``path``; UsageError or ResourceError if it cannot be written there."""
        check_save(path, overwrite=overwrite or self._is_preview(path))
        check_writable(os.path.dirname(path) or ".", path)
        self.path = path
        self.every = every
        self._last = time.monotonic()

    def _is_preview(self, path: str) -> bool:
        try:
            return bool((read_provenance(path) or {}).get(self.MARK))
        except BadInput:
            return False

    def __call__(self, frame: Frame) -> None:
        """Take a frame."""
        ends = frame.step + 1 >= frame.octave.steps
        if not ends and time.monotonic() - self._last < self.every:
            return
        mark = {"reverie": __version__, self.MARK: True}
        save_picture(frame.picture, self.path, provenance=mark, overwrite=True)
        self._last = time.monotonic()
