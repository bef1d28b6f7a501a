"""The words of the text form: names, numbers and quotes as it writes them, and what reads them again."""

from __future__ import annotations

import re
from typing import NoReturn

from reverie.errors import UsageError

__all__ = ["BARE_NAME"]

#: Bare layer names; anything else is written ``layer("...")``.
BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
STRING = re.compile(r'"(?:[^"\\]|\\(?s:.))*"')
#: Whole numbers of more digits are none.
MOST_DIGITS = 18
TOKEN = re.compile(
    r"\s*(?:"
    r'(?P<string>"(?:[^"\\]|\\(?s:.))*")'
    r"|(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)"
    rf"|(?P<name>{BARE_NAME.pattern})"
    r"|(?P<sign>[-+*@:=,()])"
    r")"
)


def quoted(text: str) -> str:
    """A string as the text form writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquoted(text: str) -> str:
    """What a string in quotes says; anything else as it is."""
    if not STRING.fullmatch(text):
        return text
    return re.sub(r"(?s)\\(.)", r"\1", text[1:-1])


def number(value: float) -> str:
    """A number as the text form writes it: whole ones without a point."""
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else repr(float(value))


class Reader:
    """The words of a text, taken one after the other.

    What ``take`` and its like do not find where they are is a UsageError: it names the column, what is there
    and what was expected.
    """

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
        """Say that the next word is not what was expected."""
        column = self.tokens[self.place][2] if self.place < len(self.tokens) else len(self.text)
        self._fail_at(column, expected)

    def peek(self) -> tuple[str, str]:
        """Kind (string, number, name, sign or end) and text of the next word."""
        return self.tokens[self.place][:2] if self.place < len(self.tokens) else ("end", "")

    def accept(self, *signs: str) -> str | None:
        """Take one of these signs if it comes next."""
        kind, value = self.peek()
        if kind == "sign" and value in signs:
            self.place += 1
            return value
        return None

    def need(self, sign: str) -> None:
        """Take a sign that has to come next."""
        if self.accept(sign) is None:
            self.fail(f'"{sign}"')

    def take(self, kind: str, expected: str) -> str:
        """Take a word of a kind."""
        found, value = self.peek()
        if found != kind:
            self.fail(expected)
        self.place += 1
        return value

    def signed(self) -> float:
        """Take a number that may have a sign."""
        negative = self.accept("-", "+") == "-"
        value = float(self.take("number", "a number"))
        return -value if negative else value

    def integer(self, what: str) -> int:
        """Take a whole number, at least 0."""
        kind, value = self.peek()
        if kind != "number" or not value.isdigit():
            self.fail(what)
        if len(value) > MOST_DIGITS:
            self.fail(f"{what} of at most {MOST_DIGITS} digits")
        self.place += 1
        return int(value)

    def string(self, what: str) -> str:
        """Take what is between quotes."""
        return unquoted(self.take("string", what))

    def layer_name(self) -> str:
        """Take the name of a layer, bare or in quotes."""
        kind = self.peek()[0]
        if kind == "string":
            return self.string("a layer")
        return self.take("name", "the name of a layer" + (f"; {self.quoting()}" if kind == "number" else ""))

    def quoting(self) -> str:
        """How a layer is written whose name looks like the number that comes next."""
        begins = self.tokens[self.place][2]
        name = re.split(r"[\s,:*@()+-]", self.text[begins : begins + 40])[0]
        return f"a layer of that name is written in quotes, {quoted(name)}"

    def cell(self) -> tuple[int, int]:
        """Take a cell of a map, ``column,row``."""
        column = self.integer("a column of the layer's map")
        self.need(",")
        return column, self.integer("a row of the layer's map")

    def at_number(self, sign: str) -> bool:
        """Take ``sign`` if a number follows it."""
        ahead = [t[:2] for t in self.tokens[self.place : self.place + 2]]
        if len(ahead) == 2 and ahead[0] == ("sign", sign) and ahead[1][0] == "number":
            self.place += 1
            return True
        return False

    def keyword(self, name: str) -> bool:
        """Take ``, name=`` if it comes next."""
        ahead = [t[1] for t in self.tokens[self.place : self.place + 3]]
        if ahead == [",", name, "="]:
            self.place += 3
            return True
        return False
