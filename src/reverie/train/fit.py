"""Learning: batches of varied pictures, each moved against the network before it learns from it.

Goodfellow, Shlens & Szegedy 2015, "Explaining and harnessing adversarial examples", in the Euclidean norm: a
network that is not to be misled by small changes has to look at shapes, and what it then wants to see is one
(Santurkar et al. 2019, "Image synthesis with a single (robust) classifier").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.train.augment import plain, varied
from reverie.train.learner import Learner
from reverie.train.pictures import Data, Labelled
from reverie.train.settings import TrainSettings

#: How often the network is judged in a whole run.
ROUNDS: Final = 20
#: Share of the steps in which the rate rises, and in which pictures come to be moved all the way.
RISE, FULL = 0.3, 0.4
#: Kinds are drawn by their numbers to this power: rare ones more often than they are there.
EVEN: Final = 0.2
#: Deviation of the noise on pictures, the optimiser's decay of weights, and pictures that are judged at once.
NOISE, DECAY, AT_ONCE = 0.05, 0.02, 256


@dataclass(frozen=True)
class Round:
    """How a network is doing.

    Attributes:
        step: How many batches it has learnt from.
        loss: Mean cross entropy of the batches since the last round.
        accuracy: Share of the held-out pictures that it calls right.
        held_out_loss: Mean cross entropy of these.
    """

    step: int
    loss: float
    accuracy: float
    held_out_loss: float


@dataclass
class TrainState:
    """Everything that moves while a network learns.

    Attributes:
        learner: The network.
        optimiser: Its two means of each gradient; None where it learns without.
        rng: Where all chances come from.
        step: Batches so far.
        losses: Of the batches since the last round.
        history: The rounds so far.
        best: The weights of the best round, and which it was; None before there is one.
    """

    learner: Learner
    optimiser: torch.optim.Optimizer | None
    rng: torch.Generator
    step: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[Round] = field(default_factory=list)
    best: tuple[int, dict[str, Tensor]] | None = None

    @staticmethod
    def begin(learner: Learner, settings: TrainSettings) -> TrainState:
        """Before the first step."""
        weights = [p for p in learner.module.parameters() if p.requires_grad]
        optimiser = (
            torch.optim.AdamW(weights, settings.rate, weight_decay=DECAY, foreach=False) if weights else None
        )
        rng = torch.Generator().manual_seed((settings.seed + 1) % 2**63)
        return TrainState(learner, optimiser, rng)

    def finish(self) -> Round:
        """Take the weights of the best round back; says how it did."""
        assert self.best is not None
        index, weights = self.best
        self.learner.module.load_state_dict(weights)
        return self.history[index]


def rounds(state: TrainState, data: Data, settings: TrainSettings) -> Iterator[int]:
    """Learn until the steps are over, or nothing has come of it for long; to stop is to leave the ``for``.

    Args:
        state: Where it stands; changed.
        data: What it learns from, and what it is judged by.
        settings: As it was begun with.

    Yields:
        The number of steps that are done, after each; ``state.history`` is longer after some of them.
    """
    odds = _odds(data)
    if not state.step and (loss := state.learner.prepare(data)) is not None:
        state.losses = [loss]
        _judge(state, data, settings)
    while state.step < settings.steps and not over(state, settings):
        own = state.learner.learn(data.learnt, state.rng, state.step)
        state.losses.append(_descend(state, data.learnt, odds, settings) if own is None else own)
        state.step += 1
        if state.step % every(settings) == 0 or state.step == settings.steps:
            _judge(state, data, settings)
        yield state.step


def every(settings: TrainSettings) -> int:
    """Steps from one round to the next."""
    return max(1, settings.steps // ROUNDS)


def _full(settings: TrainSettings) -> float:
    """The step from which on pictures are moved all the way, and rounds count as the best."""
    whole = settings.method == "scratch" or (settings.method == "lite0" and settings.push > 0)
    return FULL * settings.steps if whole else 0.0


def over(state: TrainState, settings: TrainSettings) -> bool:
    """Whether held-out accuracy has not risen for long."""
    return state.best is not None and len(state.history) - 1 - state.best[0] >= settings.patience


def rate_at(step: int, settings: TrainSettings) -> float:
    """The length of a step: up and down again along cosines (Smith & Topin 2018, one cycle)."""
    way, rise = step / settings.steps, RISE
    if way < rise:
        return settings.rate * (0.04 + 0.96 * (1 - math.cos(math.pi * way / rise)) / 2)
    return settings.rate * (1e-4 + (1 - 1e-4) * (1 + math.cos(math.pi * (way - rise) / (1 - rise))) / 2)


def _odds(data: Data) -> Tensor:
    """How often each picture is drawn, (N,) float64."""
    counts = torch.bincount(data.learnt.labels, minlength=len(data.kinds)).double()
    odds: Tensor = (counts ** (EVEN - 1))[data.learnt.labels]
    return odds


def _descend(state: TrainState, part: Labelled, odds: Tensor, settings: TrainSettings) -> float:
    """One step down the gradient; the cross entropy before it."""
    chosen = torch.multinomial(odds, settings.batch, replacement=True, generator=state.rng)
    batch = part.of(chosen)
    x = varied(batch.pictures, state.rng, mirror=settings.mirror)
    x = x + NOISE * torch.randn(x.shape, generator=state.rng)
    x = x.contiguous(memory_format=torch.channels_last)
    reach = settings.push * settings.size / 32 * min(1.0, state.step / (FULL * settings.steps))
    if reach:
        x = _moved(state.learner, x, batch.labels, reach)
    assert state.optimiser is not None
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(state.step, settings)
    loss = F.cross_entropy(state.learner.logits(x), batch.labels)
    state.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    return float(loss.detach())


def _moved(learner: Learner, x: Tensor, labels: Tensor, reach: float) -> Tensor:
    """Pictures (N, 3, S, S), each moved by a length to where it is mistaken most, as the gradient says."""
    leaf = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(F.cross_entropy(learner.logits(leaf), labels), leaf)
    length = slope.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    moved: Tensor = leaf.detach() + reach * slope / (length + 1e-12)
    return moved


def scores(learner: Learner, part: Labelled) -> Tensor:
    """(N, kinds) of pictures as they are, on white."""
    with torch.no_grad():
        parts = [learner.logits(plain(some)) for some in torch.split(part.pictures, AT_ONCE)]
    return torch.cat(parts)


def confusion(found: Tensor, labels: Tensor, kinds: int) -> Tensor:
    """(kinds, kinds) int64: how many of each kind, in rows, are called what, in columns."""
    cells = labels * kinds + found.argmax(1)
    return torch.bincount(cells, minlength=kinds * kinds).view(kinds, kinds)


def _judge(state: TrainState, data: Data, settings: TrainSettings) -> None:
    """End a round. Rounds count as the best once pictures are moved all the way; of equal ones the last."""
    part = data.held_out
    state.learner.look_at(data.learnt)
    found = scores(state.learner, part)
    accuracy = float((found.argmax(1) == part.labels).double().mean())
    loss = float(F.cross_entropy(found, part.labels))
    state.history.append(Round(state.step, sum(state.losses) / len(state.losses), accuracy, loss))
    state.losses = []
    index = len(state.history) - 1
    full = state.step >= _full(settings)
    if state.best is None or (full and _better(state.history, index, state.best[0], settings)):
        kept: dict[str, Any] = state.learner.module.state_dict()
        state.best = index, {name: tensor.clone() for name, tensor in kept.items()}


def _better(history: list[Round], index: int, before: int, settings: TrainSettings) -> bool:
    if settings.method == "unsupervised":
        return True  # labels decide nothing
    early = history[before].step < _full(settings)
    return early or history[index].accuracy >= history[before].accuracy
