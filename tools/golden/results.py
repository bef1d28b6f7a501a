"""What commands made and said, in a form that can be compared."""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final


def sha(path: Path) -> str:
    """SHA-256 of a file; of an evolution's checkpoint that of all in it but its clock."""
    if path.name != "checkpoint.npz":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    found = hashlib.sha256()
    with zipfile.ZipFile(path) as file:
        for entry in file.infolist():
            if entry.filename != "clock.npy":
                found.update(repr((entry.filename, entry.date_time, entry.compress_type)).encode())
                found.update(file.read(entry))
    return found.hexdigest()


def hashes(folder: Path) -> dict[str, str]:
    """Every file in a folder by its path there, and its SHA-256."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha(path) for path in found}


def result(place: Path) -> object:
    """A result in a form that can be compared: its hash, or those of all that is in it; None if not there."""
    if place.is_dir():
        return hashes(place)
    return sha(place) if place.exists() else None


#: Fields of JSON documents that hold times, or speeds measured with a clock.
_TIMES: Final = re.compile(r".*seconds.*|evaluations_a_second")
#: What a clock or the free memory decides in texts, and what is put in its place.
_MEASURED: Final = (
    (re.compile(r"\d[\d.,]* (?:frames/s|s|ms|min|h)(?=\W|$)"), "<time>"),
    (re.compile(r"[\d,.]+ evaluations a second, \d+ %"), "<speed>"),
    (re.compile(r", \d+/s\b"), ", <speed>"),
    (re.compile(r"\d[\d.]* GB"), "<memory>"),
)

#: How far it is; between the first and the last of them a line is said every ten seconds.
_PROGRESS: Final = re.compile(r"(?:step|frame|generation) (\d+)/(\d+)")


def masked(document: Any, *, time_here: bool = False) -> Any:
    """A JSON document without what a clock decides."""
    if isinstance(document, dict):
        return {
            name: masked(value, time_here=time_here or bool(_TIMES.fullmatch(name)) or _speed(name, value))
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [masked(value, time_here=time_here) for value in document]
    if time_here and isinstance(document, int | float) and not isinstance(document, bool):
        return "<time>"
    return document


def _speed(name: str, value: Any) -> bool:
    return name == "rate" and isinstance(value, float)


def settled(text: str, words: Sequence[str], folder: Path) -> str:
    """What a command said, without the place where it ran and without what a clock decides."""
    for place in {str(folder), os.path.realpath(folder)}:
        text = text.replace(place + os.sep, "").replace(place, ".")
    measured = {"--dry-run", "-v", "doctor"} & {*words}
    lines = []
    for line in text.splitlines():
        try:
            document = json.loads(line) if line.startswith("{") else None
        except ValueError:
            document = None
        if document is not None:
            line = json.dumps(masked(document))
        for pattern, instead in _MEASURED if measured else ():
            line = pattern.sub(instead, line)
        on_the_way = _PROGRESS.search(line) if measured else None
        if on_the_way is None or on_the_way[1] in ("0", "1", on_the_way[2]):
            lines.append(line)
    return "\n".join(lines)
