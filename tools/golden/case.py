"""What a case is, and the words that make one."""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import dataclass
from typing import Any, Final

KILL: Final = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
ONE: Final = "--threads 1"


@dataclass(frozen=True)
class Stop:
    """How the first command of a case is ended from outside, before it is given again.

    Attributes:
        once: A pattern of files; when one of them is there, or is written anew, the process is ended.
        times: How often it is begun and ended.
        by: The signal.
        after: Seconds that are waited then.
        more: Words that the command is given with at last.
    """

    once: str
    times: int = 1
    by: signal.Signals = KILL
    after: float = 0.0
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Commands that are given one after the other in one folder.

    Attributes:
        commands: Their arguments. The photographs and films that they name are put into the folder before.
        code: The exit code of the last one; the others end with 0.
        stop: The last command is ended early, and then given again to the end.
        equal: Two results that are to have the same bytes.
        again: A result that ``rerun`` has to make again.
        needs: Files that are needed though no command names them.
        environment: Variables on top of the usual ones.
    """

    commands: tuple[list[str], ...]
    code: int = 0
    stop: Stop | None = None
    equal: tuple[str, str] | None = None
    again: str = ""
    needs: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def case(*commands: str, **more: Any) -> Case:
    """A case of command lines, without the name of the command."""
    return Case(tuple(map(shlex.split, commands)), **more)


def dream(words: str, out: str = "d.png", photo: str = "cat.png", **more: Any) -> Case:
    """A dream of a photograph, which can be made again."""
    return case(f"dream {photo} -o {out} {words}", again=out, **more)


def zoom(words: str, out: str = "z.mp4", **more: Any) -> Case:
    """A zoom of a few frames, which can be made again."""
    return case(f"zoom -o {out} {words}", again=out, **more)


def film(words: str, out: str = "f.mp4", source: str = "pan.mp4", **more: Any) -> Case:
    """A film that dreams, which can be made again."""
    return case(f"film {source} -o {out} {words}", again=out, **more)


def see(words: str, out: str = "p.png", **more: Any) -> Case:
    """A portrait, which can be made again."""
    return case(f"see {words} -o {out}", **{"again": out, **more})


def refused(code: int, words: str) -> Case:
    """A command that cannot be."""
    return case(words, code=code)
