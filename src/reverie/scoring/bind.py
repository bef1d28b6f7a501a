"""An objective bound to a network: activations in, scores and seeds (gradients at the layers) out.

Every term is a weighted sum over the positions of one layer, ``score = sum_p w(p) f(a(p))``. The weights
carry the mean, a region's mask, a border that does not count and the tile that is being looked at, so tiles
and regions need nothing special anywhere else. ``tv`` and its like read the picture itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie import objective as ob
from reverie.errors import ReverieWarning, UsageError
from reverie.gradient.cells import as_map
from reverie.network.network import Net
from reverie.scoring import functions, pairwise
from reverie.scoring.feature_statistics import FeatureStatistics
from reverie.scoring.functions import ScoreFunction
from reverie.scoring.regularizers import (
    OfRows,
    alpha_norm,
    distance_from_grey,
    total_variation,
    total_variation_to,
)
from reverie.scoring.terms import BoundTerm, Comparison, Penalty, Place

__all__ = [
    "BoundObjective",
    "BoundTerm",
    "Comparison",
    "Penalty",
    "Place",
    "bind",
    "covering",
    "distance_from_grey",
    "total_variation",
]

#: The longest side at which a guide picture is shown to the network, in pixels.
GUIDE_SIDE = 448
Opener = Callable[[str], Tensor]
Size = tuple[int, int]  # width, height


@dataclass(frozen=True)
class BoundObjective:
    """What ``bind`` makes: terms at layers, penalties at the picture, and the masks they need.

    ``balance`` says how terms share the work: "none" as weighted; "layers" each term's gradient at its layer
    over its L2 norm (K. Crowson's deep_dream); "terms" each term's gradient at the picture over its RMS.
    """

    terms: tuple[BoundTerm, ...]
    penalties: tuple[Penalty, ...]
    balance: str = "none"
    masks: Mapping[str, Tensor] = field(default_factory=dict)  # name -> (1, 1, H, W) in [0, 1]
    pairwise: tuple[Comparison, ...] = ()  # for portraits, see ``reverie.scoring.batch``
    priors: tuple[FeatureStatistics, ...] = ()  # for portraits too

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that is read, each once."""
        terms: tuple[BoundTerm | Comparison, ...] = (*self.terms, *self.pairwise)
        names = [term.layer for term in terms] + [name for one in self.priors for name in one.layers]
        return tuple(dict.fromkeys(names))

    def fields(self, height: int, width: int, like: Tensor) -> dict[str, Tensor]:
        """The masks at the size of a picture; they are rolled and cropped along with it."""
        return {
            name: F.interpolate(mask.to(like), size=(height, width), mode="area")
            if mask.shape[2] >= height
            else F.interpolate(mask.to(like), size=(height, width), mode="bilinear")
            for name, mask in self.masks.items()
        }

    def groups(self) -> list[tuple[BoundTerm, ...]]:
        """Terms whose gradients may be added at the layers; each group costs one backward pass."""
        if self.balance == "terms" and len(self.terms) > 1:
            return [(term,) for term in self.terms]
        return [self.terms] if self.terms else []


def bind(
    objective: ob.Objective,
    net: Net,
    *,
    balance: str = "none",
    open_picture: Opener | None = None,
    size: Size | None = None,
    portrait: bool = False,
) -> BoundObjective:
    """Resolve an objective's names against a network and compute what it needs once (guide features).

    Args:
        objective: The value to bind.
        net: The network; layers, channels and classes are looked up in it.
        balance: See ``BoundObjective``.
        open_picture: Gives the picture of a file name as (1, C, H, W) in [0, 1], for guides and masks.
        size: (width, height) in pixels of what the network will be shown, at which ``invert`` and
            ``caricature`` look at their pictures; without it they look at them as guides are looked at, and
            resample the features.
        portrait: For a ``BatchObjective``, whose items are seen whole and beside each other: ``peak``,
            ``diversity`` and ``alignment`` are possible, regions are not, and classes are read from the
            logits.

    Raises:
        UsageError: An unknown layer or class, a channel out of range, a region where there is no map, or a
            term that only portraits have.
    """
    binder = _Binder(net, open_picture or _no_files, size, portrait)
    terms: list[BoundTerm] = []
    penalties: list[Penalty] = []
    comparisons: list[Comparison] = []
    priors: list[ob.Term] = []
    masks: dict[str, Tensor] = {}
    for term in objective.terms:
        if isinstance(term.quantity, ob.AtPicture):
            penalties.append(Penalty(str(term.quantity), term.weight, _of_rows(term.quantity)))
        elif isinstance(term.quantity, ob.Pairwise):
            comparisons.append(binder.comparison(term, term.quantity))
        elif isinstance(term.quantity, ob.Unnatural):
            priors.append(term)
        else:
            bound = binder.term(term)
            if term.region is not None and bound.mask not in masks:
                masks[str(term.region)] = _mask(term.region, binder.opener)
            terms.append(bound)
    layers = [t.layer for t in terms] + [t.layer for t in comparisons]
    statistics = binder.statistics(priors, layers)
    return BoundObjective(tuple(terms), tuple(penalties), balance, masks, tuple(comparisons), statistics)


def covering(picture: Tensor, size: Size) -> Tensor:
    """The middle of a picture (1, C, H, W), scaled so that it just covers (width, height)."""
    width, height = size
    scale = max(width / picture.shape[3], height / picture.shape[2])
    whole = max(height, round(picture.shape[2] * scale)), max(width, round(picture.shape[3] * scale))
    if picture.shape[2:] != whole:
        picture = F.interpolate(picture, size=whole, mode="bilinear", antialias=True)
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    return picture[:, :, top : top + height, left : left + width]


def _no_files(name: str) -> Tensor:
    raise UsageError(f'objective: no way to open "{name}" was given; pass open_picture')


def _mask(region: ob.Region, opener: Opener) -> Tensor:
    grey = opener(region.file).mean(1, keepdim=True)
    return 1 - grey if region.inverse else grey


def _of_rows(quantity: ob.AtPicture) -> OfRows:
    if isinstance(quantity, ob.TotalVariation):
        return total_variation_to(quantity.power)
    if isinstance(quantity, ob.L2):
        return distance_from_grey
    if isinstance(quantity, ob.Alpha):
        return alpha_norm(quantity.power)
    raise TypeError(f"no way to bind {type(quantity).__name__}")


def _checked(index: int, channels: int, layer: str) -> int:
    if not 0 <= index < channels:
        raise UsageError(f"channel {index}: {layer} has channels 0 to {channels - 1}")
    return index


@dataclass(frozen=True)
class _Binder:
    """Where names are looked up."""

    net: Net
    opener: Opener
    size: Size | None
    portrait: bool

    def term(self, term: ob.Term) -> BoundTerm:
        quantity = term.quantity
        region = str(term.region) if term.region else None
        if region and self.portrait:
            raise UsageError(f'objective "{term}": a portrait has no regions; drop the @')
        if isinstance(quantity, ob.OfClass):
            return self._of_class(term, quantity, region)
        if not isinstance(quantity, ob.AtLayer):
            raise TypeError(f"no way to bind {type(quantity).__name__}")
        layer = self.net.layer(quantity.layer).name
        function = self._function(quantity, layer)
        if isinstance(quantity, ob.Peak):
            self._only_portraits(term)
        if region and self.net.geometry(layer) is None:
            raise UsageError(f'objective "{term}": layer {layer} has no map, so no region of it; drop @')
        return BoundTerm(
            str(term),
            term.weight,
            layer,
            function,
            region,
            border=quantity.border if isinstance(quantity, ob.Layer) else 0,
            place=Place(quantity.x, quantity.y, quantity.cell) if isinstance(quantity, ob.Neuron) else None,
            peak=isinstance(quantity, ob.Peak),
        )

    def comparison(self, term: ob.Term, quantity: ob.Pairwise) -> Comparison:
        self._only_portraits(term)
        layer = self.net.layer(quantity.layer).name
        of_maps = pairwise.diversity if isinstance(quantity, ob.Diversity) else pairwise.alignment
        return Comparison(str(term), term.weight, layer, str(quantity), of_maps)

    def statistics(self, priors: Sequence[ob.Term], layers: Sequence[str]) -> tuple[FeatureStatistics, ...]:
        """The terms that hold features natural, as deep as these layers; none where nothing can."""
        net = self.net
        for term in priors:
            self._only_portraits(term)
        if priors and not net.statistics:
            warnings.warn(
                f"network {net.name}: has no batch norms that remember natural pictures; portraits go "
                "without that prior",
                ReverieWarning,
                stacklevel=3,
            )
            return ()
        order = {name: place for place, name in enumerate(net.layers)}
        deepest = max((order[name] for name in layers), default=len(order))
        reached = tuple(s for s in net.statistics if order[s.layer] <= deepest)
        return tuple(FeatureStatistics(str(t.quantity), t.weight, reached) for t in priors if reached)

    def _only_portraits(self, term: ob.Term) -> None:
        if not self.portrait:
            raise UsageError(f'objective "{term}": only portraits have it; drop it here')

    def _function(self, quantity: ob.AtLayer, layer: str) -> ScoreFunction:
        channels = self.net.channels_of(layer)
        if isinstance(quantity, ob.Layer):
            return functions.mean_square
        if isinstance(quantity, ob.Mean):
            return functions.MeanOfChannels()
        if isinstance(quantity, ob.Channel | ob.Neuron | ob.Peak):
            return functions.Pick(_checked(quantity.index, channels, layer))
        if isinstance(quantity, ob.Direction):
            vector = torch.zeros(channels, dtype=torch.float64)
            for index, weight in quantity.weights:
                vector[_checked(index, channels, quantity.layer)] = weight
            return functions.along(vector / vector.norm(), quantity.cosine)
        if isinstance(quantity, ob.Guide):
            features = self._features(quantity.file, layer, None)[0].flatten(1)  # (C, M)
            fits = functions.by_channels if quantity.how == "channels" else functions.by_match
            return fits(features)
        if isinstance(quantity, ob.Caricature):
            return functions.exaggerated(self._features(quantity.file, layer, self.size), quantity.cosine)
        if isinstance(quantity, ob.Inversion):
            return functions.remembered(self._features(quantity.file, layer, self.size))
        raise TypeError(f"no way to bind {type(quantity).__name__}")

    def _of_class(self, term: ob.Term, quantity: ob.OfClass, region: str | None) -> BoundTerm:
        net = self.net
        if net.classes is not None:
            index = net.classes.lookup(quantity.name)
        elif quantity.name.isdigit():
            index = _checked(int(quantity.name), net.channels_of("logits"), "logits")
        else:
            raise UsageError(
                f'class "{quantity.name}": network {net.name} has no class names; give the index'
            )
        if isinstance(quantity, ob.LogProb):
            if region:
                raise UsageError(f'objective "{term}": a probability has no region; drop the @')
            layer = net.layer("logits").name
            return BoundTerm(str(term), term.weight, layer, functions.log_probability(index))
        if region and net.class_map is None:
            raise UsageError(f'objective "{term}": network {net.name} has no class map; drop the @')
        # The map's mean is the logits: it can be cut into tiles, which a portrait needs not.
        layer = "logits" if self.portrait and "logits" in net.layers else net.class_map or "logits"
        return BoundTerm(str(term), term.weight, layer, functions.Pick(index), region)

    def _features(self, file: str, layer: str, size: Size | None) -> Tensor:
        """What the layer says of a picture, (1, C, h, w): at a size, or as large as it is up to a limit."""
        picture = self.opener(file)
        scale = GUIDE_SIDE / max(picture.shape[2:])
        if size is not None:
            picture = covering(picture, size)
        elif scale < 1:
            smaller = [max(self.net.min_size, round(s * scale)) for s in picture.shape[2:]]
            picture = F.interpolate(picture, size=smaller, mode="bilinear", antialias=True)
        with torch.no_grad():
            return as_map(self.net.forward(picture.to(self.net.device), [layer])[layer])
