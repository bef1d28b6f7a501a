"""Photographs, films and masks that visitors give."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from reverie.studio.routes.common import Here, missing, name_of, uploaded
from reverie.studio.samples import samples
from reverie.web.previews import TYPE

router = APIRouter(prefix="/api", tags=["photographs"])


@router.put("/photos", status_code=201, summary="Give a photograph or a film: the body is its bytes")
async def give(request: Request, here: Here) -> JSONResponse:
    studio, name = here.studio, name_of(request, "photo")
    async with uploaded(request, here) as body:
        there = studio.given.same(body.sha256, here.owner, "photo", "film")
        if there is not None and studio.given.path(there).is_file():
            return JSONResponse(there.as_json(), 201)
        pixels = studio.settings.quota.pixels
        found, _ = await studio.media.ask("look", body.path, name=name, pixels=pixels)
        one = studio.given.keep(body.path, here.owner, found["kind"], name, body.sha256, found)
    return JSONResponse(one.as_json(), 201)


@router.put("/masks", status_code=201, summary="Give a mask: a picture, white where it shall dream")
async def give_mask(request: Request, here: Here) -> dict[str, Any]:
    studio = here.studio
    async with uploaded(request, here) as body:
        out = body.path.with_suffix(".png")
        try:
            pixels = studio.settings.quota.pixels
            found, _ = await studio.media.ask("mask", body.path, name="the mask", pixels=pixels, out=str(out))
            name = f"mask-{body.sha256[:12]}.png"
            one = studio.given.keep(out, here.owner, "mask", name, _sha256(out), found)
        finally:
            out.unlink(missing_ok=True)
    return one.as_json()


@router.get("/photos/{id}", summary="A photograph as WebP, or a film's frame at some second")
@router.get("/masks/{id}", summary="A mask as WebP")
async def show(
    id: str,
    here: Here,
    side: Annotated[int, Query(ge=16, le=8192)] = 1280,
    at: Annotated[float, Query(ge=0, le=1_000_000, allow_inf_nan=False)] = 0.0,
) -> Response:
    one = here.studio.given.find(id, here.owner)
    if one is None:
        raise missing()
    data = await here.studio.view(one, side, at)
    return Response(data, media_type=TYPE, headers={"cache-control": "private, max-age=31536000, immutable"})


@router.get("/photos/{id}/file", summary="What was given, as it is kept")
@router.get("/masks/{id}/file", include_in_schema=False)
async def file(id: str, here: Here) -> FileResponse:
    one = here.studio.given.find(id, here.owner)
    if one is None:
        raise missing()
    path = here.studio.given.path(one)
    return FileResponse(path, media_type="application/octet-stream", filename=one.name)


@router.delete("/photos/{id}", status_code=204, summary="Remove what was given, for good")
@router.delete("/masks/{id}", status_code=204, include_in_schema=False)
async def remove(id: str, here: Here) -> Response:
    one = here.studio.given.find(id, here.owner)
    if one is None:
        raise missing()
    alive = here.studio.jobs.in_states("waiting", "running", "paused", owner=here.owner)
    if any(id == row.photo or id in row.files.values() for row in alive):
        raise HTTPException(409, "a job that has not ended needs it; cancel that first")
    here.studio.forget_given(one)
    return Response(status_code=204)


@router.get("/photos", summary="What was given, the newest first")
async def all_given(
    here: Here, kind: str = "photo", limit: Annotated[int, Query(ge=1, le=200)] = 60
) -> list[Any]:
    return [one.as_json() for one in here.studio.given.latest(here.owner, kind, limit)]


@router.get("/samples", summary="Free photographs to try things on")
async def free(here: Here) -> list[dict[str, Any]]:
    return [one.as_json() for one in await samples(here.studio, here.owner)]


def _sha256(path: Any) -> str:
    from reverie.jobs.provenance.note import sha256_of

    return sha256_of(path)
