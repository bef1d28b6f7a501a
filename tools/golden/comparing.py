"""Where two recordings differ."""

from __future__ import annotations

import argparse
import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from golden.errors import GoldenError
from golden.recording import FORMAT


def load(path: str) -> dict[str, Any]:
    """A recording."""
    try:
        found = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise GoldenError(f"{path}: {error}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise GoldenError(f"{path}: not a recording of this version")
    return found


def compare(options: argparse.Namespace) -> int:
    """Print where two recordings differ."""
    old, new = load(options.old), load(options.new)
    strange = [f"inputs: {line}" for line in differing_files(old["inputs"], new["inputs"])]
    print("".join(f"{line}\n" for line in strange), end="")
    found = 0
    names = sorted(name for name in {*old["cases"], *new["cases"]} if re.search(options.only, name))
    for name in names:
        lines = list(differences(old["cases"].get(name), new["cases"].get(name)))
        if lines:
            print("\n  ".join([f"{name}:", *lines]))
            found += 1
    print(f"{len(names) - found} of {len(names)} cases are the same")
    return 1 if found or strange or not names else 0


def differences(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[str]:
    """Where two records of a case differ, line by line."""
    if old is None or new is None:
        yield "missing in the new recording" if new is None else "missing in the old recording"
        return
    for problem in new["problems"]:
        yield f"problem: {problem}"
    if len(old["said"]) != len(new["said"]):
        yield f"{len(old['said'])} commands, now {len(new['said'])}"
    for before, after in zip(old["said"], new["said"], strict=False):
        for field in sorted({*before, *after}):
            one, other = (str(entry.get(field, "")) for entry in (before, after))
            if one != other:
                yield f"{field} of {before['command']}"
                lines = difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0)
                yield from (f"  {line}" for line in list(lines)[2:40])
    yield from differing_files(old["files"], new["files"])


def differing_files(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Files of two lists that are not the same."""
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            what = "is missing" if path not in new else "is new" if path not in old else "has other bytes"
            yield f"{path} {what}"
