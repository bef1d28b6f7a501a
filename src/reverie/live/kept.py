"""What the server knows, on disk: written whole or not at all, so that a show goes on where it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from reverie.errors import BadInput
from reverie.media.disk import replacing
from reverie.media.local_file import read_regular, reason

#: Seconds between two times that it is written.
EVERY: Final = 10.0
#: Bytes that it may have.
LONGEST: Final = 50_000_000
_VERSION: Final = 1


class KeptState:
    """One JSON file in a folder of the show's data."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "server.json"

    def write(self, state: dict[str, Any]) -> None:
        """Put a state in the place of the one before; OSError leaves that one there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = json.dumps({"version": _VERSION, **state}, separators=(",", ":")).encode()
        with replacing(self.path, self.path.with_suffix(".part")) as file:
            file.write(data)

    def read(self) -> dict[str, Any] | None:
        """What was kept; None where nothing was.

        Raises:
            BadInput: What is there cannot be read.
        """
        try:
            found = json.loads(read_regular(self.path, most=LONGEST))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            why = reason(error) if isinstance(error, OSError) else "is no JSON"
            raise BadInput(f"{self.path}: {why}; the show begins anew") from error
        if not isinstance(found, dict) or found.get("version") != _VERSION:
            raise BadInput(f"{self.path}: is of another version; the show begins anew")
        return found
