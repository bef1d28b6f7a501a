"""The loop most people write, to measure against: a hook, the whole network, weight gradients, autograd.

Nothing is cut off after the layer, folded, frozen or laid out for speed; and the embedded networks, which
reverie keeps folded, are taken apart again into convolution, batch norm and activation, as published.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.errors import UsageError
from reverie.network.efficientnet_lite import BATCH_NORM_EPS, Block, Conv, Lite
from reverie.network.network import Network


def naive_step(net: Network, layer: str, picture: Tensor) -> Callable[[], Tensor]:
    """A step of that loop: d(mean of the squared layer)/d(picture), (N, C, H, W), at a picture in [0, 1]."""
    module, target = naive_network(net, layer)
    mean = torch.tensor(net.mean).view(1, -1, 1, 1).to(picture)
    std = torch.tensor(net.std).view(1, -1, 1, 1).to(picture)
    kept: list[Tensor] = []
    target.register_forward_hook(lambda _module, _given, out: kept.append(out))

    def step() -> Tensor:
        kept.clear()
        leaf = picture.clone().requires_grad_(True)
        module((leaf - mean) / std)
        torch.autograd.backward(kept[0].square().mean())
        assert leaf.grad is not None
        return leaf.grad

    return step


def naive_network(net: Network, layer: str) -> tuple[nn.Module, nn.Module]:
    """The network as its user has it, and the part of it that is hooked.

    A wrapped module is used itself: it is put into eval mode, and its weights want gradients from now on.
    """
    net.layer(layer)  # or the error that lists the nearest names
    if layer == net.class_map:
        raise UsageError(f'layer "{layer}" exists in reverie alone; take "logits"')
    if isinstance(net.module, Lite):
        module: nn.Module = published(net.module)
        return module, module if layer == "logits" else module.get_submodule(layer)
    module = net.module.eval().requires_grad_(True)
    return module, dict(module.named_modules()).get(layer, module)


def published(lite: Lite) -> nn.Sequential:
    """EfficientNet-Lite as it is published, with the same activations (to rounding) at the same names."""
    stages = nn.Sequential()
    for name, stage in lite.stages.items():
        if isinstance(stage, Block):
            parts = nn.Sequential(*(_taken_apart(c) for c in stage.convs if isinstance(c, Conv)))
            stages.add_module(name, _Residual(parts) if stage.residual else parts)
        elif isinstance(stage, Conv):
            stages.add_module(name, _taken_apart(stage))
    stages.add_module("pool", nn.AdaptiveAvgPool2d(1))
    stages.add_module("classify", _taken_apart(lite.classify)[1])
    stages.add_module("flatten", nn.Flatten())
    return stages.eval().requires_grad_(True)


class _Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x)
        return x + y


class _Same(nn.Module):
    """TensorFlow's "same" padding, by a copy as most ports of it do."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        down, across = (
            max((-(-n // self.stride) - 1) * self.stride + self.kernel - n, 0) for n in x.shape[2:]
        )
        if not down and not across:
            return x
        return F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))


def _taken_apart(conv: Conv) -> nn.Sequential:
    """Padding, convolution, batch norm and activation that do what a folded convolution does."""
    kernel = conv.kernel
    weight = conv.weight[:, :, -kernel:, -kernel:].contiguous()  # without the row that reverie pads it by
    outputs = weight.shape[0]
    inner = nn.Conv2d(
        weight.shape[1] * conv.groups, outputs, kernel, conv.stride, groups=conv.groups, bias=False
    )
    norm = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPS)
    with torch.no_grad():
        inner.weight.copy_(weight)
        norm.bias.copy_(conv.bias)
        assert norm.running_var is not None
        norm.running_var.fill_(1 - BATCH_NORM_EPS)  # so that it divides by 1
    last = nn.ReLU6() if conv.activate else nn.Identity()
    return nn.Sequential(_Same(kernel, conv.stride), nn.Sequential(inner, norm), last)
