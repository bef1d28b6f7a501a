"""What was shown in a film that was recorded: the show's settings and each topic with its time, beside it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

from reverie._version import __version__
from reverie.live.dreamer.protocol import SetTopics
from reverie.live.show import Show
from reverie.media.disk import replacing

#: Topics of one film that are written down; a topic is there for three seconds at least.
MOST: Final = 5000
#: What of a show is nobody's business who gets a film.
_PRIVATE: Final = {"rtmp", "twitch", "record", "music"}


class HourNotes:
    """The document beside the film that is recorded now.

    Args:
        folder: Where films are.
        show: What the show is.
    """

    def __init__(self, folder: Path, show: Show) -> None:
        self._folder = folder
        self._show = show.model_dump(mode="json", exclude=_PRIVATE, by_alias=True)
        self._name = ""
        self._began = 0.0
        self._topics: list[dict[str, Any]] = []

    def begin(self, name: str, began: float, now: SetTopics | None) -> None:
        """A film begins, at ``began`` seconds since 1970, with the topics that are shown now."""
        self._name, self._began, self._topics = name, began, []
        if now is not None:
            self.note(now, began)

    def note(self, order: SetTopics, now: float) -> None:
        """Other topics are shown from now on, in seconds since 1970."""
        if len(self._topics) < MOST:
            said = order.model_dump(mode="json", exclude={"do"})
            self._topics.append({"at": round(max(0.0, now - self._began), 2), **said})

    def write(self) -> None:
        """Put it beside the film; nothing happens while none is recorded. Raises OSError."""
        if not self._name or not (self._folder / self._name).exists():
            return
        path = (self._folder / self._name).with_suffix(".json")
        began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._began))
        document = {
            "reverie": __version__,
            "film": self._name,
            "began": began,
            "show": self._show,
            "topics": self._topics,
        }
        with replacing(path, path.with_suffix(".json-part")) as file:
            file.write(json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
