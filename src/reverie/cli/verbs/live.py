"""``reverie live``: a dream that never ends, steered by a crowd."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reverie.cli.console import Console
from reverie.cli.fields import COMPUTE, SIZE, WHAT, other
from reverie.cli.groups import Group, Only, takes_groups
from reverie.cli.options import Common
from reverie.cli.recipe_options import console_of
from reverie.cli.served import WHERE, Served, port_option
from reverie.errors import UsageError

#: An option that says where else the show is seen.
elsewhere = partial(other, panel="Where else it is seen")


@dataclass(frozen=True)
class Dreaming(Group):
    """What of the show is said on the command line."""

    pace: Literal["calm", "eager"] | None = other(
        "--pace",
        help="calm: fewer, fully worked dreams and glides between; eager: every frame is dreamt.",
        panel=WHAT,
        metavar="WORD",
    )
    size: str | None = other("--size", help="Width and height (default 1024x576).", panel=SIZE, metavar="WxH")
    music: Path | None = other("--music", help="A folder of music, which is played in turn.", metavar="DIR")
    pulse: bool = other("--pulse", help="The stage's microphone decides how strong the dream is.", panel=WHAT)
    network: str | None = other("--network", help="The network that dreams.", panel=COMPUTE, metavar="NAME")


@dataclass(frozen=True)
class Reached(Served):
    """Where the pages are, and who may come in."""

    port: Annotated[int, port_option(8766)] = 8766
    share: bool = other("--share", help="Let everybody in this network take part.", panel=WHERE)


@dataclass(frozen=True)
class Outlets(Group):
    """Where else the show goes, and what is kept of it."""

    rtmp: str | None = elsewhere(
        "--rtmp",
        help="Stream it to this address, without the key (the key: REVERIE_RTMP_KEY).",
        metavar="URL",
    )
    rtmp_key_file: Path | None = elsewhere(
        "--rtmp-key-file", help="A file that holds the key.", metavar="FILE"
    )
    twitch: str | None = elsewhere("--twitch", help="Let the chat of this channel wish.", metavar="CHANNEL")
    record: Path | None = other("--record", help="Keep it here, as films of an hour.", metavar="DIR")
    record_gb: float | None = other(
        "--record-gb",
        help="Gigabytes of films; the oldest give way (default 20).",
        metavar="NUMBER",
    )
    describe: Path | None = other("--describe", help="Write into this file what is dreamt.", metavar="FILE")
    data: Path | None = other("--data", help="The folder of what is kept of the show.", metavar="DIR")
    token_file: Path | None = other(
        "--token-file", help="A file that holds the moderator's token.", metavar="FILE"
    )


ShowFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[SHOW.toml]", help="What the show is; all of it can be left out.", show_default=False
    ),
]


@takes_groups
def live(
    show: ShowFile = None,
    *,
    dreaming: Dreaming,
    address: Reached,
    outlets: Outlets,
    common: Annotated[Common, Only("offline", "quiet", "debug")],
) -> None:
    """Begin a show: a dream that never ends, on a stage, steered by whoever watches.

    When it is ready one line on standard output holds the address of the stage, for a projector
    or a TV; the code on it brings phones in. Ctrl-C ends it; the next time it goes on where it was.
    """
    from reverie.live.serve import serve
    from reverie.live.settings import LiveSettings, moderator_token, usual_folder, with_key
    from reverie.web.extra import check_extra

    check_extra("a live show")
    console: Console = console_of(common)
    described = _described(show, dreaming, outlets)
    data = (outlets.data or usual_folder()).absolute()
    settings = LiveSettings(
        described,
        data,
        host=address.host or ("0.0.0.0" if address.share else "127.0.0.1"),
        port=address.port,
        shared=address.share,
        allow_hosts=tuple(address.allow_host or ()),
        proxies=tuple(address.trusted_proxy or ()),
        rtmp=with_key(described.rtmp, outlets.rtmp_key_file, os.environ),
        token=moderator_token(outlets.token_file, os.environ),
        describe=outlets.describe,
        offline=common.offline,
    )
    settings.check()

    def ready(url: str) -> None:
        typer.echo(url)
        sys.stdout.flush()

    with suppress(KeyboardInterrupt):  # asked for: all is kept
        serve(settings, opens=not address.no_open, ready=ready, note=console.must)


def _described(show: Path | None, dreaming: Dreaming, outlets: Outlets) -> Any:
    """The show of the file, with what the options say otherwise."""
    from pydantic import ValidationError

    from reverie.live.air.music import pieces
    from reverie.live.show import Show

    found = Show.read(show) if show is not None else Show()
    wanted = {
        "pace": dreaming.pace,
        "size": dreaming.size,
        "network": dreaming.network,
        "music": dreaming.music and dreaming.music.absolute(),
        "pulse": dreaming.pulse or None,
        "rtmp": outlets.rtmp,
        "twitch": outlets.twitch,
        "record": outlets.record and outlets.record.absolute(),
        "record_gb": outlets.record_gb,
    }
    changed = {name: value for name, value in wanted.items() if value is not None}
    if "size" in changed and not re.fullmatch(r"\d+x\d+", str(changed["size"])):
        raise UsageError(f"--size {changed['size']}: width and height are needed, as 1024x576")
    try:
        found = Show.model_validate({**found.model_dump(by_alias=True), **changed})
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise UsageError(f"{option}: {first['msg'][0].lower()}{first['msg'][1:]}") from error
    if found.music is not None:
        pieces(found.music)
    return found
