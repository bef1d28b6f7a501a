"""Modules of other people that misbehave, each in a way of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def convolutions() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5),
    )  # fmt: skip


class Around(nn.Module):
    """A function around some convolutions ``b``."""

    def __init__(self, run: Callable[[nn.Module, Tensor], Any]) -> None:
        super().__init__()
        self.b, self.run = convolutions()[:4], run

    def forward(self, x: Tensor) -> Any:
        return self.run(self.b, x)


def own_backward(backward: Callable[[Tensor], Any]) -> nn.Module:
    """Around, with an operator at the end whose way back is this."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, *gradients: Tensor) -> Any:
            return backward(gradients[0])

    return Around(lambda b, x: Own.apply(b(x)))


def no_way(gradient: Tensor) -> Tensor:
    raise ValueError("no way back\nat all")


def no_grad(b: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        found: Tensor = b(x)
    return found


def inference(b: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        found: Tensor = b(x)
    return found


def patches(b: nn.Module, x: Tensor) -> Any:
    assert x.shape[2] % 14 == 0, "height is not a multiple of 14"
    return b(x)


def squares(b: nn.Module, x: Tensor) -> Any:
    assert x.shape[2] == x.shape[3], "only squares"
    return b(x)


def fails(b: nn.Module, x: Tensor) -> Any:
    raise KeyError("weights")


def endless(b: nn.Module, x: Tensor) -> Any:
    return endless(b, x)


def one_by_one(b: nn.Module, x: Tensor) -> Iterator[Tensor]:
    yield b(x)


class Positions(nn.Module):
    """Has learnt positions of a picture of one size."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.b = convolutions()[:4]
        self.place = nn.Parameter(torch.randn(1, 8, height // 2, width // 2))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.b(x) + self.place
        return found


class UNet(nn.Module):
    """Halves three times and comes back with what was there: takes multiples of eight."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, 8, 3, 2, 1) for n in (3, 8, 8))
        self.up, self.upper = nn.ConvTranspose2d(8, 8, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
        self.end = nn.Conv2d(16, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(x)
        b = self.b(a)
        found: Tensor = self.end(torch.cat([self.upper(torch.cat([self.up(self.c(b)), b], 1)), a], 1))
        return found


class Two(nn.Module):
    """Takes two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.b = convolutions()[:4]

    def forward(self, x: Tensor, y: Tensor) -> Any:
        return self.b(x) + y


class Keyword(nn.Module):
    """Takes its picture by name."""

    def __init__(self) -> None:
        super().__init__()
        self.b = convolutions()[:4]

    def forward(self, *, pixels: Tensor) -> Any:
        return self.b(pixels)


class Remembers(nn.Module):
    """Keeps something of the first picture's size for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.b = convolutions()[:4]
        self.grid: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.b(x)
        if self.grid is None:
            self.grid = torch.ones_like(found)
        return found * self.grid


class Counts(nn.Module):
    """Changes with every call."""

    def __init__(self) -> None:
        super().__init__()
        self.b = convolutions()[:4]
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x: Tensor) -> Any:
        self.seen += 1
        return self.b(x) * self.seen


def not_a_number() -> nn.Module:
    module = convolutions()
    module[2].weight.data[0] = float("nan")
    return module


def quantised() -> nn.Module:
    """Convolutions in whole numbers."""
    torch.backends.quantized.engine = "onednn"
    ao = torch.ao.quantization
    module = nn.Sequential(ao.QuantStub(), *convolutions()[:4], ao.DeQuantStub()).eval()
    module.qconfig = ao.get_default_qconfig("onednn")
    ready = ao.prepare(module)
    ready(torch.rand(1, 3, 64, 64))
    made: nn.Module = ao.convert(ready)
    return made


def around(run: Callable[[nn.Module, Tensor], Any]) -> Callable[[], nn.Module]:
    return lambda: Around(run)


#: By name: the module, the layer to dream at, and what is said; nothing where it dreams.
MODULES: dict[str, tuple[Callable[[], nn.Module], str, str]] = {
    # -- no way back to the picture
    "no_grad": (around(no_grad), "b.2", "no gradient comes back from b.2 .*detach"),
    "inference_mode": (around(inference), "b.2", "no gradient comes back from b.2 .*detach"),
    "inference_mode at the end": (around(inference), "output", "no gradient comes back from b.3 .*detach"),
    "detach": (around(lambda b, x: b(x.detach())), "b.2", "no gradient comes back from b.2 .*detach"),
    "detach at the end": (around(lambda b, x: b(x).detach()), "output", "no gradient .* output"),
    "data": (around(lambda b, x: b(x.data)), "b.0", "no gradient .* b.0"),
    "by NumPy": (
        around(lambda b, x: b(torch.from_numpy(x.detach().numpy() * 2))),
        "b.2",
        "no gradient .* b.2",
    ),
    "bytes": (around(lambda b, x: b((x * 255).byte().float())), "b.2", "no gradient .* b.2"),
    "backward raises": (lambda: own_backward(no_way), "output", r"no gradient .* output .*\(no way back\)"),
    "backward of another shape": (lambda: own_backward(lambda g: g[:, :1, :2]), "output", "invalid gradient"),
    "backward gives nothing": (lambda: own_backward(lambda g: None), "output", "no gradient .* output"),
    "backward gives NaN": (
        lambda: own_backward(lambda g: g * float("nan")),
        "output",
        "gradient .* from output is NaN.*earlier layer",
    ),
    "quantised after a float layer": (
        lambda: torch.ao.quantization.quantize_dynamic(convolutions().eval(), {nn.Linear}),
        "output",
        "no gradient .* logits .*quantised",
    ),
    # -- outputs at which nothing can dream
    "argmax": (
        around(lambda b, x: b(x).argmax(1)),
        "output",
        r"output.*whole numbers \(torch.int64\).*before it",
    ),
    "integers": (around(lambda b, x: (b(x) * 10).int()), "output", r"whole numbers \(torch.int32\)"),
    "yes or no": (around(lambda b, x: b(x) > 0), "output", r"whole numbers \(torch.bool\)"),
    "complex": (around(lambda b, x: torch.fft.fft2(b(x))), "output", r"complex numbers \(torch.complex64\)"),
    "no channels": (around(lambda b, x: b(x)[:, :0]), "output", r"an empty tensor of shape \(1, 0, 32, 32\)"),
    "no rows": (around(lambda b, x: b(x)[:, :, :0]), "output", "an empty tensor"),
    "nothing": (around(lambda b, x: None), "output", "output.* returns nothing"),
    "text": (around(lambda b, x: "cat"), "output", r"no tensor \(str\)"),
    "an array": (around(lambda b, x: b(x).detach().numpy()), "output", r"no tensor \(ndarray\)"),
    "a generator": (around(one_by_one), "output", r"no tensor \(generator\)"),
    "sparse": (around(lambda b, x: b(x).to_sparse()), "output", "a sparse tensor"),
    "one number": (around(lambda b, x: b(x).mean()), "output", r"a tensor of shape \(\)"),
    "five sides": (around(lambda b, x: b(x)[:, None]), "output", r"a tensor of shape \(1, 1, 8, 32, 32\)"),
    "quantised": (quantised, "1", 'layer "1".* a quantised tensor.*before it'),
    "never runs": (around(lambda b, x: b[0](x)), "b.2", "b.2.* does not run in a forward pass.*pick another"),
    # -- not a network for pictures, or not yet
    "lazy": (lambda: nn.Sequential(nn.LazyConv2d(8, 3)), "0", "lazy module has no weights yet; run it once"),
    "meta": (lambda: convolutions().to("meta"), "2", r"no weights yet \(meta\).*load_state_dict"),
    "scripted": (lambda: torch.jit.script(convolutions()), "2", "wrap the original module"),
    "traced": (
        lambda: torch.jit.trace(convolutions().eval(), torch.rand(1, 3, 32, 32)),
        "2",
        "wrap the original module",
    ),
    "two inputs": (Two, "b.2", "fails on.*argument: 'y'.*a module of your own"),
    "a picture by name": (Keyword, "b.2", "fails on.*a module of your own"),
    "grey pictures": (lambda: nn.Sequential(nn.Conv2d(1, 8, 3)), "0", "fails on 3-channel.*give channels=1"),
    "positions of an oblong": (lambda: Positions(48, 64), "output", "fails on.*give input_size"),
    "raises": (around(fails), "output", "fails on.*KeyError: 'weights'"),
    "never ends": (around(endless), "output", "fails on.*RecursionError"),
    "ends the process": (around(lambda b, x: sys.exit(3)), "output", "ends the process"),
    "takes no single picture": (around(lambda b, x: b(x) if len(x) > 1 else fails(b, x)), "b.2", "fails on"),
    # -- numbers that are none
    "NaN weights": (not_a_number, "2", 'weight "2.weight" holds NaN'),
    "NaN layer": (
        around(lambda b, x: b(x) * float("nan")),
        "output",
        'layer "output" gives NaN.*earlier layer',
    ),
    "log of zero": (
        around(lambda b, x: torch.log(b(x) * 0)),
        "output",
        'layer "output" gives NaN or infinite',
    ),
    # -- odd, and dreams
    "positions of a square": (lambda: Positions(64, 64), "output", ""),
    "multiples": (around(patches), "b.2", ""),
    "U-Net": (UNet, "output", ""),
    "squares": (around(squares), "b.2", ""),
    "random": (around(lambda b, x: b(x) + 0.1 * torch.rand_like(b(x))), "output", ""),
    "dropout in training": (around(lambda b, x: F.dropout(b(x), 0.5, training=True)), "output", ""),
    "norms in training": (around(lambda b, x: F.batch_norm(b(x), None, None, training=True)), "output", ""),
    "changes its input": (around(lambda b, x: b(x.mul_(2))), "b.2", ""),
    "changes a layer": (around(lambda b, x: F.relu_(b[0](x))), "b.0", ""),
    "quantised after the layer": (
        lambda: torch.ao.quantization.quantize_dynamic(convolutions().eval(), {nn.Linear}),
        "2",
        "",
    ),
    "argmax after the layer": (around(lambda b, x: b(x).argmax(1)), "b.2", ""),
    "remembers a size": (Remembers, "output", ""),
    "changes with every call": (Counts, "output", ""),
    "checkpointed": (around(lambda b, x: checkpoint(b, x, use_reentrant=False)), "b.2", ""),
    "data parallel": (lambda: nn.DataParallel(convolutions()), "module.2", ""),
    "normed weights": (
        lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), nn.ReLU()),
        "0",
        "",
    ),
    "no weights at all": (lambda: nn.Sequential(nn.AvgPool2d(3), nn.Tanh()), "1", ""),
    "half": (lambda: convolutions().half(), "2", ""),
    "double": (lambda: convolutions().double(), "2", ""),
    "one number an item": (around(lambda b, x: b(x).mean((1, 2, 3))), "output", ""),
    "nested": (around(lambda b, x: {"a": [b(x)]}), "output", ""),
    "positions in a row": (around(lambda b, x: b(x).flatten(2)), "output", ""),
    "lies down": (around(lambda b, x: b(x.transpose(2, 3)).transpose(2, 3)), "output", ""),
    "a slope without end": (around(lambda b, x: torch.sqrt(F.relu(b(x)) + 1e-12)), "output", ""),
}
