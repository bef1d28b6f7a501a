"""Where commands run: folders, variables, inputs."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from golden.case import KILL
from golden.errors import GoldenError
from golden.results import hashes, settled
from golden.running import PATIENCE, TOOL, Afresh, Forked, Running


@dataclass(frozen=True)
class Workshop:
    """Where commands run.

    Attributes:
        reverie: The command.
        work: A folder for everything.
        kind: How commands are begun.
    """

    reverie: Path
    work: Path
    kind: type[Afresh] | type[Forked]

    @property
    def inputs(self) -> Path:
        """What the commands read."""
        return self.work / "inputs"

    @property
    def python(self) -> Path:
        """The Python of the command."""
        return self.reverie.with_name("python")

    def environment(self, more: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
        """The variables that a command sees: the same ones everywhere, but for paths and OMP_NUM_THREADS."""
        kept = ("PATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "SYSTEMROOT")
        fixed = {
            "HOME": str(self.work / "home"),
            "TMPDIR": str(self.work / "temporary"),
            "PYTHONPYCACHEPREFIX": str(self.work / "bytecode"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "100",
        }
        return {**{name: os.environ[name] for name in kept if name in os.environ}, **fixed, **dict(more)}

    def prepare(self) -> None:
        """Make the folders that commands need."""
        for name in ("home", "temporary"):
            (self.work / name).mkdir(exist_ok=True)

    def furnish(self) -> dict[str, str]:
        """Make the inputs; their hashes."""
        shutil.rmtree(self.inputs, ignore_errors=True)
        self.inputs.mkdir()
        made = subprocess.run(
            [self.python, TOOL, "inputs", self.inputs],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise GoldenError(f"{self.python} cannot make the inputs:\n{made.stderr}")
        return hashes(self.inputs)

    def begin(
        self, words: Sequence[str], folder: Path, said: Path, more: Sequence[tuple[str, str]] = ()
    ) -> Running:
        """Begin a command in a folder; what it says goes to the files "out" and "err" of another one."""
        order = {
            "script": str(self.reverie),
            "words": list(words),
            "folder": str(folder),
            "environment": self.environment(more),
            "out": str(said / "out"),
            "err": str(said / "err"),
        }
        return self.kind(order, self.python)

    def run(
        self, words: Sequence[str], folder: Path, more: Sequence[tuple[str, str]] = ()
    ) -> tuple[int, str, str]:
        """A command in a folder, to its end: exit code, and what it said on stdout and stderr."""
        with tempfile.TemporaryDirectory(dir=self.work / "temporary") as said:
            process = self.begin(words, folder, Path(said), more)
            code = process.ended(PATIENCE)
            if code is None:
                process.send(KILL)
                process.ended(PATIENCE)
                raise GoldenError(f"reverie {shlex.join(words)}: not ended after {PATIENCE:g} s")
            out, err = ((Path(said) / name).read_text("utf-8", "replace") for name in ("out", "err"))
        return code, settled(out, words, folder), settled(err, words, folder)


def command(given: str) -> Path:
    """The path of the command, which is run from other folders."""
    path = Path(given).absolute()
    if not path.is_file():
        raise GoldenError(f"--reverie {given}: no such file")
    return path
