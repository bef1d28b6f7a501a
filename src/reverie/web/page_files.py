"""The files of pages, and the libraries that all pages share."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

#: The folder of the libraries (preact, htm, signals), which every page finds at ``/static/vendor``.
VENDOR: Final = str(files("reverie.web") / "page" / "vendor")


class PageFiles(StaticFiles):
    """Files of ours, of which a browser asks each time whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.setdefault("cache-control", "no-cache")
        return response
