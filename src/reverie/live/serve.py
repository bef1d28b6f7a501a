"""A show that runs: bound to its address, said where it is, shown in a browser, and ended in good order."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reverie.errors import ResourceError, UsageError
from reverie.live.room import RoomPlan, ShowRoom
from reverie.live.settings import LiveSettings
from reverie.media.lock import WHOLE, Hold, hold
from reverie.web.addresses import ANY, addresses, best_address, bracketed
from reverie.web.serving import bound, has_screen, make_server

if TYPE_CHECKING:
    import uvicorn

    from reverie.live.lobby import Lobby

_log = logging.getLogger("reverie.live")
Say = Callable[[str], None]


def serve(settings: LiveSettings, *, opens: bool, ready: Say, note: Say) -> None:
    """Run a show until it is told to end.

    Args:
        settings: How it is run.
        opens: Whether the stage is opened in the user's browser.
        ready: Is told the stage's address when it can be opened.
        note: Is told what else people want to know.

    Raises:
        UsageError: The address, or the show, cannot be, or its network cannot dream.
        ResourceError: The port is taken, the data folder cannot be used, or another show has it.
    """
    from reverie.live.app import make_app
    from reverie.live.chat.wishes import make_chat
    from reverie.live.lobby import Lobby
    from reverie.live.routes import ROUTERS

    listener = bound(settings.host, settings.port)
    try:
        held = _hold(settings.data)
    except BaseException:
        listener.close()
        raise
    with held, listener, _logged():
        port = listener.getsockname()[1]
        ours = addresses(settings.host, port, also=settings.allow_hosts, proxies=settings.proxies)
        room = ShowRoom(plan_of(settings))
        lobby = Lobby(room, _address(settings, port), describe=settings.describe)
        room.tasks["events"] = lobby.run
        chat = make_chat(room.crowd, wake=lobby.heard, note=_log.info)
        if chat is not None:
            room.tasks["chat"] = chat.run
            room.links.append(lambda: chat.reconnects)
        door = {"headers": lobby.gate.headers, "guest": lobby.gate.guest}
        app = make_app(room, ours, lobby.gate, routers=ROUTERS, state={"lobby": lobby}, door=door)
        server = make_server(app, ours)

        async def run() -> None:
            telling = asyncio.create_task(_tell(server, lobby, settings, opens=opens, ready=ready, note=note))
            ending = asyncio.create_task(_end_where_nothing_dreams(server, room))
            await server.serve(sockets=[listener])
            telling.cancel()
            ending.cancel()

        asyncio.run(run())
    if room.failed.is_set():
        raise UsageError(f"the show cannot begin: {room.why}")
    if not server.started:
        raise ResourceError("the show could not begin; the lines above say why")


def plan_of(settings: LiveSettings) -> RoomPlan:
    """What the room is to be."""
    folder = os.path.realpath(settings.data)
    return RoomPlan(
        settings.show,
        settings.data,
        hashlib.sha256(os.fsencode(folder)).hexdigest()[:16],
        token=settings.token,
        rtmp=settings.rtmp,
        offline=settings.offline,
        dreamer=settings.dreamer,
        words=settings.words,
    )


def _hold(data: Path) -> Hold:
    """The data folder, for this show alone."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"--data {data}: cannot be written ({error.strerror})") from error
    try:
        return hold(data, [WHOLE], out=f"--data {data}")
    except ResourceError as error:
        raise ResourceError(
            f"--data {data}: another show runs there; end it, or give another folder with --data"
        ) from error
    except OSError as error:
        raise ResourceError(f"--data {data}: cannot be written ({error.strerror})") from error


def _address(settings: LiveSettings, port: int) -> str:
    """Where phones find the show."""
    host = best_address() if settings.shared and settings.host in ANY else settings.host
    return f"http://{bracketed(host)}:{port}"


@contextmanager
def _logged() -> Iterator[None]:
    """What the show says of itself goes to standard error, with the time."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    try:
        yield
    finally:
        _log.removeHandler(handler)


async def _end_where_nothing_dreams(server: uvicorn.Server, room: ShowRoom) -> None:
    """A show whose very first dreamer says that it cannot dream is none."""
    await room.failed.wait()
    server.should_exit = True


async def _tell(
    server: uvicorn.Server, lobby: Lobby, settings: LiveSettings, *, opens: bool, ready: Say, note: Say
) -> None:
    """Say where the show is as soon as it can be reached."""
    while not server.started:
        await asyncio.sleep(0.02)
    stage = lobby.link("stage")
    ready(stage)
    note(f"For whoever moderates: {lobby.link('moderator')}")
    note(f"For OBS: {lobby.link('overlay')}")
    if not settings.shared:
        note("Only this machine comes in; --share lets phones in this network take part.")
    if opens and not (has_screen() and await asyncio.to_thread(webbrowser.open, stage)):
        note("no browser was found here; open the address in one yourself")
