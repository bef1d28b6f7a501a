"""The show as an application: routes behind the door, and every error as one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter

from reverie.live.room import ShowRoom
from reverie.live.routes.on_air import router as on_the_air
from reverie.web.addresses import Addresses
from reverie.web.app import app_of
from reverie.web.door import App, Door, Gate

#: The folder of the show's pages.
PAGES: Final = str(files("reverie.live") / "pages")


def make_app(
    room: ShowRoom,
    ours: Addresses,
    gate: Gate,
    *,
    routers: Iterable[APIRouter] = (),
    state: Mapping[str, Any] | None = None,
    door: Mapping[str, Any] | None = None,
) -> App:
    """The show as an ASGI application; the show begins and ends with it.

    Args:
        room: What the server knows; routes find it as ``app.state.room``.
        ours: The names that the server goes by.
        gate: Who may come in.
        routers: Routes besides those of the picture and of figures.
        state: What else routes find in ``app.state``.
        door: Further settings of the door.
    """
    app = app_of("reverie live", room, (on_the_air, *routers), PAGES)
    app.state.room = room
    for name, value in (state or {}).items():
        setattr(app.state, name, value)
    return Door(app, ours, gate, **(door or {}))
