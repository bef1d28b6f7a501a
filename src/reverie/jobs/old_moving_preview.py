"""A picture that shows how far a zoom or a film has come."""

from __future__ import annotations

import time

import numpy as np

from reverie._version import __version__
from reverie.jobs.moving import Progress
from reverie.jobs.old_preview import Preview
from reverie.media.picture import Picture, save_picture


class MovingPreview(Preview):
    """Keeps a picture of the newest frame up to date, every few seconds."""

    def show(self, progress: Progress) -> None:
        """Take a frame."""
        last = progress.frames is not None and progress.made.index + 1 >= progress.frames
        if not last and progress.made.index != progress.before and time.monotonic() - self._last < self.every:
            return
        picture = Picture((progress.made.rgb / np.float32(255)).astype(np.float32))
        mark = {"reverie": __version__, self.MARK: True}
        save_picture(picture, self.path, provenance=mark, overwrite=True)
        self._last = time.monotonic()
