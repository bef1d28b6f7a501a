"""StudioSettings out of a result that somebody has."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from reverie.jobs.provenance.note import Provenance
from reverie.studio.recalled import recalled
from reverie.studio.routes.common import Here, name_of, uploaded

router = APIRouter(prefix="/api", tags=["gallery"])


@router.post("/recipes/read", summary="Read how a result was made: the body is its bytes")
async def read(request: Request, here: Here) -> dict[str, Any]:
    name = name_of(request, "the picture")
    async with uploaded(request, here) as body:
        found, _ = await here.studio.media.ask("read", body.path, name=name)
    return recalled(here.studio, here.owner, Provenance(**found["note"]), name)


@router.get("/me", summary="Who asks, and what may be used up")
async def me(here: Here) -> dict[str, Any]:
    studio = here.studio
    quota = studio.settings.quota
    used = {"used": studio.used(here.owner), "waiting_now": studio.jobs.waiting_of(here.owner)}
    return {"visitor": here.owner, "shared": studio.settings.shared, "quota": {**vars(quota), **used}}


@router.delete("/me", status_code=204, summary="Remove all that you gave and made, for good")
async def forget(here: Here) -> Response:
    if here.studio.jobs.in_states("waiting", "running", "paused", owner=here.owner):
        raise HTTPException(409, "something of yours waits or is being made; cancel it in the queue first")
    here.studio.forget(here.owner)
    return Response(status_code=204)
