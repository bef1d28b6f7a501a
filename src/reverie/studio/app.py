"""The application: routes by topic behind the door, and every error as one sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import FastAPI
from fastapi.responses import FileResponse

from reverie._version import __version__
from reverie.studio.routes import catalogue, events, given, jobs, pictures, recipes
from reverie.studio.studio import Studio
from reverie.web.addresses import Addresses
from reverie.web.answers import tell_errors
from reverie.web.door import App, Door, Gate, Open
from reverie.web.page_files import VENDOR, PageFiles

#: The folders of the page, and of the one that shows what the server can be asked.
PAGE, API_PAGE = (str(files("reverie.studio") / name) for name in ("page", "api_page"))
_FRESH = {"cache-control": "no-cache"}


def make_app(studio: Studio, ours: Addresses, gate: Gate | None = None) -> App:
    """The studio as an ASGI application.

    Args:
        studio: What it works with; it is started and stopped with the application.
        ours: The names that the server goes by.
        gate: Who may come in; everybody if missing.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await studio.start()
        try:
            yield
        finally:
            await studio.stop()

    app = FastAPI(
        title="reverie studio",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.studio = studio
    for topic in (given, catalogue, jobs, pictures, recipes, events):
        app.include_router(topic.router)
    tell_errors(app)
    _serve_page(app)
    upload = studio.settings.quota.upload
    bodies = {"/api/photos": upload, "/api/masks": 32_000_000, "/api/recipes/read": upload}
    return Door(app, ours, gate or Open(), bodies)


def _serve_page(app: FastAPI) -> None:
    """The page and its files, which are ours; browsers ask each time whether they have changed."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(f"{PAGE}/index.html", headers=_FRESH)

    @app.get("/api", include_in_schema=False)
    async def api_page() -> FileResponse:
        return FileResponse(f"{API_PAGE}/index.html", headers=_FRESH)

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    app.mount("/static/vendor", PageFiles(directory=VENDOR), name="libraries")
    app.mount("/static", PageFiles(directory=PAGE), name="static")
    app.mount("/api/page", PageFiles(directory=API_PAGE), name="api page")
