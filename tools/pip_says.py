"""pip, saying what it is doing: a line for each package, with its size, and how far large ones are.

python tools/pip_says.py install -e ".[samples]"

pip by itself says nothing at all (``-q``) or some hundred lines. What it says of errors comes through, and
so does its exit status; that it looked for wheels in a folder which is not there is no news.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from importlib.metadata import version

#: Downloads of so many bytes and more are told of on the way, at each tenth.
LARGE = 50_000_000
#: The version of pip from which on it says in numbers how far it is.
RAW = (24, 1)
_FILE = re.compile(
    r"\s*(?:Downloading|Using cached|Processing) (?:\S*/)?([\w.]+-\d[\w.+!]*?)(?:-\S+\.whl|\.tar\.\w+|\.zip)"
    r"(?: \(([^)]+)\))?(?: \(from .*\))?\s*"
)
_NO_NEWS = re.compile(r"WARNING: Location '[^']*' is ignored: it is neither a file nor a directory\.\s*")
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


def said(lines: Iterable[str]) -> Iterator[str]:
    """What is worth saying of the lines that pip writes with ``--progress-bar raw``.

    Args:
        lines: Of its standard output.

    Yields:
        Lines, indented by two.
    """
    tenths = 0
    for line in lines:
        if found := _FILE.fullmatch(line):
            tenths = 0
            size = found[2] if found[2] and not found[2].startswith("from ") else None
            yield f"  {found[1]}" + (f" ({size})" if size else "")
        elif found := _PROGRESS.fullmatch(line.strip()):
            done, total = int(found[1]), int(found[2])
            now = 10 * done // total if total else 0
            if total >= LARGE and now > tenths:
                tenths = now
                yield f"    {10 * now} %"
        elif line.startswith("Building wheel for") and "finished" not in line:
            yield f"  building {line.split()[3]}"
        elif line.startswith("Installing collected packages:"):
            yield f"  putting {line.count(',') + 1} packages in place"


def main(words: list[str]) -> int:
    """Run pip with these words; its exit status."""
    bar = "raw" if tuple(map(int, version("pip").split(".")[:2])) >= RAW else "off"
    command = [sys.executable, "-m", "pip", *words, "--progress-bar", bar]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, errors="replace") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        complaining = threading.Thread(target=complain, args=(process.stderr,))
        complaining.start()
        for line in said(process.stdout):
            print(line, flush=True)
        complaining.join()
    return process.returncode


def complain(lines: Iterable[str]) -> None:
    """Pass on what pip writes to its standard error, but for what is no news."""
    for line in lines:
        if not _NO_NEWS.fullmatch(line):
            print(line, end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
