"""The index: one SQLite file in write-ahead mode, and the folder that it describes."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

from reverie.errors import ResourceError
from reverie.jobs.output import check_writable, make_folder
from reverie.media.lock import WHOLE, Hold, hold

#: Version of the tables, raised when they change.
VERSION: Final = 1
#: The index, and the folders beside it: what was given, what was made, and what can be made again.
INDEX, GIVEN, MADE, CACHE = "studio.sqlite", "given", "made", "cache"

_TABLES: Final = """
CREATE TABLE visitors (
    id TEXT PRIMARY KEY, key TEXT UNIQUE NOT NULL, created REAL NOT NULL
) STRICT;
CREATE TABLE given (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, sha256 TEXT NOT NULL, name TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, seconds REAL, bytes INTEGER NOT NULL,
    warnings TEXT NOT NULL, created REAL NOT NULL, UNIQUE (owner, kind, sha256)
) STRICT;
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, label TEXT NOT NULL, state TEXT NOT NULL,
    rank REAL NOT NULL, document TEXT NOT NULL, files TEXT NOT NULL, asked TEXT NOT NULL, photo TEXT,
    share REAL, error TEXT, stopped TEXT, warnings TEXT NOT NULL DEFAULT '[]',
    steered TEXT NOT NULL DEFAULT '[]',
    created REAL NOT NULL, started REAL, ended REAL
) STRICT;
CREATE INDEX jobs_in_line ON jobs (state, rank);
CREATE INDEX jobs_of ON jobs (owner, created);
CREATE TABLE pictures (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, owner TEXT NOT NULL, job TEXT NOT NULL,
    kind TEXT NOT NULL, name TEXT NOT NULL, file TEXT NOT NULL, label TEXT NOT NULL, photo TEXT,
    width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL,
    favourite INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, deleted REAL, UNIQUE (job, file)
) STRICT;
CREATE INDEX pictures_of ON pictures (owner, deleted, place);
CREATE TABLE layers (network TEXT PRIMARY KEY, found TEXT NOT NULL) STRICT;
CREATE TABLE thumbs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, network TEXT NOT NULL, photo TEXT NOT NULL, layer TEXT NOT NULL,
    UNIQUE (network, photo, layer)
) STRICT;
"""


def new_id() -> str:
    """22 characters that nobody guesses, fit for URLs and file names."""
    return secrets.token_urlsafe(16)


class Database:
    """The index of a data folder, which no second server opens."""

    def __init__(self, data: Path) -> None:
        """Opens it, making what is not there.

        Raises:
            UsageError: The folder's name is that of a file.
            ResourceError: It cannot be written, the disk is full, another studio has it, or the index is
                damaged or of a newer version.
        """
        self.data = data
        make_folder(data, needed_by="the studio needs")
        os.chmod(data, 0o700) if os.access(data, os.W_OK) else None
        check_writable(os.fspath(data), os.fspath(data))
        self._hold: Hold = _held(data)
        for folder in (GIVEN, MADE, CACHE):
            make_folder(data / folder)
        try:
            self._connection = self._opened()
        except BaseException:
            self._hold.release()
            raise

    def _opened(self) -> sqlite3.Connection:
        path = self.data / INDEX
        try:
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            for words in (
                "journal_mode=WAL",
                "synchronous=NORMAL",
                "foreign_keys=ON",
                "busy_timeout=2000",
                "secure_delete=ON",  # what is deleted is written over: no name of it stays
            ):
                connection.execute(f"PRAGMA {words}")
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={VERSION}; COMMIT;")
        except sqlite3.Error as error:
            raise ResourceError(f"{path}: cannot be used ({error}); choose another --data folder") from error
        if found > VERSION:
            connection.close()
            raise ResourceError(
                f"{path}: was written by a newer version of reverie; choose another --data folder"
            )
        return connection

    def close(self) -> None:
        """Let it go."""
        self._connection.close()
        self._hold.release()

    def all(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Every row."""
        return self._connection.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
        return row

    def do(self, statement: str, *values: Any) -> int:
        """Change something; how many rows that were.

        Raises:
            ResourceError: The disk is full, or the index cannot be written.
        """
        try:
            return self._connection.execute(statement, values).rowcount
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            if isinstance(error, sqlite3.IntegrityError):
                raise
            raise ResourceError(f"the studio's index cannot be written ({error}); free some room") from error

    def settle(self) -> None:
        """Bring what waits in the log into the index, and empty the log."""
        self.one("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is changed in here is changed as one, or not at all."""
        self.do("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self.do("COMMIT")


class StoredFiles:
    """What a database tells of, and the files of it, which lie in a folder ``inside`` the data folder."""

    inside: ClassVar[str]

    def __init__(self, database: Database) -> None:
        self._database = database
        self.folder = database.data / self.inside


def _held(data: Path) -> Hold:
    try:
        return hold(data, [WHOLE], out=os.fspath(data))
    except OSError as error:
        raise ResourceError(f"{data}: {error.strerror or error}; choose another --data folder") from error
    except ResourceError as error:
        raise ResourceError(
            f"{data}: another studio is at work there; choose another --data folder"
        ) from error
