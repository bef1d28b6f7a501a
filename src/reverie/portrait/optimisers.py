"""Optimisers: from the gradient at a canvas's parameters to their next values, upwards.

All but the scale of the gradient is elementwise, so an item of a batch goes where it would have gone alone.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from reverie.errors import UsageError, did_you_mean

TINY = 1e-30


class Optimiser(ABC):
    """Moves parameters, (N, ...) each, uphill in place; remembers by their order, not by their identity."""

    #: Names of what is remembered of each parameter.
    memory: tuple[str, ...] = ()

    def __init__(self, parameters: Sequence[Tensor], rate: float) -> None:
        """An optimiser of these parameters that steps by ``rate`` where no other is given."""
        self.rate = rate
        self.steps = 0
        self._kept = [[torch.zeros_like(p, requires_grad=False) for p in parameters] for _ in self.memory]

    @torch.no_grad()
    def step(self, parameters: Sequence[Tensor], slopes: Sequence[Tensor], rate: float | None = None) -> None:
        """Move each parameter in place, along d(score)/d(parameter).

        Args:
            parameters: Of the shapes that the optimiser was made with.
            slopes: The gradient at each; left as they are.
            rate: Of this step; the one given at first if missing.
        """
        self.steps += 1
        rate = self.rate if rate is None else rate
        self._prepare()
        for parameter, slope, *kept in zip(parameters, slopes, *self._kept, strict=True):
            self._move(parameter, slope, rate, *kept)

    def _prepare(self) -> None:
        """Work out what all parameters of a step have in common."""
        return None

    def _restart(self) -> None:
        """Forget what was worked out for the steps so far."""
        return None

    @abstractmethod
    def _move(self, parameter: Tensor, slope: Tensor, rate: float, *kept: Tensor) -> None:
        """Move one parameter and what is remembered of it."""

    def carry(self, move: Callable[[list[Tensor]], Sequence[Tensor] | None]) -> bool:
        """Take what is remembered along when the canvas changes its size.

        Args:
            move: From one tensor for each old parameter to one for each new one; None if that means nothing.

        Returns:
            Whether all could be moved; otherwise nothing was, and a new optimiser is better.
        """
        moved = [move(list(kept)) for kept in self._kept]
        if any(kept is None for kept in moved):
            return False
        self._kept = [[t.detach().clone() for t in kept] for kept in moved if kept is not None]
        return True

    def state_dict(self) -> dict[str, Any]:
        """Everything that is remembered, as tensors and numbers."""
        kept = {name: [t.clone() for t in ts] for name, ts in zip(self.memory, self._kept, strict=True)}
        return {"steps": self.steps, "rate": self.rate, **kept}

    def load_state_dict(self, kept: dict[str, Any]) -> None:
        """Take up what ``state_dict`` gave.

        Raises:
            UsageError: It is of another optimiser, or of other parameters.
        """
        shapes = [[t.shape for t in kept.get(name, ())] for name in self.memory]
        if set(kept) != {"steps", "rate", *self.memory} or shapes != [
            [t.shape for t in k] for k in self._kept
        ]:
            raise UsageError("optimiser: what was kept belongs to another optimiser or canvas")
        self.steps, self.rate = int(kept["steps"]), float(kept["rate"])
        self._restart()
        for own, name in zip(self._kept, self.memory, strict=True):
            for tensor, value in zip(own, kept[name], strict=True):
                tensor.copy_(value)


class GradientAscent(Optimiser):
    """Plain gradient ascent: x + rate * g."""

    def _move(self, parameter: Tensor, slope: Tensor, rate: float, *kept: Tensor) -> None:
        parameter.add_(slope, alpha=rate)


class Momentum(Optimiser):
    """The heavy ball: v = 0.9 v + g, x + rate * v (Polyak 1964; Mahendran & Vedaldi 2015)."""

    memory = ("velocity",)
    keep: Final = 0.9

    def _move(self, parameter: Tensor, slope: Tensor, rate: float, *kept: Tensor) -> None:
        (velocity,) = kept
        parameter.add_(velocity.mul_(self.keep).add_(slope), alpha=rate)


class Adam(Optimiser):
    """Each value over the root of its mean square (Kingma & Ba 2015, "Adam")."""

    memory = ("mean", "square")
    epsilon: Final = 1e-8

    def __init__(
        self, parameters: Sequence[Tensor], rate: float, *, betas: tuple[float, float] = (0.9, 0.999)
    ) -> None:
        """``betas`` is the share that each mean keeps of itself at a step."""
        super().__init__(parameters, rate)
        self.betas = betas

    def _moments(self, slope: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        """Take the slope into both means; returns what the step is divided by."""
        first, second = self.betas
        mean.mul_(first).add_(slope, alpha=1 - first)
        square.mul_(second).addcmul_(slope, slope, value=1 - second)
        return (square / (1 - second**self.steps)).sqrt_().add_(self.epsilon)

    def _move(self, parameter: Tensor, slope: Tensor, rate: float, *kept: Tensor) -> None:
        mean, square = kept
        below = self._moments(slope, mean, square)
        parameter.addcdiv_(mean, below, value=rate / (1 - self.betas[0] ** self.steps))


class NAdam(Adam):
    """Adam with Nesterov's look ahead (Dozat 2016, "Incorporating Nesterov Momentum into Adam")."""

    #: The momentum comes up to its value as 1 - 0.5 * 0.96 ** (0.004 t), as in Keras and torch.
    slowness: Final = 0.004
    _product = (0, 1.0)  # of the momenta of so many steps

    def _momentum(self, step: int) -> float:
        return self.betas[0] * (1 - 0.5 * math.pow(0.96, step * self.slowness))

    def _restart(self) -> None:
        self._product = (0, 1.0)

    def _prepare(self) -> None:
        done, product = self._product
        product *= math.prod(self._momentum(step) for step in range(done + 1, self.steps + 1))
        self._product = self.steps, product
        now, ahead = self._momentum(self.steps), self._momentum(self.steps + 1)
        self._shares = (1 - now) / (1 - product), ahead / (1 - product * ahead)

    def _move(self, parameter: Tensor, slope: Tensor, rate: float, *kept: Tensor) -> None:
        mean, square = kept
        below = self._moments(slope, mean, square)
        of_slope, of_mean = self._shares
        parameter.addcdiv_(slope, below, value=rate * of_slope)
        parameter.addcdiv_(mean, below, value=rate * of_mean)


OPTIMISERS: Final[dict[str, type[Optimiser]]] = {
    "adam": Adam,
    "nadam": NAdam,
    "momentum": Momentum,
    "ascent": GradientAscent,
}


def make_optimiser(
    name: str, parameters: Sequence[Tensor], rate: float, *, betas: tuple[float, float] | None = None
) -> Optimiser:
    """An optimiser that climbs: "adam" (lucid's, 0.05), "nadam" (MACO's, 1.0), "momentum" or "ascent".

    Args:
        name: Which.
        parameters: What it will move, (N, ...) each.
        rate: Length of a step, in the units of the parameters.
        betas: What "adam" and "nadam" keep of their two means at a step; 0.9 and 0.999 if missing.

    Raises:
        UsageError: There is none of that name, or it has no betas.
    """
    if name not in OPTIMISERS:
        raise UsageError(f'optimiser "{name}": {did_you_mean(name, OPTIMISERS)}')
    kind = OPTIMISERS[name]
    if betas is None:
        return kind(parameters, rate)
    if not issubclass(kind, Adam):
        raise UsageError(f'optimiser "{name}": it has no betas; they are for adam and nadam')
    return kind(parameters, rate, betas=betas)


def rate_at(schedule: str, start: float, end: float, step: int, steps: int, *, rise: int = 0) -> float:
    """A value in the course of so many steps: ``start`` at step 0, ``end`` at the last one.

    Args:
        schedule: "constant" (``start`` throughout), "linear", or "cosine", half a wave
            (Loshchilov & Hutter 2017).
        start: At step 0.
        end: At step ``steps - 1``.
        step: Counted from 0.
        steps: How many.
        rise: The first so many steps get 1/rise, 2/rise, ... of it: a warm-up.

    Raises:
        UsageError: There is no schedule of that name.
    """
    way = min(1.0, step / (steps - 1)) if steps > 1 else 0.0
    shapes = {"constant": 0.0, "linear": way, "cosine": (1 - math.cos(math.pi * way)) / 2}
    if schedule not in shapes:
        raise UsageError(f'schedule "{schedule}": {did_you_mean(schedule, shapes)}')
    value = start + (end - start) * shapes[schedule]
    return value * min(1.0, (step + 1) / max(1, rise))


def normalised(gradient: Tensor, how: str) -> Tensor:
    """Each item's gradient over its own size; one that is zero everywhere stays zero.

    Args:
        gradient: (N, ...).
        how: "none"; "mean", of the magnitude; "std", the deviation about the mean, which stays; or "l2".

    Raises:
        UsageError: There is no size of that name.
    """
    if how == "none":
        return gradient
    if how not in SIZES:
        raise UsageError(f'normalise "{how}": {did_you_mean(how, ["none", *SIZES])}')
    # Item by item: how torch orders a sum depends on how many it forms at once.
    return torch.stack([item / SIZES[how](item).clamp_min(TINY) for item in gradient])


SIZES: Final = {
    "mean": lambda item: item.abs().mean(),
    "std": lambda item: item.std(correction=0),
    "l2": lambda item: torch.linalg.vector_norm(item),
}
