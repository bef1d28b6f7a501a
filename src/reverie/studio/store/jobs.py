"""Jobs in the index: what was asked for, in which order, and what became of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reverie.studio.store.database import Database, new_id

State = Literal["waiting", "running", "paused", "done", "stopped", "failed", "cancelled"]
#: Those that go on by themselves, or when they are told to.
ALIVE = ("waiting", "running", "paused")


@dataclass(frozen=True)
class JobRow:
    """A job of a visitor's.

    Attributes:
        id: Of the job, and of the folder that it works in.
        owner: The visitor.
        kind: dream, portrait, zoom, film, apparition or fool.
        label: What it is called.
        state: Where it stands.
        rank: Its place in the line: the smaller the sooner.
        document: The job itself, as ``jobs.document.read_job`` reads it.
        files: Files that have to lie in its folder: each name, and the id of what was given.
        asked: What the page asked for, to ask for it again.
        photo: The id of the photograph or film.
        share: How much is done, 0 to 1; None before it begins.
        error: Why it failed.
        stopped: Where it was stopped, in words.
        warnings: What was warned of.
        steered: What was changed while it ran: the place, and the recipe's changes.
        created: Seconds since 1970.
        started: When it was first begun.
        ended: When it was done with.
    """

    id: str
    owner: str
    kind: str
    label: str
    state: State
    rank: float
    document: dict[str, Any]
    files: dict[str, str]
    asked: dict[str, Any]
    photo: str | None
    share: float | None
    error: str | None
    stopped: str | None
    warnings: list[str]
    steered: list[dict[str, Any]]
    created: float
    started: float | None
    ended: float | None

    @property
    def course(self) -> dict[str, Any]:
        """What it was steered to last: changes of the recipe that it began with."""
        return dict(self.steered[-1]["changes"]) if self.steered else {}


class Jobs:
    """The jobs of all visitors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        owner: str,
        kind: str,
        label: str,
        document: Mapping[str, Any],
        *,
        files: Mapping[str, str],
        asked: Mapping[str, Any],
        photo: str | None,
    ) -> JobRow:
        """A new one, last in the line."""
        last = self._database.one(
            "SELECT coalesce(max(rank), 0) FROM jobs WHERE state IN ('waiting', 'running')"
        )
        id, rank = new_id(), (last[0] if last is not None else 0) + 1
        self._database.do(
            "INSERT INTO jobs (id, owner, kind, label, state, rank, document, files, asked, photo, created) "
            "VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?)",
            *(id, owner, kind, label, rank, json.dumps(document), json.dumps(files), json.dumps(asked)),
            *(photo, time.time()),
        )
        return self.by_id(id)

    def by_id(self, id: str) -> JobRow:
        """A job that is there."""
        row = self._database.one("SELECT * FROM jobs WHERE id = ?", id)
        assert row is not None
        return _job(row)

    def find(self, id: str, owner: str) -> JobRow | None:
        """A visitor's own job."""
        row = self._database.one("SELECT * FROM jobs WHERE id = ? AND owner = ?", id, owner)
        return None if row is None else _job(row)

    def in_states(self, *states: State, owner: str | None = None) -> list[JobRow]:
        """Those that stand so, in the order of the line."""
        marks = ", ".join("?" * len(states))
        query = f"SELECT * FROM jobs WHERE state IN ({marks}) AND (? IS NULL OR owner = ?) ORDER BY rank"
        return [_job(row) for row in self._database.all(query, *states, owner, owner)]

    def line(self) -> list[tuple[str, str]]:
        """Ids and owners of all that wait, in the order of the line."""
        rows = self._database.all("SELECT id, owner FROM jobs WHERE state = 'waiting' ORDER BY rank")
        return [(row["id"], row["owner"]) for row in rows]

    def recent(self, owner: str, limit: int = 30) -> list[JobRow]:
        """Those that are over, the latest first."""
        query = (
            "SELECT * FROM jobs WHERE owner = ? AND state IN ('done', 'stopped', 'failed', 'cancelled') "
            "ORDER BY ended DESC LIMIT ?"
        )
        return [_job(row) for row in self._database.all(query, owner, limit)]

    def waiting_of(self, owner: str) -> int:
        """How many of a visitor's wait."""
        row = self._database.one(
            "SELECT count(*) FROM jobs WHERE owner = ? AND state IN ('waiting', 'paused')", owner
        )
        return int(row[0]) if row is not None else 0

    def change(self, id: str, **values: Any) -> None:
        """Set columns; lists and objects as JSON."""
        packed = {n: json.dumps(v) if isinstance(v, list | dict) else v for n, v in values.items()}
        columns = ", ".join(f"{name} = ?" for name in packed)
        self._database.do(f"UPDATE jobs SET {columns} WHERE id = ?", *packed.values(), id)

    def forget(self, owner: str) -> list[str]:
        """Remove all of a visitor's; their ids."""
        rows = self._database.all("SELECT id FROM jobs WHERE owner = ?", owner)
        self._database.do("DELETE FROM jobs WHERE owner = ?", owner)
        return [row["id"] for row in rows]

    def unfinished(self) -> None:
        """What ran when the server ended waits again, before all others."""
        self._database.do("UPDATE jobs SET state = 'waiting', share = NULL WHERE state = 'running'")


def _job(row: Any) -> JobRow:
    values = dict(row)
    for name in ("document", "files", "asked", "warnings", "steered"):
        values[name] = json.loads(values[name])
    return JobRow(**values)
