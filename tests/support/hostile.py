"""Hostile state: folders, results and documents whose content leads elsewhere, and commands that read them.

Run as a program it carries commands out, each line of standard input one, and says of each what it ended
with, how long it took, and which files were opened: whoever ran it looks for those that were not to be.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.commands import environment

#: What may take part in a name that is not to be opened.
SECRET = "outside-secret"


@dataclass(frozen=True)
class Done:
    """What a command ended with, seconds of the processor, files it opened, the most memory so far."""

    rc: int
    seconds: float
    opened: list[str]
    megabytes: int
    said: str

    @property
    def secrets(self) -> list[str]:
        """Opened files that were not to be."""
        return [name for name in self.opened if SECRET in os.path.realpath(name) or "/dev/zero" in name]


def carried_out(commands: list[tuple[Path, list[str]]], *, limit: int | None = None) -> list[Done]:
    """Commands, one after the other in a process of their own.

    Args:
        commands: Folder and words of each.
        limit: Bytes of address space that the process may have.
    """
    lines = "".join(json.dumps([str(folder), words]) + "\n" for folder, words in commands)

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    found = environment()
    here = os.pathsep.join([os.fspath(Path(__file__).parents[1]), found["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "support.hostile"],
        input=lines,
        env={**found, "PYTHONPATH": here},
        capture_output=True,
        text=True,
        timeout=800,
        preexec_fn=limited,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [Done(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith('{"rc"')]


def main() -> None:
    """Carry out what stands on standard input."""
    opened: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes):
            opened.append(os.path.abspath(os.fsdecode(arguments[0])))

    sys.addaudithook(watch)
    from reverie.cli.main import run

    for line in sys.stdin:
        folder, words = json.loads(line)
        os.chdir(folder)
        opened.clear()
        said, began = io.StringIO(), time.process_time()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            rc = run(words)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        kept = [name for name in opened if not name.endswith((".py", ".pyc", ".so"))]
        found = {
            "rc": rc,
            "seconds": round(time.process_time() - began, 3),
            "opened": kept,
            "megabytes": most,
            "said": said.getvalue()[-3000:],
        }
        print(json.dumps(found), flush=True)


# -- what is hostile --------------------------------------------------------------------------------------

#: Names that lead elsewhere, from a folder that lies beside the secret.
NAMES = ("../outside-secret/x.png", "{secret}/x.png", "leads-out.png", "/dev/zero", "zero.png")
#: Names beside it that are no files.
NO_FILES = ("pipe.png", "socket.png", "folder.png")


def lay_out(root: Path, photo: Path) -> Path:
    """A folder to be in, with a photograph and everything that leads out of it; the secret is beside it."""
    secret, folder = root / SECRET, root / "folder"
    secret.mkdir()
    folder.mkdir()
    for name in ("x.png", "w.pth"):
        shutil.copy(photo, secret / name)
    shutil.copy(photo, folder / "me.png")
    (folder / "leads-out.png").symlink_to(f"../{SECRET}/x.png")
    (folder / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(folder):
        server.bind("socket.png")
    return folder


def recipes(names: tuple[str, ...], secret: Path) -> Iterator[dict[str, Any]]:
    """Recipes that name a file in each place, and each name in one place at least."""
    ways: tuple[Callable[[str], dict[str, Any]], ...] = (
        lambda name: {"mask": name},
        lambda name: {"objective": [f"guide({json.dumps(name)}, block3a)"]},
        lambda name: {"objective": [f"block3a@mask({json.dumps(name)})"]},
        lambda name: {"objective": [f"invert({json.dumps(name)}, block3a)"]},
        lambda name: {"network": f"lite0:{name}"},
    )
    for name in names:
        for way in ways:
            yield way(name.format(secret=secret))


if __name__ == "__main__":
    main()
