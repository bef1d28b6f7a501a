"""The application: routes by topic behind the door, and every error as one sentence."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse

from reverie._version import __version__
from reverie.studio.routes import catalogue, events, given, jobs, pictures, recipes
from reverie.studio.studio import Studio
from reverie.web.addresses import Addresses
from reverie.web.app import app_of
from reverie.web.door import App, Door, Gate, Open
from reverie.web.html_page import HtmlPage
from reverie.web.page_files import PageFiles

#: The folders of the page, and of the one that shows what the server can be asked.
PAGE, API_PAGE = (str(files("reverie.studio") / name) for name in ("page", "api_page"))
_FRESH = {"cache-control": "no-cache"}
#: The page, which its module fills.
SHELL = HtmlPage(
    "reverie",
    "The studio needs JavaScript. Everything that it does can be had by the command line too: reverie "
    "--help.",
    ("base", "controls", "shell", "stage", "panel", "gallery", "network", "sheets"),
    "main",
    scripts=("theme",),
)


def make_app(studio: Studio, ours: Addresses, gate: Gate | None = None) -> App:
    """The studio as an ASGI application.

    Args:
        studio: What it works with; it is started and stopped with the application.
        ours: The names that the server goes by.
        gate: Who may come in; everybody if missing.
    """
    routers = [topic.router for topic in (given, catalogue, jobs, pictures, recipes, events)]
    app = app_of("reverie studio", studio, routers, PAGE, asked="/api/openapi.json")
    app.state.studio = studio
    _serve_page(app)
    upload = studio.settings.quota.upload
    bodies = {"/api/photos": upload, "/api/masks": 32_000_000, "/api/recipes/read": upload}
    return Door(app, ours, gate or Open(), bodies)


def _serve_page(app: FastAPI) -> None:
    """The pages, which are ours; browsers ask each time whether they have changed."""
    shell = SHELL.html()

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(shell, headers=_FRESH)

    @app.get("/api", include_in_schema=False)
    async def api_page() -> FileResponse:
        return FileResponse(f"{API_PAGE}/index.html", headers=_FRESH)

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    app.mount("/api/page", PageFiles(directory=API_PAGE), name="api page")
