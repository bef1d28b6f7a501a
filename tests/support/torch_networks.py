"""Small networks with everything that the torch engine treats in a way of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def seeded(module: nn.Module) -> nn.Module:
    """Batch norms with statistics that are not the defaults, so that folding is not trivial."""
    generator = torch.Generator().manual_seed(5)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in (part.weight, part.bias, part.running_mean):
                if tensor is not None:
                    tensor.data.copy_(torch.randn(tensor.shape, generator=generator) * 0.3 + 0.6)
            part.running_var.copy_(torch.rand(part.running_var.shape, generator=generator) + 0.3)
    return module.eval()


def conv(inputs: int, outputs: int, kernel: int, act: nn.Module, **kwargs: object) -> nn.Sequential:
    kwargs.setdefault("padding", kernel // 2)
    parts = (nn.Conv2d(inputs, outputs, kernel, bias=False, **kwargs), nn.BatchNorm2d(outputs, eps=1e-3), act)
    return nn.Sequential(*parts)


class Branches(nn.Module):
    """An Inception module: four branches, an average and a max pooling, side by side."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.one = conv(inputs, 8, 1, nn.ReLU(inplace=True))
        self.five = nn.Sequential(conv(inputs, 6, 1, nn.ReLU()), conv(6, 8, 5, nn.ReLU()))
        self.seven = nn.Sequential(
            conv(inputs, 6, 1, nn.ReLU()),
            nn.Conv2d(6, 8, (1, 7), padding=(0, 3)),
            nn.Conv2d(8, 8, (7, 1), padding=(3, 0)),
        )
        self.pooled = conv(inputs, 4, 1, nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        mean = F.avg_pool2d(x, 3, stride=1, padding=1)
        most = F.max_pool2d(x, 3, stride=1, padding=1, ceil_mode=True)
        return torch.cat([self.one(x), self.five(x), self.seven(x), self.pooled(mean), most], 1)


class Residual(nn.Module):
    """ResNet's block, with a strided shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int, groups: int = 1) -> None:
        super().__init__()
        self.first = conv(inputs, outputs, 3, nn.ReLU(inplace=True), stride=stride, groups=groups)
        self.second = conv(outputs, outputs, 3, nn.Identity())
        self.short = conv(inputs, outputs, 1, nn.Identity(), stride=stride)
        self.out = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.second(self.first(x)) + self.short(x))


class Squeeze(nn.Module):
    """MobileNetV3's block: expanded, depthwise, squeezed and excited, hard swish."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.expand = conv(channels, 4 * channels, 1, nn.Hardswish())
        self.depthwise = conv(4 * channels, 4 * channels, 5, nn.Hardswish(), groups=4 * channels)
        self.down = nn.Conv2d(4 * channels, channels, 1)
        self.up = nn.Conv2d(channels, 4 * channels, 1)
        self.project = conv(4 * channels, channels, 1, nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(self.expand(x))
        gate = F.hardsigmoid(self.up(F.silu(self.down(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.project(y * gate)


class Dense(nn.Module):
    """DenseNet: norm and activation before the convolution, results of both reads side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)


class Shuffle(nn.Module):
    """Channels halved, shuffled, and written in place."""

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, dim=1)
        left = F.leaky_relu_(left * 1.5, 0.2)
        right = right.clone().mul_(0.5).add_(left)
        n, c, h, w = x.shape
        both = torch.cat([left, right], 1).view(n, 2, c // 2, h, w)
        return both.transpose(1, 2).reshape(n, c, h, w)


class Same(nn.Module):
    """TensorFlow's padding: it depends on the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        right, bottom = 1 - x.shape[-1] % 2, 1 - x.shape[-2] % 2
        return F.relu6(self.conv(F.pad(x, (1 - right, 1, 1 - bottom, 1))))


class Tokens(nn.Module):
    """A map made into tokens, and these into a vector."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(channels, 2, 16, dropout=0.1, batch_first=True)
        self.head = nn.Linear(channels, 5)

    def forward(self, x: Tensor) -> Tensor:
        tokens = F.adaptive_avg_pool2d(x, (3, 4)).flatten(2).transpose(1, 2)
        return self.head(self.layer(tokens).mean(1))


def _plain() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 7, 3, padding=1), nn.Tanh(), nn.Conv2d(7, 5, 2, stride=2), nn.Sigmoid())


def _dilated() -> nn.Module:
    return nn.Sequential(
        conv(3, 8, 7, nn.ReLU(), stride=2),
        conv(8, 8, 3, nn.ReLU6(), dilation=2, padding=2),
        nn.Conv2d(8, 8, 3, padding="same", dilation=(1, 2), groups=4),
        nn.Hardtanh(-0.4, 0.9),
        nn.Conv2d(8, 6, 3, padding=4),
    )


def _pools() -> nn.Module:
    return nn.Sequential(
        conv(3, 6, 3, nn.LeakyReLU(0.1)),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(6, 6, 3, 2, 1, padding_mode="reflect"),
        nn.ReLU(inplace=True),
        nn.AvgPool2d(2, 1),
        nn.MaxPool2d((2, 3), (1, 2), (0, 1)),
        nn.GELU(),
        nn.ConvTranspose2d(6, 5, 3, 2),
        nn.ELU(inplace=True),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.GroupNorm(1, 5),
    )


BUILDERS: dict[str, Callable[[], nn.Module]] = {
    "plain": _plain,
    "branches": lambda: nn.Sequential(conv(3, 12, 3, nn.ReLU(), stride=2), Branches(12), Branches(40)),
    "residual": lambda: nn.Sequential(
        conv(3, 8, 7, nn.ReLU(), stride=2), nn.MaxPool2d(3, 2, 1), Residual(8, 8, 1), Residual(8, 16, 2, 4)
    ),
    "squeeze": lambda: nn.Sequential(
        conv(3, 4, 3, nn.Hardswish(), stride=2), Squeeze(4), conv(4, 4, 3, nn.SiLU(), groups=4, stride=2)
    ),
    "dense": lambda: nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), Dense(6), Dense(12), Dense(18)),
    "shuffle": lambda: nn.Sequential(
        conv(3, 8, 3, nn.ReLU(), stride=2), Shuffle(), nn.Conv2d(8, 4, 1), Shuffle()
    ),
    "dilated": _dilated,
    "pools": _pools,
    "same": lambda: nn.Sequential(Same(3, 8), Same(8, 8), nn.Dropout(0.5)),
    "tokens": lambda: nn.Sequential(conv(3, 8, 3, nn.ReLU(), stride=2), Tokens(8)),
}


def built(name: str) -> nn.Module:
    torch.manual_seed(11)
    return seeded(BUILDERS[name]())


class Noisy(nn.Module):
    """Draws random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) + 0.1 * torch.rand(1, 4, 1, 1)


class Deciding(Noisy):
    """Looks at the picture to decide what to do."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return y.relu() if float(y.detach().mean()) > 100 else y.tanh()


class Secret(Noisy):
    """Carries values past torch's operators."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return y * torch.from_numpy(y.detach().numpy().mean((0, 2, 3), keepdims=True))


class _Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient


class StraightThrough(Noisy):
    """Has a derivative of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return _Straight.apply(3 * self.conv(x))


class Overwriting(Noisy):
    """Reads a view after what it shows was changed."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        part = y[:, :2]
        y.mul_(2)
        return part + 1


UNRECORDABLE = {
    "random": Noisy,
    "decides": Deciding,
    "numpy": Secret,
    "own derivative": StraightThrough,
    "views": Overwriting,
}


def picture(height: int, width: int, *, batch: int = 1, dtype: torch.dtype = torch.float32) -> Tensor:
    rng = torch.Generator().manual_seed(height * 1000 + width)
    return torch.rand(batch, 3, height, width, generator=rng, dtype=torch.float64).to(dtype)


def seeds_for(activations: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(3)
    return {
        name: torch.randn(a.shape, generator=rng, dtype=torch.float64).to(dtype)
        for name, a in activations.items()
    }


def cosine(a: Tensor, b: Tensor) -> float:
    """Normalised in float64: torch's own lies for tiny gradients."""
    a, b = a.double().flatten(), b.double().flatten()
    return float(a @ b / (a.norm() * b.norm()))


def dense_network(channels: int = 128) -> nn.Module:
    """Nothing but dense 3 x 3 convolutions, as in VGG."""
    widths = [3, channels, channels, channels]
    torch.manual_seed(3)
    layers = [(nn.Conv2d(a, b, 3, padding=1), nn.ReLU()) for a, b in itertools.pairwise(widths)]
    return nn.Sequential(*itertools.chain(*layers)).eval()
