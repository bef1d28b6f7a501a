"""Where in a photograph units fire, how that compares with what is usual for them, and which fire most.

A channel's activation is a map already. A class has one where the network scores its classes at every
position (Zhou et al. 2016, "Learning deep features for discriminative localization"); a layer's is how far
its channels are above their means over photographs. What a cell answers to is much less than its receptive
field (Luo et al. 2016, "Understanding the effective receptive field"): it is measured here, by the gradient
at the photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from reverie.analysis.stimuli import as_input, reduced, seen_box
from reverie.engine.check import check_shown
from reverie.engine.engine import Engine, answers
from reverie.engine.not_finite import complaint
from reverie.errors import UsageError
from reverie.media.picture.picture import Floats, Picture
from reverie.native.runtime import Runtime
from reverie.network.channel_statistics import channel_statistics
from reverie.network.network import Network
from reverie.ops.finite import is_finite

#: (left, top, right, bottom) in pixels.
Box = tuple[int, int, int, int]
#: A channel fires from so many deviations above its mean on, and a map reaches its full heat at the strongest
#: cell, or at so many deviations where that is weaker.
FAINT, CLEAR = 1.0, 4.0
#: The same of classes: full heat at the most probable cell, or at this probability above chance.
CLEAR_CLASS = 0.25
#: A class is shown by itself only where it is so many times as likely as chance for the whole photograph.
LIKELY = 10
#: A map of fewer cells along its short side says nothing of where.
FEWEST = 4
#: The share of a gradient's energy that a cell's frame holds.
HELD = 0.9
#: Places of a map that are looked for, and the share of the first one's heat under which there are no more.
SPOTS, NEXT = 3, 0.5


@dataclass(frozen=True)
class Subject:
    """What is looked for in a photograph.

    Attributes:
        layer: The layer that is read; for classes the network's ``class_map``.
        channels: One channel; all classes of a word; or none for the layer as a whole.
        name: What it is called.
    """

    layer: str
    channels: tuple[int, ...]
    name: str


@dataclass(frozen=True)
class Spot:
    """A cell of a map that fires.

    Attributes:
        cell: (column, row).
        value: As ``Seen.values`` there.
        box: (left, top, right, bottom) in pixels of the photograph as it was shown: the square that holds
            ``HELD`` of the energy of the cell's gradient, moved inside where it reaches beyond an edge.
    """

    cell: tuple[int, int]
    value: float
    box: Box


@dataclass(frozen=True, eq=False)
class Seen:
    """Where something fires in a photograph.

    Attributes:
        subject: What was looked for.
        activation: (h, w) what the layer puts out: the channel itself, the probability of the classes at each
            cell, or of a layer the mean square over channels of what is above their means, in deviations.
        values: (h, w) the same by what it is compared with: of a channel its deviations above its mean, else
            as ``activation``.
        heat: (h, w) in [0, 1]: 0 where nothing fires, 1 at what fires fully.
        spots: The strongest cells, strongest first; one at least.
        shown: (width, height) in pixels the photograph was shown at.
    """

    subject: Subject
    activation: Floats
    values: Floats
    heat: Floats
    spots: tuple[Spot, ...]
    shown: tuple[int, int]

    @property
    def fires(self) -> bool:
        """Whether it fires anywhere."""
        return bool(self.heat.max() > 0)


def enlarged(cells: Floats, size: tuple[int, int]) -> Floats:
    """A map (h, w) in [0, 1] at (width, height): bicubic between the centres of cells, clipped to [0, 1]."""
    full = F.interpolate(
        torch.from_numpy(cells)[None, None], (size[1], size[0]), mode="bicubic", align_corners=False
    )
    found: Floats = full[0, 0].clamp(0, 1).numpy()
    return found


def as_looked_at(picture: Picture, net: Network) -> Picture:
    """A photograph at the size it is looked at: as for stimuli, its sides such that maps fit them exactly.

    Maps that do not, because a network continues the picture or leaves its rim out, would lie beside what
    they show, by up to a cell.
    """
    down, across = net.exact_steps
    width, height = reduced(picture).size
    return picture.resized((_multiple(width, across), _multiple(height, down)))


def _multiple(side: int, step: int) -> int:
    """The multiple nearest to a side, of few the next larger; a side of less than one stays."""
    return side if side < step else max(round(side / step), min(-(-side // step), FEWEST)) * step


class Looked:
    """A photograph that a network has looked at, and can be asked of.

    Args:
        engine: The network at work.
        picture: The photograph as the network is to be shown it: see ``as_looked_at``.
        layers: Layers that will be asked for.
        runtime: What it is computed with; None takes what the caller computes with.

    Raises:
        UsageError: No such layer, or another count of channels than the network takes.
        BadInput: Pixels that are not finite.
        NetworkError: Weights or activations that are not finite.
    """

    def __init__(
        self, engine: Engine, picture: Picture, layers: Sequence[str], *, runtime: Runtime | None = None
    ) -> None:
        self.net: Network = engine.net
        self.size = picture.size
        self.runtime = runtime or Runtime.here()
        for layer in layers:
            self.net.layer(layer)
        self._input = as_input(picture, self.net).clone()
        check_shown(self._input, self.net)
        self._input.requires_grad_(True)
        with self.runtime.use(), torch.enable_grad():
            self._maps = answers(self.net, self._input, list(layers))
        if not all(map(is_finite, self._maps.values())):
            raise complaint(engine, self._input.detach(), list(layers))

    def _cells(self, layer: str) -> Tensor:
        """A layer's map (C, h, w), fp32."""
        activation = self._maps[layer]
        if activation.ndim != 4:
            raise UsageError(f"{layer}: has no positions in the picture; choose a layer with a map")
        high, wide = activation.shape[2:]
        if min(high, wide) < FEWEST:
            raise UsageError(
                f"{layer}: has {wide} x {high} positions in a photograph of {self.size[0]} x {self.size[1]}, "
                "too few to say where; give a larger photograph or an earlier layer"
            )
        return activation[0].float()

    def at(self, subject: Subject, *, count: int = SPOTS) -> Seen:
        """Where one thing fires; ``count`` spots at most are found.

        Raises:
            UsageError: A channel that does not exist; a layer without positions, or with too few in this
                photograph.
        """
        with self.runtime.use(), torch.enable_grad():
            scores, activation, values, heat = self._measured(subject)
            spots = self._spots(subject.layer, values.cpu(), heat.cpu(), scores, count)
        return Seen(subject, _numpy(activation), _numpy(values), _numpy(heat), spots, self.size)

    def _measured(self, subject: Subject) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What is differentiated at a cell, activation, values and heat, (h, w) each."""
        cells = self._cells(subject.layer)
        for channel in subject.channels:
            if not 0 <= channel < len(cells):
                raise UsageError(
                    f"{subject.layer}:{channel}: channel is out of range; "
                    f"{subject.layer} has 0 to {len(cells) - 1}"
                )
        if subject.layer == self.net.class_map and subject.channels:
            log = cells.log_softmax(0)[list(subject.channels)].logsumexp(0)
            share, chance = log.detach().exp(), len(subject.channels) / len(cells)
            return log, share, share, _heat(share, chance, chance + CLEAR_CLASS)
        usual = channel_statistics(self.net, subject.layer)
        above = _deviations(cells, usual.mean, usual.deviation)
        if subject.channels:
            one, deviations = cells[subject.channels[0]], above[subject.channels[0]].detach()
            return one, one.detach(), deviations, _heat(deviations, FAINT, CLEAR)
        energy = above.clamp_min(0).square().mean(0)
        return energy, energy.detach(), energy.detach(), _heat(energy.detach(), *usual.limits)

    def strongest(self, layer: str, count: int) -> list[Subject]:
        """The channels of a layer that answer most by their own measure, one a kind.

        The first is the one whose strongest cell is the most deviations above its mean; each further one is
        the strongest times one minus the largest cosine between its map and those chosen before (Carbonell &
        Goldstein 1998, "The use of MMR"), so that what fires at the same places does not come twice.
        What fires in the outermost cells alone answers to the edge of the picture, and is not counted.
        """
        with self.runtime.use(), torch.no_grad():
            cells = self._cells(layer)
            usual = channel_statistics(self.net, layer)
            above = _deviations(cells, usual.mean, usual.deviation)
            inner = above[:, 1:-1, 1:-1]
            chosen = apart(inner.flatten(1).amax(1), (inner - FAINT).clamp_min(0), count)
        return [Subject(layer, (c,), f"{layer}:{c}") for c in chosen]

    def classes(self, count: int, name: Callable[[int], str]) -> list[Subject]:
        """The classes that are most probable over all cells, at different places; none where nothing tells.

        Args:
            count: How many at most.
            name: What a class is called.
        """
        layer = self.net.class_map
        if layer is None or min(self._maps[layer].shape[2:]) < FEWEST:
            return []
        with self.runtime.use(), torch.no_grad():
            probable = self._cells(layer).softmax(0)
            whole = self._cells(layer).mean((1, 2)).softmax(0)  # of the mean score, as for whole pictures
            told = (probable.flatten(1).amax(1) >= CLEAR_CLASS) & (whole >= LIKELY / len(whole))
            clear = told.nonzero().flatten()
            chosen = clear[apart(probable[clear].flatten(1).mean(1), probable[clear], count)].tolist()
        return [Subject(layer, (c,), name(c)) for c in chosen]

    def _spots(
        self, layer: str, values: Tensor, heat: Tensor, scores: Tensor, count: int
    ) -> tuple[Spot, ...]:
        """The strongest cells, none in the frame of a stronger one, nor where its heat goes on as hot."""
        high, wide = values.shape
        x, y = (
            (torch.arange(wide) + 0.5) / wide * self.size[0],
            (torch.arange(high) + 0.5) / high * self.size[1],
        )
        left, parts = values.clone(), _parts(heat)
        found: list[Spot] = []
        while len(found) < count:
            # torch.argmax leaves open which of several equal positions it returns.
            row, column = divmod(int((left == left.max()).flatten().to(torch.int8).argmax()), wide)
            if found and not NEXT * float(heat.max()) <= float(heat[row, column]) > 0:
                break
            box = self._box(layer, (column, row), (float(x[column]), float(y[row])), scores)
            found.append(Spot((column, row), float(values[row, column]), box))
            covered = ((y >= box[1]) & (y < box[3]))[:, None] & ((x >= box[0]) & (x < box[2]))
            left[covered] = -torch.inf
            left[row, column] = -torch.inf
            if parts[row, column]:
                left[parts == parts[row, column]] = -torch.inf
        return tuple(found)

    def _box(self, layer: str, cell: tuple[int, int], centre: tuple[float, float], scores: Tensor) -> Box:
        """What a cell answers to; of a module that gives no gradient, what it could see."""
        high, wide = scores.shape
        gradient: Tensor | None = None
        if scores.requires_grad:
            (gradient,) = torch.autograd.grad(
                scores[cell[1], cell[0]], self._input, retain_graph=True, allow_unused=True
            )
        if gradient is None:
            field = self.net.geometry(layer)
            return seen_box(cell, (wide, high), self.size, None if field is None else field[1])
        energy = gradient[0].double().square().sum(0).cpu().numpy()
        return effective_box(energy, centre, min(self.size[0] / wide, self.size[1] / high))


def effective_box(energy: NDArray[np.float64], centre: tuple[float, float], least: float) -> Box:
    """The square around a cell that holds ``HELD`` of its gradient's energy, (left, top, right, bottom).

    Args:
        energy: (H, W) the squared gradient at each pixel.
        centre: (x, y) of the cell, in pixels.
        least: The least side of the square; it has no more than the picture's short side either.

    Returns:
        The square, moved inside the picture where it reaches beyond an edge.
    """
    height, width = energy.shape
    x, y = np.abs(np.arange(width) + 0.5 - centre[0]), np.abs(np.arange(height) + 0.5 - centre[1])
    away = np.maximum(x[None, :], y[:, None]).ravel()
    order = away.argsort(kind="stable")
    held = energy.ravel()[order].cumsum()
    reached = away[order[min(int(np.searchsorted(held, HELD * held[-1])), len(order) - 1)]]
    side = min(max(round(2 * float(reached) + 1), round(least), 1), width, height)
    left, top = round(centre[0] - side / 2), round(centre[1] - side / 2)
    left, top = min(max(0, left), width - side), min(max(0, top), height - side)
    return left, top, left + side, top + side


def apart(strength: Tensor, maps: Tensor, count: int) -> list[int]:
    """Indices of strong maps that differ from each other, as ``Looked.strongest`` says.

    Args:
        strength: (C,) what counts.
        maps: (C, h, w) where, none below 0.
        count: How many at most.
    """
    flat = maps.flatten(1)
    unit = flat / flat.norm(dim=1, keepdim=True).clamp_min(1e-12)
    likeness, chosen = torch.zeros_like(strength), list[int]()
    for _ in range(min(count, len(strength))):
        worth = strength * (1 - likeness)
        worth[chosen] = -torch.inf
        chosen.append(int(worth.argmax()))
        likeness = torch.maximum(likeness, unit @ unit[chosen[-1]])
    return chosen


def _parts(heat: Tensor) -> Tensor:
    """The hot parts of a map (h, w), numbered from 1; 0 where it is not hot."""
    hot = (heat >= NEXT * heat.max()) & (heat > 0)
    return torch.from_numpy(cv2.connectedComponents(_numpy(hot).astype(np.uint8))[1])


def _deviations(cells: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """Activations (C, h, w) in deviations from their mean."""
    return (cells - mean.to(cells).view(-1, 1, 1)) / deviation.to(cells).view(-1, 1, 1)


def _heat(values: Tensor, faint: float, clear: float) -> Tensor:
    """0 up to ``faint``; 1 at the largest, or at ``clear`` where that is less."""
    full = max(float(values.max()), clear)
    return ((values - faint) / (full - faint)).clamp(0, 1)


def _numpy(values: Tensor) -> Floats:
    found: Floats = values.cpu().numpy()
    return found
