"""The text form of an objective, read by a small recursive-descent parser.

objective = ["-"] term (("+" | "-") term)*
term      = [number "*"] quantity ["@" ("mask" | "outside") "(" string ")"]
quantity  = layer [":" integer ["@" column "," row]] | function "(" arguments ")" | "tv" | "l2" | "unnatural"
layer     = name | string

The functions, and how their arguments are read, are those of the quantities in ``terms/``.
"""

from __future__ import annotations

from reverie.errors import UsageError, did_you_mean
from reverie.objective.objective import Objective
from reverie.objective.quantity import FUNCTIONS, PENALTIES, Quantity
from reverie.objective.terms.activations import Channel, Layer, Neuron
from reverie.objective.text import Reader

__all__ = ["parse"]

LONGEST = 10_000


def parse(text: str) -> Objective:
    """The objective that ``text`` writes. UsageError names the column and what was expected there."""
    if len(text) > LONGEST:
        raise UsageError(f"objective: {len(text)} characters is too long; the limit is {LONGEST}")
    reader = Reader(text)
    result = _signed_term(reader, reader.accept("-", "+"))
    while (sign := reader.accept("+", "-")) is not None:
        result = result + _signed_term(reader, sign)
    if reader.peek()[0] != "end":
        reader.fail('"+", "-" or the end')
    return result


def _signed_term(reader: Reader, sign: str | None) -> Objective:
    term = _term(reader)
    return -term if sign == "-" else term


def _term(reader: Reader) -> Objective:
    weight = 1.0
    if reader.peek()[0] == "number":
        hint = reader.quoting()
        weight = float(reader.take("number", "a number"))
        if reader.accept("*") is None:
            reader.fail(f'"*" after a weight; {hint}')
    result = weight * Objective.of(_quantity(reader))
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


def _quantity(reader: Reader) -> Quantity:
    if reader.peek()[0] == "string":
        return _at_layer(reader, reader.string("a layer"))
    if reader.peek()[0] == "number":
        reader.fail(f"a layer, a class or a function; {reader.quoting()}")
    name = reader.take("name", "a layer, a class or a function")
    if reader.accept("("):
        if name not in FUNCTIONS:
            reader.place -= 2
            near = did_you_mean(name, FUNCTIONS) or "functions are " + ", ".join(FUNCTIONS)
            reader.fail(f'a function; "{name}" is none: {near}')
        result = FUNCTIONS[name].read(reader)
        reader.need(")")
        return result
    if name in PENALTIES:
        return PENALTIES[name]()
    return _at_layer(reader, name)


def _at_layer(reader: Reader, name: str) -> Quantity:
    """What is read of a layer: all of it, a channel, or a cell of one."""
    if reader.accept(":"):
        index = reader.integer("a channel number")
        if reader.at_number("@"):
            return Neuron(name, index, cell=reader.cell())
        return Channel(name, index)
    return Layer(name)
