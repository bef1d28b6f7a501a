"""Options of the verbs that serve pages: where they are, and who may come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from reverie.cli.fields import other
from reverie.cli.groups import Group

#: The panel of the help.
WHERE = "Where it is"


def port_option(usual: int) -> Any:
    """``--port``, whose default is ``usual``."""
    said = f"Its port (default {usual}; 0 takes any)."
    return other("--port", help=said, panel=WHERE, metavar="N", min=0, max=65535)


@dataclass(frozen=True)
class Served(Group):
    """Where pages are, and who may come in; each verb has a port and a ``--share`` of its own."""

    port: Annotated[int, port_option(8765)] = 8765
    host: str | None = other(
        "--host", help="The address it is bound to (default 127.0.0.1).", panel=WHERE, metavar="ADDRESS"
    )
    share: bool = other("--share", help="Let others in.", panel=WHERE)
    allow_host: list[str] | None = other(
        "--allow-host", help="A further name that it is opened by.", panel=WHERE, metavar="NAME"
    )
    trusted_proxy: list[str] | None = other(
        "--trusted-proxy", help="A proxy whose X-Forwarded counts.", panel=WHERE, metavar="ADDRESS"
    )
    no_open: bool = other("--no-open", help="Open no browser; the address is printed.", panel=WHERE)
