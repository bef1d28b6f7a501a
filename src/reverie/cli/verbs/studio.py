"""``reverie studio``: a page where people dream."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from reverie.cli.console import Console
from reverie.cli.fields import COMPUTE, other
from reverie.cli.groups import Group, Only, takes_groups
from reverie.cli.options import Common
from reverie.cli.recipe_options import console_of
from reverie.cli.served import WHERE, Served


@dataclass(frozen=True)
class Address(Served):
    """Where the page is, and who may come in."""

    share: bool = other(
        "--share", help="Let others in, by a link that is shown; each has a gallery.", panel=WHERE
    )


@dataclass(frozen=True)
class Work(Group):
    """What dreams, and where all of it is kept."""

    data: Path | None = other("--data", help="The folder of all that is given and made.", metavar="DIR")
    network: list[str] | None = other(
        "--network", help="A network to choose from; the first is the usual.", panel=COMPUTE, metavar="NAME"
    )
    workers: Annotated[
        int,
        other("--workers", help="Dreams at once (default 1).", panel=COMPUTE, metavar="N", min=1, max=64),
    ] = 1


@takes_groups
def studio(
    address: Address,
    work: Work,
    common: Annotated[Common, Only("offline", "quiet", "debug")],
) -> None:
    """Open a page where people dream: drop a photograph, watch, shape, keep.

    The page is for this machine alone, unless --share lets others in. When it is ready
    one line on standard output holds its address. Ctrl-C ends it; what waits goes on next time.
    """
    from reverie.studio.serve import serve
    from reverie.studio.settings import SHARED, Quota, StudioSettings, usual_folder
    from reverie.web.extra import check_extra

    check_extra("the studio")
    console: Console = console_of(common)
    settings = StudioSettings(
        data=(work.data or usual_folder()).absolute(),
        host=address.host or ("0.0.0.0" if address.share else "127.0.0.1"),
        port=address.port,
        shared=address.share,
        networks=tuple(dict.fromkeys(work.network or ("lite0",))),
        workers=work.workers,
        offline=common.offline,
        allow_hosts=tuple(address.allow_host or ()),
        proxies=tuple(address.trusted_proxy or ()),
        quota=SHARED if address.share else Quota(),
    )
    settings.check()
    console.info("starting; its address comes in some seconds")

    def ready(url: str) -> None:
        typer.echo(url)
        sys.stdout.flush()

    with suppress(KeyboardInterrupt):  # asked for: nothing is lost
        serve(settings, opens=not address.no_open, ready=ready, note=console.must)
