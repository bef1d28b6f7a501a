"""What there is to choose from: settings, presets, networks, layers and classes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.jobs.provenance.note import bare_network
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Embedded
from reverie.studio.asking import kinds_of_presets
from reverie.studio.classes import search
from reverie.studio.forms import forms
from reverie.studio.histories import HISTORIES
from reverie.studio.routes.common import Here, missing
from reverie.studio.thumbs import NotYet
from reverie.web.previews import TYPE

router = APIRouter(prefix="/api", tags=["what there is"])
#: So many portraits are made of what was searched for, and so many units are told at once.
MOST_PORTRAITS: Final = 12
MOST_UNITS: Final = 60


class Text(BaseModel):
    """The text form of an objective."""

    text: str = Field(max_length=4000)


@router.get("/schema", summary="Every setting, for forms")
async def schema(here: Here) -> Response:
    return _json_of(forms)


@router.get("/presets", summary="The systems that made this field, and ours")
async def presets(here: Here) -> Response:
    return _json_of(_presets)


@cache
def _json_of(told: Callable[[], Any]) -> Response:
    """What never changes, as JSON that is made once."""
    return JSONResponse(told())


def _presets() -> list[dict[str, Any]]:
    found = []
    for name, kind in kinds_of_presets():
        summary, history = HISTORIES.get(name, ("", ""))
        recipe = preset(name).model_dump(mode="json")
        found.append({"name": name, "kind": kind, "summary": summary, "history": history, "recipe": recipe})
    return found


@router.get("/networks", summary="Networks that can dream here")
async def networks(here: Here) -> list[dict[str, Any]]:
    settings, broken = here.studio.settings, here.studio.broken
    names = [name for name in settings.networks if name not in broken]
    return [
        {"name": bare_network(name), "default": index == 0, "classes": True}
        for index, name in enumerate(names)
    ]


@router.get("/layers", summary="Layers of a network, with small pictures of a photograph")
async def layers(
    here: Here, answer: Response, network: str | None = None, photo: str | None = None
) -> list[dict[str, Any]]:
    """None, and 202, while the network is still being loaded."""
    studio = here.studio
    name = _network(here, network)
    try:
        found = (await studio.thumbs.layers(name))["layers"]
    except NotYet:
        answer.status_code = 202
        return []
    there: dict[str, str] = {}
    if photo is not None:
        one = studio.given.find(photo, here.owner, "photo")
        if one is None:
            raise missing()
        there = studio.thumbs.of_layers(name, one, here.owner, found)
    return [
        {
            "name": layer["name"],
            "channels": layer["channels"],
            "words": layer["draws"],
            "objective": layer["objective"],
            "thumbnail": f"/api/thumbs/{there[layer['name']]}" if layer["name"] in there else None,
        }
        for layer in found
    ]


@router.get("/thumbs/{id}", summary="A layer's small picture")
async def thumb(id: str, here: Here) -> Response:
    studio = here.studio
    if not studio.thumbs.may_see(id, here.owner):
        raise missing()
    data = studio.thumbs.path(id).read_bytes()
    return Response(data, media_type=TYPE, headers={"cache-control": "private, max-age=31536000, immutable"})


@router.get("/classes", summary="Classes, and groups of them, by a part of a name")
async def classes(
    here: Here,
    q: Annotated[str, Query(max_length=100)] = "",
    network: str | None = None,
    portraits: bool = False,
) -> list[dict[str, Any]]:
    name, thumbs = _network(here, network), here.studio.thumbs
    names = () if name in get_args(Embedded) else (await thumbs.layers(name))["classes"]
    found = search(q.strip(), tuple(names))
    wanted = [one["index"] for one in found if one["index"] is not None][:MOST_PORTRAITS]
    there = thumbs.of_classes(name, here.owner, wanted if portraits else [])
    for one in found:
        id = there.get(str(one["index"]))
        one["portrait"] = id and f"/api/thumbs/{id}"
    return found


@router.get("/units", summary="Channels of a layer, with small portraits")
async def units(
    here: Here,
    layer: Annotated[str, Query(max_length=200)],
    network: str | None = None,
    first: Annotated[int, Query(ge=0)] = 0,
    count: Annotated[int, Query(ge=1, le=MOST_UNITS)] = MOST_UNITS,
) -> dict[str, Any]:
    name, thumbs = _network(here, network), here.studio.thumbs
    found = next((one for one in (await thumbs.layers(name))["layers"] if one["name"] == layer), None)
    if found is None:
        raise missing()
    numbers = range(first, min(found["channels"], first + count))
    names = [f"{found['objective']}:{number}" for number in numbers]
    there = thumbs.of_units(name, here.owner, names)
    classes = (await thumbs.layers(name))["classes"] if layer == "logits" else ()
    told = [
        {"name": unit, "title": classes[number] if number < len(classes) else unit, "index": number}
        | {"portrait": f"/api/thumbs/{there[unit]}" if unit in there else None}
        for unit, number in zip(names, numbers, strict=True)
    ]
    return {"layer": layer, "words": found["draws"], "channels": found["channels"], "units": told}


@router.post("/objective", summary="Read an objective's text form")
async def objective(text: Text, here: Here) -> dict[str, Any]:
    found = ob.parse(text.text)
    for name in found.files():
        if here.studio.given.find(name, here.owner) is None:
            raise UsageError(f'"{name[:60]}": no file is opened by its name here; upload it, and give its id')
    parts = [{"text": str(ob.Objective((term,))), "weight": term.weight} for term in found.terms]
    return {"ok": True, "text": str(found), "parts": parts}


def _network(here: Here, network: str | None) -> str:
    """One of the networks that there are; the first if none is named."""
    names = [bare_network(name) for name in here.studio.settings.networks]
    if network is not None and network not in names:
        raise UsageError(f"network: there are {', '.join(names)}, got {network[:60]}")
    return network or names[0]
