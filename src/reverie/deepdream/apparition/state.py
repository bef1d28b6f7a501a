"""The state of a dream at sites: drafts over one photograph, of which the best is finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from reverie.ascent.octaves import Octave, octave_sizes, octaves, pick
from reverie.ascent.session import Session
from reverie.ascent.start import prepare
from reverie.ascent.tensors import as_tensor
from reverie.canvas.base import CanvasSetup
from reverie.canvas.detail import DetailCanvas, bent
from reverie.canvas.fourier_detail import FourierDetail
from reverie.canvas.window import melted, window
from reverie.deepdream.apparition.find import Site, sites_in
from reverie.deepdream.apparition.look import SiteViews, draw_views
from reverie.deepdream.spared import free_of_faces
from reverie.deepdream.state import Origin, as_picture
from reverie.media.picture import Picture
from reverie.media.picture.picture import no_larger
from reverie.native.runtime import Runtime, computes
from reverie.ops.colour import keep_colour
from reverie.ops.filters import resize
from reverie.ops.opponent import shrunk
from reverie.portrait.optimisers import Adam, rate_at
from reverie.recipe.recipe import Recipe
from reverie.recipe.sites import Sites
from reverie.scoring.batch import BatchObjective

#: At strength 0.5 what is dreamt moves the picture by this where windows are open (RMS, 0..1) ...
REACH = 0.25
#: ... but by no more than this many of the picture's own standard deviations, so that fog stays fog.
REACH_OF_STD = 4.0
#: Share of the movement that may be used up at once, and how soon all of it.
AT_ONCE, SOON = 0.5, 0.75
#: What a draft's running score keeps of itself at a step.
REMEMBERED = 0.9


class ApparitionState:
    """Drafts, their generators and optimiser, and the sites. ``octave`` and ``step`` are the next to do.

    The picture is ground + bend(window * detail), the ground the photograph, melted where the window is open.
    ``runtime`` is as of a dream's ``State``.
    """

    def __init__(
        self,
        recipe: Recipe,
        source: Tensor,
        mask: Tensor | None,
        rngs: Sequence[torch.Generator],
        origin: Picture | None = None,
        *,
        runtime: Runtime | None = None,
    ) -> None:
        self.runtime = runtime or Runtime.here()
        self.source, self.mask = source, mask
        self.free: Tensor | None = None  # of faces, where they are spared
        self.rngs = list(rngs)
        self.origin = Origin.of(origin)
        self.octave = self.step = 0
        self.sites: dict[str, list[Site]] = {}  # by the text of all objectives that they are for
        self.scores: list[float] = []
        settings = sites_of(recipe)
        setup = CanvasSetup(self._work_size(settings), source.shape[1], self.rngs, source.device)
        names = ("falloff", "colour_falloff", "largest", "saturation")
        self.canvas = FourierDetail(setup, **{name: getattr(settings, name) for name in names})
        self.reach = min(REACH, REACH_OF_STD * float(source.std((2, 3)).mean()))
        self._optimiser: Adam | None = None
        self._shown: Tensor | None = None
        self._look: SiteViews | None = None
        self._moved = 0.0
        self._planes: tuple[Any, ...] = ()

    @staticmethod
    def begin(recipe: Recipe, picture: Picture | Tensor | None, session: Session) -> ApparitionState:
        """The state before the first step: the source prepared, the mask opened, generators seeded."""
        drafts = sites_of(recipe).drafts
        rngs = [torch.Generator().manual_seed((recipe.seed * drafts + i) % 2**63) for i in range(drafts)]
        given = None if picture is None else as_tensor(picture)
        with session.runtime.use():
            source = prepare(recipe, given, rngs[0], session.net.channels).to(session.device)
            mask = session.open_tensor(recipe.mask).mean(1, keepdim=True) if recipe.mask else None
            origin = picture if isinstance(picture, Picture) else None
            return ApparitionState(recipe, source.clamp(0, 1), mask, rngs, origin, runtime=session.runtime)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later, as plain tensors, numbers and texts."""
        return {
            "source": self.source,
            "mask": self.mask,
            "free": self.free,
            "canvas": self.canvas.state_dict(),
            "optimiser": self._optimiser.state_dict() if self._optimiser else None,
            "generators": [rng.get_state() for rng in self.rngs],
            "sites": {text: [asdict(site) for site in sites] for text, sites in self.sites.items()},
            "scores": list(self.scores),
            "moved": self._moved,
            "octave": self.octave,
            "step": self.step,
        }

    @staticmethod
    def from_dict(kept: dict[str, Any], recipe: Recipe, origin: Picture | None = None) -> ApparitionState:
        """The state that ``state_dict`` described; ``recipe`` is the one it was begun with."""
        rngs = [torch.Generator() for _ in kept["generators"]]
        state = ApparitionState(recipe, kept["source"], kept["mask"], rngs, origin)
        for rng, generator in zip(rngs, kept["generators"], strict=True):  # a new canvas has drawn of them
            rng.set_state(generator)
        state.canvas.load_state_dict(kept["canvas"])
        state.sites = {text: [Site(**site) for site in sites] for text, sites in kept["sites"].items()}
        state.free = kept["free"]
        state.scores, state._moved = list(kept["scores"]), kept["moved"]
        state.octave, state.step = kept["octave"], kept["step"]
        if kept["optimiser"] is not None:
            state._optimiser = state._new_optimiser(recipe)
            state._optimiser.load_state_dict(kept["optimiser"])
        return state

    def plan(self, recipe: Recipe) -> list[Octave]:
        """The octaves, from small to large, up to the size that it is drawn at."""
        size = self._work_size(sites_of(recipe))
        sizes = octave_sizes(size, count=recipe.octaves or 1, scale=recipe.octave_scale)
        return octaves(sizes, recipe.steps, bend=1.0)

    def remarks(self, recipe: Recipe) -> tuple[str, ...]:
        """What the user should know of the plan: nothing."""
        return ()

    def _work_size(self, settings: Sites) -> tuple[int, int]:
        """(width, height) that it is drawn at."""
        height, width = self.source.shape[2:]
        factor = min(1.0, settings.short_side / min(height, width))
        return max(1, round(width * factor)), max(1, round(height * factor))

    def enter(self, octave: Octave, recipe: Recipe) -> None:
        """Bring the drafts to an octave's size, with what the optimiser remembers of their waves."""
        if self.step and self._optimiser is not None:
            return  # resumed in the middle of an octave
        old = self.canvas.size
        self.canvas.resize(octave.size)
        if self._optimiser is None:
            self._optimiser = self._new_optimiser(recipe)
        else:
            self._optimiser.carry(lambda kept: self.canvas.carried(kept, old))

    def _new_optimiser(self, recipe: Recipe) -> Adam:
        settings = sites_of(recipe)
        return Adam(self.canvas.parameters(), settings.rate[0], betas=settings.betas)

    def leave(self, octave: Octave) -> None:
        """End an octave; after the first one the best draft alone goes on."""
        self.octave, self.step = octave.index + 1, 0
        if self.canvas.count > 1:
            best = self._best()
            self.canvas.only(best)
            self.rngs, self.scores = [self.rngs[best]], [self.scores[best]]
            assert self._optimiser is not None
            self._optimiser.carry(lambda kept: [one[best : best + 1] for one in kept])

    def _best(self) -> int:
        """The draft of the highest running score."""
        return max(range(len(self.scores)), key=self.scores.__getitem__, default=0)

    def goal(self, session: Session, recipe: Recipe, octave: Octave) -> BatchObjective:
        """What every draft climbs: each objective at sites of its own, found when first asked for."""
        key = str(recipe.objective)
        if key not in self.sites:
            width, height = self._work_size(sites_of(recipe))
            small = resize(self.source, height, width).clamp(0, 1)
            if sites_of(recipe).spare_faces and not self.sites:
                self.free = free_of_faces(small, session)
            self.sites[key] = sites_in(small, self._may(height, width), recipe, session)
        goals = [session.goal(recipe, k) for k in range(len(recipe.objective))]
        items = [goal for goal in goals for _ in range(self.canvas.count)]
        return BatchObjective(items, families=range(len(items)))

    def look(self, recipe: Recipe) -> SiteViews:
        """How the network looks at the drafts in the next step: at views about the sites, drawn for each."""
        settings, size = sites_of(recipe), self.canvas.size
        sites = self.sites[str(recipe.objective)]
        self._shown = self._pictures(recipe)
        drawn = []
        for rng in self.rngs:
            views = [
                draw_views(rng, [s for s in sites if s.target == k], settings, size, self.step)
                for k in range(len(recipe.objective))
            ]
            drawn.append([view for turn in zip(*views, strict=True) for view in turn])
        self._look = SiteViews(self._shown, drawn, pick(settings.view_size, self.octave), [])
        return self._look

    def _pictures(self, recipe: Recipe) -> Tensor:
        """The drafts, (N, C, H, W) in [0, 1], with the graph of the canvas."""
        ground, open_ = self._ground(self.canvas.size, recipe)
        return torch.cat([ground + bent(open_ * detail[None], ground) for detail in self.canvas.picture()])

    def _ground(self, size: tuple[int, int], recipe: Recipe) -> tuple[Tensor, Tensor]:
        """The photograph at a (width, height), melted where its window is open, and the window; kept."""
        key = size, len(self.sites), self._melt(recipe)
        if not self._planes or self._planes[0] != key:
            base = resize(self.source, size[1], size[0]).clamp(0, 1)
            open_ = self._window(size)
            self._planes = key, melted(base, open_, key[2]), open_
        return self._planes[1], self._planes[2]

    @staticmethod
    def _melt(recipe: Recipe) -> float:
        """How much melts: at less than the usual strength less."""
        strength = 0.5 if recipe.strength is None else recipe.strength
        return sites_of(recipe).melt * min(1.0, 2 * strength)

    def _window(self, size: tuple[int, int]) -> Tensor:
        """Where the picture may move, (1, 1, H, W): about all sites, as far as the mask is white."""
        every = [site.pixels(size) for sites in self.sites.values() for site in sites]
        open_, may = window(size, every).to(self.source), self._may(size[1], size[0])
        return open_ if may is None else open_ * may

    def _may(self, height: int, width: int) -> Tensor | None:
        """Where it may move, (1, 1, height, width): the mask's white, without faces; None: anywhere."""
        may = None
        for plane in (self.mask, self.free):
            if plane is not None:
                here = resize(plane.to(self.source), height, width).clamp(0, 1)
                may = here if may is None else may * here
        return may

    def ascend(self, gradient: Tensor, octave: Octave, recipe: Recipe) -> None:
        """One step uphill along the waves, then back into the ball of the strength's radius."""
        assert self._shown is not None
        assert self._optimiser is not None
        assert self._look is not None
        settings, parameters = sites_of(recipe), self.canvas.parameters()
        slopes = torch.autograd.grad(self._shown, parameters, gradient)
        plan = self.plan(recipe)
        steps, step = sum(o.steps for o in plan), sum(o.steps for o in plan[: octave.index]) + self.step
        rate = rate_at("cosine", *settings.rate, step, steps, rise=settings.rise)
        self._optimiser.step(parameters, slopes, rate)
        scores = self._look.scores
        kept = self.scores or scores
        self.scores = [REMEMBERED * a + (1 - REMEMBERED) * b for a, b in zip(kept, scores, strict=True)]
        self._shown = self._look = None
        self._within(recipe, step / max(1, steps - 1))
        self.step += 1

    @torch.no_grad()
    def _within(self, recipe: Recipe, way: float) -> None:
        """Scale each draft so that it has moved no further than its radius on this part of the way."""
        ground, open_ = self._ground(self.canvas.size, recipe)
        radius = self._radius(recipe, open_) * min(1.0, AT_ONCE + SOON * way)
        apart = [float((one - ground).square().mean().sqrt()) for one in self._pictures(recipe)]
        for i, moved in enumerate(apart):
            if moved > radius:
                self.canvas.scale(i, radius / moved)
        self._moved = min(apart[self._best()], radius)

    def _radius(self, recipe: Recipe, open_: Tensor) -> float:
        strength = 0.5 if recipe.strength is None else recipe.strength
        return 2 * strength * self.reach * float(open_.square().mean().sqrt())

    def satisfied(self, scores: Sequence[float], octave: Octave, recipe: Recipe) -> bool:
        """Whether the octave is over before its steps are: ``max_change``, or ``max_score``."""
        if recipe.max_change is not None and self._moved >= recipe.max_change:
            return True
        return recipe.max_score is not None and min(scores) > recipe.max_score

    def moved(self) -> float:
        """RMS of what is dreamt onto the best draft, 0..1."""
        return self._moved

    def small(self, recipe: Recipe, side: int) -> Picture:
        """As ``finished``, with its longer side no longer than ``side`` pixels."""
        return no_larger(self.finished(recipe), side)

    @computes
    @torch.no_grad()
    def finished(self, recipe: Recipe) -> Picture:
        """The best draft as it is saved: its detail enlarged onto the whole photograph."""
        if recipe.strength == 0 or not self.sites:
            return as_picture(self.source, recipe, self.origin)
        height, width = self.source.shape[2:]
        open_ = self._window((width, height))
        ground = melted(self.source, open_, self._melt(recipe))
        canvas = DetailCanvas(ground, open_, soft=True)
        detail = self.canvas.picture()[self._best()][None]
        if recipe.clean:
            detail = shrunk(detail, recipe.clean)
        canvas.detail = resize(detail, height, width)
        canvas.within(self._radius(recipe, open_))
        picture = keep_colour(canvas.picture(out=canvas.detail), self.source, recipe.colour_kept)
        return as_picture(picture.clamp_(0, 1), recipe, self.origin)


def sites_of(recipe: Recipe) -> Sites:
    """The settings of sites of a recipe that has them."""
    assert recipe.sites is not None
    return recipe.sites


def pixels_seen(recipe: Recipe, octave: int) -> int:
    """How many pixels the network is shown in a step of an octave, of all drafts."""
    settings = sites_of(recipe)
    views = settings.views * len(recipe.objective) * (settings.drafts if octave == 0 else 1)
    return views * pick(settings.view_size, octave) ** 2
