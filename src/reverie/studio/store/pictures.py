"""What was made: pictures and films, newest first, with a bin that is emptied after a day."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reverie.studio.store.database import MADE, StoredFiles, new_id
from reverie.studio.store.jobs import JobRow

#: Seconds that what was thrown away can be had back.
KEPT: Final = 86_400.0


@dataclass(frozen=True)
class PictureRow:
    """A picture or film that was made; ``place`` grows with each that is added."""

    place: int
    id: str
    owner: str
    job: str
    kind: str
    name: str
    file: str
    label: str
    photo: str | None
    width: int
    height: int
    bytes: int
    favourite: int
    created: float
    deleted: float | None

    def as_json(self) -> dict[str, Any]:
        """What a gallery shows of it."""
        told = {n: getattr(self, n) for n in ("id", "job", "kind", "name", "label", "photo", "created")}
        told |= {"width": self.width, "height": self.height, "favourite": bool(self.favourite)}
        return told | {"thumb": f"/api/pictures/{self.id}/thumb", "bytes": self.bytes}


class Gallery(StoredFiles):
    """The galleries of all visitors."""

    inside = MADE

    def path(self, one: PictureRow) -> Path:
        """Where its file is."""
        return self.folder / one.job / one.file

    def add(self, job: JobRow, file: str, label: str, size: tuple[int, int]) -> PictureRow:
        """What a job made; the same file of the same job once more is the same picture."""
        there = self._database.one("SELECT id FROM pictures WHERE job = ? AND file = ?", job.id, file)
        length = (self.folder / job.id / file).stat().st_size
        if there is None:
            self._database.do(
                "INSERT INTO pictures (id, owner, job, kind, name, file, label, photo, width, height, bytes, "
                "created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(
                    new_id(),
                    job.owner,
                    job.id,
                    job.kind,
                    Path(file).name,
                    file,
                    label,
                    job.photo,
                    *size,
                    length,
                ),
                time.time(),
            )
        row = self._database.one("SELECT * FROM pictures WHERE job = ? AND file = ?", job.id, file)
        assert row is not None
        return PictureRow(**dict(row))

    def find(self, id: str, owner: str, *, thrown: bool = False) -> PictureRow | None:
        """A visitor's own; one in the bin only where ``thrown`` says so."""
        row = self._database.one("SELECT * FROM pictures WHERE id = ? AND owner = ?", id, owner)
        if row is None or (row["deleted"] is not None and not thrown):
            return None
        return PictureRow(**dict(row))

    def of_job(self, job: str) -> list[PictureRow]:
        """What a job made, the first first, without what was thrown away."""
        query = "SELECT * FROM pictures WHERE job = ? AND deleted IS NULL ORDER BY place"
        return [PictureRow(**dict(row)) for row in self._database.all(query, job)]

    def page(
        self,
        owner: str,
        *,
        before: int | None,
        limit: int,
        favourite: bool,
        kind: str | None,
        bin: bool = False,
    ) -> list[PictureRow]:
        """Some of a gallery, the newest first: those before a place."""
        query = (
            f"SELECT * FROM pictures WHERE owner = ? AND deleted IS {'NOT ' if bin else ''}NULL "
            "AND (? IS NULL OR place < ?) AND (? = 0 OR favourite = 1) AND (? IS NULL OR kind = ?) "
            "ORDER BY place DESC LIMIT ?"
        )
        rows = self._database.all(query, owner, before, before, int(favourite), kind, kind, limit)
        return [PictureRow(**dict(row)) for row in rows]

    def count(self, owner: str) -> int:
        """How many a visitor has."""
        row = self._database.one("SELECT count(*) FROM pictures WHERE owner = ? AND deleted IS NULL", owner)
        return int(row[0]) if row is not None else 0

    def bytes_of(self, owner: str) -> int:
        """What a visitor's pictures take up, those in the bin too."""
        row = self._database.one("SELECT total(bytes) FROM pictures WHERE owner = ?", owner)
        return int(row[0]) if row is not None else 0

    def change(self, id: str, **values: Any) -> None:
        """Set columns."""
        columns = ", ".join(f"{name} = ?" for name in values)
        self._database.do(f"UPDATE pictures SET {columns} WHERE id = ?", *values.values(), id)

    def forget(self, owner: str) -> list[str]:
        """Remove all of a visitor's, those in the bin too; their ids. The files go with the jobs' folders."""
        rows = self._database.all("SELECT id FROM pictures WHERE owner = ?", owner)
        self._database.do("DELETE FROM pictures WHERE owner = ?", owner)
        return [row["id"] for row in rows]

    def empty_bin(self, now: float | None = None) -> list[str]:
        """Remove what was thrown away a day ago, files too; their ids."""
        until = (time.time() if now is None else now) - KEPT
        rows = self._database.all("SELECT * FROM pictures WHERE deleted < ?", until)
        for row in rows:
            one = PictureRow(**dict(row))
            self.path(one).unlink(missing_ok=True)
            self._database.do("DELETE FROM pictures WHERE id = ?", one.id)
        return [row["id"] for row in rows]
