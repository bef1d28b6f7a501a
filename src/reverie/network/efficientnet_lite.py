"""EfficientNet-Lite 0, 1 and 2 with the batch norm folded in, and every block a named layer.

Tan & Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", in the
variant with ReLU6 and no squeeze-and-excitation (TensorFlow's ``efficientnet_lite_builder.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.network.batch_norms import Statistics, after_norm, rectified
from reverie.network.network import NetworkLayer

CLASSES = 1000
HEAD = 1280
STEM = 32
BATCH_NORM_EPS = 1e-3
# repeats, kernel, stride, expansion, output channels: of Lite0, scaled for the others
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}  # width, depth

# What each layer of Lite0 tends to draw; a block that only the others have draws as the one before.
LITE0_DRAWS = {
    "stem": "patches of colour, fine lines",
    "block1a": "pencil strokes",
    "block2a": "bold stripes along edges",
    "block2b": "woven lattices",
    "block3a": "flowing stripes, facets",
    "block3b": "ribbons and patches",
    "block4a": "arches and folds",
    "block4b": "beads, scales, weave",
    "block4c": "waves around shapes, first eyes",
    "block5a": "eyes, bubbles, petals",
    "block5b": "eyes and snouts, meadows",
    "block5c": "dogs: eyes, fur, faces",
    "block6a": "fruit, bottles, hands",
    "block6b": "machines, spots, fingers",
    "block6c": "hair, faces, tools",
    "block6d": "figures, nets, stonework",
    "block7a": "glowing whole things",
    "head": "feathers, leaves, coats",
    "logits": "whatever it takes the picture for",
    "logit_map": "whatever it takes each place for",
}


@dataclass(frozen=True)
class BlockPlan:
    """One inverted-residual block (Sandler et al. 2018, MobileNetV2)."""

    name: str
    kernel: int
    stride: int
    inputs: int
    expanded: int
    outputs: int


def plan(variant: str) -> list[BlockPlan]:
    """The blocks of ``lite0``, ``lite1`` or ``lite2``, in order."""
    width, depth = SCALES[variant]
    blocks: list[BlockPlan] = []
    inputs = STEM
    for stage, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES, start=1):
        if stage not in (1, len(STAGES)):  # Lite scales the depth of neither end
            repeats = math.ceil(depth * repeats)
        outputs = _scaled(channels, width)
        for repeat in range(repeats):
            name = f"block{stage}{'abcdefgh'[repeat]}"
            step = stride if repeat == 0 else 1
            blocks.append(BlockPlan(name, kernel, step, inputs, inputs * expansion, outputs))
            inputs = outputs
    return blocks


def _scaled(channels: int, width: float, divisor: int = 8) -> int:
    """Channels times width, rounded to a multiple of 8 and never down by more than 10 %."""
    wanted = channels * width
    rounded = max(divisor, int(wanted + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * wanted else rounded


def state_shapes(variant: str, classes: int = CLASSES) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor the network is made from, as the published files name them."""
    shapes: dict[str, tuple[int, ...]] = {}

    def add(conv: str, norm: str, shape: tuple[int, ...]) -> None:
        shapes[f"{conv}.weight"] = shape
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{part}"] = shape[:1]

    blocks = plan(variant)
    add("_conv_stem", "_bn0", (STEM, 3, 3, 3))
    for index, b in enumerate(blocks):
        at = f"_blocks.{index}"
        if b.expanded != b.inputs:
            add(f"{at}._expand_conv", f"{at}._bn0", (b.expanded, b.inputs, 1, 1))
        add(f"{at}._depthwise_conv", f"{at}._bn1", (b.expanded, 1, b.kernel, b.kernel))
        add(f"{at}._project_conv", f"{at}._bn2", (b.outputs, b.expanded, 1, 1))
    add("_conv_head", "_bn1", (HEAD, blocks[-1].outputs, 1, 1))
    shapes["_fc.weight"], shapes["_fc.bias"] = (classes, HEAD), (classes,)
    return shapes


class _Relu6InPlace(torch.autograd.Function):
    """ReLU6 that keeps its result alone, which the next convolution keeps anyway.

    torch's own in-place form clones its input for the backward pass: twice the memory, and slower.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = F.hardtanh_(x, 0.0, 6.0)
        ctx.mark_dirty(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        found: Tensor = torch.ops.aten.hardtanh_backward(gradients[0], y, 0.0, 6.0)
        return found


def _relu6(x: Tensor) -> Tensor:
    apply: Callable[[Tensor], Tensor] = _Relu6InPlace.apply  # untyped in torch
    return apply(x)


class Conv(nn.Module):
    """A frozen convolution with its batch norm folded in, and ReLU6 when ``activate``.

    Pads as TensorFlow's "same" does at any size: output = ceil(input / stride), and the odd pixel
    of padding goes to the right and the bottom. At stride 2 that is asymmetric for even sizes. A
    zero row and column before the kernel shift it by one, so that symmetric padding does for both
    parities and nothing is copied.

    Attributes:
        kernel: Side of the kernel as trained.
        weight: (out, in / groups, kernel, kernel), or kernel + 1 at stride 2.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        *,
        stride: int = 1,
        groups: int = 1,
        activate: bool,
    ) -> None:
        super().__init__()
        self.kernel = weight.shape[-1]
        self.stride, self.groups, self.activate = stride, groups, activate
        if stride == 2:
            weight = F.pad(weight, (1, 0, 1, 0))
        self.weight = nn.Parameter(
            weight.float().contiguous(memory_format=torch.channels_last),
            requires_grad=False,
        )
        self.bias = nn.Parameter(bias.float(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, ceil(H / stride), ceil(W / stride))."""
        half = self.kernel // 2
        odd = self.stride - 1
        padding = (half + odd * (x.shape[-2] % 2), half + odd * (x.shape[-1] % 2))
        x = F.conv2d(x, self.weight, self.bias, self.stride, padding, 1, self.groups)
        if not self.activate:
            return x
        return _relu6(x)


class Block(nn.Module):
    """Expand, filter each channel, project; added to the input where the shapes agree."""

    def __init__(self, plan: BlockPlan, convs: Sequence[Conv]) -> None:
        super().__init__()
        self.convs = nn.Sequential(*convs)
        self.residual = plan.stride == 1 and plan.inputs == plan.outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride))."""
        y: Tensor = self.convs(x)
        return y.add_(x) if self.residual else y


class Lite(nn.Module):
    """EfficientNet-Lite, frozen. Takes (N, 3, H, W) normalised to [-1, 1], any H and W."""

    def __init__(self, variant: str, state: Mapping[str, Tensor]) -> None:
        """Folds the batch norms in.

        Args:
            variant: ``lite0``, ``lite1`` or ``lite2``.
            state: Tensors by name, with the shapes of ``state_shapes(variant)``.
        """
        super().__init__()
        stages: dict[str, nn.Module] = {}
        stages["stem"] = Conv(*_fold(state, "_conv_stem", "_bn0"), stride=2, activate=True)
        for index, block in enumerate(plan(variant)):
            stages[block.name] = Block(block, list(_convs(state, f"_blocks.{index}", block)))
        stages["head"] = Conv(*_fold(state, "_conv_head", "_bn1"), activate=True)
        self.stages = nn.ModuleDict(stages)
        self.classify = Conv(state["_fc.weight"][:, :, None, None], state["_fc.bias"], activate=False)
        self.eval()

    def forward(self, x: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """{name: activation} of the layers asked for; runs to the deepest of them only.

        ``logits`` (N, classes) are the classifier on the mean of ``head``; ``logit_map``
        (N, classes, h, w) is the classifier at each position, with ``logits`` as its mean.
        """
        found: dict[str, Tensor] = {}
        left = set(names)
        x = x.contiguous(memory_format=torch.channels_last)
        for name, stage in self.stages.items():
            x = stage(x)
            if name in left:
                found[name] = x
                left.remove(name)
            if not left:
                return found
        if "logit_map" in left:
            found["logit_map"] = self.classify(x)
        if "logits" in left:
            found["logits"] = self.classify(x.mean((2, 3), keepdim=True)).flatten(1)
        return found


def _convs(state: Mapping[str, Tensor], at: str, b: BlockPlan) -> Iterator[Conv]:
    if b.expanded != b.inputs:
        yield Conv(*_fold(state, f"{at}._expand_conv", f"{at}._bn0"), activate=True)
    depthwise = _fold(state, f"{at}._depthwise_conv", f"{at}._bn1")
    yield Conv(*depthwise, stride=b.stride, groups=b.expanded, activate=True)
    yield Conv(*_fold(state, f"{at}._project_conv", f"{at}._bn2"), activate=False)


def _fold(state: Mapping[str, Tensor], conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution and the batch norm after it as one, in float64."""
    weight, scale, shift, mean, variance = (
        state[key].double()
        for key in (
            f"{conv}.weight",
            f"{norm}.weight",
            f"{norm}.bias",
            f"{norm}.running_mean",
            f"{norm}.running_var",
        )
    )
    gain = scale / torch.sqrt(variance + BATCH_NORM_EPS)
    return weight * gain.view(-1, 1, 1, 1), shift - mean * gain


def lite_layers(variant: str, classes: int = CLASSES) -> dict[str, NetworkLayer]:
    """The layers of a variant in order; strides and receptive fields from kernels and strides."""
    stride, field, draws = 2, 3, LITE0_DRAWS["stem"]
    layers = {"stem": NetworkLayer("stem", STEM, stride, field, draws)}
    for block in plan(variant):
        field += (block.kernel - 1) * stride
        stride *= block.stride
        draws = LITE0_DRAWS.get(block.name, draws)
        layers[block.name] = NetworkLayer(block.name, block.outputs, stride, field, draws)
    layers["head"] = NetworkLayer("head", HEAD, stride, field, LITE0_DRAWS["head"])
    layers["logits"] = NetworkLayer("logits", classes, None, None, LITE0_DRAWS["logits"])
    layers["logit_map"] = NetworkLayer("logit_map", classes, stride, field, LITE0_DRAWS["logit_map"])
    return layers


def lite_statistics(variant: str, state: Mapping[str, Tensor]) -> list[Statistics]:
    """What the norms at the ends of the stem and of each block remember; arguments as of ``Lite``."""

    def remembered(norm: str) -> tuple[Tensor, Tensor]:
        scale, shift, variance = (state[f"{norm}.{part}"] for part in ("weight", "bias", "running_var"))
        return after_norm(scale, shift, variance, BATCH_NORM_EPS)

    found = [Statistics("stem", *rectified(*remembered("_bn0")))]
    before = "stem"
    for index, block in enumerate(plan(variant)):
        residual = block.stride == 1 and block.inputs == block.outputs
        norm = remembered(f"_blocks.{index}._bn2")
        found.append(Statistics(block.name, *norm, less=before if residual else None))
        before = block.name
    return found
