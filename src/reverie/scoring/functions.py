"""What the terms of an objective compute at each position of a map.

A score function is called with the cells that count, (N, C, h, w), and where they lie in the whole map; it
gives one number a cell, (N, h, w). Those that are linear also say their gradient without autograd (``pull``).
Below each stand the quantities that it scores.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.errors import UsageError
from reverie.gradient.cells import Window
from reverie.objective import (
    Caricature,
    Channel,
    Direction,
    Entropy,
    Guide,
    Inversion,
    Layer,
    Logit,
    LogProb,
    Mean,
    Neuron,
    Peak,
)
from reverie.scoring.binder import Binder, scores
from reverie.scoring.terms import BoundTerm, Place, ScoreFunction, mean_square

#: At most so many dot products are held at once when a guide's columns are matched.
MATCH_CELLS = 1 << 24
#: A cosine counts at least this much, so that a start that points away still moves (lucid).
LEAST_COSINE = 0.1
TINY = 1e-12


@dataclass(frozen=True)
class Pick:
    """One channel."""

    index: int

    def __call__(self, cells: Tensor, window: Window) -> Tensor:
        return cells[:, self.index]

    def pull(self, counts: Tensor, cells: Tensor) -> Tensor:
        """See ``Linear``."""
        seed = cells.new_zeros(cells.shape)
        seed[:, self.index] = counts
        return seed


@scores(Channel)
def _channel(wanted: Channel, binder: Binder) -> BoundTerm:
    return binder.at_layer(wanted.layer, Pick(binder.channel(wanted.layer, wanted.index)))


@scores(Neuron)
def _neuron(wanted: Neuron, binder: Binder) -> BoundTerm:
    pick = Pick(binder.channel(wanted.layer, wanted.index))
    return binder.at_layer(wanted.layer, pick, place=Place(wanted.x, wanted.y, wanted.cell))


@scores(Peak)
def _peak(wanted: Peak, binder: Binder) -> BoundTerm:
    return binder.at_layer(wanted.layer, Pick(binder.channel(wanted.layer, wanted.index)), peak=True)


@scores(Logit)
def _logit(wanted: Logit, binder: Binder) -> BoundTerm:
    indices = binder.class_indices(wanted.name)
    return binder.at_class_scores(Pick(*indices) if len(indices) == 1 else AnyOf(indices))


@dataclass(frozen=True)
class AnyOf:
    """The log-sum-exp of some channels, a smooth maximum: the one that is nearest takes most of the gradient.

    Of logits it is, up to what all classes share, the logarithm of the channels' summed probability.
    """

    indices: tuple[int, ...]

    def __call__(self, cells: Tensor, window: Window) -> Tensor:
        return cells[:, self.indices].logsumexp(1)

    def slope(self, cells: Tensor) -> Tensor:
        """The gradient (N, C, h, w) at each position of the value there: the softmax of the channels."""
        seed = cells.new_zeros(cells.shape)
        seed[:, self.indices] = cells[:, self.indices].softmax(1)
        return seed


@dataclass(frozen=True)
class MeanOfChannels:
    """The mean of all channels."""

    def __call__(self, cells: Tensor, window: Window) -> Tensor:
        return cells.mean(1)

    def pull(self, counts: Tensor, cells: Tensor) -> Tensor:
        """See ``Linear``."""
        return counts.expand(cells.shape) / cells.shape[1]


@scores(Mean)
def _mean(wanted: Mean, binder: Binder) -> BoundTerm:
    return binder.at_layer(wanted.layer, MeanOfChannels())


@scores(Layer)
def _layer(wanted: Layer, binder: Binder) -> BoundTerm:
    return binder.at_layer(wanted.layer, mean_square, border=wanted.border)


def log_probability(indices: tuple[int, ...]) -> ScoreFunction:
    """The logarithm of the summed softmax of some classes over all, at each position."""
    if len(indices) == 1:
        return lambda cells, _: cells.log_softmax(1)[:, indices[0]]
    return lambda cells, _: cells.log_softmax(1)[:, indices].logsumexp(1)


@scores(LogProb)
def _logprob(wanted: LogProb, binder: Binder) -> BoundTerm:
    indices = binder.class_indices(wanted.name)
    if binder.term.region:
        raise UsageError(f'objective "{binder.term}": a probability has no region; drop the @')
    return binder.at_layer("logits", log_probability(indices))


def softmax_entropy(cells: Tensor, window: Window) -> Tensor:
    """The entropy of the softmax over all channels, in nats (Shannon 1948): from 0 to log C."""
    logs = cells.log_softmax(1)
    return -(logs.exp() * logs).sum(1)


@scores(Entropy)
def _entropy(wanted: Entropy, binder: Binder) -> BoundTerm:
    return binder.at_layer(wanted.layer, softmax_entropy)


def _towards(dot: Tensor, squares: Tensor, power: float) -> Tensor:
    """A dot product times its cosine to a power; ``squares`` are the lengths', squared."""
    return dot * (dot / squares.clamp_min(TINY).sqrt()).clamp_min(LEAST_COSINE) ** power


def along(vector: Tensor, power: float) -> ScoreFunction:
    """The dot product with a vector (C,) of unit length, times the cosine to a power (Olah et al. 2017)."""

    def score(cells: Tensor, window: Window) -> Tensor:
        dot = torch.einsum("nchw,c->nhw", cells, vector.to(cells))
        return _towards(dot, cells.square().sum(1), power) if power else dot

    return score


@scores(Direction)
def _direction(wanted: Direction, binder: Binder) -> BoundTerm:
    vector = torch.zeros(binder.net.channels_of(wanted.layer), dtype=torch.float64)
    for index, weight in wanted.weights:
        vector[binder.channel(wanted.layer, index)] = weight
    return binder.at_layer(wanted.layer, along(vector / vector.norm(), wanted.cosine))


def by_channels(features: Tensor) -> ScoreFunction:
    """The square of each channel weighted by its sum over features (C, M) (K. Crowson's deep_dream)."""
    weights = features.sum(1)
    weights = weights / weights.abs().sum().clamp_min(TINY)
    return lambda cells, _: torch.einsum("nchw,c->nhw", cells * cells, weights.to(cells))


def by_match(features: Tensor) -> ScoreFunction:
    """The dot product with the column of features (C, M) that fits best (Mordvintsev et al. 2015)."""

    def score(cells: Tensor, window: Window) -> Tensor:
        columns = features.to(cells)
        flat = cells.detach().flatten(2).transpose(1, 2).reshape(-1, cells.shape[1])  # (N h w, C)
        rows = max(1, MATCH_CELLS // columns.shape[1])
        best = torch.cat([(part @ columns).argmax(1) for part in torch.split(flat, rows)])
        wanted = columns.t()[best].view(cells.shape[0], *cells.shape[2:], -1).permute(0, 3, 1, 2)
        return (cells * wanted).sum(1)

    return score


@scores(Guide)
def _guide(wanted: Guide, binder: Binder) -> BoundTerm:
    features = binder.features(wanted.file, wanted.layer)[0].flatten(1)  # (C, M)
    likeness = by_channels if wanted.how == "channels" else by_match
    return binder.at_layer(wanted.layer, likeness(features))


@dataclass(frozen=True)
class PictureFeatures:
    """Features (1, C, h, w) of a picture, at whatever size a map has."""

    features: Tensor
    _sized: dict[tuple[object, ...], Tensor] = field(default_factory=dict)

    def at(self, cells: Tensor, window: Window) -> Tensor:
        """The features where the cells lie, (1, C, h, w); resampled where the map has another size."""
        size = (window.height, window.width)
        key = (*size, cells.dtype, cells.device)
        if key not in self._sized:
            features = self.features.to(cells)
            same = features.shape[2:] == size
            self._sized[key] = features if same else F.interpolate(features, size, mode="bilinear")
        return window.cut(self._sized[key])


def exaggerated(features: Tensor, power: float) -> ScoreFunction:
    """A caricature: see ``objective.Caricature`` (Olah et al. 2018)."""
    target = PictureFeatures(features / features.square().sum(1).mean().sqrt().clamp_min(TINY))

    def score(cells: Tensor, window: Window) -> Tensor:
        wanted = target.at(cells, window)
        dot = (cells * wanted).sum(1)
        if not power:
            return dot
        return _towards(dot, cells.square().sum(1) * wanted.square().sum(1), power)

    return score


@scores(Caricature)
def _caricature(wanted: Caricature, binder: Binder) -> BoundTerm:
    features = binder.features(wanted.file, wanted.layer, binder.size)
    return binder.at_layer(wanted.layer, exaggerated(features, wanted.cosine))


def remembered(features: Tensor) -> ScoreFunction:
    """Minus the square distance from features over their mean square length (Mahendran & Vedaldi 2015)."""
    target = PictureFeatures(features)
    size = features.square().sum(1).mean().clamp_min(TINY)
    return lambda cells, window: -(cells - target.at(cells, window)).square().sum(1) / size.to(cells)


@scores(Inversion)
def _inversion(wanted: Inversion, binder: Binder) -> BoundTerm:
    return binder.at_layer(wanted.layer, remembered(binder.features(wanted.file, wanted.layer, binder.size)))
