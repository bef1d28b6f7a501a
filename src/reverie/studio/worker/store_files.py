"""The files that a job's document may name: those of the store, by id, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from reverie.errors import BadInput
from reverie.jobs.workspace import Reference
from reverie.studio.store.database import GIVEN
from reverie.studio.store.given import is_id


class StoreFiles:
    """Finds what visitors gave by its id; a path or a hash names nothing here."""

    def __init__(self, data: Path) -> None:
        self._folder = data / GIVEN

    def path(self, reference: Reference) -> str:
        """Where the file is; BadInput if there is none of that id."""
        id = reference.id or ""
        if not is_id(id) or not (self._folder / id).is_dir():
            raise BadInput(f"{reference}: no such file in the store")
        with os.scandir(self._folder / id) as found:
            files = [one.path for one in found if one.is_file(follow_symlinks=False)]
        if len(files) != 1:
            raise BadInput(f"{reference}: no such file in the store")
        return files[0]
