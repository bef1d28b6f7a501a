"""An objective bound to a network: activations in, scores and seeds (gradients at the layers) out.

Every term is a weighted sum over the positions of one layer, ``score = sum_p w(p) f(a(p))``. The weights
carry the mean, a region's mask, a border that does not count and the tile that is being looked at, so tiles
and regions need nothing special anywhere else. ``tv`` and its like read the picture itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch.nn.functional as F
from torch import Tensor

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.network.network import Network
from reverie.process.notices import warn
from reverie.scoring import code, functions, pairwise, regularizers, standardised  # noqa: F401, they register their scores
from reverie.scoring.binder import Binder, Opener, Size, bound
from reverie.scoring.feature_statistics import FeatureStatistics
from reverie.scoring.terms import BoundCode, BoundTerm, Comparison, Penalty


@dataclass(frozen=True)
class BoundObjective:
    """What ``bind`` makes: terms at layers, penalties at the picture, and the masks they need.

    ``balance`` says how terms share the work: "none" as weighted; "layers" each term's gradient at its layer
    over its L2 norm (K. Crowson's deep_dream); "terms" each term's gradient at the picture over its RMS;
    "octave" the same as measured in an octave's first step, for one backward pass in all others.
    """

    terms: tuple[BoundTerm, ...]
    penalties: tuple[Penalty, ...]
    balance: str = "none"
    masks: Mapping[str, Tensor] = field(default_factory=dict)  # name -> (1, 1, H, W) in [0, 1]
    pairwise: tuple[Comparison, ...] = ()  # for portraits, see ``reverie.scoring.batch``
    priors: tuple[FeatureStatistics, ...] = ()  # for portraits too
    codes: tuple[BoundCode, ...] = ()  # functions of somebody's own, which see the whole picture

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that is read, each once."""
        terms: tuple[BoundTerm | Comparison, ...] = (*self.terms, *self.pairwise)
        names = [term.layer for term in terms]
        names += [name for one in self.codes for name in one.layers]
        names += [name for prior in self.priors for name in prior.layers]
        return tuple(dict.fromkeys(names))

    @property
    def texts(self) -> tuple[str, ...]:
        """What its terms are called, in words that parse back."""
        parts = self.terms, self.codes, self.pairwise, self.priors, self.penalties
        return tuple(dict.fromkeys(term.text for kind in parts for term in kind))

    def fields(self, height: int, width: int, like: Tensor) -> dict[str, Tensor]:
        """The masks at the size of a picture; they are rolled and cropped along with it."""
        return {
            name: F.interpolate(mask.to(like), size=(height, width), mode="area")
            if mask.shape[2] >= height
            else F.interpolate(mask.to(like), size=(height, width), mode="bilinear")
            for name, mask in self.masks.items()
        }

    def groups(self) -> list[tuple[BoundTerm | BoundCode, ...]]:
        """Terms whose gradients may be added at the layers; each group costs one backward pass."""
        terms: tuple[BoundTerm | BoundCode, ...] = (*self.terms, *self.codes)
        if self.balance in ("terms", "octave") and len(terms) > 1:
            return [(term,) for term in terms]
        return [terms] if terms else []


def bind(
    objective: ob.Objective,
    net: Network,
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
    terms: list[BoundTerm] = []
    penalties: list[Penalty] = []
    comparisons: list[Comparison] = []
    priors: list[Binder] = []
    masks: dict[str, Tensor] = {}
    codes: list[BoundCode] = []
    for term in objective.terms:
        binder = Binder(term, net, open_picture or _no_files, size, portrait)
        binder.check_region()
        if isinstance(term.quantity, ob.Unnatural):
            priors.append(binder)
            continue
        made = bound(binder)
        if isinstance(made, Penalty):
            penalties.append(made)
        elif isinstance(made, Comparison):
            comparisons.append(made)
        elif isinstance(made, BoundCode):
            codes.append(made)
        else:
            if term.region is not None and made.mask not in masks:
                masks[str(term.region)] = _mask(term.region, binder.open_picture)
            terms.append(made)
    layers = [t.layer for t in terms] + [t.layer for t in comparisons]
    statistics = _statistics(priors, net, [*layers, *(name for one in codes for name in one.layers)])
    return BoundObjective(
        tuple(terms), tuple(penalties), balance, masks, tuple(comparisons), statistics, tuple(codes)
    )


def _statistics(
    priors: Sequence[Binder], net: Network, layers: Sequence[str]
) -> tuple[FeatureStatistics, ...]:
    """The terms that hold features natural, as deep as these layers; none where nothing can."""
    for binder in priors:
        binder.check_portrait()
    if priors and not net.statistics:
        warn(
            f"network {net.name}: has no batch norms that remember natural pictures; portraits go "
            "without that prior",
            stacklevel=3,
        )
        return ()
    order = {name: place for place, name in enumerate(net.layers)}
    deepest = max((order[name] for name in layers), default=len(order))
    reached = tuple(s for s in net.statistics if order[s.layer] <= deepest)
    terms = [binder.term for binder in priors if reached]
    return tuple(FeatureStatistics(str(t.quantity), t.weight, reached) for t in terms)


def _no_files(name: str) -> Tensor:
    raise UsageError(f'objective: no way to open "{name}" was given; pass open_picture')


def _mask(region: ob.Region, opener: Opener) -> Tensor:
    grey = opener(region.file).mean(1, keepdim=True)
    return 1 - grey if region.inverse else grey
