"""What all routes share: whose request it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from reverie.live.gate import Caller
from reverie.live.lobby import Lobby


@dataclass(frozen=True)
class LiveCall:
    """A request's caller, and the lobby."""

    lobby: Lobby
    caller: Caller


def call_of(connection: HTTPConnection) -> LiveCall:
    return LiveCall(connection.app.state.lobby, Caller.read(connection.state.visitor))


def moderators_call(connection: HTTPConnection) -> LiveCall:
    """A moderator's; 403 for anybody else."""
    call = call_of(connection)
    if not call.caller.moderates:
        raise HTTPException(403, "that is for moderators; open their link first")
    return call


#: Parameters of routes.
Calling = Annotated[LiveCall, Depends(call_of)]
Moderating = Annotated[LiveCall, Depends(moderators_call)]
