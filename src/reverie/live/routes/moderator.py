"""What a moderator does; for nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from reverie.live.crowd.moderator import Moderator
from reverie.live.lobby import Lobby
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


def _with_topic(path: str, summary: str, act: Callable[[Moderator, str, float], None]) -> None:
    """What a moderator does with a topic."""

    @router.post(path, summary=summary)
    async def with_topic(named: TopicName, here: Moderating) -> dict[str, Any]:
        act(here.lobby.moderator, named.label, time.time())
        return _done(here)


_with_topic("/show", "Show this at once", Moderator.show)
_with_topic("/ban", "Never show this again", Moderator.ban)
_with_topic("/allow", "Take the ban of a topic back", Moderator.allow)


def _switched(path: str, summary: str, act: Callable[[Lobby, bool, float], None]) -> None:
    """What a moderator switches on and off."""

    @router.post(path, summary=summary)
    async def switched(switch: Switch, here: Moderating) -> dict[str, Any]:
        act(here.lobby, switch.on, time.time())
        return _done(here)


_switched("/hold", "Let what is shown stay", lambda lobby, on, now: lobby.moderator.hold(on, now))
_switched("/pause", "Let the dream stand still", Lobby.pause)
_switched("/calm", "Let the dream calm down", Lobby.calm)


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
