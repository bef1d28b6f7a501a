"""The show as an application: routes behind the door, and every error as one sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from reverie._version import __version__
from reverie.live.room import ShowRoom
from reverie.live.routes.on_air import router as on_the_air
from reverie.web.addresses import Addresses
from reverie.web.answers import tell_errors
from reverie.web.door import App, Door, Gate
from reverie.web.page_files import VENDOR, PageFiles

#: The folder of the show's pages.
PAGES: Final = str(files("reverie.live") / "pages")


def make_app(
    room: ShowRoom,
    ours: Addresses,
    gate: Gate,
    *,
    routers: Iterable[APIRouter] = (),
    state: Mapping[str, Any] | None = None,
    door: Mapping[str, Any] | None = None,
) -> App:
    """The show as an ASGI application; the show begins and ends with it.

    Args:
        room: What the server knows; routes find it as ``app.state.room``.
        ours: The names that the server goes by.
        gate: Who may come in.
        routers: Routes besides those of the picture and of figures.
        state: What else routes find in ``app.state``.
        door: Further settings of the door.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await room.start()
        try:
            yield
        finally:
            await room.stop()

    app = FastAPI(
        title="reverie live",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.room = room
    for name, value in (state or {}).items():
        setattr(app.state, name, value)
    for router in (on_the_air, *routers):
        app.include_router(router)
    tell_errors(app)
    app.mount("/static/vendor", PageFiles(directory=VENDOR), name="libraries")
    app.mount("/static", PageFiles(directory=PAGES), name="pages")
    return Door(app, ours, gate, **(door or {}))
