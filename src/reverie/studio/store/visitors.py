"""Visitors of a studio that is shared: who a hashed key belongs to."""

from __future__ import annotations

import time

from reverie.studio.store.database import Database, new_id


class Visitors:
    """Those who came in by the link."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, key: str) -> str | None:
        """Whose key it is, by its hash."""
        row = self._database.one("SELECT id FROM visitors WHERE key = ?", key)
        return None if row is None else str(row["id"])

    def enter(self, key: str) -> str:
        """Keep a new visitor, by the hash of a key."""
        id = new_id()
        self._database.do("INSERT INTO visitors VALUES (?, ?, ?)", id, key, time.time())
        return id
