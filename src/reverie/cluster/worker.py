"""What a worker does: one shard after the other, with the network of the last one still at work."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from reverie.cluster.shard import Shard, unpack
from reverie.errors import ReverieError
from reverie.jobs.batch import small
from reverie.jobs.dream import PictureResult
from reverie.jobs.job import Event, ItemFinished, Listener
from reverie.jobs.workspace import Workspace


@dataclass(frozen=True)
class Limits:
    """What holds for every shard: see ``Workspace``."""

    max_pixels: int
    offline: bool


@dataclass(frozen=True)
class Carried:
    """What came of a shard: the bytes of each file with its result, or the error it ended with."""

    files: tuple[bytes, ...] = ()
    results: tuple[PictureResult, ...] = ()
    error: ReverieError | None = None


class _Pictures(Listener):
    """Keeps every picture's result, with the picture as small as a sheet shows it."""

    def __init__(self) -> None:
        self.results: list[PictureResult] = []

    def on_event(self, event: Event) -> None:
        if isinstance(event, ItemFinished) and isinstance(event.result, PictureResult):
            picture = event.result.picture
            self.results.append(replace(event.result, picture=small(picture) if picture else None))


def carry_out(shard: Shard, bytes_of: Mapping[str, bytes], limits: Limits) -> Carried:
    """Carry a shard out; errors of the work come back in what it returns."""
    own = Path(tempfile.mkdtemp(dir=_folder()))
    try:
        job, resolver = unpack(shard, bytes_of, _folder() / "kept", own)
        workspace = _workspace(limits)
        workspace.resolver = resolver
        network = job.recipe.network if hasattr(job, "recipe") else ""
        for other in [name for name in workspace.networks if name != network]:
            del workspace.networks[other]  # a worker holds one
        listener = _Pictures()
        job.run(listener, workspace)
        files = tuple(Path(result.path).read_bytes() for result in listener.results)
        return Carried(files, tuple(listener.results))
    except ReverieError as error:
        return Carried(error=error)
    finally:
        shutil.rmtree(own, ignore_errors=True)


@cache
def _folder() -> Path:
    """A folder of this worker, gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="reverie-worker-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _workspace(limits: Limits) -> Workspace:
    return Workspace(max_pixels=limits.max_pixels, offline=limits.offline)
