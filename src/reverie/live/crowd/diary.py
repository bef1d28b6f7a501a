"""What happened, line by line, in a file that turns over and so never fills the disk."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final, Protocol

from reverie.plain_words import shown

#: Bytes of one file, and how many of them are kept beside the newest.
BYTES, KEPT = 4_000_000, 4
#: Characters of a text in it.
LONGEST: Final = 200


class Diary(Protocol):
    """Where it is written down what the crowd and its moderators do."""

    def note(self, now: float, what: str, **more: Any) -> None:
        """What happened at a time, in seconds since 1970."""


class NoDiary:
    """Nothing is written down."""

    def note(self, now: float, what: str, **more: Any) -> None:
        pass


class TurningFile:
    """Lines in a file; a full one is kept under a number and a new one begun."""

    def __init__(self, path: Path, *, bytes: int = BYTES, kept: int = KEPT) -> None:
        """A file that is opened with the first line; lines that cannot be written are dropped."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handler = RotatingFileHandler(
            path, maxBytes=bytes, backupCount=kept, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self._handler.handleError = lambda record: None  # type: ignore[method-assign]

    def write(self, line: str) -> None:
        """One more line."""
        self._handler.emit(logging.LogRecord("live", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """No more lines."""
        self._handler.close()


class DiaryFile(TurningFile):
    """What happened as JSON, a line each; texts of people as one line of what can be seen."""

    def note(self, now: float, what: str, **more: Any) -> None:
        """See ``Diary``."""
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        plain = {
            key: shown(value, LONGEST) if isinstance(value, str) else value for key, value in more.items()
        }
        self.write(json.dumps({"at": at, "what": what, **plain}, ensure_ascii=False))
