"""The two ways in which a command is begun."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from golden.errors import GoldenError

#: Seconds after which a command is ended.
PATIENCE: Final = 1800.0
#: What Python is given to run this tool in a process of its own.
TOOL: Final = Path(__file__).resolve().parent
#: As reverie has it when torch is loaded: threads that wait give the core away soon.
WHILE_LOADING: Final = {"GOMP_SPINCOUNT": "10000", "THP_MEM_ALLOC_ENABLE": "1"}


class Running(Protocol):
    """A command that has begun."""

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""

    def ended(self, timeout: float) -> int | None:
        """Its exit code, minus a signal's number if that ended it; None if it goes on after some seconds."""


class Afresh:
    """A command in a Python of its own, as a user begins it."""

    def __init__(self, order: Mapping[str, Any], python: Path) -> None:
        del python  # it knows its own
        with open(order["out"], "wb") as out, open(order["err"], "wb") as err:
            self._process = subprocess.Popen(
                [order["script"], *order["words"]],
                cwd=order["folder"],
                env=order["environment"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self, timeout: float) -> int | None:
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None


class Forked:
    """A command in a fork of a Python that has the libraries loaded, which takes a third of the time."""

    _free: ClassVar[list[_Server]] = []

    def __init__(self, order: Mapping[str, Any], python: Path) -> None:
        self._server = self._free.pop() if self._free else _Server(python, order["environment"])
        self._pid = self._server.begin(order)
        self._code: int | None = None

    def send(self, number: signal.Signals) -> None:
        os.kill(self._pid, number)

    def ended(self, timeout: float) -> int | None:
        if self._code is None:
            self._code = self._server.answer(timeout)
            if self._code is not None:
                self._free.append(self._server)
        return self._code

    @classmethod
    def close(cls) -> None:
        """End the processes that were forked from."""
        while cls._free:
            cls._free.pop().close()


class _Server:
    """The process that is forked from: one command at a time."""

    def __init__(self, python: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, TOOL, "serve"],
            env={**environment, **WHILE_LOADING},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def begin(self, order: Mapping[str, Any]) -> int:
        """Begin a command; its process."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        pid = self.answer(PATIENCE)
        if pid is None:
            raise GoldenError("the process that is forked from says nothing; take --fresh")
        return pid

    def answer(self, timeout: float) -> int | None:
        """The next number that it says; None if it says nothing for some seconds."""
        try:
            line = self._answers.get(timeout=timeout) if timeout else self._answers.get_nowait()
        except queue.Empty:
            return None
        if not line:
            raise GoldenError("the process that is forked from has ended; take --fresh")
        return int(line)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
