"""The pages themselves; whoever opens one gets a name of their own, as a cookie."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse

from reverie.live.routes.common import Calling, LiveCall

router = APIRouter(include_in_schema=False)
#: The folder of the pages and their modules, which are found at ``/static``.
PAGES: Final = str(files("reverie.live") / "pages")


@router.get("/")
async def audience(here: Calling) -> FileResponse:
    return _page("audience", here)


@router.get("/stage")
async def stage(here: Calling) -> FileResponse:
    return _page("stage", here)


@router.get("/moderator")
async def moderator(here: Calling) -> FileResponse:
    return _page("moderator", here)


@router.get("/overlay")
async def overlay(here: Calling) -> FileResponse:
    return _page("overlay", here)


def _page(name: str, here: LiveCall) -> FileResponse:
    answer = FileResponse(f"{PAGES}/{name}.html", headers={"cache-control": "no-cache"})
    if not here.caller.id:
        answer.headers.append(*here.lobby.gate.new_browser(here.caller))
    return answer
