"""Names of classes from a file of the user's: a name a line, or JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from reverie.errors import BadInput, UsageError
from reverie.media.local_file import read_regular, unreadable
from reverie.network.class_names import ClassNames, class_names

#: The longest file, in bytes.
LONGEST: Final = 10_000_000
_WORDNET: Final = re.compile(r"(n\d{8})[\s,:]+(.+)")


def read_classes(file: str) -> ClassNames:
    """The names in a file, in the order of the classes.

    A text has a class on each line, its synonyms apart by commas, perhaps with a WordNet id before them
    (Caffe's ``synset_words.txt``). JSON is a list, or an object by number (``imagenet_class_index.json``);
    an entry is a name, or a list of names.

    Raises:
        BadInput: It cannot be read.
        UsageError: It holds no names, or numbers are missing.
    """
    try:
        text = read_regular(Path(file).expanduser(), most=LONGEST).decode("utf-8-sig", "replace")
    except (OSError, ValueError) as error:
        raise BadInput(
            f"classes {file}: {unreadable(error)}; give a text with a name a line, or JSON"
        ) from error
    entries = _of_json(text, file) if text.lstrip()[:1] in ("[", "{") else _of_lines(text)
    if not entries:
        raise UsageError(f"classes {file}: holds no names; give a name a line, or JSON")
    ids, names = zip(*entries, strict=True)
    try:
        found = class_names(names)
        return ClassNames(names, ids=ids) if all(ids) and found.tree is None else found
    except UsageError as error:
        raise UsageError(f"classes {file}: {error}") from error


def _of_lines(text: str) -> list[tuple[str, list[str]]]:
    found = []
    for line in text.strip("\n").splitlines():
        match = _WORDNET.fullmatch(line.strip())
        names = match[2] if match else line
        found.append((match[1] if match else "", [name.strip() for name in names.split(",")]))
    return found


def _of_json(text: str, file: str) -> list[tuple[str, list[str]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"classes {file}: no JSON ({str(error)[:80]})") from error
    if isinstance(found, dict):
        keys = [str(number) for number in range(len(found))]
        if set(found) != set(keys):
            raise UsageError(f"classes {file}: an object by number is needed, from 0 to {len(found) - 1}")
        found = [found[key] for key in keys]
    return [_entry(one, file) for one in found]


def _entry(one: Any, file: str) -> tuple[str, list[str]]:
    names = [one] if isinstance(one, str) else one
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise UsageError(f"classes {file}: {str(one)[:40]} is no name of a class")
    if re.fullmatch(r"n\d{8}", names[0]) and len(names) > 1:
        return names[0], [name.replace("_", " ") for name in names[1:]]
    return "", [name.strip() for part in names for name in part.split(",")]
