"""What a studio is started with, and what each visitor may use up."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reverie.errors import UsageError
from reverie.web.addresses import is_loopback

#: The port where nothing else is said.
PORT: Final = 8765


@dataclass(frozen=True)
class Quota:
    """What one visitor may use up.

    Attributes:
        disk: Bytes of photographs and results.
        upload: Bytes of one photograph or film.
        pixels: Pixels of a photograph, and of a result.
        waiting: Jobs that wait at once.
        seconds: Of work, for one job; what there is by then is kept.
        viewers: Pages that are told of events at once.
    """

    disk: int = 20_000_000_000
    upload: int = 200_000_000
    pixels: int = 64_000_000
    waiting: int = 200
    seconds: float = 6 * 3600.0
    viewers: int = 300


#: What one of many may use up.
SHARED: Final = Quota(
    disk=2_000_000_000, upload=64_000_000, pixels=16_000_000, waiting=40, seconds=1200.0, viewers=300
)


@dataclass(frozen=True)
class StudioSettings:
    """How a studio is run.

    Attributes:
        data: The folder that holds everything.
        host: The address it is bound to.
        port: Its port.
        shared: Whether people come in by a link, each to a gallery of their own.
        networks: Names that its users may choose from, the first one as it is.
        workers: Processes that dream.
        threads: CPU threads of each; 0 divides those there are.
        offline: Never download weights.
        allow_hosts: Further names of this server.
        proxies: Addresses of proxies that are believed.
        quota: What each visitor may use up.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = PORT
    shared: bool = False
    networks: tuple[str, ...] = ("lite0",)
    workers: int = 1
    threads: int = 0
    offline: bool = False
    allow_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    quota: Quota = field(default_factory=Quota)

    def check(self) -> None:
        """UsageError where others could come in without a link."""
        if not self.shared and not is_loopback(self.host):
            raise UsageError(f"--host {self.host}: others reach that address; --share lets them in by a link")

    @property
    def threads_each(self) -> int:
        """CPU threads of one worker."""
        return self.threads or max(1, (os.cpu_count() or 1) // self.workers)


def usual_folder() -> Path:
    """Where a studio keeps what it makes if nothing else is said."""
    import platformdirs

    return Path(platformdirs.user_data_dir("reverie", appauthor=False)) / "studio"
