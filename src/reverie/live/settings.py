"""How a show is run on this machine: where, for whom, and with which secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reverie.errors import BadInput, UsageError
from reverie.live.show import Show
from reverie.media.local_file import read_regular, reason
from reverie.web.addresses import is_loopback

#: The port where nothing else is said.
PORT: Final = 8766
#: Variables that hold what nobody may see.
KEY: Final = "REVERIE_RTMP_KEY"
TOKEN: Final = "REVERIE_LIVE_TOKEN"
#: Bytes of a file that holds a key.
LONGEST: Final = 4096
#: Characters of a token at least.
SHORTEST: Final = 8


@dataclass(frozen=True)
class LiveSettings:
    """How a show is run.

    Attributes:
        show: What it is.
        data: The folder of what is kept.
        host: The address that the server is bound to.
        port: Its port.
        shared: Whether everybody in the network may come in.
        allow_hosts: Further names of this server.
        proxies: Addresses of proxies that are believed.
        rtmp: The address of a service, with its key.
        token: What lets a moderator in; one is made and kept if empty.
        describe: A file that is told what is dreamt, a line a topic.
        offline: Whether no weights may be downloaded.
        dreamer: The module that makes the frames.
        words: Further words for it.
    """

    show: Show
    data: Path
    host: str = "127.0.0.1"
    port: int = PORT
    shared: bool = False
    allow_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    rtmp: str | None = field(default=None, repr=False)
    token: str = field(default="", repr=False)
    describe: Path | None = None
    offline: bool = False
    dreamer: str = "reverie.live.dreamer.child"
    words: tuple[str, ...] = ()

    def check(self) -> None:
        """UsageError where others could come in though nobody said so, or a show cannot run at all."""
        if os.name != "posix":
            raise UsageError("reverie live: runs on Linux and macOS")
        if not self.shared and not is_loopback(self.host):
            raise UsageError(f"--host {self.host}: others reach that address; --share lets them in")


def usual_folder() -> Path:
    """Where a show keeps what it knows if nothing else is said."""
    import platformdirs

    return Path(platformdirs.user_data_dir("reverie", appauthor=False)) / "live"


def with_key(address: str | None, key_file: Path | None, environment: Mapping[str, str]) -> str | None:
    """The address of a service with the key behind it, of a file or else of the environment.

    Raises:
        UsageError: A key that is none, or without an address.
        BadInput: The file cannot be read.
    """
    if address is None:
        if key_file:
            raise UsageError("--rtmp-key-file: --rtmp has to say where the key is for")
        return None
    key = _of_file(key_file, "--rtmp-key-file") if key_file else environment.get(KEY, "").strip()
    if not address.startswith(("rtmp://", "rtmps://")):
        raise UsageError("--rtmp: needs an address such as rtmp://live.twitch.tv/app")
    if not key:
        return address
    if any(letter.isspace() or not letter.isprintable() for letter in key):
        raise UsageError(f"the key of the stream ({'--rtmp-key-file' if key_file else KEY}) is not one word")
    return f"{address.rstrip('/')}/{key}"


def moderator_token(given: Path | None, environment: Mapping[str, str]) -> str:
    """What lets a moderator in: of a file, or of the environment; empty where nobody said one.

    Raises:
        UsageError: A token that is too short to be one.
        BadInput: The file cannot be read.
    """
    token = _of_file(given, "--token-file") if given else environment.get(TOKEN, "").strip()
    if token and len(token) < SHORTEST:
        raise UsageError(f"the moderator's token is too short; {SHORTEST} characters are the least")
    return token


def _of_file(path: Path, option: str) -> str:
    try:
        return read_regular(path, most=LONGEST).decode().strip()
    except (OSError, ValueError) as error:
        raise BadInput(f"{option} {path}: {reason(error)}") from error
