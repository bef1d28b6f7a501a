"""What a moderator does; for nobody else."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from reverie.live.routes.common import LiveCall, Moderating

router = APIRouter(prefix="/api/moderator", tags=["moderators"])


class Switch(BaseModel):
    """Whether something is to be."""

    model_config = ConfigDict(extra="forbid")

    on: bool = True


class TopicName(BaseModel):
    """A topic, by its name."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(max_length=200)


class Somebody(BaseModel):
    """A person, and whether all who ask from the same address are meant."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(max_length=100)
    address: bool = False


@router.post("/skip", summary="Show something else at once")
async def skip(here: Moderating) -> dict[str, Any]:
    here.lobby.moderator.skip(time.time())
    return _done(here)


@router.post("/show", summary="Show this at once")
async def show(named: TopicName, here: Moderating) -> dict[str, Any]:
    here.lobby.moderator.show(named.label, time.time())
    return _done(here)


@router.post("/hold", summary="Let what is shown stay")
async def hold(switch: Switch, here: Moderating) -> dict[str, Any]:
    here.lobby.moderator.hold(switch.on, time.time())
    return _done(here)


@router.post("/pause", summary="Let the dream stand still")
async def pause(switch: Switch, here: Moderating) -> dict[str, Any]:
    here.lobby.pause(switch.on, time.time())
    return _done(here)


@router.post("/calm", summary="Let the dream calm down")
async def calm(switch: Switch, here: Moderating) -> dict[str, Any]:
    here.lobby.calm(switch.on, time.time())
    return _done(here)


@router.post("/ban", summary="Never show this again")
async def ban(named: TopicName, here: Moderating) -> dict[str, Any]:
    here.lobby.moderator.ban(named.label, time.time())
    return _done(here)


@router.post("/allow", summary="Take the ban of a topic back")
async def allow(named: TopicName, here: Moderating) -> dict[str, Any]:
    here.lobby.moderator.allow(named.label, time.time())
    return _done(here)


@router.post("/ban-person", summary="Take no wishes of somebody for a day")
async def ban_person(somebody: Somebody, here: Moderating) -> dict[str, Any]:
    here.lobby.moderator.ban_person(somebody.person, time.time(), address=somebody.address)
    return _done(here)


@router.post("/pardon", summary="Take back all bans of people")
async def pardon(here: Moderating) -> dict[str, Any]:
    here.lobby.moderator.pardon(time.time())
    return _done(here)


def _done(here: LiveCall) -> dict[str, Any]:
    here.lobby.heard()
    return here.lobby.told("moderator", time.time())
