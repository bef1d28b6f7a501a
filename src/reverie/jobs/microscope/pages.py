"""The pages of a microscope: plain HTML from templates, with relative links only."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from torch import Tensor

from reverie._version import __version__
from reverie.jobs.microscope.contents import Plan, Unit
from reverie.jobs.microscope.readings import (
    COLUMNS,
    PATCH_SIDE,
    Floats,
    Photographs,
    Readings,
    alike,
    correlations,
    nearest,
    weights_of,
)
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.provenance.note import bare_network
from reverie.media.local_file import read_regular
from reverie.media.picture.write import write_whole
from reverie.network.network import OUTPUT, Network
from reverie.plain_words import clean
from reverie.portrait.units import LOGITS, class_name

#: How many are shown: neighbours, classes of a portrait, channels of a class, portraits of a layer.
NEIGHBOURS, CLASSES, CHANNELS, STRIP = 8, 5, 8, 8
#: The least likeness, share, and standing in standard deviations, that is worth showing.
LIKE, SHARE, STANDING = 0.05, 0.001, 1.0
#: Files that every page uses.
STATIC = ("style.css", "site.js")
#: A page longer than this, in bytes, is none.
LONGEST = 100_000_000


@dataclass(frozen=True)
class Page:
    """A page: where it is, and what its template is given."""

    path: str
    template: str
    values: Mapping[str, Any]


def write_pages(
    root: Path, opened: OpenRecipe, plan: Plan, readings: Readings, photographs: Photographs | None
) -> list[str]:
    """Write every page, the index that is searched, and what they share; remove pages no longer asked for.

    A file that holds the same already is left alone.

    Returns:
        The pages' paths relative to the site.
    """
    site = _Site(opened, plan, readings, photographs)
    environment = Environment(
        loader=PackageLoader("reverie.jobs.microscope"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_seen,
    )
    environment.globals |= {"site": site, "COLUMNS": COLUMNS, "PATCH_SIDE": PATCH_SIDE}
    written = []
    for page in site.pages():
        values = {"root": "../" * page.path.count("/"), "path": page.path, **page.values}
        text = environment.get_template(page.template).render(values)
        _put(root / page.path, text)
        written.append(page.path)
    _put(root / "search.js", f"window.MICROSCOPE = {json.dumps(site.index(), separators=(',', ':'))};\n")
    for name in STATIC:
        _put(root / name, files("reverie.jobs.microscope").joinpath("static", name).read_text("utf-8"))
    kept = {root / path for path in written}
    for folder in (root / "layers", root / "classes"):
        for path in folder.rglob("*.html"):
            if path not in kept:
                path.unlink()
    return written


def _seen(value: Any) -> Any:
    """A text with what cannot be seen written out; what the templates made themselves is left alone."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _put(path: Path, text: str) -> None:
    data = text.encode("utf-8", "backslashreplace")  # of names that are none
    if not path.is_symlink() and path.is_file() and read_regular(path, most=LONGEST) == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(data, path, overwrite=True)


class _Site:
    """What the templates ask for."""

    def __init__(
        self, opened: OpenRecipe, plan: Plan, readings: Readings, photographs: Photographs | None
    ) -> None:
        self.net: Network = opened.session.net
        self.recipe = opened.recipe
        self.plan = plan
        self.readings = readings
        self.photographs = photographs
        self.made = set(readings.units)
        self.row = {unit: row for row, unit in enumerate(readings.units)}
        self.version = __version__
        self.title = bare_network(self.net.name)
        self.sha256 = self.net.weights_sha256

    def pages(self) -> Iterator[Page]:
        """All of them."""
        rooms = [self.room(name) for name in self.plan.layers]
        yield Page("index.html", "index.html", {"rooms": rooms, "map": depth_map(rooms)})
        for index, room in enumerate(rooms):
            yield Page(room["page"], "layer.html", {"room": room, **beside(rooms, index)})
            yield from self.channels(room)
        if self.plan.classes:
            yield Page("classes.html", "classes.html", {"units": self.by_name})
            yield from self.classes()

    def room(self, name: str) -> dict[str, Any]:
        """A layer, as its page and the index show it."""
        layer, units = self.net.layer(name), self.plan.layers[name]
        made = [unit for unit in units if unit in self.made]
        geometry = self.net.geometry(name)
        stride, field = geometry or (None, None)
        return {
            "name": name,
            "page": self.plan.layer_page(name),
            "number": list(self.plan.layers).index(name) + 1,
            "channels": layer.channels,
            "stride": stride,
            "field": field,
            "draws": layer.draws,
            "units": units,
            "made": made,
            "strip": [made[i * len(made) // STRIP] for i in range(STRIP)] if len(made) > STRIP else made,
        }

    def channels(self, room: dict[str, Any]) -> Iterator[Page]:
        """The pages of a layer's channels."""
        name, units = room["name"], room["units"]
        made = [unit for unit in units if unit in self.made]
        channels = [unit.index for unit in units]
        weights = weights_of(self.net, name)
        by_weights = None if weights is None else alike(weights[channels].numpy(), centre=False)
        photographed = None
        if self.photographs is not None:
            photographed = correlations(self.photographs.responses[name])
        responses = self.readings.responses.get(name)
        by_response = photographed
        if by_response is None and responses is not None:
            by_response = correlations(responses)
        for place, unit in enumerate(made):
            at = units.index(unit)
            yield Page(
                unit.page,
                "channel.html",
                {
                    "unit": unit,
                    "room": room,
                    **beside(made, place),
                    "by_weights": self.neighbours(by_weights, at, units),
                    "by_response": self.neighbours(by_response, at, units),
                    "judges": "photographs" if photographed is not None else "portraits",
                    "classes": self.named(unit),
                    "patches": self.patches(unit),
                },
            )

    def neighbours(
        self, table: Floats | None, at: int, units: tuple[Unit, ...]
    ) -> list[tuple[Unit, float]] | None:
        """The units nearest to one in a table (units, units), of those that are made."""
        if table is None:
            return None
        found = nearest(table[at], len(units), without=at, least=LIKE)
        return [(units[i], value) for i, value in found if units[i] in self.made][:NEIGHBOURS]

    def patches(self, unit: Unit) -> list[dict[str, Any]] | None:
        """The strongest patches of a channel, or None if no photographs were given."""
        if self.photographs is None or unit.layer is None:
            return None
        return [
            {"photo": Path(patch.photo).name, "activation": patch.activation}
            for patch in self.photographs.patches[unit.layer][unit.index]
        ]

    def named(self, unit: Unit) -> list[dict[str, Any]]:
        """The likeliest classes of a unit's portrait."""
        if self.readings.logits is None:
            return []
        logits = self.readings.logits[self.row[unit]].astype(np.float64)
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = nearest(shares, CLASSES, least=SHARE)
        return [{"name": self.class_name(i), "unit": self.class_units.get(i), "share": p} for i, p in best]

    def classes(self) -> Iterator[Page]:
        """The pages of the classes."""
        made = [unit for unit in self.plan.classes if unit in self.made]
        weights = weights_of(self.net, LOGITS)
        near = None
        if weights is not None:
            near = alike(weights[[unit.index for unit in self.plan.classes]].numpy(), centre=True)
        source = None if weights is None else self._read_by_classes(weights)
        for place, unit in enumerate(made):
            strongest = None
            if source is not None and weights is not None:
                by_index = {u.index: u for u in self.plan.layers[source]}
                row = weights[unit.index].numpy()
                strongest = [
                    (by_index[i], v) for i, v in nearest(row, len(row)) if by_index.get(i) in self.made
                ]
                strongest = strongest[:CHANNELS]
            yield Page(
                unit.page,
                "class.html",
                {
                    "unit": unit,
                    "name": self.class_name(unit.index),
                    "synonyms": self.synonyms(unit.index),
                    **beside(made, place),
                    "near": self.neighbours(near, self.plan.classes.index(unit), self.plan.classes),
                    "by_weights": strongest,
                    "source": source,
                    "excited": self.excited(unit),
                    "classes": self.named(unit),
                },
            )

    def _read_by_classes(self, weights: Tensor) -> str | None:
        """The layer shown that the classifier reads, if any: as many channels, and no weights in between."""
        names = [n for n in self.net.layers if n not in (LOGITS, OUTPUT, self.net.class_map)]
        for name in reversed(names):
            if self.net.layer(name).channels == weights.shape[1]:
                if name in self.plan.layers:
                    return name
            elif self.net.layer(name).channels != len(weights):
                return None
            between = weights_of(self.net, name)
            if between is not None and between.shape != weights.shape:
                return None
        return None

    def excited(self, unit: Unit) -> tuple[str, list[tuple[Unit, float]]] | None:
        """The channels of the deepest layer that answer to a portrait most, beyond what they do to any.

        Each in standard deviations of its answers to all portraits.
        """
        if self._standing is None or len(self.readings.units) < 2:
            return None
        name, standing = self._standing
        score = standing[self.row[unit]]
        units = self.plan.layers[name]
        pairs = [
            (units[i], v) for i, v in nearest(score, len(units), least=STANDING) if units[i] in self.made
        ]
        return name, pairs[:CHANNELS]

    @cached_property
    def _standing(self) -> tuple[str, Floats] | None:
        found = [name for name in self.plan.layers if name in self.readings.responses]
        if not found:
            return None
        table = self.readings.responses[found[-1]]
        spread = np.maximum(table.std(0, keepdims=True), 1e-6)
        return found[-1], (table - table.mean(0, keepdims=True)) / spread

    @cached_property
    def class_units(self) -> dict[int, Unit]:
        """Classes with a page, by index."""
        return {unit.index: unit for unit in self.plan.classes if unit in self.made}

    @cached_property
    def by_name(self) -> list[Unit]:
        """Classes by name."""
        return sorted(self.plan.classes, key=lambda unit: (self.class_name(unit.index).lower(), unit.index))

    def class_name(self, index: int) -> str:
        """What a class is called."""
        return class_name(self.net, index)

    def synonyms(self, index: int) -> tuple[str, ...]:
        """What else it is called."""
        return () if self.net.classes is None else self.net.classes.synonyms(index)[1:]

    def index(self) -> dict[str, Any]:
        """What the search looks through."""
        return {
            "layers": [
                {
                    "name": name,
                    "page": self.plan.layer_page(name),
                    "stem": f"layers/{self.plan.folders[name]}/",
                    "made": _runs([unit.index for unit in units if unit in self.made]),
                }
                for name, units in self.plan.layers.items()
            ],
            "classes": [
                [unit.index, self.class_name(unit.index), *self.synonyms(unit.index)]
                for unit in self.plan.classes
                if unit in self.made
            ],
        }


def beside(row: Sequence[Any], place: int) -> dict[str, Any]:
    """What stands before and after a place in a row; None at its ends."""
    return {
        "before": row[place - 1] if place else None,
        "after": row[place + 1] if place + 1 < len(row) else None,
    }


def _runs(numbers: list[int]) -> list[list[int]]:
    """Rising numbers as [first, last] of each run."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def depth_map(rooms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The network as blocks from shallow to deep: as wide as its channels are many, as high as its maps are.

    Both by their square roots, so that the largest leaves the smallest something; ``width`` and ``height``
    are shares in percent.
    """
    widths = [math.sqrt(room["channels"]) for room in rooms]
    finest = min((room["stride"] for room in rooms if room["stride"]), default=1)
    return [
        {
            "room": room,
            "width": round(100 * width / sum(widths), 3),
            "height": round(100 * math.sqrt(finest / room["stride"]), 1) if room["stride"] else 8.0,
        }
        for room, width in zip(rooms, widths, strict=True)
    ]
