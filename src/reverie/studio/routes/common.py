"""What all routes share: whose request it is, and bodies that go into a file as they come."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection, Request

from reverie.errors import ResourceError
from reverie.studio.store.database import new_id
from reverie.studio.studio import Studio


@dataclass(frozen=True)
class Visit:
    """A request's visitor, and the studio."""

    studio: Studio
    owner: str


def visit_of(connection: HTTPConnection) -> Visit:
    return Visit(connection.app.state.studio, connection.state.visitor)


#: A parameter of a route.
Here = Annotated[Visit, Depends(visit_of)]


def missing() -> HTTPException:
    """404, in the same words whether it was never there or is somebody else's."""
    return HTTPException(404, "there is nothing of that name")


@dataclass(frozen=True)
class Uploaded:
    """A body in a file: its SHA-256 and length."""

    path: Path
    sha256: str
    length: int


@asynccontextmanager
async def uploaded(request: Request, here: Visit) -> AsyncIterator[Uploaded]:
    """The body in a file that is gone afterwards, unless somebody took it.

    Raises:
        HTTPException: It is empty (400), too long (413) or too slow (408), or no room is left (413).
        ResourceError: The disk is full.
    """
    left = here.studio.settings.quota.disk - here.studio.used(here.owner)
    path, digest, length = here.studio.cache / f".{new_id()}.upload", hashlib.sha256(), 0
    try:
        try:
            with path.open("xb") as file:
                async for piece in request.stream():
                    length += len(piece)
                    if length > left:
                        raise HTTPException(413, "your room is used up; throw something away first")
                    digest.update(piece)
                    file.write(piece)
        except OSError as error:
            raise ResourceError(f"there is no room for it here ({error.strerror or error})") from error
        if not length:
            raise HTTPException(400, "empty file: nothing was sent; send its bytes")
        yield Uploaded(path, digest.hexdigest(), length)
    finally:
        with suppress(OSError):  # it was taken, or never could be written
            path.unlink()


def name_of(request: Request, usual: str) -> str:
    """What a file that is sent is called."""
    return unquote(request.headers.get("x-file-name", ""), errors="replace")[:1000] or usual
