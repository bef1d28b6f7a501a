"""What a dream's earlier looks say to the next: where the network sees something, and how much of what.

A dream looks at its picture once a step. Statistics that a step would need of the whole picture before it can
begin are those of the step before: then a picture in tiles needs no further pass, and comes to the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeGuard, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.gradient.cells import Window
from reverie.gradient.view import Box
from reverie.ops.filters import gaussian_kernel, low_pass, low_passed, separable

#: Sigma of the blur of where something is seen: in cells of the layer, then in pixels of the picture.
CELL_BLUR, PIXEL_BLUR = 0.7, 12.0
#: How much of the attention so far is kept in a step.
KEPT = 0.7
#: Gradients at a layer count so much where nothing is seen.
ELSEWHERE = 0.5
#: A channel's energy counts as at least this share of the mean one's.
FAINT = 0.1
TINY = 1e-20
#: The weight in the text of a term.
_WEIGHT = re.compile(r"-?(?:(\d[-+.\de]*)\*)?")
#: More terms than any objective has.
TERMS = 10_007


@runtime_checkable
class InDeviations(Protocol):
    """What a term's score function says if it reads activations in deviations from their mean."""

    @property
    def limits(self) -> tuple[float, float]:
        """From which mean square above the mean on something is seen at a cell, and from which on surely."""

    def height(self, cells: Tensor) -> Tensor:
        """Activations (N, C, h, w) in deviations from their mean."""

    def beyond(self, cells: Tensor) -> Tensor:
        """By how many deviations each is above the threshold, 0 below it."""


_KINDS: dict[type, bool] = {}


def reads_deviations(function: object) -> TypeGuard[InDeviations]:
    """Whether a score function is ``InDeviations``; asked of each kind once, for asking takes long."""
    kind = type(function)
    if kind not in _KINDS:
        _KINDS[kind] = isinstance(function, InDeviations)
    return _KINDS[kind]


@dataclass
class Sums:
    """What one look adds up, tile by tile."""

    norms: list[float]
    energy: list[Tensor | None]
    seen: Tensor | None = None  # (1, 1, h, w), the whole map of the layer that attention is paid to
    limits: tuple[float, float] = (0.0, 1.0)  # of that layer


@dataclass(frozen=True)
class Taste:
    """Channels that a seed likes more than others, drawn for each term.

    Attributes:
        strength: Deviation of the logarithms of how much each is liked.
        seed: Whose taste it is.
    """

    strength: float
    seed: int

    def of_term(self, term: int, channels: int) -> Tensor:
        """How much each channel of a term is liked, (C,), one on average."""
        generator = torch.Generator().manual_seed((self.seed * TERMS + term) % 2**63)
        liked = (self.strength * torch.randn(channels, generator=generator)).exp()
        return liked / liked.mean()


@dataclass
class Attention:
    """Running statistics of a dream's looks.

    Attributes:
        calm: How much less what stands nowhere out is dreamt on, 0 to 1.
        variety: The power by which channels that are strong all over the picture are held back, 0 to 1.
        map: (1, 1, H, W) in [0, 1], of the picture as it was looked at: where the network sees something;
            of its cells, where there are any.
        terms: What is climbed, as text, in the order of the following.
        energy: Of each term, (C,) the sum of squares of what stood out at the last look.
        norms: Of each term, the length of its gradient at its layer at the last look.
        shares: Of each term, what it is multiplied by over that length; None until an octave's first look.
        partners: The same of other networks that look along.
        kept: How much of the map so far is kept in a step, 0 to 1.
        taste: Which channels are liked more than others; None likes all alike.
        cell: Pixels to a side of a cell of the map. Of a still picture it has every pixel; of one that moves
            the map, which is smooth, is kept on cells: it is moved along with every frame.
    """

    calm: float = 0.0
    variety: float = 0.0
    map: Tensor | None = None
    terms: tuple[str, ...] = ()
    energy: list[Tensor | None] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    shares: list[float] | None = None
    partners: list[Attention] = field(default_factory=list)
    kept: float = KEPT
    taste: Taste | None = None
    cell: int = 1

    def of_partner(self, place: int) -> Attention:
        """That of another network that looks at the same picture."""
        while len(self.partners) <= place:
            self.partners.append(
                Attention(self.calm, self.variety, kept=self.kept, taste=self.taste, cell=self.cell)
            )
        return self.partners[place]

    def serves(self, calm: float, variety: float, taste: Taste | None = None) -> bool:
        """Whether it is kept for these settings."""
        return (self.calm, self.variety, self.taste) == (calm, variety, taste)

    def enter(self) -> None:
        """Begin an octave: what was seen at another size is seen anew, and shares are measured again."""
        self.map = self.shares = None
        for partner in self.partners:
            partner.enter()

    def keeps(self, kept: float) -> None:
        """Keep this much of the map in a step from now on."""
        self.kept = kept
        for partner in self.partners:
            partner.keeps(kept)

    def on_cells(self, cell: int) -> None:
        """Keep the map on cells of so many pixels from now on, where it has every pixel."""
        if self.cell == 1 and cell > 1:
            self.cell = cell
            if self.map is not None:
                self.map = F.avg_pool2d(self.map, cell, ceil_mode=True)
        for partner in self.partners:
            partner.on_cells(cell)

    def fit(self, size: tuple[int, int]) -> None:
        """Bring the map to a picture of this (height, width), if it was of another size."""
        sides = tuple(-(-side // self.cell) for side in size)
        if self.map is not None and self.map.shape[2:] != sides:
            self.map = F.interpolate(self.map, size=sides, mode="bilinear", align_corners=False)
        for partner in self.partners:
            partner.fit(size)

    def move(self, moved: Callable[[Tensor], Tensor]) -> None:
        """Move along with the picture: what becomes of a map (1, 1, H, W) is ``moved`` of it."""
        if self.map is not None:
            self.map = moved(self.map)
        for partner in self.partners:
            partner.move(moved)

    def cropped(self, box: Box) -> Attention:
        """That of a rectangle of the picture, whose sides are cut where cells are."""
        top, left, bottom, right = (-(-side // self.cell) for side in box)
        seen = None if self.map is None else self.map[:, :, top:bottom, left:right].contiguous()
        return replace(self, map=seen, partners=[one.cropped(box) for one in self.partners])

    def paste(self, part: Attention, box: Box) -> None:
        """Take over where something is seen in such a rectangle; what is said of terms stays."""
        top, left, bottom, right = (-(-side // self.cell) for side in box)
        if self.map is not None and part.map is not None:
            self.map = self.map.clone()
            self.map[:, :, top:bottom, left:right] = part.map
        for mine, theirs in zip(self.partners, part.partners, strict=False):
            mine.paste(theirs, box)

    def begin(self, terms: tuple[str, ...]) -> Sums:
        """What the next look is to add up, for these terms; what was said of others says nothing of them."""
        if self.terms != terms:
            self._go_on_with(terms)
        return Sums([0.0] * len(terms), [None] * len(terms))

    def _go_on_with(self, terms: tuple[str, ...]) -> None:
        """Take over what was said of terms that stay, whatever their weights: scenes go over into others so.

        A term's share and the length of its gradient are as its weight is. Where terms come, shares are
        measured anew; the map stays where terms only come, or only go.
        """
        before, now = _weights(self.terms), _weights(terms)
        places = {name: place for place, name in enumerate(before)}
        grows = {name: now[name] / before[name] for name in now if before.get(name)}
        energy, norms, shares = self.energy, self.norms, self.shares
        self.terms = terms
        self.energy = [energy[places[name]] if name in places else None for name in now]
        self.norms = [norms[places[name]] * grows[name] if name in grows else 0.0 for name in now]
        known = shares is not None and len(grows) == len(now)
        self.shares = [shares[places[name]] * grows[name] for name in now] if shares and known else None
        if not (before.keys() <= now.keys() or now.keys() <= before.keys()):
            self.map = None

    def emphasis(self) -> Tensor | None:
        """What gradients at layers are multiplied by, of the shape of the map; None is 1 everywhere."""
        if self.map is None or not self.calm:
            return None
        least = 1 - (1 - ELSEWHERE) * self.calm
        return least + (1 - least) * self.map

    def gain(self, term: int, channels: int) -> Tensor | None:
        """What each channel of a term's gradient is multiplied by, (1, C, 1, 1); None is 1 for all."""
        energy, gain = self.energy[term], None
        if energy is not None and self.variety:
            strong = energy + FAINT * energy.mean()
            gain = strong.clamp_min(TINY).pow(-self.variety)
            gain = gain / gain.mean()
        if self.taste is not None:
            liked = self.taste.of_term(term, channels)
            gain = liked if gain is None else gain * liked.to(gain)
        return None if gain is None else gain.view(1, -1, 1, 1)

    def share(self, term: int) -> float:
        """What a term's gradient at its layer is multiplied by."""
        return self.shares[term] / max(self.norms[term], TINY) if self.shares is not None else 1.0

    def note(self, sums: Sums, term: int, function: object, cells: Tensor, seed: Tensor) -> None:
        """Add up what one tile says of a term: its counted cells (N, C, h, w), and its gradient there."""
        sums.norms[term] += float(torch.linalg.vector_norm(seed)) ** 2
        if self.variety and reads_deviations(function):
            energy = function.beyond(cells).square_().sum((0, 2, 3))
            before = sums.energy[term]
            sums.energy[term] = energy if before is None else before + energy

    def watch(self, sums: Sums, function: InDeviations, cells: Tensor, window: Window) -> None:
        """Add what one tile sees: the mean square of what is above the mean, at each cell."""
        seen = function.height(cells).relu_().square_().mean(1, keepdim=True)
        if sums.seen is None:
            sums.seen, sums.limits = cells.new_zeros(1, 1, window.height, window.width), function.limits
        window.cut(sums.seen).copy_(seen[:1])

    def end(
        self, sums: Sums, size: tuple[int, int], roll: tuple[int, int], shares: Sequence[float] | None
    ) -> None:
        """Take up what a look at a picture of this (height, width) added up, under a roll.

        ``shares`` are what each term's gradient was multiplied by at the picture, where that was measured.
        """
        self.norms = [square**0.5 for square in sums.norms]
        if shares is not None:
            self.shares = [share * norm for share, norm in zip(shares, self.norms, strict=True)]
        self.energy = sums.energy
        if sums.seen is not None:
            found = attention_map(sums.seen, sums.limits, size, roll, self.cell)
            same = self.map is not None and self.map.shape == found.shape
            self.map = torch.lerp(found, self.map, self.kept) if same and self.map is not None else found

    def flip(self) -> None:
        """Turn it left to right, as the picture is."""
        if self.map is not None:
            self.map = self.map.flip(3)

    def state_dict(self) -> dict[str, Any]:
        """What has to be kept to go on later, as tensors and numbers."""
        return {
            "map": self.map,
            "terms": self.terms,
            "energy": list(self.energy),
            "norms": list(self.norms),
            "shares": self.shares,
            "partners": [partner.state_dict() for partner in self.partners],
        }

    def load_state_dict(self, kept: dict[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""
        self.map, self.shares = kept["map"], kept["shares"]
        self.terms, self.energy, self.norms = tuple(kept["terms"]), list(kept["energy"]), list(kept["norms"])
        for place, theirs in enumerate(kept["partners"]):
            self.of_partner(place).load_state_dict(theirs)


def _weights(terms: tuple[str, ...]) -> dict[tuple[str, int], float]:
    """The size of each term's weight by what it reads, and by the how manieth it is that reads that."""
    found: dict[tuple[str, int], float] = {}
    counts: Counter[str] = Counter()
    for text in terms:
        said = _WEIGHT.match(text)
        name = text[said.end() :] if said else text
        found[name, counts[name]] = abs(float(said[1] or 1)) if said else 1.0
        counts[name] += 1
    return found


def attention_map(
    seen: Tensor,
    limits: tuple[float, float],
    size: tuple[int, int],
    roll: tuple[int, int] = (0, 0),
    cell: int = 1,
) -> Tensor:
    """Where the network sees something, (1, 1, H, W) in [0, 1] for a (height, width).

    Args:
        seen: (1, 1, h, w), the mean square of what is above the mean at each cell of a layer.
        limits: From which on something is seen, and from which on for certain.
        size: Of the picture.
        roll: By how many pixels the picture was rolled downwards and to the right; the map is as it lies.
        cell: Of more than one pixel, the map is of the picture's cells of so many pixels a side.
    """
    enough = min(seen.shape[2:]) > 3  # of fewer cells there is no other side
    smooth = separable(seen, gaussian_kernel(CELL_BLUR, 3), circular=enough)
    way = ((smooth - limits[0]) / (limits[1] - limits[0])).clamp_(0, 1)
    certain = way * way * (3 - 2 * way)
    if cell > 1:
        return _on_cells(certain, size, roll, cell)
    large = F.interpolate(certain, size=size, mode="bilinear", align_corners=False)
    return low_pass(torch.roll(large, (-roll[0], -roll[1]), (2, 3)), PIXEL_BLUR).clamp_(0, 1)


def _on_cells(certain: Tensor, size: tuple[int, int], roll: tuple[int, int], cell: int) -> Tensor:
    """The same of the picture's cells: each looks linearly at the layer's where its middle is."""
    for axis in (0, 1):
        pixels, given = size[axis], certain.shape[2 + axis]
        middle = (torch.arange(-(-pixels // cell)) + 0.5) * cell
        place = (middle + roll[axis]).remainder(pixels) * (given / pixels) - 0.5
        certain = seen_linearly(certain, 2 + axis, place.clamp_(0, given - 1))
    sigma = PIXEL_BLUR / cell
    return low_passed(certain, sigma).clamp_(0, 1)


def cells_in_view(
    cells: Tensor, cell: int, size: tuple[int, int], start: tuple[int, int], seen: tuple[int, int]
) -> Tensor:
    """A map on cells as a view shows it: rolled, and continued circularly.

    Args:
        cells: (1, 1, h, w), of a picture's cells.
        cell: How many pixels a side they have.
        size: Height and width of the picture.
        start: The row and column of the picture that the view begins with; may lie outside.
        seen: Height and width of the view.

    Returns:
        The view's cells of as many pixels.
    """
    for axis, pixels in enumerate(size):
        middle = (torch.arange(-(-seen[axis] // cell)) + 0.5) * cell
        place = (middle + start[axis]).remainder(pixels) / cell - 0.5
        cells = seen_linearly(cells, 2 + axis, place, wrap=True)
    return cells


def seen_linearly(planes: Tensor, axis: int, places: Tensor, *, wrap: bool = False) -> Tensor:
    """Planes looked at linearly at places along an axis; the last is followed by the first if they wrap."""
    size = planes.shape[axis]
    first = places.floor()
    share = (places - first).to(planes).view(-1, *[1] * (planes.ndim - 1 - axis))
    before = first.long()
    after = (before + 1) % size if wrap else (before + 1).clamp_max(size - 1)
    before = before % size if wrap else before.clamp(0, size - 1)
    here, there = (planes.index_select(axis, at.to(planes.device)) for at in (before, after))
    return torch.lerp(here, there, share)
