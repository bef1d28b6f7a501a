"""Helps the tests of ``see`` and ``invert``: the command without a process of its own, at a small size."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.cli import main as cli
from support.commands import Ran

#: Small and quick.
QUICK = ("--size", "64", "--steps", "2", "--views", "1")
Quick = Callable[..., Ran]


@pytest.fixture
def quick(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quick:
    """The command in this process, in a folder with chelsea.png."""
    monkeypatch.chdir(here)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = cli.run([str(a) for a in arguments])
        return Ran(code, *capsys.readouterr())

    return run


def same(one: str | Path, other: str | Path) -> bool:
    """Whether two files are equal byte for byte."""
    return Path(one).read_bytes() == Path(other).read_bytes()


def repeats(quick: Quick, result: str) -> None:
    """Assert that ``rerun`` and the command that ``show`` prints make the same file again."""
    import shlex

    assert quick("rerun", result, "-o", "again.png", "--overwrite").rc == 0
    assert same(result, "again.png")
    words = shlex.split(quick("show", result).stdout.splitlines()[0])[1:]
    place = words.index("-o") + 1
    words[place] = "shown.png"
    assert quick(*words).rc == 0, words
    assert same(result, "shown.png"), words
    os.unlink("shown.png")
