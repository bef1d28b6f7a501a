"""Compositional pattern-producing networks: a picture as a function of the place (Stanley 2007)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from reverie.canvas.base import Canvas, CanvasSetup, itemwise
from reverie.errors import UsageError, did_you_mean

ACTIVATIONS: Final = ("composite", "tanh")
#: Coordinates go this far from the middle on the shorter side: their deviation is 1.
REACH: Final = 3.0**0.5
#: RMS of atan(x) and of its square for normal x: what the two halves of an activation are divided by.
RMS: Final = (0.67, 0.6)
#: Deviation of a normal distribution of deviation 1 that is cut off at two.
TRUNCATED: Final = 0.87962566103423978
#: Pixels computed at once.
STRIP: Final = 1 << 18
#: How a photograph is fitted: steps, rate, and the longest side that is looked at.
FIT_STEPS: Final = 300
FIT_RATE: Final = 0.01
FIT_SIDE: Final = 64


class CppnCanvas(Canvas):
    """N pictures as small networks that map a place to a colour, and so have any size (Mordvintsev 2018).

    Leaves, layer by layer: weights (N, outputs, inputs) and biases (N, outputs, 1). The last layer's weights
    start at 0: every picture begins as an even tone. The defaults are lucid's.
    """

    def __init__(
        self,
        setup: CanvasSetup,
        *,
        layers: int = 8,
        width: int = 24,
        activation: str = "composite",
        colour: str = "rgb",
        saturation: float = 1.0,
        contrast: float = 1.0,
    ) -> None:
        """Random networks.

        Args:
            setup: What every canvas is made with.
            layers: Hidden layers.
            width: Units in each.
            activation: "composite" is atan(x) beside its square, both over their RMS; or "tanh".
            colour: "rgb", or "decorrelated".
            saturation: Gain of the two axes of colour, where they are decorrelated.
            contrast: Gain of the last layer's outputs.

        Raises:
            UsageError: An unknown activation or colour, or no layers.
        """
        super().__init__(setup)
        if activation not in ACTIVATIONS:
            raise UsageError(f"activation: unknown {activation!r}; {did_you_mean(activation, ACTIVATIONS)}")
        if min(layers, width) < 1:
            raise UsageError(f"cppn: {layers} layers of {width} units compute nothing")
        self._tone = self._toned(colour=colour, saturation=saturation, contrast=contrast)
        self._composite = activation == "composite"
        inner = width * (2 if self._composite else 1)
        fans = [(width, 2), *[(width, inner)] * (layers - 1)]

        def draw(rng: torch.Generator) -> list[Tensor]:
            drawn: list[Tensor] = []
            for outputs, inputs in fans:
                drawn += [_weights(outputs, inputs, rng), 0.1 * torch.randn(outputs, 1, generator=rng)]
            drawn += [torch.zeros(self.channels, inner), 0.1 * torch.randn(self.channels, 1, generator=rng)]
            return drawn

        self._start(setup.rngs, draw)

    def _one(self, parts: Sequence[Tensor]) -> Tensor:
        if self.count > 1 and torch.is_grad_enabled():
            made: Tensor = _MadeTwice.apply(self._shown, *parts)  # type: ignore[no-untyped-call]
            return made
        return self._shown(parts)

    def _shown(self, parts: Sequence[Tensor]) -> Tensor:
        return self._at(parts, self.size)

    def _at(self, parts: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """The picture (C, H, W) of one network at a size, strip by strip."""
        places = self._places(size)
        values = torch.cat([self._network(parts, strip) for strip in torch.split(places, STRIP, 1)], 1)
        return self._tone.picture(values.view(self.channels, size[1], size[0]))

    def _places(self, size: tuple[int, int]) -> Tensor:
        """Coordinates (2, H W) of the middles of pixels, x then y, the shorter side from -REACH to REACH."""
        steps = [(torch.arange(n, dtype=torch.float64) + 0.5 - n / 2) * 2 * REACH / min(size) for n in size]
        y, x = torch.meshgrid(steps[1], steps[0], indexing="ij")
        return torch.stack([x, y]).view(2, -1).to(self.device, self.dtype)

    def _network(self, parts: Sequence[Tensor], places: Tensor) -> Tensor:
        """Outputs (C, P) at places (2, P)."""
        hidden = places
        for weights, bias in zip(parts[:-2:2], parts[1:-2:2], strict=True):
            hidden = self._activation(torch.addmm(bias, weights, hidden))
        return torch.addmm(parts[-1], parts[-2], hidden)

    def _activation(self, x: Tensor) -> Tensor:
        if not self._composite:
            return torch.tanh(x)
        x = torch.atan(x)
        return torch.cat([x / RMS[0], x * x / RMS[1]])

    def _fitted(self, picture: Tensor, index: int) -> list[Tensor]:
        """Gradient descent on the mean squared difference, on a small copy."""
        factor = min(1.0, FIT_SIDE / max(self.size))
        size = (max(1, round(self.size[0] * factor)), max(1, round(self.size[1] * factor)))
        small = itemwise(picture[None], size)[0].clamp(0, 1)
        parts = [leaf[index].detach().clone().requires_grad_(True) for leaf in self._leaves]
        descent = torch.optim.Adam(parts, lr=FIT_RATE)
        with torch.enable_grad():
            for step in range(FIT_STEPS):
                descent.param_groups[0]["lr"] = FIT_RATE * 0.5 * (1 + math.cos(math.pi * step / FIT_STEPS))
                loss = (self._at(parts, size) - small).square().mean()
                slopes = torch.autograd.grad(loss, parts)
                for part, slope in zip(parts, slopes, strict=True):
                    part.grad = slope
                descent.step()
        return [part.detach() for part in parts]

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size: only the places looked at change."""
        self._sized(size)

    def carried(self, remembered: Sequence[Tensor], old: tuple[int, int]) -> list[Tensor] | None:
        """After a ``resize``: what an optimiser remembers of each leaf, all of it."""
        return list(remembered)

    @torch.no_grad()
    def render(self, size: tuple[int, int]) -> Tensor:
        """The pictures at any size, (N, C, H, W) in [0, 1], exactly."""
        return torch.stack([self._at(parts, size) for parts in self._items()])


class _MadeTwice(torch.autograd.Function):
    """A picture made without a graph, and once more with one when its gradient is asked for.

    What the layers leave behind for the gradient is large, some 200 MiB for 256 x 256 pixels: now that of one
    item at a time. (``torch.utils.checkpoint`` does the same, and takes seconds to load.)
    """

    @staticmethod
    def forward(ctx: Any, make: Callable[[Sequence[Tensor]], Tensor], *parts: Tensor) -> Tensor:
        ctx.make = make
        ctx.save_for_backward(*parts)
        return make(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        parts = [part.detach().requires_grad_(True) for part in ctx.saved_tensors]
        with torch.enable_grad():
            picture = ctx.make(parts)
        return (None, *torch.autograd.grad(picture, parts, gradient))


def _weights(outputs: int, inputs: int, rng: torch.Generator) -> Tensor:
    """Weights of variance 1 / inputs, none beyond two deviations (TensorFlow's variance scaling)."""
    deviation = inputs**-0.5 / TRUNCATED
    drawn = torch.empty(outputs, inputs)
    return torch.nn.init.trunc_normal_(drawn, 0.0, deviation, -2 * deviation, 2 * deviation, generator=rng)
