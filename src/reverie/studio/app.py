"""The application: routes by topic behind the door, and every error as one sentence."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException

from reverie._version import __version__
from reverie.errors import BadInput, ResourceError, ReverieError, UsageError
from reverie.recipe.recipe import Recipe
from reverie.studio.routes import catalogue, events, given, jobs, pictures, recipes
from reverie.studio.studio import Studio
from reverie.web.addresses import Addresses
from reverie.web.door import App, Door, Gate, Open
from reverie.web.page_files import VENDOR, PageFiles

#: The folders of the page, and of the one that shows what the server can be asked.
PAGE, API_PAGE = (str(files("reverie.studio") / name) for name in ("page", "api_page"))
_FRESH = {"cache-control": "no-cache"}
_STATUS = {UsageError: 422, BadInput: 422, ResourceError: 507}
_CLAUSE = re.compile(r"(?:^|; )([a-z_.]+(?:\.\d+)?): ")


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
    app.add_exception_handler(ReverieError, _told)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)
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


def fields_of(message: str) -> dict[str, str]:
    """The settings that a complaint is about, and what is wrong with each."""
    found = list(_CLAUSE.finditer(message))
    told = {}
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(message)
        if match[1].split(".")[0] in Recipe.model_fields:
            told[f"recipe.{match[1]}"] = message[match.end() : end]
    return told


async def _told(request: Request, error: Exception) -> JSONResponse:
    usual = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 422)
    status = getattr(error, "status", usual)
    body: dict[str, Any] = {"error": str(error)}
    if fields := fields_of(str(error)):
        body["fields"] = fields
    return JSONResponse(body, status)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    words = {404: "there is nothing of that name", 405: "that is not done here"}
    plain = error.detail if error.detail not in ("Not Found", "Method Not Allowed") else None
    said = plain or words.get(error.status_code, error.detail)
    return JSONResponse({"error": said}, error.status_code, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    told = {
        ".".join(map(str, one["loc"][1:])) or "body": str(one["msg"])[:200] for one in error.errors()[:20]
    }
    words = "; ".join(f"{name}: {text[0].lower()}{text[1:]}" for name, text in told.items())
    return JSONResponse({"error": words, "fields": told}, 422)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"something broke here ({type(error).__name__}); the log says more"}, 500)
