"""Lines of IRC: cut out of what arrives, however it arrives, and read (RFC 1459 with IRCv3's tags)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: A line longer than this, in bytes, is dropped: 8191 of tags, 512 of text, and room to spare.
LONGEST: Final = 16_384
#: How tags write what would end them (https://ircv3.net/specs/extensions/message-tags).
_ESCAPES: Final[Mapping[str, str]] = {":": ";", "s": " ", "r": "\r", "n": "\n"}


class LineCutter:
    """Cuts bytes into lines; of one that is too long nothing is kept but that there was one.

    Attributes:
        dropped: How many lines were too long.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest, self._rest, self._skips = longest, b"", False
        self.dropped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that end in what has arrived now, without their ends."""
        *lines, rest = (self._rest + data).split(b"\n")
        if lines and self._skips:  # the end of one that was too long
            del lines[0]
            self._skips = False
        if len(rest) > self._longest or self._skips:
            self.dropped += not self._skips
            self._skips, rest = True, b""
        self._rest = rest
        found = [line.rstrip(b"\r") for line in lines]
        fitting = [line for line in found if len(line) <= self._longest]
        self.dropped += len(found) - len(fitting)
        return fitting


@dataclass(frozen=True, slots=True)
class IrcLine:
    """One line: a command in capitals, its parameters, who sent it, and tags by name."""

    command: str
    parameters: tuple[str, ...] = ()
    nick: str = ""
    tags: str = ""

    def tag(self, name: str) -> str:
        """The value of a tag; nothing if it is not there."""
        for one in self.tags.split(";"):
            key, _, value = one.partition("=")
            if key == name:
                return _unescaped(value)
        return ""


def read_line(line: bytes) -> IrcLine | None:
    """What a line says; bytes that are no UTF-8 become marks of replacement. None if it is empty."""
    text = line.decode("utf-8", "replace").replace("\0", "")
    tags = nick = ""
    if text.startswith("@"):
        tags, _, text = text[1:].partition(" ")
    text = text.lstrip(" ")
    if text.startswith(":"):
        source, _, text = text[1:].partition(" ")
        nick = source.partition("!")[0].partition("@")[0]
    head, colon, trailing = text.partition(" :")
    words = head.split()
    if not words:
        return None
    return IrcLine(words[0].upper(), (*words[1:], *((trailing,) if colon else ())), nick, tags)


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    found, rest = "", iter(value)
    for letter in rest:
        if letter == "\\":
            escaped = next(rest, "")
            found += _ESCAPES.get(escaped, escaped)
        else:
            found += letter
    return found
