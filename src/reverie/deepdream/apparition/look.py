"""How the network looks at sites: views about each of them, drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.ascent.session import Session
from reverie.deepdream.apparition.find import Site
from reverie.ops.transform.view import Noise, SampledView
from reverie.portrait.views import Views
from reverie.recipe.sites import Sites
from reverie.scoring.batch import BatchObjective


def draw_views(
    rng: torch.Generator,
    sites: Sequence[Site],
    settings: Sites,
    size: tuple[int, int],
    step: int,
) -> list[SampledView]:
    """Views of one objective's sites in a picture of a (width, height).

    Each site has one, as far as they go; those that are left over go round from step to step.
    """
    return [_view(rng, sites[k], settings, size) for k in turns(len(sites), settings.views, step)]


def turns(sites: int, views: int, step: int) -> list[int]:
    """Which site each view of a step is of."""
    if sites > views:
        return [(step * views + j) % sites for j in range(views)]
    left = views - sites
    return [*range(sites), *((step * left + j) % sites for j in range(left))]


def _view(rng: torch.Generator, site: Site, settings: Sites, size: tuple[int, int]) -> SampledView:
    """A view about a site: shifted, larger or smaller, turned, mirrored or not, and noisy."""
    zoom, right, down, turn, mirror, noise, seed = torch.rand(7, generator=rng, dtype=torch.float64).tolist()
    x, y, side = site.pixels(size)
    least, most = settings.zoom
    length = side * least * (most / least) ** zoom
    x += settings.shift * side * (2 * right - 1)
    y += settings.shift * side * (2 * down - 1)
    view = SampledView((float(size[0]), float(size[1])), fill="reflect")
    view = view.moved(x - length / 2, y - length / 2, (length, length))
    angle = math.radians(settings.turn) * (2 * turn - 1)
    view = view.turned(math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle))
    if mirror < 0.5:
        view = view.turned(-1.0, 0.0, 0.0, 1.0)
    return view.touched(Noise(settings.noise * noise, uniform=False, seed=int(seed * 2**53)))


@dataclass(frozen=True)
class SiteViews:
    """What the network is shown in one step of N drafts of a picture.

    ``pictures`` (N, C, H, W) are the drafts, ``drawn`` the views of each, all objectives' first views first;
    ``side`` is a view's in pixels. ``scores`` has each draft's once the gradient is there.
    """

    pictures: Tensor
    drawn: Sequence[Sequence[SampledView]]
    side: int
    scores: list[float]

    def gradient(self, session: Session, goal: BatchObjective) -> tuple[tuple[float, ...], Tensor]:
        """The best draft's score, a mean over objectives and views, and the gradient (N, C, H, W)."""
        count = len(self.pictures)
        targets = len(goal) // count
        seen = Views(self.pictures, self.drawn, (self.side, self.side), targets=targets)
        found, gradient = seen.gradient(session, goal)
        self.scores[:] = torch.tensor(found, dtype=torch.float64).view(targets, count).mean(0).tolist()
        return (max(self.scores),), gradient
