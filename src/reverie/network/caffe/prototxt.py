"""A ``.prototxt``: protobuf's text format (protobuf.dev, textformat-spec), as Caffe's networks need it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reverie.network.caffe.layers import (
    MESSAGES,
    MOST_LAYERS,
    OLD_NAMES,
    CaffeDescription,
    CaffeError,
    CaffeLayer,
    checked,
    is_list,
)

#: The longest text, in bytes, how many words it may have, and how deep messages may lie in each other.
LONGEST: Final = 4_000_000
MOST_WORDS: Final = 400_000
MOST_DEPTH: Final = 16
_WORD: Final = re.compile(
    r"""\s+|\#[^\n]*|(?P<word>[{}<>:;,\[\]]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[^\s{}<>:;,\[\]#"']+)"""
)
_CLOSE: Final = {"{": "}", "<": ">"}
Fields = dict[str, list[Any]]


def parse(text: str) -> Fields:
    """A message: by the name of each field its values in order, messages as such tables.

    Raises:
        CaffeError: It is none; says in which line.
    """
    return _Parser(text).message("", 0)


class _Parser:
    """Words of a text, taken one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = self._all()
        self._next = next(self._words, "")

    def _all(self) -> Iterator[str]:
        place = count = 0
        self._place = 0
        while place < len(self._text):
            found = _WORD.match(self._text, place)
            if found is None:
                self._place = place
                raise self._wrong("a text that is not closed")
            self._place, place = place, found.end()
            if found["word"] is not None:
                count += 1
                if count > MOST_WORDS:
                    raise CaffeError(f"has more than {MOST_WORDS} words")
                yield found["word"]

    def _wrong(self, what: str) -> CaffeError:
        line = self._text.count("\n", 0, self._place) + 1
        return CaffeError(f"line {line}: {what}")

    def _take(self) -> str:
        word = self._next
        if not word:
            raise self._wrong("the text ends too early")
        self._next = next(self._words, "")
        return word

    def message(self, close: str, depth: int) -> Fields:
        """The fields up to a closing bracket, or to the end."""
        found: Fields = {}
        while self._next != close:
            if self._next in (",", ";") and self._next:
                self._take()
                continue
            name = self._take()
            if not re.fullmatch(r"[A-Za-z_]\w*", name):
                raise self._wrong(f"{name[:20]} where the name of a field is needed")
            if self._next == ":":
                self._take()
            found.setdefault(name, []).extend(self._values(depth))
        if close:
            self._take()
        return found

    def _values(self, depth: int) -> list[Any]:
        if depth > MOST_DEPTH:
            raise self._wrong("messages lie too deep in each other")
        word = self._take()
        if word in _CLOSE:
            return [self.message(_CLOSE[word], depth + 1)]
        if word == "[":
            found = []
            while self._next != "]":
                if self._next == ",":
                    self._take()
                    continue
                found += self._values(depth + 1)
            self._take()
            return found
        if word in "}>]:;,":
            raise self._wrong(f"{word} where a value is needed")
        return [_value(word)]


def _value(word: str) -> Any:
    """A text, yes or no, a number, or else a word of a choice."""
    if word[0] in "\"'":
        return word[1:-1]
    if word in ("true", "false"):
        return word == "true"
    for read in (lambda w: int(w, 0), lambda w: float(w.rstrip("f"))):
        try:
            return read(word)
        except (ValueError, OverflowError):
            continue
    return word


def read_text(text: str) -> CaffeDescription:
    """The network that a ``.prototxt`` describes, without its weights.

    Raises:
        CaffeError: It describes none.
    """
    net = parse(text)
    found = CaffeDescription(inputs=[str(name) for name in net.get("input", [])])
    layers = [(one, False) for one in net.get("layer", [])] + [(one, True) for one in net.get("layers", [])]
    if not 0 < len(layers) <= MOST_LAYERS:
        raise CaffeError("describes no layers" if not layers else f"has more than {MOST_LAYERS} layers")
    for one, old in layers:
        if not isinstance(one, dict):
            raise CaffeError("describes a layer that is none")
        layer = _layer(one, old=old)
        if not layer.trains:
            found.layers.append(layer)
        if layer.type == "Input":
            found.shape = found.shape or _dims(_first(_first(one, "input_param"), "shape").get("dim"))
    if "input_dim" in net:
        found.shape = _dims(net["input_dim"])
    elif "input_shape" in net:
        found.shape = _dims(_first(net, "input_shape").get("dim"))
    return found


def _first(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The first message of this name; an empty one where there is none."""
    value = fields.get(name) or [{}]
    return value[0] if isinstance(value[0], dict) else {}


def _dims(values: Any) -> list[int] | None:
    if not values:
        return None
    if len(values) > 8 or not all(type(v) is int and 0 <= v < 2**31 for v in values):
        raise CaffeError("has an input of a shape that cannot be")
    return list(values)


def _layer(fields: Fields, *, old: bool) -> CaffeLayer:
    kind = str((fields.get("type") or [""])[0])
    if old:
        kind = OLD_NAMES.get(kind, "".join(part.capitalize() for part in kind.split("_")))
    layer = CaffeLayer(
        name=str((fields.get("name") or [""])[0]),
        type=kind,
        bottoms=[str(name) for name in fields.get("bottom", [])],
        tops=[str(name) for name in fields.get("top", [])],
        trains=any(
            "TRAIN" in one.get("phase", []) for one in fields.get("include", []) if isinstance(one, dict)
        ),
    )
    for title, message in MESSAGES.items():
        given = _first(fields, title)
        kinds = dict(message.fields.values())
        for name, values in given.items():
            if name in kinds:
                good = [checked(title, name, kinds[name], value) for value in values]
                layer.parameters.setdefault(title, {})[name] = good if is_list(kinds[name]) else good[-1]
    return layer
