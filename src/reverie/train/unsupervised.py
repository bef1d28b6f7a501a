"""Learning without labels: cells compete for pieces of pictures, then others for what those say of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.network.competitive import Competitive, CompetitivePlan
from reverie.network.positional import scaled_to
from reverie.network.trained import CompetitiveFacts, pack
from reverie.train.augment import plain
from reverie.train.competitive import (
    Competition,
    Competitors,
    area_under_curve,
    newborn,
    of_length_one,
    whitening,
)
from reverie.train.learner import Learner
from reverie.train.pictures import Data, Labelled
from reverie.train.settings import TrainSettings

#: Cells of the first layer and what one sees, and units of the second.
CELLS, KERNEL, POOL, UNITS = 32, 7, 5, 48
#: Pieces that the first cells compete for; those are flat whose deviation is less. How soft the whitening is.
PIECES, FLAT, SOFT = 8000, 0.2, 0.05
#: Pictures that are looked at at once.
AT_ONCE: Final = 256
#: Share of the steps that the first cells have, and how fast gains of the second rise.
FIRST, FAIRNESS = 1 / 3, 0.01
#: Added to each deviation of what the second layer reads.
SPREAD: Final = 0.01


class UnsupervisedLearner(Learner):
    """Two layers that compete, one after the other; labels are looked at only to say what came of it."""

    def __init__(self, kinds: Sequence[str], settings: TrainSettings) -> None:
        side = settings.size - settings.size % POOL
        self.plan = CompetitivePlan(side, CELLS, KERNEL, POOL, UNITS)
        self.kinds, self.settings = tuple(kinds), settings
        self.net = Competitive(self.plan)
        self.module: nn.Module = _Learnt(self.net, len(kinds))
        self._pieces: tuple[Tensor, Tensor] | None = None  # and the whitening
        self._inputs: Tensor | None = None

    @property
    def first(self) -> int:
        """Steps of the first layer."""
        return max(1, round(FIRST * self.settings.steps))

    def learn(self, part: Labelled, rng: torch.Generator, step: int) -> float:
        """See ``Learner.learn``: how far the inputs are from the cells that win them, 0 to 1."""
        if step < self.first:
            return self._learn_cells(part, rng, step)
        return self._learn_units(part, rng, step - self.first, self.settings.steps - self.first)

    def _learn_cells(self, part: Labelled, rng: torch.Generator, step: int) -> float:
        learnt = self._learnt
        if self._pieces is None:
            self._pieces = pieces(grey(part), torch.Generator().manual_seed(self.settings.seed))
        inputs, whitener = self._pieces
        if not step:
            learnt.white.copy_(newborn(CELLS, inputs, rng))
        how = Competition(rate=self.settings.rate, signed=True)
        cells = Competitors(learnt.white, how, learnt.white_gain)
        answer = cells.learn(_drawn(inputs, self.settings.batch, rng), step / self.first)
        learnt.white.copy_(cells.cells)
        learnt.white_gain.copy_(cells.gain)
        self.net.cells.copy_(of_length_one(cells.cells @ whitener).view_as(self.net.cells))
        return 1 - answer

    def _learn_units(self, part: Labelled, rng: torch.Generator, step: int, steps: int) -> float:
        learnt = self._learnt
        if self._inputs is None:
            self._inputs = self._read(part, standardise=not step)
        if not step:
            noise = torch.randn(UNITS, self.plan.features, generator=rng)
            self.net.units.copy_(of_length_one(noise * self._inputs.std(0) + self._inputs.mean(0)))
        how = Competition(rate=self.settings.rate, fairness=FAIRNESS, signed=False)
        units = Competitors(self.net.units, how, learnt.gain)
        answer = units.learn(_drawn(self._inputs, self.settings.batch, rng), step / steps)
        self.net.units.copy_(units.cells)
        learnt.gain.copy_(units.gain)
        return 1 - answer

    @property
    def _learnt(self) -> _Learnt:
        assert isinstance(self.module, _Learnt)
        return self.module

    def _read(self, part: Labelled, *, standardise: bool) -> Tensor:
        """What units read of all pictures; ``standardise`` finds out first how that varies."""
        x = grey(part)
        if standardise:
            self.net.mean.zero_()
            self.net.deviation.fill_(1)
            raw = torch.cat([_pooled(self.net, piece) for piece in torch.split(x, AT_ONCE)])
            self.net.mean.copy_(raw.mean(0))
            self.net.deviation.copy_(raw.std(0) + SPREAD)
        return torch.cat([self.net.read(piece) for piece in torch.split(x, AT_ONCE)])

    def answers(self, pictures: Tensor) -> Tensor:
        """Of the units, (N, units), to pictures (N, 3, S, S) in [0, 1]."""
        return self.net.read(_luma(pictures)) @ self.net.units.T

    def look_at(self, part: Labelled) -> None:
        """See ``Learner.look_at``: a unit stands for the kind that it wins most of, by share of the kind."""
        winner = self._of(part).argmax(1)
        won = torch.zeros(UNITS, len(self.kinds))
        won.index_put_((winner, part.labels), torch.ones(len(part)), accumulate=True)
        shares = won / torch.bincount(part.labels, minlength=len(self.kinds)).clamp_min(1)
        self._learnt.votes.copy_(torch.where(won.sum(1) > 0, shares.argmax(1), -1))
        if len(self.kinds) > 1:
            self._learnt.names.copy_(torch.tensor([unit for unit, _ in self.best_units(part)]))

    def logits(self, pictures: Tensor) -> Tensor:
        """See ``Learner.logits``: of each kind, the strongest answer of the units that stand for it."""
        found = self.answers(pictures)
        votes = self._learnt.votes
        kinds = [found[:, votes == kind] for kind in range(len(self.kinds))]
        return torch.stack(
            [own.amax(1) if own.shape[1] else torch.full((len(found),), -1.0) for own in kinds], 1
        )

    def _of(self, part: Labelled) -> Tensor:
        return torch.cat([self.answers(plain(piece)) for piece in torch.split(part.pictures, AT_ONCE)])

    def best_units(self, part: Labelled) -> list[tuple[int, float]]:
        """For each kind the unit whose answer alone tells it best, and the area under its curve."""
        found = self._of(part)
        best = []
        for kind in range(len(self.kinds)):
            own = part.labels == kind
            areas = [area_under_curve(found[:, unit], own) for unit in range(UNITS)]
            unit = max(range(UNITS), key=areas.__getitem__)
            best.append((unit, areas[unit]))
        return best

    def facts(self, data: Data) -> list[str]:
        """The unit of each kind, chosen by what was learnt from and judged by what was held out."""
        if len(self.kinds) < 2:
            return ["One kind of pictures and no labels: accuracy says nothing here"]
        answers, lines = self._of(data.held_out), []
        for kind, (unit, area) in zip(self.kinds, self.best_units(data.learnt), strict=True):
            own = data.held_out.labels == self.kinds.index(kind)
            judged = area_under_curve(answers[:, unit], own)
            lines.append(
                f"Unit {unit} tells {kind}: area under its curve {judged:.3f}, {area:.3f} where it was chosen"
            )
        return lines

    def packed(self) -> bytes:
        """See ``Learner.packed``; units that tell a kind best bear its name."""
        names = [f"unit {i}" for i in range(UNITS)]
        for kind, unit in zip(self.kinds, self._learnt.names.tolist(), strict=True):
            if unit >= 0 and names[unit] == f"unit {unit}":
                names[unit] = kind
        facts = CompetitiveFacts(
            classes=tuple(names), side=self.plan.side, cells=CELLS, kernel=KERNEL, pool=POOL
        )
        return pack(facts, self.net.state_dict())


class _Learnt(nn.Module):
    """Everything that changes while cells compete: the network, and what is only needed on the way.

    ``white`` are the first cells among whitened pieces, gains are of both layers, ``votes`` says for which
    kind a unit stands (-1 for none) and ``names`` which unit tells a kind best.
    """

    white: Tensor
    white_gain: Tensor
    gain: Tensor
    votes: Tensor
    names: Tensor

    def __init__(self, net: Competitive, kinds: int) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("white", torch.zeros(CELLS, KERNEL * KERNEL))
        self.register_buffer("white_gain", torch.ones(CELLS))
        self.register_buffer("gain", torch.ones(UNITS))
        self.register_buffer("votes", torch.full((UNITS,), -1))
        self.register_buffer("names", torch.full((kinds,), -1))


def grey(part: Labelled) -> Tensor:
    """Pictures (N, 1, S, S) in [0, 1]."""
    return _luma(plain(part.pictures))


def _luma(pictures: Tensor) -> Tensor:
    return pictures.mean(1, keepdim=True)


def pieces(pictures: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pieces of pictures that are not flat, whitened and of length 1, (P, D), and the whitening (D, D).

    Args:
        pictures: (N, 1, S, S), each of which is brought to mean 0 and deviation 1 first.
        rng: Where they are cut.
    """
    x = pictures - pictures.mean((1, 2, 3), keepdim=True)
    x = x / (x.square().mean((1, 2, 3), keepdim=True).sqrt() + 1e-3)
    which = torch.randint(len(x), (PIECES,), generator=rng)
    room = x.shape[-1] - KERNEL + 1
    tops, lefts = torch.randint(room, (2, PIECES), generator=rng)
    windows = x[:, 0].unfold(1, KERNEL, 1).unfold(2, KERNEL, 1)
    found = windows[which, tops, lefts].flatten(1)
    found = found - found.mean(1, keepdim=True)
    uneven = found[found.square().mean(1).sqrt() > FLAT]
    found = uneven if len(uneven) > CELLS else found
    whitener = whitening(found, softness=SOFT)
    return of_length_one(found @ whitener), whitener


def _drawn(inputs: Tensor, count: int, rng: torch.Generator) -> Tensor:
    return inputs[torch.randint(len(inputs), (count,), generator=rng)]


def _pooled(net: Competitive, pictures: Tensor) -> Tensor:
    """What units read before it is brought to one scale, (N, features)."""
    return F.avg_pool2d(net.answers(scaled_to(pictures, net.plan.side)), net.plan.pool).flatten(1)
