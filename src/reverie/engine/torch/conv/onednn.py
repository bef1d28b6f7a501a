"""oneDNN's convolutions with things fused behind them, as torch offers them to its compiler."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

CHANNELS_LAST = torch.channels_last
#: Bytes of oneDNN's description of a layout between two of its fields: anything may stand there.
UNUSED = slice(108, 112)
Pair = tuple[int, int]


@cache
def fused_operators(dtype: torch.dtype) -> bool:
    """Whether torch has oneDNN's convolutions with things fused behind them here, in this number format."""
    if dtype not in (torch.float32, torch.bfloat16) or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        x = torch.ones(1, 16, 4, 4, dtype=dtype).contiguous(memory_format=CHANNELS_LAST)
        weight = torch.ones(16, 16, 1, 1, dtype=dtype).contiguous(memory_format=CHANNELS_LAST)
        packed = packed_for(weight, (0, 0), (1, 1), (1, 1), 1, x.shape)
        y = torch.ops.mkldnn._convolution_pointwise(
            x, packed, None, [0, 0], [1, 1], [1, 1], 1, "hardtanh", [0.0, 6.0], ""
        )
        y = torch.ops.mkldnn._convolution_pointwise.binary(
            x, y, packed, None, [0, 0], [1, 1], [1, 1], 1, "add", 1.0, None, [], None
        )
    except (AttributeError, RuntimeError, TypeError):  # an older torch, or one built without
        return False
    return bool((y == 22).all())


def packed_for(
    weight: Tensor, padding: Pair, stride: Pair, dilation: Pair, groups: int, shape: torch.Size
) -> Tensor:
    """A weight (out, in / groups, kernel, kernel) as oneDNN wants it for an input (N, in, H, W)."""
    packed: Tensor = torch.ops.mkldnn._reorder_convolution_weight(
        weight, list(padding), list(stride), list(dilation), groups, list(shape)
    )
    return packed


def layout(packed: Tensor) -> bytes:
    """What tells a packed weight's layout from others; empty, so that all are one, if torch cannot tell."""
    describe = getattr(torch.ops.mkldnn, "_get_mkldnn_serialized_md", None)
    if describe is None:
        return b""
    described: bytes = describe(packed).numpy().tobytes()
    return described[: UNUSED.start] + described[UNUSED.stop :]


def convolve(
    x: Tensor,
    other: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    padding: Pair,
    stride: Pair,
    dilation: Pair,
    groups: int,
    kind: str,
    numbers: list[float],
) -> Tensor:
    """Activation(convolution(x) + other) in one pass of oneDNN's.

    Args:
        x: (N, in, H, W).
        other: (N, out, h, w), or None.
        weight: From ``packed_for``.
        bias: (out,), or None.
        padding: Zeros on both sides, by axis.
        stride: By axis.
        dilation: By axis.
        groups: Of channels.
        kind: The activation as torch names it; "none" for none. With ``other`` only "relu".
        numbers: Its parameters.
    """
    rest = (list(padding), list(stride), list(dilation), groups)
    y: Tensor
    if other is None:
        y = torch.ops.mkldnn._convolution_pointwise(x, weight, bias, *rest, kind, numbers, "")
    else:
        unary = None if kind == "none" else kind
        y = torch.ops.mkldnn._convolution_pointwise.binary(
            x, other, weight, bias, *rest, "add", 1.0, unary, numbers, None
        )
    return y
