"""What a worker does: one shard after the other, with the network of the last one still at work."""

from __future__ import annotations

import atexit
import platform
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from reverie.errors import NetworkError, ResourceError, ReverieError
from reverie.jobs.cluster.shard import Shard, unpack
from reverie.jobs.dreaming.dream import PictureResult
from reverie.jobs.job import Event, ItemFinished, Job, Listener, Result
from reverie.jobs.workspace import Workspace
from reverie.media.lock import WHOLE, hold
from reverie.media.picture.picture import no_larger
from reverie.recipe.recipe import Recipe

#: How the folders of workers are called, and seconds in which one may be made and not yet be held.
_CALLED: Final = "reverie-worker-"
_JUST_MADE: Final = 60.0


@dataclass(frozen=True)
class Limits:
    """What holds for every shard: see ``Workspace``."""

    max_pixels: int
    offline: bool


@dataclass(frozen=True)
class Carried:
    """What came of a shard: each result with the bytes of its file, or the error it ended with."""

    files: tuple[bytes, ...] = ()
    results: tuple[Result, ...] = ()
    error: ReverieError | None = None


class _Items(Listener):
    """Keeps the result of every item, with its picture no larger than ``side``, see ``JobPart``."""

    def __init__(self, side: int | None) -> None:
        self.side = side
        self.results: list[Result] = []

    def on_event(self, event: Event) -> None:
        if isinstance(event, ItemFinished) and event.result is not None:
            self.results.append(self._small(event.result))

    def _small(self, result: Result) -> Result:
        if self.side is None or not isinstance(result, PictureResult) or result.picture is None:
            return result
        return replace(result, picture=no_larger(result.picture, self.side) if self.side else None)


def carry_out(shard: Shard, bytes_of: Callable[[str], bytes], limits: Limits) -> Carried:
    """Carry a shard out; errors of the work come back in what it returns.

    Args:
        shard: It.
        bytes_of: Gives the bytes of its files, by SHA-256.
        limits: What holds for every shard.
    """
    own = None
    try:
        own = Path(tempfile.mkdtemp(dir=_folder()))
        job, files = unpack(shard, bytes_of, _folder() / "kept", own)
        workspace = _workspace(limits)
        workspace.resolver = files
        _check_network(job, shard, workspace)
        listener = _Items(shard.side)
        job.run(listener, workspace)
        made = tuple(
            Path(result.files[0]).read_bytes() if result.files else b"" for result in listener.results
        )
        return Carried(made, tuple(listener.results))
    except ResourceError as error:
        return Carried(error=ResourceError(f"machine {platform.node()}: {error}"))
    except ReverieError as error:
        return Carried(error=error)
    except OSError as error:
        what = f"cannot write ({error.strerror or error}); make room there, or leave it out of the cluster"
        return Carried(error=ResourceError(f"machine {platform.node()}: {what}"))
    finally:
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)


def _check_network(job: Job[Any], shard: Shard, workspace: Workspace) -> None:
    """Hold no other network than the job's; NetworkError where it is another one than the sender's."""
    recipe = getattr(job, "recipe", None)
    name = recipe.network if isinstance(recipe, Recipe) else getattr(job, "settings", {}).get("network")
    if name is None:
        return
    workspace.keep_only(name)
    if shard.weights is not None and workspace.network(name).weights_sha256 != shard.weights:
        raise NetworkError(
            f"network {name}: a worker has another one of this name; give its file, which travels"
        )


@cache
def _folder() -> Path:
    """A folder of this worker, gone when it ends, or when the next one begins where it was killed."""
    _remove_left()
    folder = Path(tempfile.mkdtemp(prefix=_CALLED))
    hold(folder, [WHOLE])
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _remove_left() -> None:
    """Remove the folders of workers that were killed: photographs of others are in them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_CALLED}*"):
        with suppress(OSError, ReverieError):
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and time.time() - found.st_mtime > _JUST_MADE:
                with hold(folder, [WHOLE]):
                    shutil.rmtree(folder)


@cache
def _workspace(limits: Limits) -> Workspace:
    return Workspace(max_pixels=limits.max_pixels, offline=limits.offline)
