"""The text form of an objective, read by a small recursive-descent parser.

objective = ["-"] term (("+" | "-") term)*
term      = [number "*"] quantity ["@" ("mask" | "outside") "(" string ")"]
quantity  = name [":" integer ["@" column "," row]] | function "(" arguments ")" | "tv" | "l2" | "unnatural"
"""

from __future__ import annotations

import re
from typing import NoReturn

from reverie.errors import UsageError, did_you_mean
from reverie.objective import objective as ob
from reverie.objective import terms

TOKEN = re.compile(
    r"\s*(?:"
    r'(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)"
    rf"|(?P<name>{terms.BARE_NAME.pattern})"
    r"|(?P<sign>[-+*@:=,()])"
    r")"
)
FUNCTIONS = (
    "layer",
    "mean",
    "channel",
    "peak",
    "neuron",
    "direction",
    "class",
    "logit",
    "logprob",
    "guide",
    "caricature",
    "invert",
    "diversity",
    "alignment",
    "tv",
    "alpha",
)
#: Functions of a layer alone.
PLAIN = {"mean": ob.mean, "diversity": ob.diversity, "alignment": ob.alignment}
LONGEST = 10_000


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        while text[position:].strip():
            match = TOKEN.match(text, position)
            if match is None:
                self._fail_at(position + len(text[position:]) - len(text[position:].lstrip()))
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match.start(kind)))
            position = match.end()

    def _fail_at(self, column: int, expected: str = "a layer, a class or a function") -> NoReturn:
        here = self.text[column : column + 20]
        found = f'"{here}"' if here else "the end"
        raise UsageError(
            f'objective "{self.text[:200]}": at column {column + 1} found {found}, expected {expected}'
        )

    def fail(self, expected: str) -> NoReturn:
        column = self.tokens[self.place][2] if self.place < len(self.tokens) else len(self.text)
        self._fail_at(column, expected)

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.place][:2] if self.place < len(self.tokens) else ("end", "")

    def accept(self, *signs: str) -> str | None:
        kind, value = self.peek()
        if kind == "sign" and value in signs:
            self.place += 1
            return value
        return None

    def need(self, sign: str) -> None:
        if self.accept(sign) is None:
            self.fail(f'"{sign}"')

    def take(self, kind: str, expected: str) -> str:
        found, value = self.peek()
        if found != kind:
            self.fail(expected)
        self.place += 1
        return value

    def signed(self) -> float:
        negative = self.accept("-", "+") == "-"
        value = float(self.take("number", "a number"))
        return -value if negative else value

    def integer(self, what: str) -> int:
        kind, value = self.peek()
        if kind != "number" or not value.isdigit():
            self.fail(what)
        self.place += 1
        return int(value)

    def string(self, what: str) -> str:
        return re.sub(r"\\(.)", r"\1", self.take("string", what)[1:-1])

    def layer_name(self) -> str:
        return (
            self.string("a layer") if self.peek()[0] == "string" else self.take("name", "the name of a layer")
        )

    def at_number(self, sign: str) -> bool:
        """Read ``sign`` if a number follows it."""
        ahead = [t[:2] for t in self.tokens[self.place : self.place + 2]]
        if len(ahead) == 2 and ahead[0] == ("sign", sign) and ahead[1][0] == "number":
            self.place += 1
            return True
        return False

    def keyword(self, name: str) -> bool:
        """Read ``, name=`` if it comes next."""
        ahead = [t[1] for t in self.tokens[self.place : self.place + 3]]
        if ahead == [",", name, "="]:
            self.place += 3
            return True
        return False


def parse(text: str) -> ob.Objective:
    """The objective that ``text`` writes. UsageError names the column and what was expected there."""
    if len(text) > LONGEST:
        raise UsageError(f"objective: {len(text)} characters is too long; the limit is {LONGEST}")
    reader = _Reader(text)
    result = _signed_term(reader, reader.accept("-", "+"))
    while (sign := reader.accept("+", "-")) is not None:
        result = result + _signed_term(reader, sign)
    if reader.peek()[0] != "end":
        reader.fail('"+", "-" or the end')
    return result


def _signed_term(reader: _Reader, sign: str | None) -> ob.Objective:
    term = _term(reader)
    return -term if sign == "-" else term


def _term(reader: _Reader) -> ob.Objective:
    weight = 1.0
    if reader.peek()[0] == "number":
        weight = float(reader.take("number", "a number"))
        reader.need("*")
    result = weight * _quantity(reader)
    if reader.accept("@"):
        kind = reader.take("name", "mask(...) or outside(...)")
        if kind not in ("mask", "outside"):
            reader.place -= 1
            reader.fail("mask(...) or outside(...)")
        reader.need("(")
        file = reader.string('a file name in "quotes"')
        reader.need(")")
        result = result.within(file, inverse=kind == "outside")
    return result


def _quantity(reader: _Reader) -> ob.Objective:
    name = reader.take("name", "a layer, a class or a function")
    if reader.accept("("):
        if name not in FUNCTIONS:
            reader.place -= 2
            near = did_you_mean(name, FUNCTIONS) or "functions are " + ", ".join(FUNCTIONS)
            reader.fail(f'a function; "{name}" is none: {near}')
        result = _function(reader, name)
        reader.need(")")
        return result
    if name in terms.PENALTIES:
        return {"tv": ob.tv, "l2": ob.l2, "unnatural": ob.unnatural}[name]()
    if reader.accept(":"):
        index = reader.integer("a channel number")
        if reader.at_number("@"):
            return ob.neuron(name, index, cell=_cell(reader))
        return ob.channel(name, index)
    return ob.layer(name)


def _cell(reader: _Reader) -> tuple[int, int]:
    column = reader.integer("a column of the layer's map")
    reader.need(",")
    return column, reader.integer("a row of the layer's map")


def _function(reader: _Reader, name: str) -> ob.Objective:
    if name in ("class", "logit", "logprob"):
        of_class = ob.logprob if name == "logprob" else ob.logit
        if reader.peek()[0] == "number":
            return of_class(reader.integer("a class number"))
        return of_class(reader.string('a class name in "quotes" or a class number'))
    if name in ("tv", "alpha"):
        return _penalty(reader, name)
    if name in ("guide", "caricature", "invert"):
        return _likeness(reader, name)
    return _at_layer(reader, name)


def _penalty(reader: _Reader, name: str) -> ob.Objective:
    found, value = reader.peek()
    if found != "number" or not 1 <= float(value) <= ob.HIGHEST:
        reader.fail(f"a power from 1 to {ob.HIGHEST:g}")
    reader.place += 1
    return ob.tv(float(value)) if name == "tv" else ob.alpha(float(value))


def _at_layer(reader: _Reader, name: str) -> ob.Objective:
    layer = reader.layer_name()
    if name in PLAIN:
        return PLAIN[name](layer)
    if name == "layer":
        border = reader.integer("a number of cells") if reader.keyword("border") else 0
        return ob.layer(layer, border=border)
    if name == "direction":
        return _direction(reader, layer)
    reader.need(",")
    index = reader.integer("a channel number")
    if name == "channel":
        return ob.channel(layer, index)
    if name == "peak":
        return ob.peak(layer, index)
    if reader.keyword("cell"):
        return ob.neuron(layer, index, cell=_cell(reader))
    x = reader.signed() if reader.keyword("x") else 0.5
    y = reader.signed() if reader.keyword("y") else 0.5
    if not (0 <= x <= 1 and 0 <= y <= 1):
        reader.fail("x and y between 0 and 1 before this place")
    return ob.neuron(layer, index, x=x, y=y)


def _likeness(reader: _Reader, name: str) -> ob.Objective:
    file = reader.string('a file name in "quotes"')
    reader.need(",")
    layer = reader.layer_name()
    if name == "invert":
        return ob.inversion(file, layer)
    if name == "caricature":
        return ob.caricature(file, layer, cosine=reader.signed() if reader.keyword("cosine") else 1.0)
    how = "match"
    if reader.accept(","):
        how = reader.take("name", "match or channels")
        if how not in ("match", "channels"):
            reader.place -= 1
            reader.fail("match or channels")
    return ob.guide(file, layer, how=how)


def _direction(reader: _Reader, layer: str) -> ob.Objective:
    weights: dict[int, float] = {}
    cosine = 0.0
    while True:
        if reader.keyword("cosine"):
            cosine = reader.signed()
            break
        if not reader.accept(","):
            break
        index = reader.integer("a channel number")
        reader.need(":")
        weights[index] = reader.signed()
    if not any(weights.values()):
        reader.fail("channel:weight pairs, one of them not zero,")
    return ob.direction(layer, weights, cosine=cosine)
