"""What the audience does: look, search, wish, vote."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from reverie.live.crowd.crowd import Reply
from reverie.live.gate import Caller
from reverie.live.lobby import Sight
from reverie.live.routes.common import Calling, LiveCall
from reverie.live.topics import LONGEST, Topic
from reverie.plain_words import shown
from reverie.web.previews import TYPE

router = APIRouter(prefix="/api", tags=["the crowd"])
#: Characters of a name.
LONGEST_NAME: Final = 25


class Typed(BaseModel):
    """What somebody wishes for, and what they are called."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LONGEST + 1)
    name: str = Field("", max_length=100)


class Voted(BaseModel):
    """What somebody votes for, and what they are called."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(max_length=LONGEST + 1)
    name: str = Field("", max_length=100)


class Scanned(BaseModel):
    """The code that was read off the stage."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=40)


@router.get("/show", summary="What is shown and what is next")
async def show(here: Calling) -> Response:
    text = here.lobby.text(sight_of(here.caller))
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})


@router.get("/me", summary="What the asker wished for")
async def me(here: Calling) -> dict[str, Any]:
    person = here.caller.person(time.time())
    return {"mine": here.lobby.crowd.wish_of(person.id), "room": person.room, "role": here.caller.role}


@router.post("/wishes", summary="Wish for something by its name")
async def wish(typed: Typed, here: Calling) -> dict[str, Any]:
    now = time.time()
    person = here.caller.person(now, _name(here, typed.name))
    crowd = here.lobby.crowd
    if refused := crowd.refused(person, now):
        return _told(here, refused)
    found = await asyncio.to_thread(crowd.topics.look_up, typed.text)  # hints take their time
    return _told(here, crowd.answer(found, typed.text, person, now))


@router.post("/votes", summary="Give a voice to what is in the queue")
async def vote(voted: Voted, here: Calling) -> dict[str, Any]:
    now = time.time()
    person = here.caller.person(now, _name(here, voted.name))
    return _told(here, here.lobby.crowd.vote(voted.label, person, now))


@router.delete("/votes", summary="Take one's voice back")
async def withdraw(here: Calling) -> dict[str, Any]:
    now = time.time()
    return _told(here, here.lobby.crowd.withdraw(here.caller.person(now), now))


@router.post("/room", summary="Come into the room by the code on the stage")
async def room(scanned: Scanned, here: Calling, response: Response) -> dict[str, Any]:
    lobby, now = here.lobby, time.time()
    if not here.caller.id:
        raise HTTPException(403, "open the page first; a script is in no room")
    if not lobby.searches.takes(here.caller.address, now):
        raise HTTPException(429, "that was a lot at once; wait a moment")
    if now >= here.caller.room:
        if not lobby.code.lets_in(scanned.code, now):
            raise HTTPException(403, "that code has changed; scan the one that is on the stage now")
        name, value = lobby.gate.in_room(here.caller, now + 3600 * lobby.room.show.voices.room)
        response.headers.append(name, value)
    return {"room": True}


@router.get("/topics", summary="What can be wished for, by a part of a name")
async def topics(here: Calling, q: Annotated[str, Query(max_length=100)] = "") -> list[dict[str, Any]]:
    if not here.lobby.searches.takes(here.caller.address, time.time()):
        raise HTTPException(429, "that was a lot at once; wait a moment")
    crowd = here.lobby.crowd
    if not q.strip():
        return [_listed(here, topic, ()) for topic in crowd.suggested()]
    found = [one for one in crowd.topics.search(q) if crowd.rules.allows_topic(one[0])]
    return [_listed(here, topic, names) for topic, names in found]


@router.get("/thumbs/{name}", summary="The small picture of a topic")
async def thumb(name: str, here: Calling) -> Response:
    data = here.lobby.thumbs.read(name)
    if data is None:
        raise HTTPException(404, "there is nothing of that name")
    return Response(data, media_type=TYPE, headers={"cache-control": "private, max-age=600"})


@router.get("/code.svg", summary="The QR code by which phones come in")
async def code(here: Calling) -> Response:
    svg = here.lobby.code_picture(sight_of(here.caller), time.time())
    return Response(svg, media_type="image/svg+xml", headers={"cache-control": "no-store"})


def sight_of(caller: Caller) -> Sight:
    """What of the show somebody sees."""
    return "moderator" if caller.moderates else "stage" if caller.stages else "guest"


def _name(here: LiveCall, name: str) -> str:
    """A name as it may be shown; nothing where names are hidden."""
    named = here.lobby.room.show.moderation.names == "shown"
    return shown(name, LONGEST_NAME) if named and name.strip() else ""


def _told(here: LiveCall, reply: Reply) -> dict[str, Any]:
    if reply.fine:
        here.lobby.heard()
    person = here.caller.person(time.time())
    return {
        "fine": reply.fine,
        "words": reply.words,
        "label": reply.label,
        "near": list(reply.near),
        "mine": here.lobby.crowd.wish_of(person.id),
    }


def _listed(here: LiveCall, topic: Topic, names: tuple[str, ...]) -> dict[str, Any]:
    others = [name for name in names if name != topic.label][:3]
    kind = {"kind": topic.kind, "members": len(topic.members)}
    return {"label": topic.label, "names": others, "thumb": here.lobby.thumb(topic), **kind}
