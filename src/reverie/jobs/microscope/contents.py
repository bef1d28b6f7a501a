"""What a microscope shows: layers, channels and classes, and where each has its place in the site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reverie.errors import UsageError
from reverie.network.network import OUTPUT, Network
from reverie.objective.text import unquoted
from reverie.portrait.units import LOGITS, class_indices, objective_of

#: Where in a network the layers of a quick site are, from 0 (first) to 1 (last); and their channels, at most.
QUICK_DEPTHS, QUICK_CHANNELS = (0.5, 0.8), 32
#: Names that some file systems keep for themselves.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Unit:
    """A channel of a layer, or a class where ``layer`` is None.

    Attributes:
        stem: Where its files are below each folder of the site, without an extension.
    """

    layer: str | None
    index: int
    stem: str = field(compare=False)

    def objective(self, preset: str, net: Network) -> str:
        """What its portrait increases with a preset, as text."""
        return objective_of(self.layer, self.index, preset, net)

    @property
    def name(self) -> str:
        """As the command line calls it: ``block5c:17``."""
        return f"{self.layer or LOGITS}:{self.index}"

    @property
    def page(self) -> str:
        """Its page, relative to the site."""
        return f"{self.stem}.html"

    @property
    def portrait(self) -> str:
        """Its portrait."""
        return f"portraits/{self.stem}.webp"

    @property
    def thumb(self) -> str:
        """Its portrait, small."""
        return f"thumbs/{self.stem}.webp"

    @property
    def patches(self) -> str:
        """Its strongest patches, side by side in one file."""
        return f"patches/{self.stem}.webp"


@dataclass(frozen=True)
class Plan:
    """What is shown, in the order in which it is made.

    Attributes:
        layers: By layer, shallow to deep, its units.
        classes: Units of the classes.
        folders: By layer, its folder's name.
    """

    layers: dict[str, tuple[Unit, ...]]
    classes: tuple[Unit, ...]
    folders: dict[str, str]

    def groups(self) -> list[tuple[str | None, tuple[Unit, ...]]]:
        """Layer by layer, then the classes under None, leaving out what is empty."""
        found: list[tuple[str | None, tuple[Unit, ...]]] = list(self.layers.items())
        return [(name, units) for name, units in [*found, (None, self.classes)] if units]

    def units(self) -> list[Unit]:
        """All of them."""
        return [unit for _, units in self.groups() for unit in units]

    def layer_page(self, layer: str) -> str:
        """A layer's page, relative to the site."""
        return f"layers/{self.folders[layer]}.html"

    def channels(self) -> dict[str, list[int]]:
        """By layer, the channels."""
        return {layer: [unit.index for unit in units] for layer, units in self.layers.items()}


def choose(
    net: Network,
    *,
    layers: Sequence[str] | None = None,
    channels: str | None = None,
    classes: Sequence[str] | None = None,
    quick: bool = False,
) -> Plan:
    """What to show of a network.

    Args:
        net: The network.
        layers: Names, or ``FIRST..LAST`` for all that run between; None for every layer but the class scores.
        channels: As in ``0-7,12``, of each layer that has them; None for all.
        classes: Names, synonyms or numbers; ``("all",)``, ``("none",)``, or None for all there are.
        quick: What is None is not all: two layers, a few channels of each, and no class.

    Raises:
        UsageError: A layer, channel or class that does not exist, or nothing is left to show.
    """
    if quick and classes is None:
        classes = ("none",)
    names = two_layers(net) if quick and layers is None else _layers(net, layers)
    counts = {name: net.layer(name).channels for name in names}
    most = max(counts.values(), default=0)
    if quick and channels is None:
        channels = f"0-{min(most, QUICK_CHANNELS) - 1}"
    indices = None if channels is None else numbers(channels, most)
    folders = _folders(names)
    rooms = {
        name: tuple(
            Unit(name, i, f"layers/{folders[name]}/{i}")
            for i in (range(count) if indices is None else indices)
            if i < count
        )
        for name, count in counts.items()
    }
    shown = {name: units for name, units in rooms.items() if units}
    chosen = tuple(Unit(None, i, f"classes/{i}") for i in _classes(net, classes))
    if not shown and not chosen:
        raise UsageError("nothing to show: choose a layer or a class")
    return Plan(shown, chosen, folders)


def two_layers(net: Network) -> list[str]:
    """A layer of the middle of a network and a deep one; of maps, where there are such before them."""
    known, found = _layers(net, None), []
    for share in QUICK_DEPTHS if known else ():
        place = round(share * (len(known) - 1))
        before = reversed(known[: place + 1])
        found.append(next((name for name in before if net.geometry(name) is not None), known[place]))
    return list(dict.fromkeys(found))


def numbers(text: str, count: int) -> list[int]:
    """Channels from a text such as ``0-7,12``, in order, each once.

    Raises:
        UsageError: The text is none such, or no layer of the chosen has so many (``count`` at most).
    """
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part)
        if match is None:
            raise UsageError(f"--channels {text}: numbers and ranges are needed, as in 0-7,12")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise UsageError(f"--channels {text}: {part.strip()} ends before it begins")
        if last >= count:
            raise UsageError(f"--channels {text}: {last} is out of range; there are 0 to {count - 1}")
        found.update(range(first, last + 1))
    return sorted(found)


def _layers(net: Network, given: Sequence[str] | None) -> list[str]:
    """Names of the layers to show, in the order they run."""
    known = [name for name in net.layers if name not in (LOGITS, OUTPUT, net.class_map)]
    if given is None:
        return known
    wanted: set[str] = set()
    for text in given:
        if text not in net.layers and ".." in text:
            ends = text.split("..", 1)
            first, last = (known.index(_shown(net, known, unquoted(end))) for end in ends)
            if last < first:
                raise UsageError(f"--layers {text}: {ends[1]} runs before {ends[0]}; turn them round")
            wanted.update(known[first : last + 1])
        else:
            wanted.add(_shown(net, known, unquoted(text)))
    return [name for name in known if name in wanted]


def _shown(net: Network, known: Sequence[str], name: str) -> str:
    net.layer(name)
    if name not in known:
        raise UsageError(f"--layers {name}: its units are the classes; choose them with --classes")
    return name


def _classes(net: Network, given: Sequence[str] | None) -> list[int]:
    words = [] if given is None else [word.strip() for word in given]
    if words == ["none"]:
        return []
    if LOGITS not in net.layers:
        if words and words != ["all"]:
            raise UsageError(f"--classes: network {net.name} has no classes; give none")
        return []
    count = net.layer(LOGITS).channels
    if not words or words == ["all"]:
        return list(range(count))
    return sorted({index for word in words for index in class_indices(net, word)})


def _folders(names: Sequence[str]) -> dict[str, str]:
    """A folder for each layer: its name where every file system takes that, and no two alike."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        folder = _UNSAFE.sub("_", name).strip(".") or "_"
        if _RESERVED.fullmatch(folder):
            folder += "_"
        base, number = folder, 1
        while folder.lower() in taken:
            number += 1
            folder = f"{base}~{number}"
        taken.add(folder.lower())
        folders[name] = folder
    return folders
