"""Standard streams that are closed, full or read by nobody: what is said there is lost, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support.commands import environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="shells and /dev/full of Unix")

SAYS = """
import sys
from reverie.process.streams import Streams
from reverie.errors import ResourceError
streams = Streams()
file = open("work", "w")
assert file.fileno() > 2
for _ in range(3):
    print("a result \\N{SNOWMAN} \\udcff")
    print("a warning \\N{SNOWMAN} \\udcff", file=sys.stderr)
sys.stderr.write("x" * 200_000 + "\\n")
file.write("done")
file.close()
try:
    streams.settle()
except ResourceError as error:
    open("lost", "w").write(str(error))
"""


@pytest.mark.parametrize(
    ("ways", "lost"),
    [
        ("", ""),
        ("2>&-", ""),
        ("2>/dev/full", ""),
        (">/dev/full", "No space left on device"),
        (">&-", "Bad file descriptor"),
        (">&- 2>&-", "Bad file descriptor"),
        ("<&- >&- 2>&-", "Bad file descriptor"),
        ("<&-", ""),
        ("| true", ""),
        ("2>&1 | true", ""),
        ("2>&1 | head -1", ""),
        (">/dev/full 2>/dev/full", "No space left on device"),
        ("</dev/null >/dev/null 2>&1", ""),
    ],
)
@pytest.mark.parametrize("encoding", [None, "ascii"])
def test_the_work_is_done(tmp_path, ways, lost, encoding):
    (tmp_path / "says.py").write_text(SAYS)
    more = {} if encoding is None else {"PYTHONIOENCODING": encoding}
    line = f"'{sys.executable}' says.py {ways}"
    subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, env=environment() | more, capture_output=True, check=False
    )
    assert (tmp_path / "work").read_text() == "done"
    assert (tmp_path / "lost").exists() == bool(lost)
    if lost:
        assert lost in (tmp_path / "lost").read_text()


def test_what_the_encoding_has_no_signs_for_is_escaped(tmp_path):
    (tmp_path / "says.py").write_text(SAYS)
    env = environment() | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "says.py"], cwd=tmp_path, env=env, capture_output=True, check=True)
    assert done.stdout == b"a result \\u2603 \\udcff\n" * 3
    assert done.stderr.startswith(b"a warning \\u2603 \\udcff\n" * 3)


def test_streams_of_others_are_left_alone(monkeypatch):
    """Of a test, a notebook, a program that has put its own in their place."""
    from io import StringIO

    from reverie.process.streams import Streams

    mine = StringIO()
    monkeypatch.setattr(sys, "stdout", mine)
    monkeypatch.setattr(sys, "stderr", mine)
    before = os.get_inheritable(1)
    Streams().settle()
    assert sys.stdout is mine
    assert sys.stderr is mine
    assert os.get_inheritable(1) == before
