"""Jobs: asked for, watched, stopped, held, moved and steered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from reverie.errors import UsageError
from reverie.studio.asking import Wish
from reverie.studio.changing import Changes, changed
from reverie.studio.quick import Overtaken
from reverie.studio.routes.common import Here, Visit, missing
from reverie.studio.routes.pictures import MEDIA
from reverie.studio.store.database import new_id
from reverie.studio.store.jobs import ALIVE, JobRow

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
#: The most bytes of a film that is being made in one answer to who asks from where on.
PIECE: Final = 4_000_000


class PlaceInLine(BaseModel):
    """A place in the line, from 0."""

    model_config = ConfigDict(extra="forbid")

    to: int = Field(ge=0, le=100_000)


@router.post("", status_code=201, summary="Ask for a job")
async def ask(wish: Wish, here: Here) -> dict[str, Any]:
    studio, quota = here.studio, here.studio.settings.quota
    if studio.jobs.waiting_of(here.owner) + wish.variations > quota.waiting:
        raise HTTPException(429, f"{quota.waiting} jobs may wait at once; let some of them end first")
    if studio.used(here.owner) > quota.disk:
        raise HTTPException(413, "your room is used up; throw something away first")
    asked = wish.model_dump(mode="json", exclude_defaults=True)
    found = []
    planned = studio.asking(here.owner).plan(wish)
    if "recipe" in planned[0].document:
        await studio.line.crew.check(planned[0].document["recipe"])
    group = new_id()
    with studio.database.together():
        for number, one in enumerate(planned, 1):
            part = {"part": {"group": group, "number": number, "of": len(planned)}}
            row = studio.jobs.add(
                here.owner,
                one.kind,
                one.label,
                one.document,
                files=one.files,
                asked={**asked, **(part if len(planned) > 1 else {})},
                photo=one.photo,
            )
            found.append(row)
    studio.line.pump()
    studio.line.told(here.owner)
    return {**told(here, studio.jobs.by_id(found[0].id)), "jobs": [row.id for row in found]}


@router.post("/sketch", summary="A quick small picture of what a job would come to, which is kept nowhere")
async def sketch(wish: Wish, here: Here) -> Response:
    if wish.kind not in ("dream", "apparition"):
        raise UsageError(f"kind: previews are of dreams, and a {wish.kind} is asked for")
    planned = here.studio.asking(here.owner).plan(wish.model_copy(update={"variations": 1}))[0]
    await here.studio.line.crew.check(planned.document["recipe"])
    fresh = {"cache-control": "no-store"}
    try:
        data = await here.studio.sketches.make(here.owner, planned)
    except Overtaken:
        return Response(status_code=204, headers=fresh)
    return Response(data, media_type="image/webp", headers=fresh)


@router.post("/estimate", summary="About how many seconds a job would take")
async def estimate(wish: Wish, here: Here) -> dict[str, float | None]:
    """Tried while nobody dreams; null where there is no time for that."""
    planned = here.studio.asking(here.owner).plan(wish)
    if "recipe" in planned[0].document:
        await here.studio.line.crew.check(planned[0].document["recipe"])
    try:
        return {"seconds": await here.studio.estimates.of(here.owner, planned)}
    except Overtaken:
        return {"seconds": None}


@router.get("", summary="What runs, waits and is over")
async def all_jobs(here: Here) -> dict[str, Any]:
    jobs = here.studio.jobs
    places = _places(here)
    alive = jobs.in_states("running", "paused", owner=here.owner)
    waiting = sorted(jobs.in_states("waiting", owner=here.owner), key=lambda row: places.get(row.id, 0))
    return {
        "running": [told(here, row, places) for row in alive],
        "waiting": [told(here, row, places) for row in waiting],
        "recent": [told(here, row, places) for row in jobs.recent(here.owner)],
    }


@router.get("/{id}", summary="A job, with its recipe")
async def one(id: str, here: Here) -> dict[str, Any]:
    row = _job(id, here)
    recipe = row.document.get("recipe") or row.document["settings"]
    found = {**told(here, row), "recipe": recipe, "asked": row.asked, "steered": row.steered}
    return {**found, "pictures": [one.as_json() for one in here.studio.pictures.of_job(row.id)]}


@router.post("/{id}/stop", summary="End it, and keep what there is")
async def stop(id: str, here: Here) -> dict[str, Any]:
    row = _alive(id, here)
    here.studio.line.end(row, keep=True)
    return told(here, here.studio.jobs.by_id(id))


@router.post("/{id}/cancel", summary="End it, and keep nothing")
async def cancel(id: str, here: Here) -> dict[str, Any]:
    row = _job(id, here)
    if row.state in ALIVE:  # what is over meanwhile stays as it is
        here.studio.line.end(row, keep=False)
    return told(here, here.studio.jobs.by_id(id))


@router.post("/{id}/pause", summary="Hold it")
async def pause(id: str, here: Here) -> dict[str, Any]:
    row = _alive(id, here)
    if row.state != "paused":
        here.studio.line.pause(row, True)
    return told(here, here.studio.jobs.by_id(id))


@router.post("/{id}/resume", summary="Let it go on")
async def resume(id: str, here: Here) -> dict[str, Any]:
    row = _alive(id, here)
    if row.state == "paused":
        here.studio.line.pause(row, False)
    return told(here, here.studio.jobs.by_id(id))


@router.post("/{id}/move", summary="Put it elsewhere in the line")
async def move(id: str, place: PlaceInLine, here: Here) -> dict[str, Any]:
    row = _alive(id, here)
    if row.state != "waiting":
        raise HTTPException(409, "it does not wait any more")
    here.studio.line.move(row, place.to)
    return told(here, here.studio.jobs.by_id(id))


@router.patch("/{id}", summary="Steer what runs, or change what waits")
async def change(id: str, changes: Changes, here: Here) -> dict[str, Any]:
    """``how`` says what became of it, and ``later`` what of it counts for another job only."""
    row, studio = _job(id, here), here.studio
    if row.state not in ALIVE:
        return {**told(here, row), "how": "over", "later": []}
    if row.kind == "fool":
        raise HTTPException(409, "it evolves by the settings that it began with; ask for another job")
    working, later = studio.line.crew.at(id) is not None, list[str]()
    wanted = changed(row, changes, studio.asking(here.owner))
    if working and wanted.fixed and not changes.anew:
        later = wanted.fixed
        wanted = changed(row, changes.without(later), studio.asking(here.owner))
    await studio.line.crew.check(wanted.document["recipe"])
    if working and not wanted.fixed:
        studio.jobs.change(id, asked=wanted.asked)
        steers = not later or wanted.differs != row.course
        if steers:
            studio.line.steer(row, wanted.differs)
        how = "steered" if steers else "later"
    elif working and not changes.anew:
        how = "later"
    else:
        if studio.pictures.of_job(id):
            raise HTTPException(409, "a part of it is made already; ask for another job")
        studio.jobs.change(id, asked=wanted.asked, document=wanted.document, files=wanted.files, steered=[])
        if working:
            studio.line.begin_anew(row)
        how = "begun anew" if working else "changed"
    return {**told(here, studio.jobs.by_id(id)), "how": how, "later": later}


@router.get("/{id}/result", summary="What came of it: the picture or film")
async def result(id: str, here: Here) -> FileResponse:
    row = _job(id, here)
    found = here.studio.pictures.of_job(row.id)
    if not found:
        raise missing()
    last = found[-1]
    path = here.studio.pictures.path(last)
    return FileResponse(path, media_type=MEDIA[path.suffix], filename=last.name)


@router.get("/{id}/preview", summary="The newest preview")
async def preview(id: str, here: Here) -> Response:
    row = _job(id, here)
    found = here.studio.line.newest(row.id)
    if found is None:
        raise missing()
    return Response(found, media_type="image/webp")


@router.get("/{id}/film", summary="A zoom or a film as far as it is safe, which plays")
async def film(
    id: str, here: Here, begin: Annotated[int | None, Query(alias="from", ge=0)] = None
) -> Response:
    """With ``from``, what has been added since: nothing where there is no more yet, 204 once it is over."""
    row = _job(id, here)
    found, fresh = here.studio.line.film(row), {"cache-control": "no-store"}
    if row.kind not in ("zoom", "film"):
        raise missing()
    if begin is None:
        if found is None:
            raise missing()
        return FileResponse(found, media_type="video/mp4", headers=fresh)
    if row.state not in ALIVE:
        return Response(status_code=204, headers=fresh)
    return Response(_bytes_from(found, begin), media_type="video/mp4", headers=fresh)


def _bytes_from(path: Path | None, begin: int) -> bytes:
    """A piece of a file; nothing where it is not there yet, or no more."""
    if path is None:
        return b""
    try:
        with path.open("rb") as file:
            file.seek(begin)
            return file.read(PIECE)
    except FileNotFoundError:  # it was finished just now
        return b""


def told(here: Visit, row: JobRow, places: dict[str, int] | None = None) -> dict[str, Any]:
    """What a page is told of a job."""
    places = _places(here) if places is None and row.state == "waiting" else places or {}
    made = here.studio.pictures.of_job(row.id)
    names = ("id", "kind", "state", "share", "photo", "error", "stopped", "label", "created", "warnings")
    found = {name: getattr(row, name) for name in names}
    zoom = row.document.get("recipe", {}).get("zoom")
    found |= {"part": row.asked.get("part"), "seconds": zoom["duration"] if zoom else None}
    found["error"] = row.error or here.studio.line.trouble.get(row.id)
    found["plays"] = row.state in ("running", "paused") and here.studio.line.film(row) is not None
    return {**found, "position": places.get(row.id), "picture": made[-1].id if made else None}


def _places(here: Visit) -> dict[str, int]:
    """How many jobs are before each that waits, of all visitors."""
    return {id: index for index, (id, _) in enumerate(here.studio.line.order())}


def _job(id: str, here: Visit) -> JobRow:
    row = here.studio.jobs.find(id, here.owner)
    if row is None:
        raise missing()
    return row


def _alive(id: str, here: Visit) -> JobRow:
    row = _job(id, here)
    if row.state not in ALIVE:
        raise HTTPException(409, f"it is over: {row.state}")
    return row
