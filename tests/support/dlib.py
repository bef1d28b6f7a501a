"""A network of faces as dlib would have written it, with random weights; and a twin in NumPy.

The writer follows dlib's ``serialize`` functions, and the twin computes from the layers themselves: neither
shares anything with what reads such files.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from support.caffe import _convolved, pooled

MEAN = (122.782, 117.001, 104.298)


@dataclass
class Layer:
    """A layer: its kind, its whole numbers, its weights as they follow each other."""

    kind: str
    numbers: list[int] = field(default_factory=list)
    blobs: list[np.ndarray] = field(default_factory=list)


def network(widths: tuple[int, ...] = (4, 6), outputs: int = 5, seed: int = 0) -> list[Layer]:
    """A stem, two plain blocks, a halving and a plain block for each further width, and the end."""
    rng = np.random.default_rng(seed)
    layers: list[Layer] = []

    def conv(channels: int, filters: int, side: int, stride: int, pad: int) -> None:
        weight = rng.normal(0, (2 / (channels * side**2)) ** 0.5, (filters, channels, side, side))
        bias = rng.normal(0, 0.1, filters)
        layers.append(Layer("con_4", [filters, side, side, stride, stride, pad, pad], [weight, bias]))
        layers.append(Layer("affine_", [0], [rng.uniform(0.5, 2, filters), rng.normal(0, 0.3, filters)]))

    def block(channels: int, filters: int, *, halves: bool) -> None:
        conv(channels, filters, 3, 2 if halves else 1, 0 if halves else 1)
        layers.append(Layer("relu_"))
        conv(filters, filters, 3, 1, 1)
        layers.extend([Layer("avg_pool_2", [2, 2, 2, 2, 0, 0])] if halves else [])
        layers.extend([Layer("add_prev_"), Layer("relu_")])

    conv(3, widths[0], 7, 2, 0)
    layers.extend([Layer("relu_"), Layer("max_pool_2", [3, 3, 2, 2, 0, 0])])
    for before, width in zip((widths[0], *widths), widths, strict=False):
        block(before, width, halves=before != width)
        block(width, width, halves=False)
    layers.append(Layer("avg_pool_2", [0, 0, 1, 1, 0, 0]))
    layers.append(Layer("fc_2", [outputs, widths[-1]], [rng.normal(0, 0.3, (widths[-1], outputs))]))
    return layers


# -- the file ---------------------------------------------------------------------------------------------


def whole(value: int) -> bytes:
    sign, value = (0x80, -value) if value < 0 else (0, value)
    count = max(1, (value.bit_length() + 7) // 8)
    return bytes([sign | count]) + value.to_bytes(count, "little")


def real(value: float) -> bytes:
    mantissa, exponent = math.frexp(value)
    return whole(int(mantissa * 2**24)) + whole(exponent - 24)


def text(value: str) -> bytes:
    return whole(len(value)) + value.encode()


def tensor(values: np.ndarray, sides: tuple[int, ...]) -> bytes:
    return whole(2) + b"".join(map(whole, sides)) + values.astype("<f4").tobytes()


def alias(*sides: int) -> bytes:
    return whole(1) + b"".join(map(whole, sides))


EMPTY = tensor(np.empty(0), (0, 0, 0, 0))


def _inside(layer: Layer) -> bytes:
    numbers = [whole(n) for n in layer.numbers]
    flat = np.concatenate([b.ravel() for b in layer.blobs]) if layer.blobs else np.empty(0)
    rates = b"".join(map(real, (1.0, 1.0, 1.0, 0.0)))
    count = layer.numbers[0] if layer.numbers else 0
    match layer.kind:
        case "con_4":
            parts = alias(*layer.blobs[0].shape) + alias(1, count, 1, 1)
            return tensor(flat, (flat.size, 1, 1, 1)) + b"".join(numbers) + parts + rates
        case "affine_":
            sides = (1, layer.blobs[0].size, 1, 1)
            return tensor(flat, (flat.size, 1, 1, 1)) + alias(*sides) * 2 + whole(0)
        case "fc_2":
            sides = (*layer.blobs[0].shape, 1, 1)
            parts = alias(*sides) + alias(0, 0, 0, 0)
            return b"".join(numbers) + tensor(flat, sides) + parts + whole(1) + rates
    return b"".join(numbers)


def file_bytes(layers: list[Layer], mean: tuple[float, ...] = MEAN) -> bytes:
    """A ``.dat`` file."""
    out = whole(1) + text("loss_metric_2") + real(0.04) + real(0.6)
    out += b"".join(whole(1 if n % 5 == 4 else 2) for n in range(len(layers) * 5 // 4)) + whole(3)
    out += text("input_rgb_image_sized") + b"".join(map(real, mean)) + whole(150) + whole(150)
    for place, layer in enumerate(layers):
        out += text(layer.kind) + _inside(layer) + b"110" + EMPTY * 3
        out += whole(1) if place == 0 else b""
    return out


# -- the twin ---------------------------------------------------------------------------------------------


def run(layers: list[Layer], picture: np.ndarray) -> dict[str, np.ndarray]:
    """What ``add_prev`` and ``fc`` layers give for a picture (3, H, W) of 0 to 1, in order, in float64."""
    x = (picture.astype(np.float64) * 255 - np.array(MEAN)[:, None, None]) / 256
    found: dict[str, np.ndarray] = {}
    came_in = kept = x
    for place, layer in enumerate(layers):
        match layer.kind:
            case "con_4":
                _, _, _, stride, _, pad, _ = layer.numbers
                x = _convolved(x, layer.blobs, {"stride": stride, "pad": pad})
            case "affine_":
                x = x * layer.blobs[0][:, None, None] + layer.blobs[1][:, None, None]
            case "relu_":
                x = np.maximum(x, 0)
                if layers[place + 1].kind == "con_4" and layers[place - 1].kind != "affine_":
                    came_in = x
            case "max_pool_2":
                x = came_in = _pooled_down(x, "MAX", 3, 2)
            case "avg_pool_2" if layer.numbers[0]:
                kept, x = x, _pooled_down(came_in, "AVE", 2, 2)
                x, kept = kept, x
                x = _added(x, kept)
            case "avg_pool_2":
                x = x.mean((1, 2))
            case "add_prev_":
                x = x if layers[place - 1].kind == "avg_pool_2" else x + came_in
            case "fc_2":
                x = found["descriptor"] = layer.blobs[0].T @ x
        if layer.kind == "relu_" and layers[place - 1].kind == "add_prev_":
            found[str(len(found))] = x
    return found


def _pooled_down(x: np.ndarray, how: str, side: int, stride: int) -> np.ndarray:
    """Windows that lie in the map whole."""
    rows, columns = ((length - side) // stride + 1 for length in x.shape[1:])
    cut = x[:, : (rows - 1) * stride + side, : (columns - 1) * stride + side]
    return pooled(cut, {"pool": how, "kernel_size": side, "stride": stride})


def _added(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Both as if they were zero beyond their ends."""
    out = np.zeros([max(a, b) for a, b in zip(x.shape, y.shape, strict=True)])
    for one in (x, y):
        out[: one.shape[0], : one.shape[1], : one.shape[2]] += one
    return out
