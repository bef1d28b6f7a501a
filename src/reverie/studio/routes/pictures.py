"""The gallery: what was made, newest first."""

from __future__ import annotations

import time
from pathlib import PurePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from reverie.errors import UsageError
from reverie.studio.fooling import recalled_evolution
from reverie.studio.recalled import of_stopped, recalled
from reverie.studio.routes.common import Here, Visit, missing
from reverie.studio.store.given import clean_name
from reverie.studio.store.pictures import PictureRow
from reverie.web.previews import TYPE

router = APIRouter(prefix="/api/pictures", tags=["gallery"])

#: Media types by ending; nothing else is served.
MEDIA: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".tiff": "image/tiff",
    ".mp4": "video/mp4",
}
#: What a picture may be had as: its ending, and bits a channel.
FORMATS: Final = {
    "png": (".png", 8),
    "png16": (".png", 16),
    "jpg": (".jpg", 8),
    "webp": (".webp", 8),
    "avif": (".avif", 8),
    "tiff": (".tiff", 16),
}
_KEPT: Final = "private, max-age=31536000, immutable"


class PictureChanges(BaseModel):
    """What a visitor may change of a picture."""

    model_config = ConfigDict(extra="forbid")

    favourite: bool | None = None
    name: str | None = Field(None, min_length=1, max_length=200)


@router.get("", summary="A page of the gallery")
async def page(
    here: Here,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
    favourite: bool = False,
    kind: Annotated[str | None, Query(max_length=20)] = None,
    bin: bool = False,
) -> dict[str, Any]:
    pictures = here.studio.pictures
    found = pictures.page(here.owner, before=before, limit=limit + 1, favourite=favourite, kind=kind, bin=bin)
    more = found[limit - 1].place if len(found) > limit else None
    items = [row.as_json() for row in found[:limit]]
    return {"items": items, "next": more, "count": pictures.count(here.owner)}


@router.get("/{id}", summary="The file, or the same in another format")
async def file(id: str, here: Here, format: str | None = None, download: bool = False) -> FileResponse:
    row, pictures = _picture(id, here), here.studio.pictures
    path, name = pictures.path(row), row.name
    if format is not None and path.suffix == ".png":
        if format not in FORMATS:
            raise UsageError(f"format: there are {', '.join(FORMATS)}")
        ending, depth = FORMATS[format]
        if format != "png16" and (row.kind, format) != ("fool", "png"):
            path = await here.studio.converted(row, ending, depth)
            name = str(PurePath(name).with_suffix(ending))
    kept = {"cache-control": _KEPT}
    called = name if download else None
    return FileResponse(path, media_type=MEDIA[path.suffix], headers=kept, filename=called)


@router.get("/{id}/thumb", summary="Small, as WebP")
async def thumb(id: str, here: Here) -> Response:
    data = await here.studio.thumb(_picture(id, here))
    return Response(data, media_type=TYPE, headers={"cache-control": _KEPT})


@router.get("/{id}/recipe", summary="How it was made")
async def recipe(id: str, here: Here) -> dict[str, Any]:
    row = _picture(id, here)
    job = here.studio.jobs.by_id(row.job)
    if job.kind == "fool":
        return recalled_evolution(job)
    if job.state == "stopped" and job.kind in ("zoom", "film"):
        return of_stopped(job)
    note = await here.studio.note(row)
    return recalled(here.studio, here.owner, note, row.name)


@router.patch("/{id}", summary="Make it a favourite, or give it another name")
async def change(id: str, changes: PictureChanges, here: Here) -> dict[str, Any]:
    row = _picture(id, here)
    values: dict[str, Any] = {}
    if changes.favourite is not None:
        values["favourite"] = int(changes.favourite)
    if changes.name is not None:
        ending = PurePath(row.file).suffix
        values["name"] = clean_name(changes.name.removesuffix(ending)) + ending
    if values:
        here.studio.pictures.change(id, **values)
    return _picture(id, here).as_json()


@router.delete("/{id}", summary="Into the bin, which is emptied after a day")
async def throw(id: str, here: Here) -> dict[str, str]:
    row = _picture(id, here)
    here.studio.pictures.change(row.id, deleted=time.time())
    return {"undo": f"/api/pictures/{row.id}/restore"}


@router.post("/{id}/restore", summary="Out of the bin")
async def restore(id: str, here: Here) -> dict[str, Any]:
    row = here.studio.pictures.find(id, here.owner, thrown=True)
    if row is None:
        raise missing()
    here.studio.pictures.change(row.id, deleted=None)
    return _picture(id, here).as_json()


def _picture(id: str, here: Visit) -> PictureRow:
    row = here.studio.pictures.find(id, here.owner)
    if row is None:
        raise missing()
    return row
