"""An application as both servers have it: what it begins and ends with, its routes, errors and files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import APIRouter, FastAPI

from reverie._version import __version__
from reverie.web.answers import tell_errors
from reverie.web.page_files import serve_files


class Lasting(Protocol):
    """What runs as long as the application does."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def app_of(
    title: str, lasting: Lasting, routers: Iterable[APIRouter], pages: str, *, asked: str | None = None
) -> FastAPI:
    """The application, without a door before it.

    Args:
        title: What it is called.
        lasting: What is started and stopped with it.
        routers: Its routes.
        pages: The folder of its pages' files, which are found at ``/static``.
        asked: Where it says what it can be asked, if it does.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await lasting.start()
        try:
            yield
        finally:
            await lasting.stop()

    app = FastAPI(
        title=title, version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=asked
    )
    for router in routers:
        app.include_router(router)
    tell_errors(app)
    serve_files(app, pages)
    return app
