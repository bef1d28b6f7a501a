"""A file that shows how far a job has come."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable

from reverie._version import __version__
from reverie.errors import BadInput, ResourceError, ReverieError
from reverie.jobs.claims import Claim
from reverie.jobs.job import Event, Listener, Step
from reverie.jobs.output import check_writable
from reverie.media.names import behind
from reverie.media.picture import check_save, read_provenance, save_picture
from reverie.process.notices import warn

#: What the system says of a disk without room.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Preview(Listener):
    """Keeps a picture up to date while a job runs: at each octave's end, and every few seconds.

    Only a file that is new, or an earlier preview, is written over. Where its disk is full, or it cannot be
    written on the way, that is a warning and the work goes on.
    """

    MARK = "preview"

    def __init__(self, path: str, *, every: float = 3.0, overwrite: bool = False) -> None:
        """A preview at ``path``; UsageError or ResourceError if it cannot be written there."""
        check_save(path, overwrite=overwrite or self._is_preview(path))
        try:
            check_writable(os.path.dirname(behind(path)) or ".", path)
        except ResourceError as error:
            if getattr(error.__cause__, "errno", None) not in FULL:
                raise  # there may be room again, but no folder
            warn(f"no preview: {error}")
        self.path = path
        self.every = every
        self._last = time.monotonic()

    def writes(self) -> Iterable[Claim]:
        """The preview."""
        return [Claim(self.path, "the preview", needed=False)]

    def _is_preview(self, path: str) -> bool:
        try:
            return bool((read_provenance(path) or {}).get(self.MARK))
        except BadInput:
            return False

    def on_event(self, event: Event) -> None:
        if not isinstance(event, Step):
            return
        if not event.ends and time.monotonic() - self._last < self.every:
            return
        picture = event.picture
        if picture is None:
            return
        mark = {"reverie": __version__, self.MARK: True}
        try:
            save_picture(picture.visible(), self.path, provenance=mark, overwrite=True)
        except ReverieError as error:  # nobody loses a dream over it
            warn(f"no preview: {error}")
        self._last = time.monotonic()
