"""The seam: d(score)/d(picture), in bounded memory. Above it canvases and loops, below it engines.

Nothing here knows what an objective is: see ``gradient.reading`` for what a bound one has to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.engine.check import check_shown
from reverie.engine.engine import Engine
from reverie.engine.not_finite import complaint
from reverie.errors import ReverieError, UsageError
from reverie.gradient.attention import Attention, Sums, cells_in_view, reads_deviations
from reverie.gradient.cells import Window, as_map
from reverie.gradient.reading import (
    AnyReading,
    BoundObjectiveLike,
    PictureTerm,
    Reading,
    WholeReading,
    read_by,
)
from reverie.gradient.tiles import Tile, Tiling
from reverie.gradient.view import Pictured, View
from reverie.ops.finite import is_finite
from reverie.process.notices import warn

TINY = 1e-20
#: The field that all gradients at layers are weighed by; no mask of a user bears such a name.
EMPHASIS = "\0emphasis"
#: Terms that read the picture itself are computed on strips of about so many pixels.
STRIP = 1 << 18
Fields = Mapping[str, Tensor]


def picture_gradient(
    engine: Engine,
    goal: BoundObjectiveLike,
    picture: Pictured,
    *,
    fields: Fields | None = None,
    tiling: Tiling | None = None,
    roll: tuple[int, int] = (0, 0),
    margin: int = 0,
    out: Tensor | None = None,
    attention: Attention | None = None,
) -> tuple[Tensor, Tensor]:
    """The score and its gradient at the picture, each item of the batch on its own.

    Beside the picture and its gradient nothing of their size is held, but where terms are balanced: then one
    gradient for each term.

    Args:
        engine: Computes activations and pulls seeds back.
        goal: A bound objective.
        picture: (N, C, H, W) in [0, 1]: a tensor, or what gives rectangles of one when asked for them. A
            tensor (C, H, W) is one picture, whose score () and gradient (C, H, W) are returned.
        fields: The objective's masks at this size, (1, 1, H, W).
        tiling: Cut the picture into tiles; None does it whole.
        roll: Show the network the picture rolled downwards and to the right by so many pixels. The gradient
            is at the picture as it lies.
        margin: Show the network so many pixels of the other side beyond each edge.
        out: Where the gradient is written, of the picture's shape; made if missing.
        attention: Statistics of earlier looks at one picture, which gradients at layers are weighed by; this
            look's are taken up.

    Returns:
        score (N,), the weighted sum of the terms; gradient (N, C, H, W). With a balance the gradient is the
        balanced one, not the derivative of the score.

    Raises:
        UsageError: A picture that the network cannot take, or a layer or score that is not finite for want of
            a better objective.
        BadInput: Pixels that are not finite.
        NetworkError: Weights that are not finite, or a layer that overflows.
    """
    alone = isinstance(picture, Tensor) and picture.ndim == 3
    if isinstance(picture, Tensor):
        picture, out = (picture[None], None if out is None else out[None]) if alone else (picture, out)
        check_shown(picture, engine.net)
        if picture.dtype is torch.float64 and engine.net.dtype is not torch.float64:
            warn("picture: is of 64 bits, computed in fewer; net.to(dtype=torch.float64) computes in as many")
    if out is not None and out.shape != picture.shape:
        raise UsageError(f"out: has the shape {tuple(out.shape)}, and the picture {tuple(picture.shape)}")
    if margin < 0:
        raise UsageError(f"margin: {margin} is no number of pixels; give 0 or more")
    height, width = picture.shape[2:]
    if out is None:
        out = torch.empty(picture.shape, dtype=picture.dtype, device=picture.device)
    fields = goal.fields(height, width, out) if fields is None else fields
    view = View(picture, *roll, margin)
    terms = [term for group in goal.groups() for term in group]
    sums = attention.begin(tuple(term.text for term in terms)) if attention is not None else None
    groups = _groups(goal, attention)
    parts = [out, *(torch.empty_like(out) for _ in groups[1:])]
    score = out.new_zeros(out.shape[0])
    tiles: Sequence[Tile | None] = tiling.tiles(view.height, view.width) if tiling else (None,)
    # Memory is taken only where it is written: not every engine makes use of these.
    room, slopes = (view.room(*(tile.seen if tile else view.all for tile in tiles)) for _ in range(2))
    sight = _Sight(engine, goal, view, _emphasised(fields, attention), room, terms, attention, sums)
    norms = _seed_norms(sight, tiles) if goal.balance == "layers" else None
    at_once = tiling is None and margin == 0 and len(groups) > 0  # every pixel is written, and once
    for part in () if at_once else parts:
        part.zero_()
    for tile in tiles if groups else ():
        score = score + _add_tile(sight, groups, tile, norms, parts, slopes, at_once=at_once)
    balanced = goal.balance != "none" and len(terms) + len(goal.penalties) > 1
    shares = None
    if balanced and len(groups) + len(goal.penalties) > 1 and (attention is None or attention.shares is None):
        shares = [_share(group, fields) / _rms(part) for group, part in zip(groups, parts, strict=False)]
        for share, part in zip(shares, parts, strict=False):
            part.mul_(share)
    if attention is not None and sums is not None:
        each = [float(share.mean()) for share in shares] if shares and goal.balance == "octave" else None
        attention.end(sums, (height, width), roll, each)
    for part in parts[1:]:
        out += part
    for penalty in goal.penalties:
        score = score + _add_penalty(penalty, View(picture, *roll), out, balanced=balanced)
    if not (is_finite(score) and _is_moderate(out)):
        raise sight.complaint(tiles)
    return (score[0], out[0]) if alone else (score, out)


def _groups(goal: BoundObjectiveLike, attention: Attention | None) -> Sequence[Sequence[AnyReading]]:
    """An objective's groups; all in one where earlier looks have said what each term's share is."""
    groups = goal.groups()
    if attention is None or attention.shares is None or len(groups) < 2:
        return groups
    return [[term for group in groups for term in group]]


def _emphasised(fields: Fields, attention: Attention | None) -> Fields:
    """The masks, and what all terms are weighed by at each place."""
    emphasis = attention.emphasis() if attention is not None else None
    return fields if emphasis is None else {**fields, EMPHASIS: emphasis}


def _is_moderate(gradient: Tensor) -> bool:
    """Whether a gradient is finite and so is its length, by which it will be divided."""
    return is_finite(torch.linalg.vector_norm(gradient, dtype=_wide(gradient.dtype)))


def _wide(kind: torch.dtype) -> torch.dtype:
    """What sums of a kind of number are formed in."""
    return torch.float32 if kind in (torch.float16, torch.bfloat16) else kind


def _add_tile(
    sight: _Sight,
    groups: Sequence[Sequence[AnyReading]],
    tile: Tile | None,
    norms: Sequence[Tensor] | None,
    parts: Sequence[Tensor],
    slopes: Tensor,
    *,
    at_once: bool,
) -> Tensor:
    """Add a tile's gradient of each group to its part, (N, C, H, W); returns the tile's score (N,).

    ``at_once``: the tile is all, and parts hold nothing yet.
    """
    view, score = sight.view, sight.nought()
    box = tile.seen if tile else view.all
    activations = sight.activations(tile)
    for i, group in enumerate(groups):
        value, seeds = sight.seeds(group, activations, tile, norms)
        last, out = i == len(groups) - 1, view.of_room(slopes, box)
        gradient = sight.engine.backward(seeds, last=last, out=out)
        if at_once:
            view.put(parts[i], gradient)
        else:
            view.add(parts[i], gradient, box)
        score = score + value
    return score


@dataclass(frozen=True)
class _Sight:
    """What a bound objective sees of a view through an engine, a tile at a time."""

    engine: Engine
    goal: BoundObjectiveLike
    view: View
    fields: Fields
    room: Tensor  # for one tile's pixels
    terms: Sequence[AnyReading]
    attention: Attention | None = None
    sums: Sums | None = None
    _pooled: dict[tuple[str, int, int], Tensor] = field(default_factory=dict)

    def activations(self, tile: Tile | None) -> dict[str, Tensor]:
        """Of every layer that the objective reads, of a tile or of all."""
        box = tile.seen if tile else self.view.all
        return self.engine.forward(self.view.cut(box, self.room), self.goal.layers)

    def seeds(
        self,
        group: Sequence[AnyReading],
        activations: Mapping[str, Tensor],
        tile: Tile | None,
        norms: Sequence[Tensor] | None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Scores (N,) of a group of terms and the gradients at their layers."""
        score = self.nought()
        seeds: dict[str, Tensor] = {}
        for i, term in enumerate(group):
            value, slopes = self.slopes(term, activations, tile)
            for layer, seed in slopes.items():
                share = self._weighed(term, activations[layer], seed * term.weight, tile)
                if norms is not None:
                    share /= norms[i].view(-1, *[1] * (seed.ndim - 1))
                # Said of the first that is not finite. A GPU would be waited for: it is asked at the end.
                if share.device.type == "cpu" and not (is_finite(value) and is_finite(share)):
                    raise self.complaint([tile], [term])
                seeds[layer] = seeds[layer].add_(share) if layer in seeds else share
            score = score + term.weight * value.to(score)
        return score, seeds

    def _weighed(self, term: AnyReading, activation: Tensor, seed: Tensor, tile: Tile | None) -> Tensor:
        """A term's weighted gradient at its layer as earlier looks weigh it; what this one says is noted."""
        attention, sums = self.attention, self.sums
        if attention is None or sums is None:
            return seed
        place = next(k for k, one in enumerate(self.terms) if one is term)
        function = term.function
        if activation.ndim == 4:
            if (gain := attention.gain(place, activation.shape[1])) is not None:
                seed = seed * gain.to(seed)
            height, width = activation.shape[2:]
            window, _ = self._window(term, height, width, tile)
            if EMPHASIS in self.fields:
                emphasis = window.cut(self._mask(EMPHASIS, window.height, window.width))
                weighed = torch.zeros_like(seed)
                torch.mul(window.owned(seed), emphasis.to(seed), out=window.owned(weighed))
                seed = weighed
            cells = window.owned(activation)
            attention.note(sums, place, function, cells, seed)
            if attention.calm and reads_deviations(function) and term is self._watched():
                attention.watch(sums, function, cells, window)
        else:
            attention.note(sums, place, None, activation, seed)
        share = attention.share(place)
        return seed if share == 1 else seed * share

    def _watched(self) -> AnyReading | None:
        """The term whose layer says where something is seen: the first that reads it in deviations."""
        return next((term for term in self.terms if reads_deviations(term.function)), None)

    def complaint(
        self, tiles: Sequence[Tile | None], terms: Sequence[AnyReading] | None = None
    ) -> ReverieError:
        """Why what came of some tiles and terms, or all of them, is not finite."""
        terms = [term for group in self.goal.groups() for term in group] if terms is None else terms
        layers = list(dict.fromkeys(name for term in terms for name in read_by(term)))
        named = ", ".join(dict.fromkeys(term.text for term in terms)) or "the objective"
        for tile in tiles:
            shown = self.view.cut(tile.seen if tile else self.view.all)
            found = complaint(self.engine, shown, layers, f'objective "{named}"')
            if not isinstance(found, UsageError):
                break
        return found

    def nought(self) -> Tensor:
        """A number for each item of the batch, (N,)."""
        picture = self.view.picture
        return torch.zeros(picture.shape[0], dtype=picture.dtype, device=picture.device)

    def slopes(
        self, term: AnyReading, activations: Mapping[str, Tensor], tile: Tile | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """A term's unweighted score (N,) and its gradient at each layer that it reads."""
        if isinstance(term, WholeReading):
            if tile is not None:
                raise UsageError(f"objective {term.text}: sees whole pictures; give no tiles")
            return term.slopes(activations)
        value, seed = self._slope(term, activations[term.layer], tile)
        return value, {term.layer: seed}

    def _slope(self, term: Reading, activation: Tensor, tile: Tile | None) -> tuple[Tensor, Tensor]:
        """A term's unweighted score (N,) and its gradient at its layer."""
        height, width = as_map(activation).shape[2:]
        window, mask = self._window(term, height, width, tile)
        if activation.ndim == 4:
            short = term.slope(activation, window, mask)
            if short is not None:
                return short
        return slope_by_autograd(term, activation, window, mask)

    def _window(
        self, term: AnyReading, height: int, width: int, tile: Tile | None
    ) -> tuple[Window, Tensor | None]:
        """Which cells of a term's map count, and the mask over them."""
        if tile is None:
            window = Window.whole(height, width)
        else:
            geometry = self.engine.net.geometry(term.layer)
            stride = geometry[0] if geometry else 1
            window = Window.of_tile(tile, height, width, stride, self.view.height, self.view.width)
        mask = None if term.mask is None else window.cut(self._mask(term.mask, window.height, window.width))
        return window, mask

    def _mask(self, name: str, height: int, width: int) -> Tensor:
        """A field as the view shows it, averaged over each cell of a map: made for one tile, then kept."""
        key = (name, height, width)
        if key not in self._pooled:
            self._pooled[key] = F.adaptive_avg_pool2d(self._viewed(name), (height, width))
        return self._pooled[key]

    def _viewed(self, name: str) -> Tensor:
        """A field as the view shows it, or of its cells where it has cells."""
        view, plane, attention = self.view, self.fields[name], self.attention
        if name == EMPHASIS and attention is not None and attention.cell > 1:
            size = int(view.picture.shape[2]), int(view.picture.shape[3])
            start = -view.margin - view.down, -view.margin - view.right
            return cells_in_view(plane, attention.cell, size, start, (view.height, view.width))
        rolled = View(plane, view.down, view.right, view.margin)
        return rolled.cut(rolled.all)


def slope_by_autograd(
    term: Reading, activation: Tensor, window: Window, mask: Tensor | None
) -> tuple[Tensor, Tensor]:
    """A term's score (N,) of an activation and its gradient there, where no shorter way is known."""
    leaf = activation.detach().requires_grad_(True)
    with torch.enable_grad():
        value = term.score(as_map(leaf), window, mask)
        (seed,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach(), seed


def _seed_norms(sight: _Sight, tiles: Sequence[Tile | None]) -> list[Tensor]:
    """The L2 norm (N,) of each term's gradient at its layer, over the whole picture (a pass of its own)."""
    terms = [term for group in sight.goal.groups() for term in group]
    squares = [sight.nought() for _ in terms]
    for tile in tiles if terms else ():
        activations = sight.activations(tile)
        for square, term in zip(squares, terms, strict=True):
            for seed in sight.slopes(term, activations, tile)[1].values():
                square += seed.flatten(1).square().sum(1).to(square)
    return [s.sqrt().clamp_min(TINY) for s in squares]


def _rms(gradient: Tensor) -> Tensor:
    """Root mean square of each item, (N, 1, 1, 1)."""
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=(1, 2, 3), keepdim=True)
    return norm.div(gradient[0].numel() ** 0.5).clamp_min(TINY)


def _share(group: Sequence[AnyReading], fields: Fields) -> float:
    """How strong a group's gradient shall be, as a root mean square, before all are added up."""
    share = sum(abs(term.weight) for term in group)
    mask = group[0].mask if len(group) == 1 else None
    # The same strength a pixel, however small the region.
    return share * float(fields[mask].square().mean().sqrt()) if mask else share


def _add_penalty(penalty: PictureTerm, view: View, out: Tensor, *, balanced: bool) -> Tensor:
    """Add a penalty's gradient, over its RMS where terms are balanced; returns its weighted score (N,)."""
    height, width = view.height, view.width
    rows = max(1, STRIP // width)
    score = out.new_zeros(out.shape[0])
    slope = torch.zeros_like(out) if balanced else out
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        box = (top, 0, min(height, bottom + 1), width)
        with torch.enable_grad():
            leaf = view.cut(box).detach().requires_grad_(True)
            value = penalty.piece(leaf, bottom - top, height)
            (part,) = torch.autograd.grad(value.sum(), leaf)
        score = score + penalty.weight * value.detach().to(score)
        view.add(slope, part if balanced else part * penalty.weight, box)
    if balanced:
        out += slope.mul_(penalty.weight / _rms(slope))
    return score
