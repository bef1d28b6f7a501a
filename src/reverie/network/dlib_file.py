"""Networks as dlib writes them (D. King, "Dlib-ml", JMLR 10, 2009): a list of layers, from the picture up.

A network of dlib is layers nested in each other, and its file holds first a version for each of them from the
top down, then what each is from the bottom up: its kind by name, its numbers, its weights, and what training
left behind. Whole numbers take as many bytes as they need; real ones are a mantissa and an exponent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: The most layers, the most characters of a kind's name, the most versions before the first layer.
MOST_LAYERS, LONGEST_NAME, MOST_NESTED = 1000, 40, 4000
#: Exponents that stand for what is no finite number.
_NOT_FINITE: Final = 32000
#: What stands behind the name of each kind that is known: ``w`` weights, ``n`` a whole number, ``a`` the
#: shape of a part of the weights, ``f`` a real number.
_FIELDS: Final = {
    "con_4": "w nnnnnnn aa ffff",
    "affine_": "w aa n",
    "relu_": "",
    "max_pool_2": "nnnnnn",
    "avg_pool_2": "nnnnnn",
    "add_prev_": "",
    "fc_2": "nn w aa n ffff",
}
#: How the numbers of those kinds are called, in order.
_NAMES: Final = {
    "con_4": ("filters", "rows", "columns", "down", "across", "pad_down", "pad_across"),
    "affine_": ("mode",),
    "max_pool_2": ("rows", "columns", "down", "across", "pad_down", "pad_across"),
    "avg_pool_2": ("rows", "columns", "down", "across", "pad_down", "pad_across"),
    "fc_2": ("outputs", "inputs", "bias_mode"),
}


class DlibError(ValueError):
    """A file that is damaged, or no network of dlib's of a kind that is known."""


@dataclass(frozen=True)
class DlibLayer:
    """One layer.

    Attributes:
        kind: As dlib calls it, such as ``con_4``.
        numbers: Its whole numbers by name, such as ``filters`` or ``down`` (the stride).
        weights: All of them, flat.
        parts: The shapes of the parts of the weights, one after the other, each of four sides.
    """

    kind: str
    numbers: dict[str, int]
    weights: NDArray[np.float32]
    parts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class DlibNetwork:
    """A network's file: what is taken off pixels of 0 to 255 (red, green, blue), its size, its layers."""

    mean: tuple[float, float, float]
    size: tuple[int, int]
    layers: tuple[DlibLayer, ...]


def read_dlib(data: bytes) -> DlibNetwork:
    """The network in a file, whose bytes are trusted in nothing.

    Raises:
        DlibError: It is damaged, none of dlib's, or has layers that are not known here.
    """
    reader = _Reader(data)
    reader.number("a version")
    name = reader.text()
    if not name.startswith("loss_"):
        raise DlibError("no network of dlib's with a loss at its end")
    for _ in range(2 if name.startswith("loss_metric") else 0):
        reader.real()
    for _ in range(MOST_NESTED):
        if reader.number("a version") > 9:
            reader.back()
            break
    if reader.text() != "input_rgb_image_sized":
        raise DlibError("no network of dlib's that takes pictures of one size")
    red, green, blue = reader.real(), reader.real(), reader.real()
    size = reader.number("a height"), reader.number("a width")
    layers = [_layer(reader)]
    reader.number("a factor")  # how many samples the input makes of each, beside the lowest layer alone
    while not reader.at_end:
        if len(layers) >= MOST_LAYERS:
            raise DlibError(f"over {MOST_LAYERS} layers")
        layers.append(_layer(reader))
    return DlibNetwork((red, green, blue), size, tuple(layers))


def _layer(reader: _Reader) -> DlibLayer:
    kind = reader.text()
    if kind not in _FIELDS:
        raise DlibError(f'a layer of the kind "{kind[:LONGEST_NAME]}", which is not known')
    numbers: list[int] = []
    parts: list[tuple[int, ...]] = []
    weights = np.empty(0, np.float32)
    for field in _FIELDS[kind].replace(" ", ""):
        match field:
            case "w":
                weights = reader.tensor()
            case "n":
                numbers.append(reader.number("a number"))
            case "a":
                parts.append(reader.shape())
            case _:
                reader.real()
    for _ in range(3):
        reader.flag()
    for _ in range(3):  # a gradient, an output, another gradient
        reader.tensor()
    return DlibLayer(kind, dict(zip(_NAMES.get(kind, ()), numbers, strict=True)), weights, tuple(parts))


class _Reader:
    """Reads dlib's values one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place, self._before = data, 0, 0

    @property
    def at_end(self) -> bool:
        return self._place >= len(self._data)

    def back(self) -> None:
        """To before what was read last."""
        self._place = self._before

    def number(self, what: str) -> int:
        """A whole number that is not negative, below 2^31."""
        value = self._integer()
        if not 0 <= value < 1 << 31:
            raise DlibError(f"{what} that is out of its range")
        return value

    def real(self) -> float:
        mantissa, exponent = self._integer(), self._integer()
        if exponent >= _NOT_FINITE:
            raise DlibError("a number that is not finite")
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError as error:
            raise DlibError("a number that is not finite") from error

    def text(self) -> str:
        length = self.number("a length")
        if length > LONGEST_NAME:
            raise DlibError("a name that is too long")
        return self._take(length).decode("latin-1")

    def flag(self) -> None:
        if self._take(1) not in (b"0", b"1"):
            raise DlibError("a yes or no that is neither")

    def tensor(self) -> NDArray[np.float32]:
        """All numbers of a tensor, flat."""
        if self.number("a version") != 2:
            raise DlibError("a tensor of another version than 2")
        count = math.prod(self._sides())
        return np.frombuffer(self._take(4 * count), "<f4").astype(np.float32)

    def shape(self) -> tuple[int, ...]:
        """The shape of a part of the weights."""
        if self.number("a version") != 1:
            raise DlibError("a part of weights of another version than 1")
        return self._sides()

    def _sides(self) -> tuple[int, ...]:
        return tuple(self.number("a side") for _ in range(4))

    def _integer(self) -> int:
        self._before = self._place
        head = self._take(1)[0]
        count = head & 15
        if not 1 <= count <= 8 or head & 0x70:
            raise DlibError("a number that is none")
        value = int.from_bytes(self._take(count), "little")
        return -value if head & 0x80 else value

    def _take(self, count: int) -> bytes:
        if count > len(self._data) - self._place:
            raise DlibError("cut short")
        self._place += count
        return self._data[self._place - count : self._place]
