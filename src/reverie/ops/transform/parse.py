"""Random transforms of the views that a portrait is judged by: their text form, and their drawing.

A portrait that has to hold under small transforms does not drown in high frequencies (Mordvintsev et al.
2015; Olah, Mordvintsev & Schubert 2017, "Feature Visualization"). Each transform is a value with a text form,
such as ``rotate(-10, 10)``. ``draw`` turns a list of them into views, all random numbers from one generator
and before any picture is touched; ``warp.apply`` then looks at pictures through those views.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reverie.errors import UsageError, did_you_mean
from reverie.ops.transform.view import KINDS, Numbers, SampledView, plain

if TYPE_CHECKING:  # recipes read the text form, and torch is slow to import
    import torch

#: Olah et al. 2017, as lucid's ``standard_transforms``; not turning at all has five more chances of 26.
LUCID: Final = (
    "pad(12)",
    "jitter(8)",
    "scale(0.9, 1.1, 11)",
    "rotate(-10, 10, 21, 5)",
    "jitter(4)",
)
#: Fel et al. 2023, boxes and noise of MACO on a scale of 0 to 1.
MACO: Final = ("crop(0.5 -> 0.05, 0.05, normal)", "noise(0.04)", "noise(0.02, uniform)")

#: Characters of a text.
LONGEST = 1000


@dataclass(frozen=True)
class Ramp:
    """A number that goes linearly to another in the course of a run; written ``0.5 -> 0.05``."""

    start: float
    end: float

    def at(self, way: float) -> float:
        """The number when so much of the run is done, 0 to 1."""
        return self.start + (self.end - self.start) * way

    def __str__(self) -> str:
        if self.start == self.end:
            return plain(self.start)
        return f"{plain(self.start)} -> {plain(self.end)}"


@dataclass(frozen=True)
class Transform:
    """One random transform. ``str`` gives the text that ``parse_transforms`` reads.

    Attributes:
        name: A key of ``KINDS``.
        numbers: Its numbers; each may change in the course of the run.
        word: Its last argument where that is a word, or "".
        first: The first view of a step that it is for, counted from 1.
        last: The last one; None is every one after ``first``.
    """

    name: str
    numbers: tuple[Ramp, ...] = ()
    word: str = ""
    first: int = 1
    last: int | None = None

    def __str__(self) -> str:
        arguments = ", ".join([*map(str, self.numbers), *([self.word] if self.word else [])])
        whose = f"{self.first}-{self.last or ''}" if self.first != self.last else str(self.first)
        return f"{self.name}({arguments}){'' if whose == '1-' else f' @{whose}'}"

    def serves(self, view: int) -> bool:
        """Whether it is for a view of a step, counted from 1."""
        return self.first <= view and (self.last is None or view <= self.last)


CALL = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*)\s*\((?P<arguments>[^()]*)\)"
    r"(?:\s*@\s*(?P<first>\d{1,4})(?P<on>\s*-\s*(?P<last>\d{1,4})?)?)?\s*[,;]?"
)
DIGITS = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
NUMBER = re.compile(rf"({DIGITS})(?:\s*->\s*({DIGITS}))?")


def parse_transforms(texts: Iterable[str]) -> tuple[Transform, ...]:
    """The transforms that some texts write, in order; each text is one or, with commas between, several.

    A transform is a name and its arguments, ``scale(0.9, 1.1)``. An argument may be ``start -> end``, to go
    from one to the other in the course of the run. Two ends of a range are drawn from uniformly; a third
    number makes it so many evenly spaced values, a fourth (of ``rotate``) so many more chances of none; one
    number alone is itself. ``@1-2``, ``@3`` or ``@4-`` after it makes it one for those views of a step alone.

    - ``pad(pixels[, grey | reflect | noise])``: the frame grows; the word is for all beyond the edge, also
      where other transforms show it.
    - ``jitter(pixels)``: the frame at a random place, its sides so much shorter.
    - ``scale(low, high[, count])``, ``rotate(low, high[, count[, still]])``: enlarged, or turned
      anticlockwise by degrees, about the middle; the frame keeps its size.
    - ``crop(low, high)``: a part anywhere inside, its sides a share of the frame's.
      ``crop(mean, deviation, normal)``: the share drawn from a normal distribution, and so is the place.
    - ``window(pixels[, deviation])``: a part of so many whole pixels, anywhere inside, or about the middle
      with a deviation as a share of the room there is.
    - ``flip(probability)``: mirrored.
    - ``noise(low, high)``: normal, of a deviation that is drawn too; ``noise(low, high, uniform)``: half its
      width is. ``blur(low, high)``: sigma in pixels of the view. ``brightness(most)``,
      ``contrast(low, high)``, ``saturation(low, high)``. Values are not clipped.

    Raises:
        UsageError: What cannot be read, with the names or arguments that there are.
    """
    return tuple(transform for text in texts for transform in _parse(text))


def _parse(text: str) -> list[Transform]:
    found: list[Transform] = []
    place = 0
    while text[place:].strip():
        match = CALL.match(text, place)
        if match is None or len(text) > LONGEST:
            raise UsageError(
                f'transform "{text[place:][:60].strip()}": '
                "expected a name and arguments, such as rotate(-10, 10)"
            )
        found.append(_read(match))
        place = match.end()
    if not found:
        raise UsageError("transform: an empty text; expected one such as rotate(-10, 10)")
    return found


def _read(match: re.Match[str]) -> Transform:
    """A transform from its parts; UsageError says what they may be."""
    name, text = match["name"], match[0].strip(" ,;")
    arguments = [part.strip() for part in match["arguments"].split(",")]
    kind = KINDS.get(name)
    if kind is None:
        raise UsageError(
            f'transform "{text}": {did_you_mean(name, KINDS) or "there are " + ", ".join(KINDS)}'
        )
    word = arguments.pop() if arguments[-1] in kind.words else ""
    numbers = tuple(_number(argument, text) for argument in arguments)
    if len(numbers) not in kind.counts or (word == "normal" and len(numbers) != 2):
        wanted = "2" if word == "normal" else " or ".join(map(str, kind.counts))
        words = f", then perhaps {' or '.join(kind.words)}" if kind.words and not word else ""
        raise UsageError(f'transform "{text}": {len(numbers)} numbers, expected {wanted}{words}')
    for index, (number, (least, most)) in enumerate(zip(numbers, kind.limits, strict=False)):
        for value in (number.start, number.end):
            if not least <= value <= most:
                raise UsageError(
                    f'transform "{text}": {plain(value)} is not between {plain(least)} and {plain(most)}'
                )
            if index in kind.whole and value != int(value):
                raise UsageError(f'transform "{text}": {plain(value)} has to be a whole number')
    if kind.between and not word and len(numbers) > 1:
        low, high = numbers[:2]
        if low.start > high.start or low.end > high.end:
            raise UsageError(f'transform "{text}": the first number is above the second; swap them')
    first = int(match["first"] or 1)
    last = int(match["last"]) if match["last"] else None if match["on"] or not match["first"] else first
    if first < 1 or (last is not None and last < first):
        raise UsageError(f'transform "{text}": views count from 1, such as @1-2')
    return Transform(name, numbers, word, first, last)


def _number(argument: str, text: str) -> Ramp:
    match = NUMBER.fullmatch(argument)
    if match is None:
        raise UsageError(f'transform "{text}": "{argument}" is not a number, nor start -> end')
    start = float(match[1])
    return Ramp(start, float(match[2]) if match[2] else start)


def draw(
    transforms: Sequence[Transform],
    rng: torch.Generator,
    size: tuple[int, int],
    views: int,
    *,
    way: float = 0.0,
) -> list[SampledView]:
    """Draw views of one picture; all random numbers come from its generator, in one go.

    Args:
        transforms: In order; none shows the picture as it is.
        rng: The item's own generator, on the CPU.
        size: Width and height of the picture.
        views: How many.
        way: How much of the run is done, 0 to 1, for numbers that change.

    Raises:
        UsageError: A jitter leaves nothing of a picture of this size.
    """
    import torch

    needed = sum(KINDS[transform.name].chances for transform in transforms)
    rows = torch.rand((views, needed), generator=rng, dtype=torch.float64).tolist()
    return [_view(transforms, size, row, way, index) for index, row in enumerate(rows, start=1)]


def frame_size(transforms: Sequence[Transform], size: tuple[int, int]) -> tuple[int, int]:
    """Width and height at which a view of a picture shows its pixels one to one.

    That is what pads, jitters and windows leave of it, for the first view of a run; a crop is enlarged to it.
    """
    whole = [t for t in transforms if t.name in ("pad", "jitter", "window")]
    width, height = _view(whole, size, [0.5] * sum(KINDS[t.name].chances for t in whole), 0.0, 1).size
    return round(width), round(height)


def _view(
    transforms: Sequence[Transform], size: tuple[int, int], chances: Numbers, way: float, index: int
) -> SampledView:
    """The view number ``index`` of a step, from its chances."""
    view, place = SampledView((float(size[0]), float(size[1]))), 0
    for transform in transforms:
        kind = KINDS[transform.name]
        numbers = [
            float(round(number.at(way))) if k in kind.whole else number.at(way)
            for k, number in enumerate(transform.numbers)
        ]
        if transform.serves(index):
            view = kind.look(view, numbers, transform.word, chances[place : place + kind.chances])
        elif kind.idle is not None:
            view = view.touched(kind.idle)
        place += kind.chances
    return view
