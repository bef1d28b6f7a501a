"""What visitors gave: photographs, films and masks, each a file in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reverie.errors import BadInput
from reverie.studio.store.database import GIVEN, StoredFiles, new_id

Kind = Literal["photo", "film", "mask"]
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
#: Endings that are left as they are; to others the one that the bytes ask for is added.
ENDINGS = (
    *(".png", ".apng", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff", ".gif", ".bmp", ".ppm", ".pgm"),
    *(".heic", ".heif", ".svg", ".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"),
)
#: Bytes of a file's name.
LONGEST_NAME = 120


@dataclass(frozen=True)
class Given:
    """A file of a visitor's; ``seconds`` is None of a still picture, sizes are in pixels."""

    id: str
    kind: Kind
    name: str
    width: int
    height: int
    seconds: float | None
    bytes: int
    sha256: str
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What a page is told of it."""
        told = {"id": self.id, "kind": self.kind, "name": self.name, "width": self.width}
        told |= {"height": self.height, "warnings": list(self.warnings)}
        return told | ({} if self.seconds is None else {"seconds": self.seconds})


class GivenFiles(StoredFiles):
    """The files that were given, by id."""

    inside = GIVEN

    def path(self, one: Given) -> Path:
        """Where it is."""
        return self.folder / one.id / one.name

    def find(self, id: str, owner: str, *kinds: Kind) -> Given | None:
        """A visitor's own file, of one of these kinds where some are named."""
        row = self._database.one("SELECT * FROM given WHERE id = ? AND owner = ?", id, owner)
        return _given(row) if row is not None and (not kinds or row["kind"] in kinds) else None

    def same(self, sha256: str, owner: str, *kinds: Kind) -> Given | None:
        """A visitor's own file with these bytes."""
        rows = self._database.all("SELECT * FROM given WHERE sha256 = ? AND owner = ?", sha256, owner)
        found = [row for row in rows if not kinds or row["kind"] in kinds]
        return _given(found[0]) if found else None

    def keep(
        self, file: Path, owner: str, kind: Kind, name: str, sha256: str, found: dict[str, Any]
    ) -> Given:
        """Take a file in; one that is there already is that one, and ``file`` is gone either way.

        Args:
            file: On the same file system.
            owner: The visitor.
            kind: What it is.
            name: What it is called.
            sha256: Of all its bytes.
            found: What was seen when it was decoded: width, height, and perhaps seconds and warnings.
        """
        there = self.same(sha256, owner, kind)
        if there is not None and self.path(there).is_file():
            file.unlink()
            return there
        id = there.id if there is not None else new_id()
        size = file.stat().st_size
        (self.folder / id).mkdir(exist_ok=True)
        name = there.name if there is not None else clean_name(name, found.get("suffix", ""))
        os.replace(file, self.folder / id / name)
        if there is not None:
            return there
        values = (id, owner, kind, sha256, name, found["width"], found["height"], found.get("seconds"), size)
        self._database.do(
            "INSERT INTO given VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *values,
            json.dumps(found.get("warnings", [])),
            time.time(),
        )
        kept = self.find(id, owner)
        assert kept is not None
        return kept

    def latest(self, owner: str, kind: str, limit: int) -> list[Given]:
        """A visitor's own files of a kind, the newest first."""
        query = "SELECT * FROM given WHERE owner = ? AND kind = ? ORDER BY created DESC LIMIT ?"
        return [_given(row) for row in self._database.all(query, owner, kind, limit)]

    def bytes_of(self, owner: str) -> int:
        """What a visitor's files take up."""
        row = self._database.one("SELECT total(bytes) FROM given WHERE owner = ?", owner)
        return int(row[0]) if row is not None else 0

    def of(self, owner: str) -> list[Given]:
        """All of a visitor's files."""
        return [_given(row) for row in self._database.all("SELECT * FROM given WHERE owner = ?", owner)]

    def forget(self, one: Given) -> None:
        """Remove it, file and all."""
        self._database.do("DELETE FROM given WHERE id = ?", one.id)
        shutil.rmtree(self.folder / one.id, ignore_errors=True)


def _given(row: Any) -> Given:
    return Given(
        row["id"],
        row["kind"],
        row["name"],
        row["width"],
        row["height"],
        row["seconds"],
        row["bytes"],
        row["sha256"],
        tuple(json.loads(row["warnings"])),
    )


def is_id(text: str) -> bool:
    """Whether that could be an id of ours."""
    return _ID.fullmatch(text) is not None


def clean_name(name: str, suffix: str = "") -> str:
    """A file name that is one on every system, with the ending that its bytes ask for.

    Control characters, separators and what has a meaning somewhere become ``_``; nothing is left of folders.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r'[<>:"|?*%\x00-\x1f\x7f]', "_", _printable(last)).strip(" .")
    stem, ending = os.path.splitext(plain)
    if ending.lower() not in ENDINGS:
        stem, ending = plain, ""
    stem = stem or "photo"
    if stem.split(".")[0].upper() in _DEVICES:
        stem = "_" + stem
    ending = ending or suffix
    while len((stem + ending).encode()) > LONGEST_NAME:
        stem = stem[:-1]
    return stem + ending


def _printable(text: str) -> str:
    """Text without what is no character to be seen."""
    return "".join(c if c.isprintable() else "_" for c in text)


_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{n}{i}" for n in ("COM", "LPT") for i in range(1, 10))}


def not_there(what: str, id: str) -> BadInput:
    """The error where an id names nothing of a visitor's."""
    return BadInput(f"{what}: there is none with the id {id[:40]!r}; upload it first")
