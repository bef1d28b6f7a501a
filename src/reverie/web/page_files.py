"""The files of pages, and the libraries that all pages share."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

#: The folders of the libraries (preact, htm, signals), and of what else all pages share; they are found at
#: ``/static/vendor`` and ``/static/shared``.
VENDOR, SHARED = (str(files("reverie.web") / "page" / name) for name in ("vendor", "shared"))


class PageFiles(StaticFiles):
    """Files of ours, of which a browser asks each time whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.setdefault("cache-control", "no-cache")
        return response


def serve_files(app: Starlette, pages: str) -> None:
    """Let the pages of an application find their files: their own, which ``pages`` holds, and the shared."""
    app.mount("/static/vendor", PageFiles(directory=VENDOR), name="libraries")
    app.mount("/static/shared", PageFiles(directory=SHARED), name="shared")
    app.mount("/static", PageFiles(directory=pages), name="static")
