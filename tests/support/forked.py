"""Processes of their own that begin with torch loaded: forked from one that has done nothing else."""

from __future__ import annotations

import functools
import math
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import connection
from pathlib import Path
from typing import Any
from unittest import mock

from reverie.engine.environment import ENVIRONMENT
from support.paths import TESTS

FORKS = "forkserver" in multiprocessing.get_all_start_methods()
#: What most commands import, and what this needs itself.
LOADED = [
    *("support.forked", "torch", "safetensors.torch", "cv2", "av", "reverie.cli.app", "reverie.api.dreams"),
    *(
        "reverie.motion.film.film",
        "reverie.media.video.write.render",
        "reverie.jobs.moving.job",
        "reverie.jobs.fooling.run",
    ),
]


@functools.cache
def _context(**environment: str) -> Any:
    """Processes are forked from a server, which is started once and told what OpenMP reads as it loads."""
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    path = os.pathsep.join(filter(None, [str(TESTS), environment.get("PYTHONPATH", "")]))
    with mock.patch.dict(os.environ, {**environment, **ENVIRONMENT, "PYTHONPATH": path}, clear=True):
        forkserver.ensure_running()
    return context


def command(words: list[str], prepare: Callable[[], None] | None = None) -> None:
    """``reverie WORDS``, in this process, which ends with it."""
    sys.argv = ["reverie", *words]
    if prepare is not None:
        prepare()
    from reverie.cli.main import main

    main(words)


def script(path: Path, *words: str) -> None:
    """What ``python path words`` does, on one thread; what is deprecated in the file itself is an error."""
    import torch

    torch.set_num_threads(1)
    warnings.filterwarnings("error", category=DeprecationWarning, module="__main__")
    sys.argv = [str(path), *words]
    sys.path.insert(0, str(path.parent))
    runpy.run_path(str(path), run_name="__main__")


def limited(size: int) -> None:
    """No file may grow over a size in bytes from here on."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _begin(
    call: Callable[[], None],
    folder: Path,
    environment: Mapping[str, str],
    streams: Sequence[connection.Connection],
) -> None:
    for number, stream in enumerate(streams, 1):
        os.dup2(stream.fileno(), number)
        stream.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    call()


def in_child(work: Callable[[], int], seconds: float = 60) -> int:
    """The exit status of a fork of this process that does some work; minus the signal that killed it.

    Whatever happens there, the child ends here: it would go on with the tests beside its parent.
    """
    child = os.fork()
    if child == 0:
        status = 70
        try:
            status = work()
        finally:
            os._exit(status)
    until = time.monotonic() + seconds
    while (found := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
        assert time.monotonic() < until + 10, "it was killed, and hangs in the kernel"
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(found[1])


class Forked:
    """A call in a folder, to be used as a ``subprocess.Popen`` of text with both streams piped.

    What is called has to be importable, and so has to be what it is called with.
    """

    def __init__(self, call: Callable[[], None], folder: Path, environment: Mapping[str, str]) -> None:
        context = _context(**environment)
        pipes = [context.Pipe(duplex=False) for _ in range(2)]
        ends = [end for _, end in pipes]
        self._process = context.Process(target=_begin, args=(call, folder, environment, ends))
        self._process.start()
        for end in ends:
            end.close()
        self.stdout, self.stderr = (os.fdopen(os.dup(near.fileno()), encoding="utf-8") for near, _ in pipes)
        for near, _ in pipes:
            near.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that is said from here on, once the process has ended."""
        said: dict[str, str] = {}

        def read(name: str) -> None:
            said[name] = getattr(self, name).read()

        readers = [threading.Thread(target=read, args=(n,), daemon=True) for n in ("stdout", "stderr")]
        until = math.inf if timeout is None else time.monotonic() + timeout
        for reader in readers:
            reader.start()
        for one in (*readers, self._process):
            one.join(None if timeout is None else max(0.0, until - time.monotonic()))
        if self.poll() is None or len(said) < 2:  # it goes on, or what it began holds its streams
            self.kill()
            raise subprocess.TimeoutExpired("reverie", timeout or 0)
        out, err = said["stdout"], said["stderr"]
        self.stdout.close()
        self.stderr.close()
        return out, err
