"""A ``.caffemodel``: protobuf's wire format (protobuf.dev, "Encoding"), read field by field.

Nothing is copied before it is known to be there: the numbers of a blob are a view of the file's bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from reverie.network.caffe.layers import (
    MESSAGES,
    MOST_LAYERS,
    OLD_TYPES,
    Blob,
    CaffeDescription,
    CaffeError,
    CaffeLayer,
    Message,
    checked,
    is_list,
)

#: Numbers of fields: of a network's two lists of layers, of what stands in a layer of each format.
_OLD, _NEW = 2, 100
_NAMES: Final = {
    _OLD: {"name": 4, "type": 5, "bottoms": 2, "tops": 3, "blobs": 6},
    _NEW: {"name": 1, "type": 2, "bottoms": 3, "tops": 4, "blobs": 7},
}
_VARINT, _WIDE, _BYTES, _NARROW = 0, 1, 2, 5
#: A single float of a blob that is not packed: its tag, and the bytes that both take.
_LOOSE, _STRIDE = 5 << 3 | _NARROW, 5
_MOST_SIDES: Final = 8
_MOST_BLOBS: Final = 16


class Field(NamedTuple):
    """A field of a message: its number, its wire type, and an integer or the bytes."""

    number: int
    wire: int
    value: Any


def fields(data: memoryview) -> Iterator[Field]:
    """The fields of a message in order; single floats that follow each other come as one, packed.

    Raises:
        CaffeError: It is no message, or is cut short.
    """
    place, end = 0, len(data)
    while place < end:
        start = place
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise CaffeError("is no network of Caffe")
        if key == _LOOSE:
            count = _loose(data, start)
            if count == 0:
                raise CaffeError("is cut short")
            block = np.frombuffer(data[start : start + count * _STRIDE], np.uint8).reshape(count, _STRIDE)
            yield Field(number, _BYTES, memoryview(block[:, 1:].tobytes()))
            place = start + count * _STRIDE
        elif wire == _VARINT:
            value, place = _varint(data, place)
            yield Field(number, wire, value)
        elif wire in (_WIDE, _NARROW, _BYTES):
            size = {_WIDE: 8, _NARROW: 4}.get(wire)
            if size is None:
                size, place = _varint(data, place)
            if place + size > end:
                raise CaffeError("is cut short")
            yield Field(number, wire, data[place : place + size])
            place += size
        else:
            raise CaffeError("is no network of Caffe")


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """A number of up to ten bytes, and where it ends."""
    shift = found = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        place += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, place
        shift += 7
    raise CaffeError("is no network of Caffe, or is cut short")


def _loose(data: memoryview, start: int) -> int:
    """How many single floats follow each other from here on."""
    whole = (len(data) - start) // _STRIDE
    tags = np.frombuffer(data, np.uint8)[start : start + whole * _STRIDE : _STRIDE]
    other = np.flatnonzero(tags != _LOOSE)
    return int(other[0]) if len(other) else whole


def read_model(data: bytes) -> CaffeDescription:
    """The network in the bytes of a ``.caffemodel``, with its weights.

    Raises:
        CaffeError: It is none, is damaged, or is of the format before 2013.
    """
    found = CaffeDescription()
    for number, wire, value in fields(memoryview(data)):
        if wire == _BYTES and number in _NAMES:
            found.layers.append(_layer(value, number))
            if len(found.layers) > MOST_LAYERS:
                raise CaffeError(f"has more than {MOST_LAYERS} layers")
        elif number == 3 and wire == _BYTES:
            found.inputs.append(_text(value))
        elif number == 4 and wire == _VARINT:
            found.shape = [*(found.shape or []), value][:4]
        elif number == 8 and wire == _BYTES and found.shape is None:
            found.shape = _sides(value)
    if not found.layers:
        raise CaffeError("is no network of Caffe: there are no layers in it")
    return found


def _layer(data: memoryview, kind: int) -> CaffeLayer:
    named = {number: name for name, number in _NAMES[kind].items()}
    messages = {m.old if kind == _OLD else m.new: (name, m) for name, m in MESSAGES.items()}
    layer = CaffeLayer()
    for number, wire, value in fields(data):
        name = named.get(number)
        if name == "blobs" and wire == _BYTES:
            if len(layer.blobs) >= _MOST_BLOBS:
                raise CaffeError(f'layer "{layer.name[:40]}" has too many blobs')
            layer.blobs.append(_blob(value))
        elif name == "type" and kind == _OLD and wire == _VARINT:
            layer.type = OLD_TYPES.get(value, f"type {value}")
        elif name in ("name", "type") and wire == _BYTES:
            setattr(layer, name, _text(value))
        elif name in ("bottoms", "tops") and wire == _BYTES:
            getattr(layer, name).append(_text(value))
        elif kind == _OLD and number == 1:
            raise CaffeError("is of the format before 2013; upgrade it with Caffe's upgrade_net_proto_binary")
        elif wire == _BYTES and number in messages:
            title, message = messages[number]
            layer.parameters[title] = _parameters(title, message, value)
    return layer


def _parameters(title: str, message: Message, data: memoryview) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, wire, value in fields(data):
        if number not in message.fields:
            continue
        name, kind = message.fields[number]
        for one in _numbers(kind, wire, value):
            good = checked(title, name, kind, one)
            if is_list(kind):
                found.setdefault(name, []).append(good)
                if len(found[name]) > MOST_LAYERS:
                    raise CaffeError(f"{title}.{name} has too many values")
            else:
                found[name] = good
    return found


def _numbers(kind: str, wire: int, value: Any) -> list[int | float]:
    """The values of a field of numbers, single or packed."""
    if kind.startswith("f"):
        if wire not in (_NARROW, _BYTES) or len(value) % 4:
            raise CaffeError("is damaged: a number is not as long as one")
        return [float(number) for (number,) in struct.iter_unpack("<f", value)]
    if wire == _VARINT:
        return [value]
    if wire != _BYTES:
        raise CaffeError("is damaged: a number is of another kind")
    found: list[int | float] = []
    place = 0
    while place < len(value):
        number, place = _varint(value, place)
        found.append(number)
    return found


def _text(data: memoryview) -> str:
    if len(data) > 1000:
        raise CaffeError("is damaged: a name is too long")
    return bytes(data).decode("utf-8", "replace")


def _sides(data: memoryview) -> list[int]:
    """The shape in a message of its own."""
    sides: list[int] = []
    for number, wire, value in fields(data):
        if number == 1:
            sides += [int(n) for n in _numbers("u", wire, value)]
    if len(sides) > _MOST_SIDES:
        raise CaffeError("is damaged: a shape has too many sides")
    return sides


def _blob(data: memoryview) -> Blob:
    """Numbers in their shape; in the old format it is (num, channels, height, width)."""
    old, shape = [1, 1, 1, 1], None
    parts: list[Blob] = []
    for number, wire, value in fields(data):
        if number == 7 and wire == _BYTES:
            shape = _sides(value)
        elif 1 <= number <= 4 and wire == _VARINT:
            old[number - 1] = value
        elif number in (5, 8) and wire == _BYTES:
            size, kind = (4, "<f4") if number == 5 else (8, "<f8")
            if len(value) % size:
                raise CaffeError("is damaged: the numbers of a blob are cut short")
            parts.append(np.frombuffer(value, kind).astype(np.float32, copy=False))
    sides = old if shape is None else shape
    numbers = parts[0] if len(parts) == 1 else np.concatenate(parts or [np.zeros(0, np.float32)])
    if math.prod(sides) != numbers.size:
        raise CaffeError(f"is damaged: a blob of the shape {sides} has {numbers.size} numbers")
    return numbers.reshape(sides)
