"""Names of the user's own for networks: ``networks.toml`` in the user's folder of settings. Needs no torch.

    mine = "timm:resnet50:mine.safetensors"

    [googlenet]
    network = "caffe:~/nets/bvlc_googlenet.caffemodel"
    classes = "synset_words.txt"
    mean = [0.48, 0.46, 0.41]

A name stands wherever a network does. It is replaced by what it stands for before anything is done with it:
results hold that and never the name, and the checks of what foreign files may ask for see through it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from reverie.errors import BadInput, ReverieError, UsageError, did_you_mean
from reverie.media.local_file import read_regular, toml_of, unreadable
from reverie.network.description import (
    EMBEDDED,
    KINDS,
    SETTINGS,
    Description,
    describe,
    picture_settings,
)

FILE: Final = "networks.toml"
#: The longest such file, in bytes.
LONGEST: Final = 1_000_000
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
#: Endings of files of weights, which are no names.
_FILES: Final = (".pth", ".pt", ".pt2", ".safetensors", ".onnx", ".caffemodel", ".dat", ".py")


@dataclass(frozen=True)
class Named:
    """A network that the user gave a name.

    Attributes:
        name: The name.
        network: What it stands for, its files as paths.
        line: Where it is in the file, from 1.
    """

    name: str
    network: Description
    line: int


def config_file() -> Path:
    """Where names of networks are kept, whether there is such a file or not."""
    from platformdirs import user_config_path

    return user_config_path("reverie", appauthor=False) / FILE


def named_networks() -> dict[str, Named]:
    """The networks that the user gave names, by name; none where there is no such file.

    Raises:
        BadInput: The file cannot be read.
        UsageError: It is no TOML, or something in it cannot be; says in which line, of what.
    """
    path = config_file()
    try:
        text = read_regular(path, most=LONGEST).decode("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {unreadable(error)}; mend it, or take it away") from error
    return {name: _entry(path, text, name, given) for name, given in toml_of(text, path).items()}


def known_as(text: str) -> str:
    """What a network's name stands for; the same text where it is none of the user's names.

    Settings after the name count for more than those in the file.

    Raises:
        BadInput, UsageError: As of ``named_networks``, which is asked of names that are no other network's.
    """
    found = describe(text)
    if found.target or found.kind in (*EMBEDDED, *KINDS):
        return text
    entry = named_networks().get(found.kind)
    if entry is None:
        return text
    return str(replace(entry.network, settings={**entry.network.settings, **found.settings}))


def _entry(path: Path, text: str, name: str, given: Any) -> Named:
    """One name, checked."""

    def wrong(said: str, key: str | None = None) -> UsageError:
        of = f"{key} of {name}" if key else name
        return UsageError(f"{path}: line {_line(text, name, key)}, {of}: {said}")

    if not NAME.fullmatch(name) or name.endswith(_FILES):
        raise wrong("no name of a network; letters, digits, _ - . are, without the ending of a file")
    if name in (*EMBEDDED, *KINDS):
        raise wrong("a network of that name comes along; give yours another")
    table = {"network": given} if isinstance(given, str) else given
    if not isinstance(table, dict) or not isinstance(table.get("network"), str):
        raise wrong('a network is missing, as in network = "timm:resnet18"')
    settings: dict[str, str] = {}
    for key, value in table.items():
        if key == "network":
            continue
        if key not in SETTINGS:
            hint = did_you_mean(key, SETTINGS) or f"there are network, {', '.join(SETTINGS)}"
            raise wrong(f'"{key}" is no setting of a network; {hint}', key)
        try:
            settings[key] = _as_text(key, value)
            picture_settings(Description("", settings={key: settings[key]}))
        except UsageError as error:
            raise wrong(str(error), key) from error
    try:
        return Named(name, _placed(table["network"], settings, path.parent), _line(text, name, None))
    except UsageError as error:
        raise wrong(str(error), "network" if isinstance(given, dict) else None) from error


def _as_text(key: str, value: object) -> str:
    """A value of TOML as the setting of a network: a text, a number, or a list of numbers."""
    if isinstance(value, str):
        return value
    numbers = value if isinstance(value, list) else [value]
    if not numbers or any(isinstance(one, bool) or not isinstance(one, int | float) for one in numbers):
        raise UsageError("a text, a number or a list of numbers is needed")
    return ("x" if key == "size" else ",").join(map(repr, numbers))


def _placed(network: str, settings: Mapping[str, str], folder: Path) -> Description:
    """What a name stands for: its files looked for from the folder of the file that names them."""
    found = describe(network)
    if found.kind not in (*EMBEDDED, *KINDS):
        near = did_you_mean(found.kind, [*EMBEDDED, *KINDS]) or f"there are {', '.join((*EMBEDDED, *KINDS))}"
        raise UsageError(f'"{found.kind}" is no kind of network; {near}')
    twice = next((key for key in settings if key in found.settings), None)
    if twice is not None:
        raise UsageError(f"{twice} is given twice, here and after the # of the network")
    found = replace(found, settings={**found.settings, **settings})
    picture_settings(found)
    return found.renamed({name: str(folder / Path(name).expanduser()) for name in found.files})


def _line(text: str, name: str, key: str | None) -> int:
    """In which line a name, or a setting of it, stands; the name's where the setting's cannot be told."""
    header = re.compile(rf"\s*\[\s*[\"']?{re.escape(name)}[\"']?\s*\]")
    value = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[=.]")
    inside, at = False, 1
    for number, line in enumerate(text.splitlines(), 1):
        if header.match(line) or (not inside and value.match(line)):
            inside, at = True, number
            if key is None:
                break
        elif inside and line.lstrip().startswith("["):
            break
        if inside and key is not None and re.search(rf"(?:^|[{{,.\s])[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return at


def folders_with(file: str) -> list[Path]:
    """The folders in which networks that the user gave names have a file of this bare name."""
    try:
        files = [Path(name) for one in named_networks().values() for name in one.network.files]
    except ReverieError:
        return []
    return list(dict.fromkeys(path.parent for path in files if path.name == file))


def names_given() -> list[str]:
    """The user's names for networks; none where they cannot be read."""
    try:
        return list(named_networks())
    except ReverieError:
        return []
