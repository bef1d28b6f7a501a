"""The sheet of a photograph that a network has looked at: heat maps over it, and what the units answer to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from reverie.analysis.heat import Box, Seen, Subject, enlarged
from reverie.jobs.sheets import Cell, scaled
from reverie.media.picture import Picture
from reverie.media.picture.contact_sheet import bars, side_by_side
from reverie.media.picture.heat_map import as_colours, framed, heat_map, numbered
from reverie.network.network import Network

#: Height of the photograph in a cell of a sheet, and its greatest width, in pixels.
HIGH, WIDEST = 264, 480
#: Its longest side where there is one thing alone on the sheet.
LARGE = 880
#: The least side of what stands beside it: crop, portrait, list of classes.
LEAST_BESIDE = 200
#: Size of the letters.
LETTERS = 24
#: Of a class, the crop shows where its map has at least this heat, around the strongest cell.
WARM = 0.5
#: How unusual an answer is that is so many standard deviations above a unit's average, the rarest first.
RARITY = ((6.0, "very rare"), (4.0, "rare"), (2.0, "unusual"), (-math.inf, "usual"))
#: What is said under the sheet of per cents, and of deviations.
OF_CLASSES = (
    "Each per cent is of one class, at one place or for the whole photograph, where all its places count "
    "together: so one place may have more than the whole, and per cents of different classes at different "
    "places do not add up."
)
OF_UNITS = (
    "Unusual, rare and very rare: 2, 4 and 6 standard deviations or more above the unit's average over many "
    "photographs."
)
#: A crop is so many times as wide as the frame, and shows at least this share of the short side.
AROUND, LEAST_CROP = 1.25, 0.1


def sheet_cells(
    net: Network,
    name: str,
    photo: Picture,
    found: Sequence[Seen],
    *,
    classes: Sequence[tuple[int, str, float]] = (),
    strongest: int = 0,
    whole: Mapping[int, float] | None = None,
    portraits: Mapping[Subject, Picture] | None = None,
) -> tuple[list[Cell], int]:
    """What the sheet shows, and the longest side of a cell in pixels.

    Args:
        net: The network.
        name: What the photograph is called.
        photo: The photograph, as it is in its file.
        found: What was looked for.
        classes: The likeliest classes of the whole: index, name and probability.
        strongest: How many of ``found``, the last of them, are units that answer most; they are numbered.
        whole: How probable each class is for the photograph as a whole, by its index.
        portraits: Those that are shown beside what they are of.
    """
    colours = as_colours(photo)
    alone = len(found) == 1 and not strongest
    width = min(WIDEST, HIGH * photo.size[0] / photo.size[1])
    longest = LARGE if alone else round(max(width, width * photo.size[1] / photo.size[0]))
    small = colours.resized(scaled(colours.size, longest))
    side = max(LEAST_BESIDE, small.size[1])
    cells = list(
        _overview(net, name, small, found[len(found) - strongest :] if strongest else (), classes, side)
    )
    for index, seen in enumerate(found):
        number = index - (len(found) - strongest) + 1
        of_class = _is_class(net, seen) and not alone
        box = _warm(seen) if of_class else seen.spots[0].box
        # of a class what is cut out is framed, and not what its cell answers to, which is nearly everything
        parts = [_over(small, seen, [_cut_out(small, seen, box)] if of_class else None)]
        if not alone:
            parts.append(_crop(colours, seen, side, box))
        portrait = (portraits or {}).get(seen.subject)
        if portrait is not None:
            parts.append(as_colours(portrait).resized((side, side)))
        title = f"{number}   {seen.subject.name}" if number > 0 else seen.subject.name
        cells.append((title, in_words(net, seen, whole), side_by_side(parts)))
    return cells, max(max(picture.size) for _, _, picture in cells)


def in_words(net: Network, seen: Seen, whole: Mapping[int, float] | None = None) -> str:
    """How strongly something fires, in a line: of a class at its strongest place, and for the whole.

    Where several places are framed, it says it of each, by the number that the frame bears.

    Args:
        net: The network.
        seen: What was looked for.
        whole: How probable each class is for the photograph as a whole, by its index.
    """
    value, channels = seen.spots[0].value, seen.subject.channels
    if _is_class(net, seen):
        surest = f"{percent(value)} where it is surest{_further(seen, percent, ' (1)')}"
        said = surest if seen.fires else f"nowhere: {percent(value)} at most"
        shares = [(whole or {}).get(channel) for channel in channels]
        total = sum(share for share in shares if share is not None)
        return said if None in shares else f"{said}; {percent(total)} in the whole"
    if channels:
        unit = f"{value:.1f} standard deviations"
        said = f"{rarity(value)} ({unit}{_further(seen, _tenths)})"
    else:
        unit = f"mean square of its channels' deviations {value:.1f}"
        said = f"{unit}{_further(seen, _tenths)}"
    return said if seen.fires else f"does not fire: at most {unit}"


def rarity(deviations: float) -> str:
    """How unusual an answer is, in plain words."""
    return next(word for least, word in RARITY if deviations >= least)


def _further(seen: Seen, told: Callable[[float], str], first: str = " at 1") -> str:
    """The further places that are framed, each with its number; nothing where there is one."""
    rest = seen.spots[1:] if seen.fires else ()
    others = "".join(f", {told(spot.value)} at {number}" for number, spot in enumerate(rest, start=2))
    return f"{first}{others}" if rest else ""


def _tenths(value: float) -> str:
    return f"{value:.1f}"


def explained(net: Network, found: Sequence[Seen]) -> list[str]:
    """What has to be known to read the sheet: said under it, and after its sentences."""
    of_classes = any(_is_class(net, seen) for seen in found)
    of_units = any(seen.subject.channels and not _is_class(net, seen) for seen in found)
    return [said for said, shown in ((OF_CLASSES, of_classes), (OF_UNITS, of_units)) if shown]


def read_aloud(
    net: Network,
    found: Sequence[Seen],
    classes: Sequence[tuple[int, str, float]],
    whole: Mapping[int, float],
    *,
    numbered: int,
) -> Iterator[str]:
    """What the sheet says, in sentences; arguments as of ``sheet_cells``; ``numbered`` is ``strongest``."""
    if classes:
        listed = ", ".join(f"{name} {percent(share)}" for _, name, share in classes)
        yield f"The whole photograph (its middle square) is to {net.name}: {listed}."
    named = found[: len(found) - numbered]
    for seen in named:
        yield f"{seen.subject.name}: {in_words(net, seen, whole)}."
    if numbered:
        units = found[len(named) :]
        first, last = units[0].subject.name, units[-1].subject.name
        yield (
            f"1 to {numbered} ({first} to {last}): the units that answer most, each where it answers most; "
            f"the first: {in_words(net, units[0])}."
        )
    yield from explained(net, found)


def percent(share: float) -> str:
    """A share of 1 in per cent."""
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"


def _overview(
    net: Network,
    name: str,
    small: Picture,
    units: Sequence[Seen],
    classes: Sequence[tuple[int, str, float]],
    side: int,
) -> Iterator[Cell]:
    """The photograph with the places of the units, beside what the network says of the whole."""
    if not units and not classes:
        return
    places = [_centre(seen.spots[0].box, seen.shown, small.size) for seen in units]
    rows = [(label, share) for _, label, share in classes]
    parts = [numbered(small, places)] + ([bars(rows, side)] if rows else [])
    says = f"the whole photograph, to {net.name}" if rows else net.name
    yield name, says + ("; numbers: units below" if units else ""), side_by_side(parts)


def _over(
    small: Picture, seen: Seen, frames: Sequence[tuple[float, float, float, float]] | None = None
) -> Picture:
    """The heat map over the photograph, the strongest cells framed, or what else is given."""
    picture = heat_map(small, enlarged(seen.heat, small.size))
    usual = [_onto(spot.box, seen.shown, small.size) for spot in seen.spots]
    if not seen.fires:
        return picture
    picture = framed(picture, usual if frames is None else frames)
    if len(seen.spots) == 1 or frames is not None:
        return picture
    return numbered(picture, [_at_cell(spot.cell, seen.heat.shape, small.size) for spot in seen.spots])


def _at_cell(cell: tuple[int, int], cells: tuple[int, ...], size: tuple[int, int]) -> tuple[float, float]:
    """The middle of a cell of a map (h, w), in pixels of a picture of that size."""
    return (cell[0] + 0.5) / cells[1] * size[0], (cell[1] + 0.5) / cells[0] * size[1]


def _is_class(net: Network, seen: Seen) -> bool:
    return bool(seen.subject.channels) and seen.subject.layer == net.class_map


def _warm(seen: Seen) -> Box:
    """What is warm around the strongest cell, in pixels of the photograph as it was shown."""
    heat = enlarged(seen.heat, seen.shown)
    (column, row), (high, wide) = seen.spots[0].cell, seen.heat.shape
    x, y = (
        int((c + 0.5) * side / n)
        for c, side, n in ((column, seen.shown[0], wide), (row, seen.shown[1], high))
    )
    _, parts = cv2.connectedComponents((heat >= WARM * heat.max()).astype(np.uint8))
    rows, columns = np.nonzero(parts == parts[y, x])
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def _crop(photo: Picture, seen: Seen, side: int, box: Box) -> Picture:
    """What lies around a box, cut from the photograph."""
    left, top, right, bottom = map(round, _cut_out(photo, seen, box))
    return replace(photo, pixels=photo.pixels[top:bottom, left:right].copy()).resized((side, side))


def _cut_out(photo: Picture, seen: Seen, box: Box) -> tuple[float, float, float, float]:
    """The square around a box that is cut out, in pixels of the photograph."""
    left, top, right, bottom = _onto(box, seen.shown, photo.size)
    width, height = photo.size
    short = min(width, height)
    wide = max(1, round(min(short, max(AROUND * max(right - left, bottom - top), LEAST_CROP * short))))
    x = min(max(0, round((left + right - wide) / 2)), width - wide)
    y = min(max(0, round((top + bottom - wide) / 2)), height - wide)
    return x, y, x + wide, y + wide


def _onto(box: Box, shown: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """A box of the photograph as it was shown, in pixels of the same at another size."""
    x, y = size[0] / shown[0], size[1] / shown[1]
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def _centre(box: Box, shown: tuple[int, int], size: tuple[int, int]) -> tuple[float, float]:
    left, top, right, bottom = _onto(box, shown, size)
    return (left + right) / 2, (top + bottom) / 2
