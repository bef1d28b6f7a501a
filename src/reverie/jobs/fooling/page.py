"""The page of an evolution: one HTML file that needs no other, with curves, pictures and their families."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import StrictUndefined, Template
from numpy.typing import NDArray
from PIL import Image

from reverie.media.picture.picture import Picture, no_larger
from reverie.plain_words import clean

#: Longest side of a picture in the page, in pixels, and of an ancestor.
SIDE, ANCESTOR_SIDE = 160, 88
#: Of more classes than this the pictures in the page are made smaller, or it would be tens of megabytes.
MANY, SIDE_OF_MANY = 150, 128
#: Quality of WebP, 1 to 100.
QUALITY = 78
#: The most points a curve is drawn with.
POINTS = 400
#: Digits after the point of a confidence, in the page.
DIGITS = 5


@dataclass(frozen=True)
class Verdict:
    """What a network says of a picture: (class, name, probability), best first, and of the class itself."""

    top: tuple[tuple[int, str, float], ...]
    mine: float


@dataclass(frozen=True)
class PageAncestor:
    """A picture on the way: when it was born, itself as a data URI, and what the network took it for."""

    born: int
    image: str
    best: int
    name: str
    sure: float


@dataclass(frozen=True)
class Entry:
    """A class and the picture that fooled the network for it.

    Attributes:
        index: The class.
        name: Its first name; ``also`` the others.
        confidence: Read from the file ``png``, 0..1.
        png: The file, relative to the page; ``genome`` likewise.
        image: The same, small, as a data URI.
        what: A few words on the genome.
        born: The generation, or None where there are none.
        says: Each network's verdict; the fooled one first.
        line: Ancestors shown, the first first and itself last: (id, confidence in this class).
        depth: How many the whole line has, itself included.
    """

    index: int
    name: str
    also: tuple[str, ...]
    confidence: float
    png: str
    genome: str
    image: str
    what: str
    born: int | None
    says: Mapping[str, Verdict]
    line: tuple[tuple[int, float], ...] = ()
    depth: int = 1


@dataclass(frozen=True)
class Story:
    """Everything a page tells.

    Attributes:
        network: The network that was fooled.
        heading: The page's title.
        lead: A paragraph under it.
        numbers: (value, words) of the figures at the top.
        curve: (evaluations, median, over .5, over .95, over .99) of each generation.
        total: How many classes compete.
        entries: The pictures.
        ancestors: Those that entries name, by id.
        footer: A line at the end.
    """

    network: str
    heading: str
    lead: str
    numbers: Sequence[tuple[str, str]]
    curve: Sequence[tuple[int, float, int, int, int]]
    total: int
    entries: Sequence[Entry]
    ancestors: Mapping[int, PageAncestor] = field(default_factory=dict)
    footer: str = ""


def page(story: Story) -> str:
    """The page as HTML: style, script, pictures and figures inside; it asks nothing of any network.

    The same story gives the same text.
    """
    shelf: dict[str, int] = {}  # pictures, each once, and where it is
    document = {
        "network": story.network,
        "total": story.total,
        "numbers": [list(pair) for pair in story.numbers],
        "curve": [_row(row) for row in thinned(story.curve)],
        "pictures": [_entry(entry, shelf) for entry in story.entries],
        "nodes": {str(i): _node(a, shelf) for i, a in sorted(story.ancestors.items())},
        "images": list(shelf),
    }
    parts = {
        "title": html.escape(clean(story.heading)),
        "heading": html.escape(clean(story.heading)),
        "lead": html.escape(clean(story.lead)),
        "footer": html.escape(clean(story.footer)),
        "style": _part("page.css"),
        "script": _part("page.js"),
        # Nothing in it may end the element it stands in.
        "data": json.dumps(document, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
    }
    filled: str = Template(_part("page.html"), undefined=StrictUndefined).render(parts)
    return filled


def thinned(curve: Sequence[tuple[int, float, int, int, int]]) -> list[tuple[int, float, int, int, int]]:
    """At most ``POINTS`` rows of a curve, evenly spread over the logarithm of the evaluations."""
    if len(curve) <= POINTS:
        return list(curve)
    places = np.log([max(1, row[0]) for row in curve])
    wanted = np.linspace(places[0], places[-1], POINTS)
    kept = np.unique(np.searchsorted(places, wanted, side="left").clip(0, len(curve) - 1))
    return [curve[i] for i in sorted({0, *kept.tolist(), len(curve) - 1})][-POINTS:]


def side_for(count: int) -> int:
    """Longest side in pixels at which a page of so many pictures shows them."""
    return SIDE if count <= MANY else SIDE_OF_MANY


def data_uri(picture: Picture, side: int) -> str:
    """A picture no larger than ``side`` as WebP in a data URI."""
    small = no_larger(picture, side).pixels
    bits: NDArray[np.uint8] = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    out = io.BytesIO()
    image = Image.fromarray(bits[..., 0] if bits.shape[2] == 1 else bits)
    image.save(out, format="WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def _part(name: str) -> str:
    return files("reverie.jobs.fooling").joinpath("page_files").joinpath(name).read_text("utf-8").strip("\n")


def _row(row: Iterable[float]) -> list[float]:
    evaluations, median, *counts = row
    return [int(evaluations), round(median, DIGITS), *map(int, counts)]


def _entry(entry: Entry, shelf: dict[str, int]) -> dict[str, Any]:
    says = {
        net: {"top": [[i, name, _share(p)] for i, name, p in said.top], "mine": _share(said.mine)}
        for net, said in entry.says.items()
    }
    line = [[i, _share(sure)] for i, sure in entry.line]
    return _shown(entry, shelf) | {"confidence": _share(entry.confidence), "says": says, "line": line}


def _node(ancestor: PageAncestor, shelf: dict[str, int]) -> dict[str, Any]:
    return _shown(ancestor, shelf) | {"sure": _share(ancestor.sure)}


def _shown(told: Entry | PageAncestor, shelf: dict[str, int]) -> dict[str, Any]:
    return vars(told) | {"image": shelf.setdefault(told.image, len(shelf))}


def _share(value: float) -> float:
    """A probability with few digits, never rounded up to certainty."""
    return min(round(value, DIGITS), 0.99999) if value < 1 else 1.0
