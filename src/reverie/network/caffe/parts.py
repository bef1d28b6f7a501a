"""Caffe's layers as torch modules: what differs from torch's own, and which module a layer is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.network.caffe.layers import Blob, CaffeError, CaffeLayer

#: The largest kernel, stride, padding or dilation, in pixels, and the widest sum of channels for an LRN.
MOST: Final = 512
Pair = tuple[int, int]


class Pooling(nn.Module):
    """Pooling that rounds sizes up; a window larger than a small picture's map shrinks to the map.

    Both kinds agree with ``caffe/layers/pooling_layer.cpp``: an average counts the padding, but not what is
    beyond it.
    """

    def __init__(
        self, kernel: Pair, stride: Pair, pad: Pair, *, largest: bool, ceil: bool, whole: bool
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.pad = kernel, stride, pad
        self.largest, self.ceil, self.whole = largest, ceil, whole

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        if self.whole:
            return x.amax((2, 3), keepdim=True) if self.largest else x.mean((2, 3), keepdim=True)
        kernel, pad = self.kernel, self.pad
        if kernel[0] > height + 2 * pad[0] or kernel[1] > width + 2 * pad[1]:
            kernel, pad = (min(kernel[0], height), min(kernel[1], width)), (0, 0)
        if self.largest:
            return F.max_pool2d(x, kernel, self.stride, pad, ceil_mode=self.ceil)
        return F.avg_pool2d(x, kernel, self.stride, pad, ceil_mode=self.ceil, count_include_pad=True)


class Inner(nn.Linear):
    """Fully connected; a map of another size than it was trained on is brought to that size by averages."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
        self.weight = nn.Parameter(weight)
        if bias is not None:
            self.bias = nn.Parameter(bias)
        self.side: Pair | None = None

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == 4 and self.side is not None and tuple(x.shape[2:]) != self.side:
            x = F.adaptive_avg_pool2d(x, self.side)
        return super().forward(x.flatten(1))


class Concat(nn.Module):
    """Maps behind each other."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *maps: Tensor) -> Tensor:
        return torch.cat(maps, self.axis)


class Slice(nn.Module):
    """A map cut apart, into pieces of these lengths or into equal ones."""

    def __init__(self, axis: int, points: Sequence[int], count: int) -> None:
        super().__init__()
        self.axis, self.points, self.count = axis, tuple(points), count

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        if not self.points:
            return x.chunk(self.count, self.axis)
        return torch.tensor_split(x, self.points, self.axis)


class Eltwise(nn.Module):
    """Maps summed, multiplied, or the largest of them."""

    def __init__(self, operation: str, factors: Sequence[float]) -> None:
        super().__init__()
        self.operation, self.factors = operation, tuple(factors)

    def forward(self, *maps: Tensor) -> Tensor:
        found = [m * f for m, f in zip(maps, self.factors, strict=False)] if self.factors else list(maps)
        total = found[0]
        for one in found[1:]:
            if self.operation == "SUM":
                total = total + one
            else:
                total = total * one if self.operation == "PROD" else torch.maximum(total, one)
        return total


class Scale(nn.Module):
    """A factor and a term for each channel."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = None if bias is None else nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        sides = (1, -1, *[1] * (x.ndim - 2))
        x = x * self.weight.view(sides)
        return x if self.bias is None else x + self.bias.view(sides)


class Power(nn.Module):
    """``(shift + scale * x) ** power``."""

    def __init__(self, power: float, scale: float, shift: float) -> None:
        super().__init__()
        self.power, self.scale, self.shift = power, scale, shift

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.scale + self.shift
        return x if self.power == 1 else x**self.power


class Absolute(nn.Module):
    """The absolute value."""

    def forward(self, x: Tensor) -> Tensor:
        return x.abs()


# -- from a layer to its module ---------------------------------------------------------------------------


def module_of(layer: CaffeLayer, blobs: Sequence[Blob]) -> nn.Module:
    """The module that a layer is.

    Args:
        layer: Its type and parameters.
        blobs: Its weights.

    Raises:
        CaffeError: Of an unknown type, or with parameters or weights that do not fit it.
    """
    make = _MAKERS.get(layer.type)
    if make is None:
        known = ", ".join(sorted(_MAKERS))
        raise CaffeError(f'layer "{layer.name}" is of the type {layer.type}; those that are known: {known}')
    try:
        return make(layer, [_numbers(blob) for blob in blobs])
    except IndexError as error:
        raise CaffeError(f'layer "{layer.name}" ({layer.type}) has no weights in the .caffemodel') from error
    except (CaffeError, ValueError, RuntimeError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise CaffeError(f'layer "{layer.name}" ({layer.type}): {reason}') from error


def _numbers(blob: Blob) -> Tensor:
    return torch.from_numpy(blob.copy())


def _pair(given: Mapping[str, Any], name: str, usual: int | None, least: int = 1) -> Pair:
    """A size along both axes: one number, two, or named apart (``kernel_h``)."""
    values = given.get(name, [])
    values = list(values) if isinstance(values, list) else [values]
    short = "kernel" if name == "kernel_size" else name
    apart = given.get(f"{short}_h"), given.get(f"{short}_w")
    if apart != (None, None):
        values = [given.get(f"{short}_{axis}", usual) for axis in "hw"]
    values = values or [usual]
    if len(values) > 2 or not all(isinstance(v, int) and least <= v <= MOST for v in values):
        raise CaffeError(f"{name} is {values}; {least} to {MOST} are possible, along one axis or two")
    return values[0], values[-1]


def _convolution(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    """A convolution, or its transpose, whose weights are (inputs, outputs of a group, ...)."""
    given, weight = layer.of("convolution_param"), blobs[0]
    group = given.get("group", 1)
    if weight.ndim != 4 or 0 in weight.shape or not 1 <= group <= weight.shape[0] or weight.shape[0] % group:
        raise CaffeError(f"weights of the shape {tuple(weight.shape)} in {group} groups")
    if max(weight.shape[2:]) > MOST:
        raise CaffeError(f"a kernel of {tuple(weight.shape[2:])}; up to {MOST} are possible")
    kernel = _pair(given, "kernel_size", None) if "kernel_size" in given or "kernel_h" in given else None
    if kernel is not None and kernel != tuple(weight.shape[2:]):
        raise CaffeError(f"a kernel of {kernel} with weights of {tuple(weight.shape)}")
    how = {
        "stride": _pair(given, "stride", 1),
        "padding": _pair(given, "pad", 0, 0),
        "dilation": _pair(given, "dilation", 1),
        "groups": group,
        "bias": len(blobs) > 1,
        "device": "meta",
    }
    size = (int(weight.shape[2]), int(weight.shape[3]))
    made: nn.Conv2d | nn.ConvTranspose2d
    if layer.type == "Convolution":
        made = nn.Conv2d(weight.shape[1] * group, weight.shape[0], size, **how)
    else:
        made = nn.ConvTranspose2d(weight.shape[0], weight.shape[1] * group, size, **how)
    made.weight = nn.Parameter(weight)
    if len(blobs) > 1:
        made.bias = nn.Parameter(_of_length(blobs[1], made.out_channels))
    return made


def _of_length(bias: Tensor, count: int) -> Tensor:
    """Numbers in a row; in the old format their shape is (1, 1, 1, n)."""
    if bias.numel() != count:
        raise CaffeError(f"{bias.numel()} terms for {count} outputs")
    return bias.reshape(-1)


def _inner(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    weight = blobs[0]
    if weight.ndim < 2 or weight.numel() == 0 or math.prod(weight.shape[:-2]) != 1:
        raise CaffeError(f"weights of the shape {tuple(weight.shape)}")
    weight = weight.reshape(weight.shape[-2:])
    if layer.of("inner_product_param").get("transpose"):
        weight = weight.t().contiguous()
    if layer.of("inner_product_param").get("axis", 1) != 1:
        raise CaffeError("another axis than the channels'")
    return Inner(weight, _of_length(blobs[1], len(weight)) if len(blobs) > 1 else None)


def _pooling(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    given = layer.of("pooling_param")
    whole = bool(given.get("global_pooling", False))
    kernel = (1, 1) if whole else _pair(given, "kernel_size", None)
    pad = _pair(given, "pad", 0, 0)
    if pad[0] >= kernel[0] + whole or pad[1] >= kernel[1] + whole:
        raise CaffeError("is padded by more than its window")
    how = given.get("pool", "MAX")
    if how == "STOCHASTIC":
        raise CaffeError("pools by chance, which no dream can climb")
    return Pooling(
        kernel,
        _pair(given, "stride", 1),
        pad,
        largest=how == "MAX",
        ceil=given.get("round_mode", "CEIL") == "CEIL",
        whole=whole,
    )


def _lrn(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    """Local response normalisation across channels: torch's has the same constants in the same places."""
    given = layer.of("lrn_param")
    if given.get("norm_region", "ACROSS_CHANNELS") != "ACROSS_CHANNELS":
        raise CaffeError("normalises within channels, which is not known here")
    size = given.get("local_size", 5)
    if not 1 <= size <= MOST or size % 2 == 0:
        raise CaffeError(f"local_size is {size}; an odd number up to {MOST} is needed")
    return nn.LocalResponseNorm(size, given.get("alpha", 1.0), given.get("beta", 0.75), given.get("k", 1.0))


def _batch_norm(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    """Mean and variance are kept as sums: the third blob says of how much."""
    mean, variance, total = (blobs[i].reshape(-1) for i in range(3))
    if mean.shape != variance.shape or mean.numel() == 0 or total.numel() != 1:
        raise CaffeError("statistics of shapes that do not fit each other")
    share = 0.0 if float(total) == 0 else 1 / float(total)
    made = nn.BatchNorm2d(len(mean), eps=layer.of("batch_norm_param").get("eps", 1e-5), affine=False)
    made.running_mean, made.running_var = mean * share, variance * share
    return made


def _scale(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    weight = blobs[0].reshape(-1)
    return Scale(weight, _of_length(blobs[1], len(weight)) if len(blobs) > 1 else None)


def _bias(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    return Scale(torch.ones(blobs[0].numel()), blobs[0].reshape(-1))


def _relu(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    slope = layer.of("relu_param").get("negative_slope", 0.0)
    return nn.LeakyReLU(slope) if slope else nn.ReLU()


def _prelu(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    made = nn.PReLU(blobs[0].numel(), device="meta")
    made.weight = nn.Parameter(blobs[0].reshape(-1))
    return made


def _slice(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    given = layer.of("slice_param")
    axis, points = given.get("axis", given.get("slice_dim", 1)), given.get("slice_point", [])
    if axis > 3 or (points and (len(points) != len(layer.tops) - 1 or sorted(set(points)) != points)):
        raise CaffeError("is cut at places that cannot be")
    return Slice(axis, points, len(layer.tops))


def _concat(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    given = layer.of("concat_param")
    return Concat(given.get("axis", given.get("concat_dim", 1)))


def _eltwise(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    given = layer.of("eltwise_param")
    factors = given.get("coeff", [])
    if factors and len(factors) != len(layer.bottoms):
        raise CaffeError(f"{len(factors)} factors for {len(layer.bottoms)} inputs")
    return Eltwise(given.get("operation", "SUM"), factors)


def _power(layer: CaffeLayer, blobs: list[Tensor]) -> nn.Module:
    given = layer.of("power_param")
    return Power(given.get("power", 1.0), given.get("scale", 1.0), given.get("shift", 0.0))


_MAKERS: Final[Mapping[str, Callable[[CaffeLayer, list[Tensor]], nn.Module]]] = {
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "InnerProduct": _inner,
    "Pooling": _pooling,
    "LRN": _lrn,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "Bias": _bias,
    "ReLU": _relu,
    "PReLU": _prelu,
    "ELU": lambda layer, _: nn.ELU(layer.of("elu_param").get("alpha", 1.0)),
    "Sigmoid": lambda *_: nn.Sigmoid(),
    "TanH": lambda *_: nn.Tanh(),
    "Softmax": lambda *_: nn.Softmax(1),
    "Concat": _concat,
    "Slice": _slice,
    "Eltwise": _eltwise,
    "Power": _power,
    "AbsVal": lambda *_: Absolute(),
    "Flatten": lambda *_: nn.Flatten(),
    "Dropout": lambda *_: nn.Identity(),
}
