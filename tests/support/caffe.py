"""Networks of Caffe as their authors would have written them, with random weights; and a twin in NumPy.

The writer knows ``caffe.proto`` by its own table of numbers, and the twin computes from the layers
themselves: neither shares anything with what reads such files.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

#: Type of a layer in the old format.
_OLD = {"Concat": 3, "Convolution": 4, "Dropout": 6, "InnerProduct": 14, "LRN": 15, "Pooling": 17, "ReLU": 18}
_OLD |= {"Softmax": 20, "Data": 5, "SoftmaxWithLoss": 21, "Split": 22, "Eltwise": 25}
_OLD_WORDS = {"InnerProduct": "INNER_PRODUCT", "SoftmaxWithLoss": "SOFTMAX_LOSS"}
#: Number of each message in the old and the new format, and of its fields; ``f`` is a float.
_MESSAGES: dict[str, tuple[int, int, dict[str, tuple[int, str]]]] = {
    "convolution_param": (10, 106, {"num_output": (1, "u"), "pad": (3, "u"), "kernel_size": (4, "u"),
                                    "group": (5, "u"), "stride": (6, "u"), "dilation": (18, "u")}),
    "pooling_param": (19, 121, {"pool": (1, "MAX,AVE"), "kernel_size": (2, "u"), "stride": (3, "u"),
                                "pad": (4, "u"), "global_pooling": (12, "b")}),
    "lrn_param": (18, 118, {"local_size": (1, "u"), "alpha": (2, "f"), "beta": (3, "f"), "k": (5, "f")}),
    "inner_product_param": (17, 117, {"num_output": (1, "u")}),
    "concat_param": (9, 104, {"axis": (2, "u")}),
    "eltwise_param": (24, 110, {"operation": (1, "PROD,SUM,MAX"), "coeff": (2, "f")}),
    "relu_param": (30, 123, {"negative_slope": (1, "f")}),
    "batch_norm_param": (0, 139, {"eps": (3, "f")}),
    "power_param": (21, 122, {"power": (1, "f"), "scale": (2, "f"), "shift": (3, "f")}),
    "slice_param": (31, 126, {"slice_point": (2, "u"), "axis": (3, "u")}),
    "elu_param": (0, 140, {"alpha": (1, "f")}),
}  # fmt: skip


@dataclass
class Layer:
    """A layer: name, type, what it reads and writes, its parameters by message, its weights."""

    name: str
    type: str
    bottoms: list[str]
    tops: list[str]
    of: dict[str, dict[str, Any]] = field(default_factory=dict)
    blobs: list[np.ndarray] = field(default_factory=list)

    @property
    def own(self) -> dict[str, Any]:
        """The parameters of its only message."""
        return next(iter(self.of.values()), {})


class Maker:
    """Layers one after the other, with weights that keep the activations as loud as they were."""

    def __init__(self, channels: int = 3, seed: int = 0) -> None:
        self.layers: list[Layer] = []
        self.channels = {"data": channels}
        self.rng = np.random.default_rng(seed)

    def add(
        self, name: str, kind: str, below: str | list[str], top: str = "", blobs: Any = (), **of: Any
    ) -> str:
        bottoms = [below] if isinstance(below, str) else below
        top = top or name
        self.layers.append(Layer(name, kind, bottoms, [top], of, [np.float32(b) for b in blobs]))
        counts = [self.channels[b] for b in bottoms]
        self.channels[top] = sum(counts) if kind == "Concat" else counts[0]
        return top

    def conv(
        self, name: str, below: str, out: int, kernel: int, *, relu: str = "", group: int = 1, **own: Any
    ) -> str:
        inputs = self.channels[below] // group
        weight = self.rng.normal(0, (2 / (inputs * kernel**2)) ** 0.5, (out, inputs, kernel, kernel))
        given = {"num_output": out, "kernel_size": kernel, **own} | ({"group": group} if group > 1 else {})
        blobs = [weight, self.rng.normal(0, 0.05, out)]
        self.add(name, "Convolution", below, blobs=blobs, convolution_param=given)
        self.channels[name] = out
        return self.add(relu, "ReLU", name, name) if relu else name

    def inner(self, name: str, below: str, out: int, inputs: int, relu: str = "") -> str:
        blobs = [self.rng.normal(0, (1 / inputs) ** 0.5, (out, inputs)), self.rng.normal(0, 0.05, out)]
        self.add(name, "InnerProduct", below, blobs=blobs, inner_product_param={"num_output": out})
        self.channels[name] = out
        return self.add(relu, "ReLU", name, name) if relu else name

    def pool(self, name: str, below: str, kernel: int, stride: int, how: str = "MAX", pad: int = 0) -> str:
        own = {"pool": how, "kernel_size": kernel, "stride": stride} | ({"pad": pad} if pad else {})
        return self.add(name, "Pooling", below, pooling_param=own)

    def norm(self, name: str, below: str) -> str:
        return self.add(name, "LRN", below, lrn_param={"local_size": 5, "alpha": 1e-4, "beta": 0.75})


def alexnet(part: float = 1 / 8, classes: int = 10) -> list[Layer]:
    """``bvlc_alexnet/deploy.prototxt`` for pictures of 227, with this part of its channels."""
    make = Maker()

    def n(count: int) -> int:
        return max(4, int(count * part) // 4 * 4)

    x = make.conv("conv1", "data", n(96), 11, stride=4, relu="relu1")
    x = make.pool("pool1", make.norm("norm1", x), 3, 2)
    x = make.conv("conv2", x, n(256), 5, pad=2, group=2, relu="relu2")
    x = make.pool("pool2", make.norm("norm2", x), 3, 2)
    x = make.conv("conv3", x, n(384), 3, pad=1, relu="relu3")
    x = make.conv("conv4", x, n(384), 3, pad=1, group=2, relu="relu4")
    x = make.conv("conv5", x, n(256), 3, pad=1, group=2, relu="relu5")
    x = make.pool("pool5", x, 3, 2)
    x = make.inner("fc6", x, n(4096), n(256) * 36, relu="relu6")
    x = make.add("drop6", "Dropout", x, x)
    x = make.inner("fc7", x, n(4096), n(4096), relu="relu7")
    x = make.inner("fc8", x, classes, n(4096))
    make.add("prob", "Softmax", x)
    return make.layers


#: Of each inception module of GoogLeNet: 1x1, 3x3 reduced and whole, 5x5 reduced and whole, after pooling.
_MODULES = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}  # fmt: skip


def googlenet(part: float = 1 / 8, classes: int = 1000) -> list[Layer]:
    """``bvlc_googlenet/deploy.prototxt`` for pictures of 224, with this part of its channels."""
    make = Maker()

    def n(count: int) -> int:
        return max(2, int(count * part))

    def conv(name: str, below: str, out: int, kernel: int, relu: str, **own: int) -> str:
        return make.conv(name, below, n(out), kernel, relu=relu, **own)

    x = conv("conv1/7x7_s2", "data", 64, 7, "conv1/relu_7x7", pad=3, stride=2)
    x = make.norm("pool1/norm1", make.pool("pool1/3x3_s2", x, 3, 2))
    x = conv("conv2/3x3_reduce", x, 64, 1, "conv2/relu_3x3_reduce")
    x = make.norm("conv2/norm2", conv("conv2/3x3", x, 192, 3, "conv2/relu_3x3", pad=1))
    x = make.pool("pool2/3x3_s2", x, 3, 2)
    for name, (one, three_r, three, five_r, five, pooled) in _MODULES.items():
        if name in ("4a", "5a"):
            x = make.pool(f"pool{int(name[0]) - 1}/3x3_s2", x, 3, 2)
        at = f"inception_{name}"
        a = conv(f"{at}/1x1", x, one, 1, f"{at}/relu_1x1")
        b = conv(f"{at}/3x3_reduce", x, three_r, 1, f"{at}/relu_3x3_reduce")
        b = conv(f"{at}/3x3", b, three, 3, f"{at}/relu_3x3", pad=1)
        c = conv(f"{at}/5x5_reduce", x, five_r, 1, f"{at}/relu_5x5_reduce")
        c = conv(f"{at}/5x5", c, five, 5, f"{at}/relu_5x5", pad=2)
        d = conv(
            f"{at}/pool_proj", make.pool(f"{at}/pool", x, 3, 1, pad=1), pooled, 1, f"{at}/relu_pool_proj"
        )
        x = make.add(f"{at}/output", "Concat", [a, b, c, d])
    x = make.pool("pool5/7x7_s1", x, 7, 1, "AVE")
    x = make.add("pool5/drop_7x7_s1", "Dropout", x, x)
    x = make.inner("loss3/classifier", x, classes, make.channels[x])
    make.add("prob", "Softmax", x)
    return make.layers


# -- the files --------------------------------------------------------------------------------------------


def _number(value: int) -> bytes:
    out = b""
    while True:
        value, low = value >> 7, value & 127
        out += bytes([low | (128 if value else 0)])
        if not value:
            return out


def _bytes(number: int, data: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(data)) + data


def _blob(blob: np.ndarray, *, old: bool, packed: bool) -> bytes:
    if old:
        sides = [1] * (4 - blob.ndim) + list(blob.shape)
        head = b"".join(_number((i + 1) << 3) + _number(side) for i, side in enumerate(sides))
    else:
        head = _bytes(7, _bytes(1, b"".join(map(_number, blob.shape))))
    data = blob.astype("<f4")
    if packed:
        return head + _bytes(5, data.tobytes())
    return head + b"".join(b"\x2d" + struct.pack("<f", value) for value in data.ravel())


def _parameters(layer: Layer, *, old: bool) -> bytes:
    out = b""
    for message, given in layer.of.items():
        before, now, known = _MESSAGES[message]
        inner = b""
        for name, value in given.items():
            number, kind = known[name]
            for one in value if isinstance(value, list) else [value]:
                if kind == "f":
                    inner += _number(number << 3 | 5) + struct.pack("<f", one)
                else:
                    word = kind.split(",").index(one) if "," in kind else int(one)
                    inner += _number(number << 3) + _number(word)
        out += _bytes(before if old else now, inner)
    return out


def model_bytes(
    layers: list[Layer], *, old: bool = False, packed: bool = True, trained: bool = False
) -> bytes:
    """A ``.caffemodel``; ``trained`` as Caffe saves one after training: see ``as_trained``."""
    layers = as_trained(layers) if trained else layers
    out = _bytes(1, b"net")
    for one in layers:
        blobs = [_blob(b, old=old, packed=packed) for b in one.blobs]
        if old:
            inner = b"".join(_bytes(2, b.encode()) for b in one.bottoms) + b"".join(
                _bytes(3, b.encode()) for b in one.tops
            )
            inner += _bytes(4, one.name.encode()) + _number(5 << 3) + _number(_OLD[one.type])
            inner += b"".join(_bytes(6, b) for b in blobs)
        else:
            inner = _bytes(1, one.name.encode()) + _bytes(2, one.type.encode())
            inner += _number(10 << 3) + _number(0) if trained else b""  # every layer's phase: training
            inner += b"".join(_bytes(3, b.encode()) for b in one.bottoms) + b"".join(
                _bytes(4, b.encode()) for b in one.tops
            )
            inner += b"".join(_bytes(7, b) for b in blobs)
        out += _bytes(2 if old else 100, inner + _parameters(one, old=old))
    return out


def as_trained(layers: list[Layer]) -> list[Layer]:
    """With layers of data and loss, one of these halfway, and a copy of a blob for each of its readers."""
    kept = layers[:-1] if layers[-1].type == "Softmax" else layers
    place = len(kept) // 2
    average = {"pooling_param": {"pool": "AVE", "global_pooling": True}}
    aside = [
        Layer("aux/pool", "Pooling", [kept[place].tops[0]], ["aux/pool"], average),
        Layer("aux/loss", "SoftmaxWithLoss", ["aux/pool", "label"], ["aux/loss"]),
    ]
    found = [Layer("data", "Data", [], ["data", "label"])]
    found += [replace(one, bottoms=list(one.bottoms)) for one in kept]
    found[place + 2 : place + 2] = aside
    found.append(Layer("loss", "SoftmaxWithLoss", [kept[-1].tops[0], "label"], ["loss"]))
    out: list[Layer] = []
    for place, one in enumerate(found):
        out.append(one)
        for top in one.tops:
            readers = _readers(found[place + 1 :], top)
            if len(readers) > 1:
                names = [f"{top}_{one.name}_0_split_{n}" for n in range(len(readers))]
                out.append(Layer(f"{top}_{one.name}_0_split", "Split", [top], names))
                for (reader, index), name in zip(readers, names, strict=True):
                    reader.bottoms[index] = name
    return out


def _readers(later: list[Layer], blob: str) -> list[tuple[Layer, int]]:
    """Who reads a blob before it is written anew."""
    found = []
    for one in later:
        found += [(one, index) for index, name in enumerate(one.bottoms) if name == blob]
        if blob in one.tops:
            break
    return found


def text_of(layers: list[Layer], shape: tuple[int, ...], *, old: bool = False) -> str:
    """A ``deploy.prototxt`` for pictures of the shape (C, H, W)."""
    sides = (1, *shape)
    if old:
        head = 'name: "net"  # as in 2014\ninput: "data"\n' + "".join(
            f"input_dim: {side}\n" for side in sides
        )
    else:
        dims = " ".join(f"dim: {side}" for side in sides)
        head = f'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape: {{ {dims} }} }} }}\n'
    return head + "".join(_layer_text(one, old=old) for one in layers)


def _layer_text(one: Layer, *, old: bool) -> str:
    kind = _OLD_WORDS.get(one.type, one.type.upper()) if old else f'"{one.type}"'
    lines = [f'name: "{one.name}"', f"type: {kind}"]
    lines += [f'bottom: "{b}"' for b in one.bottoms] + [f'top: "{t}"' for t in one.tops]
    for message, given in one.of.items():
        parts = (f"{k}: {str(v).lower() if isinstance(v, bool) else v}" for k, v in given.items())
        lines.append(f"{message} {{ {' '.join(parts)} }}")
    return f"{'layers' if old else 'layer'} {{\n  " + "\n  ".join(lines) + "\n}\n"


# -- the twin ---------------------------------------------------------------------------------------------


def run(layers: list[Layer], picture: np.ndarray) -> dict[str, np.ndarray]:
    """Every blob and every layer's own result (under ``layer:NAME``) for a picture (C, H, W), in float64."""
    blobs: dict[str, np.ndarray] = {"data": picture.astype(np.float64)}
    found: dict[str, np.ndarray] = {}
    for one in layers:
        made = _computed(one, [blobs[name] for name in one.bottoms])
        blobs[one.tops[0]] = found[f"layer:{one.name}"] = made
    return {**found, **blobs}


def _computed(one: Layer, given: list[np.ndarray]) -> np.ndarray:
    x, own, weights = given[0], one.own, [b.astype(np.float64) for b in one.blobs]
    match one.type:
        case "Convolution":
            return _convolved(x, weights, own)
        case "InnerProduct":
            return weights[0] @ x.ravel() + weights[1]
        case "Pooling":
            return pooled(x, own)
        case "LRN":
            size = own["local_size"]
            squares = np.pad(x**2, ((size // 2, size // 2), (0, 0), (0, 0)))
            sums = np.stack([squares[c : c + size].sum(0) for c in range(len(x))])
            return x / (own.get("k", 1.0) + own["alpha"] / size * sums) ** own["beta"]
        case "ReLU":
            return np.where(x > 0, x, own.get("negative_slope", 0.0) * x)
        case "Concat":
            return np.concatenate(given)
        case "Softmax":
            e = np.exp(x - x.max())
            return e / e.sum()
        case "Eltwise":
            factors = own.get("coeff", [1.0] * len(given))
            return sum(f * g for f, g in zip(factors, given, strict=True))
        case "BatchNorm":
            mean, variance = weights[0] / weights[2], weights[1] / weights[2]
            return (x - mean[:, None, None]) / np.sqrt(variance[:, None, None] + own.get("eps", 1e-5))
        case "Scale":
            return x * weights[0][:, None, None] + weights[1][:, None, None]
        case "Power":
            return (own.get("shift", 0.0) + own.get("scale", 1.0) * x) ** own.get("power", 1.0)
        case "Dropout":
            return x
    raise AssertionError(one.type)


def _convolved(x: np.ndarray, weights: list[np.ndarray], own: dict[str, Any]) -> np.ndarray:
    weight, pad, stride, dilation = (
        weights[0],
        own.get("pad", 0),
        own.get("stride", 1),
        own.get("dilation", 1),
    )
    groups, kernel = own.get("group", 1), weight.shape[2]
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    reach = dilation * (kernel - 1) + 1
    rows, columns = ((side - reach) // stride + 1 for side in x.shape[1:])
    out = np.zeros((len(weight), rows, columns))
    each_in, each_out = len(x) // groups, len(weight) // groups
    for g in range(groups):
        part = x[g * each_in : (g + 1) * each_in]
        for i in range(kernel):
            for j in range(kernel):
                top, left = i * dilation, j * dilation
                seen = part[:, top : top + rows * stride : stride, left : left + columns * stride : stride]
                out[g * each_out : (g + 1) * each_out] += np.tensordot(
                    weight[g * each_out : (g + 1) * each_out, :, i, j], seen, 1
                )
    return out + weights[1][:, None, None]


def pooled(x: np.ndarray, own: dict[str, Any]) -> np.ndarray:
    """Pooling window by window, as ``pooling_layer.cpp`` has it."""
    if own.get("global_pooling"):
        return (x.max((1, 2)) if own["pool"] == "MAX" else x.mean((1, 2)))[:, None, None]
    kernel, stride, pad = own["kernel_size"], own.get("stride", 1), own.get("pad", 0)
    sizes = []
    for side in x.shape[1:]:
        count = math.ceil((side + 2 * pad - kernel) / stride) + 1
        if pad and (count - 1) * stride >= side + pad:
            count -= 1
        sizes.append(count)
    out = np.zeros((len(x), *sizes))
    for i, (top, down) in enumerate(_spans(sizes[0], x.shape[1], kernel, stride, pad)):
        for j, (left, right) in enumerate(_spans(sizes[1], x.shape[2], kernel, stride, pad)):
            seen = x[:, max(top, 0) : min(down, x.shape[1]), max(left, 0) : min(right, x.shape[2])]
            whole = (min(down, x.shape[1] + pad) - top) * (min(right, x.shape[2] + pad) - left)
            out[:, i, j] = seen.max((1, 2)) if own["pool"] == "MAX" else seen.sum((1, 2)) / whole
    return out


def _spans(count: int, side: int, kernel: int, stride: int, pad: int) -> Iterator[tuple[int, int]]:
    for i in range(count):
        start = i * stride - pad
        yield start, start + kernel


# -- damaged files ----------------------------------------------------------------------------------------


def mutated(data: bytes, seed: int) -> bytes:
    """The bytes of a file with something wrong: flipped, cut, doubled, or with other lengths and numbers."""
    rng = np.random.default_rng(seed)
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(0, max(1, len(changed))))
        match int(rng.choice([0, 0, 0, 0, 0, 1, 2, 3, 4, 5])):
            case 0:
                changed[place : place + 1] = bytes([int(rng.integers(0, 256))])
            case 1:
                del changed[place:]
            case 2:
                del changed[place : place + int(rng.integers(1, 9))]
            case 3:
                changed[place:place] = rng.bytes(int(rng.integers(1, 9)))
            case 4:
                changed[place : place + 5] = b"\xff\xff\xff\xff\x07"
            case 5:
                changed[place:place] = changed[place : place + int(rng.integers(1, 200))]
        if not changed:
            break
    return bytes(changed)
