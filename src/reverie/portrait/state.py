"""The state of portraits that are made together: what the loop changes, and what is kept to go on later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from reverie.ascent.octaves import Octave, octave_sizes, octaves
from reverie.ascent.session import Session
from reverie.ascent.start import fitted
from reverie.ascent.tensors import as_tensor
from reverie.canvas.base import Canvas, CanvasSetup
from reverie.canvas.make import make_canvas
from reverie.errors import UsageError
from reverie.media.picture import Picture, Source
from reverie.media.picture.picture import no_larger
from reverie.native.runtime import Runtime, computes
from reverie.network.network import Network
from reverie.ops.colour import with_channels
from reverie.ops.filters import resize
from reverie.ops.transform.parse import draw, frame_size, parse_transforms
from reverie.portrait.optimisers import Optimiser, make_optimiser, normalised, rate_at
from reverie.portrait.projections import Projections
from reverie.portrait.views import Views
from reverie.recipe.portrait import Portrait, Span
from reverie.recipe.recipe import Recipe
from reverie.scoring.batch import BatchObjective

#: Width and height of a portrait for which none are given.
DEFAULT_SIZE = (256, 256)


class PortraitState:
    """Canvas, generators and optimiser of N pictures, each with a recipe of its own.

    The recipes differ in their objectives and seeds alone. ``octave`` and ``step`` are the next to do.
    ``runtime`` is as of a dream's ``State``.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        canvas: Canvas,
        rngs: Sequence[torch.Generator],
        *,
        runtime: Runtime | None = None,
    ) -> None:
        self.runtime = runtime or Runtime.here()
        self.recipes = tuple(recipes)
        self.canvas = canvas
        self.rngs = tuple(rngs)
        self.source: Source | None = None
        self.octave = 0
        self.step = 0
        self._optimiser: Optimiser | None = None
        self._shown: Tensor | None = None  # the picture that is looked at, with the canvas's graph
        self._objectives: dict[tuple[int, tuple[int, int]], BatchObjective] = {}
        self._size = canvas.size  # at the end
        self._start = self._small()

    @staticmethod
    def begin(
        recipe: Recipe | Sequence[Recipe], picture: Picture | Tensor | None, session: Session
    ) -> PortraitState:
        """The state before the first step.

        Args:
            recipe: One, or several that differ in objective and seed; one with ``facets`` stands for as
                many pictures, with seeds that follow each other.
            picture: A photograph or an earlier result to start from; None starts from noise.
            session: The network.

        Raises:
            UsageError: Recipes that cannot be made together, or a start that the network cannot take.
        """
        recipes = facets_of(recipe) if isinstance(recipe, Recipe) else tuple(recipe)
        if any(shared(r) != shared(recipes[0]) for r in recipes):
            raise UsageError("portraits made together may differ in their objectives and seeds alone")
        with session.runtime.use():
            return PortraitState._begun(recipes, picture, session)

    @staticmethod
    def _begun(
        recipes: tuple[Recipe, ...], picture: Picture | Tensor | None, session: Session
    ) -> PortraitState:
        """As ``begin``, of one recipe for each picture."""
        first, settings = recipes[0], portrait_of(recipes[0])
        start = None
        size = size_of(first)
        if picture is not None:
            start = fitted(with_channels(as_tensor(picture).float(), session.net.channels), first)
            size = (start.shape[3], start.shape[2])
        check_sizes(first, size, session.net)
        rngs = [torch.Generator().manual_seed(r.seed) for r in recipes]
        setup = CanvasSetup(size, session.net.channels, rngs, session.device)
        canvas = make_canvas(settings.canvas, setup, **canvas_settings(settings))
        if start is not None:
            canvas.fit(start.to(session.device).clamp(0, 1))
        state = PortraitState(recipes, canvas, rngs, runtime=session.runtime)
        state.source = picture.source if isinstance(picture, Picture) else None
        return state

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later, as tensors and numbers."""
        return {
            "canvas": self.canvas.state_dict(),
            "size": self.canvas.size,
            "final": self._size,
            "start": self._start,
            "optimiser": self._optimiser.state_dict() if self._optimiser else None,
            "generators": [rng.get_state() for rng in self.rngs],
            "octave": self.octave,
            "step": self.step,
        }

    @computes
    def load(self, kept: dict[str, Any]) -> None:
        """Take up what ``state_dict`` described; this state was begun with the same recipes."""
        self.canvas.resize(tuple(kept["size"]))
        self.canvas.load_state_dict(kept["canvas"])
        self._size, self._start = tuple(kept["final"]), kept["start"]
        for rng, generator in zip(self.rngs, kept["generators"], strict=True):
            rng.set_state(generator)
        self.octave, self.step = kept["octave"], kept["step"]
        self._optimiser = None
        if kept["optimiser"] is not None:
            self._optimiser = self._new_optimiser(self.recipes[0])
            self._optimiser.load_state_dict(kept["optimiser"])

    def plan(self, recipe: Recipe) -> list[Octave]:
        """The octaves, from small to large; a portrait has one unless its recipe says otherwise."""
        return plan_of(recipe, self._size)

    def remarks(self, recipe: Recipe) -> tuple[str, ...]:
        """What the user should know of the plan: nothing."""
        return ()

    def enter(self, octave: Octave, recipe: Recipe) -> None:
        """Bring the canvas to an octave's size, with what the optimiser can still use of its memory."""
        if self.step and self._optimiser is not None:
            return  # resumed in the middle of an octave
        old, before = self.canvas.size, self._optimiser
        if old != octave.size:
            self.canvas.resize(octave.size)
        if before is None or not before.carry(lambda kept: self.canvas.carried(kept, old)):
            self._optimiser = self._new_optimiser(recipe)

    def _new_optimiser(self, recipe: Recipe) -> Optimiser:
        settings = portrait_of(recipe)
        adaptive = settings.optimiser in ("adam", "nadam")
        return make_optimiser(
            settings.optimiser,
            self.canvas.parameters(),
            settings.rate[0][0],
            betas=settings.betas if adaptive else None,
        )

    def leave(self, octave: Octave) -> None:
        """End an octave."""
        self.octave, self.step = octave.index + 1, 0

    def goal(self, session: Session, recipe: Recipe, octave: Octave) -> BatchObjective:
        """What each picture climbs, bound once an octave."""
        key = (octave.index, octave.size)
        if key not in self._objectives:
            objectives = [session.goal(r, octave.index, octave.size) for r in self.recipes]
            # Facets of one unit look at each other; portraits that are merely made together do not.
            one = portrait_of(recipe).facets > 1
            families = [0 if one else i for i in range(len(objectives))]
            self._objectives[key] = BatchObjective(objectives, families=families)
        return self._objectives[key]

    def look(self, recipe: Recipe) -> Views:
        """How the network looks at the pictures in the next step: each item draws views of its own."""
        settings, size = portrait_of(recipe), self.canvas.size
        self._shown = self.canvas.picture()
        transforms = parse_transforms(settings.transforms)
        drawn = []
        if transforms or settings.view_size is not None:
            way = self._way(recipe)
            drawn = [draw(transforms, rng, size, settings.views, way=way) for rng in self.rngs]
            size = seen_size(settings, self.octave, size)
        warm = self.octave == 0 and self.step < settings.warm_up
        return Views(self._shown, drawn, size, warm)

    def _way(self, recipe: Recipe) -> float:
        """How much of all steps is done, 0 to 1."""
        steps = [o.steps for o in self.plan(recipe)]
        return (sum(steps[: self.octave]) + self.step) / max(1, sum(steps) - 1)

    def ascend(self, gradient: Tensor, octave: Octave, recipe: Recipe) -> None:
        """One step uphill, then what the settings do to the pixels after it.

        Args:
            gradient: (N, C, H, W) at the pictures.
            octave: Where the step is.
            recipe: ``normalise`` and the portrait's settings are read.
        """
        assert self._shown is not None
        assert self._optimiser is not None
        settings = portrait_of(recipe)
        parameters = self.canvas.parameters()
        gradient = normalised(gradient, recipe.normalise)
        self.canvas.note(gradient)
        slopes = torch.autograd.grad(self._shown, parameters, gradient)
        self._shown = None
        now = self._at(settings.rate, octave, settings, settings.rise if octave.index == 0 else 0)
        self._optimiser.step(parameters, slopes, now)
        self.canvas.settle()
        self.step += 1
        if settings.canvas == "pixels":
            blur = self._at(settings.blur, octave, settings) if self.step % settings.blur_every == 0 else 0.0
            Projections(
                decay=settings.decay,
                blur=blur,
                small_norm=settings.small_norm,
                small_contribution=settings.small_contribution,
                norm=settings.norm,
            ).apply(self.canvas, gradient)

    def _at(self, spans: Sequence[Span], octave: Octave, settings: Portrait, rise: int = 0) -> float:
        if len(spans) == 1:  # for the whole run
            steps = [o.steps for o in self.plan(self.recipes[0])]
            step = sum(steps[: octave.index]) + self.step
            return rate_at(settings.ease, *spans[0], step, sum(steps), rise=rise)
        first, last = spans[min(octave.index, len(spans) - 1)]
        return rate_at(settings.ease, first, last, self.step, octave.steps, rise=rise)

    def satisfied(self, scores: Sequence[float], octave: Octave, recipe: Recipe) -> bool:
        """Whether the octave is over before its steps are: every picture's score is above ``max_score``."""
        return recipe.max_score is not None and min(scores) > recipe.max_score

    def moved(self) -> float:
        """RMS distance of the first picture from its start, 0..1, seen small."""
        return self.moves(1)[0]

    @computes
    def moves(self, count: int | None = None) -> tuple[float, ...]:
        """RMS distance of the first pictures, or of all, from their starts, 0..1, seen small."""
        small = self._small(count)
        apart = (small - self._start[: len(small)]).square()
        return tuple(float(one.mean().sqrt()) for one in apart)

    def _small(self, count: int | None = None) -> Tensor:
        with torch.no_grad():
            return torch.cat([resize(one[None], 32, 32) for one in self.canvas.picture()[:count]])

    def small(self, recipe: Recipe, side: int) -> Picture:
        """As ``finished``, with its longer side no longer than ``side`` pixels."""
        return no_larger(self.finished(recipe), side)

    def finished(self, recipe: Recipe) -> Picture:
        """The picture of the recipe's facet, as it is saved."""
        return self.pictures()[portrait_of(recipe).facet]

    @computes
    def pictures(self) -> list[Picture]:
        """Every picture as it is saved: at its last size or the one it is printed at."""
        settings = portrait_of(self.recipes[0])
        width, height = self._size
        if settings.print_size is not None:
            factor = settings.print_size / max(width, height)
            width, height = max(1, round(width * factor)), max(1, round(height * factor))
        pixels = self.canvas.render((width, height)).clamp(0, 1)
        made = [Picture(p.permute(1, 2, 0).contiguous().cpu().numpy(), source=self.source) for p in pixels]
        if settings.transparency:
            alphas = self.canvas.importance((width, height)).cpu().numpy()
            made = [replace(p, alpha=alpha) for p, alpha in zip(made, alphas, strict=True)]
        return made


def portrait_of(recipe: Recipe) -> Portrait:
    """The portrait's settings of a recipe that has them."""
    assert recipe.portrait is not None
    return recipe.portrait


def size_of(recipe: Recipe) -> tuple[int, int]:
    """Width and height of a portrait from nothing."""
    if recipe.size is not None:
        return recipe.size
    width, height = DEFAULT_SIZE
    most = recipe.max_size or max(width, height)
    return min(width, most), min(height, most)


def seen_size(settings: Portrait, octave: int, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a view in an octave of this size."""
    sides = settings.view_size
    if sides:
        side = sides[min(octave, len(sides) - 1)]
        return side, side
    return frame_size(parse_transforms(settings.transforms), size)


def plan_of(recipe: Recipe, size: tuple[int, int]) -> list[Octave]:
    """The octaves of a portrait that ends at a size; one unless its recipe says otherwise."""
    sizes = octave_sizes(size, count=recipe.octaves or 1, scale=recipe.octave_scale, top=recipe.octave_top)
    return octaves(sizes, recipe.steps, bend=1.0)


def check_sizes(recipe: Recipe, size: tuple[int, int], net: Network) -> None:
    """UsageError where an octave's views are too small for the network, or nothing is left of them."""
    for octave in plan_of(recipe, size):
        width, height = seen_size(portrait_of(recipe), octave.index, octave.size)
        if min(width, height) >= net.min_size or (min(width, height) > 0 and _takes(net, width, height)):
            continue
        raise UsageError(
            f"size: an octave of {octave.size[0]} x {octave.size[1]} px shows network {net.name} "
            f"{width} x {height} px, and it cannot take so few; give a larger --size, or fewer transforms"
        )


def _takes(net: Network, width: int, height: int) -> bool:
    """Whether a network runs on a picture of a size."""
    with torch.no_grad():
        try:
            net.forward(
                torch.full((1, net.channels, height, width), 0.5, device=net.device), [*net.layers][-1:]
            )
        except (RuntimeError, ValueError):
            return False
    return True


def facets_of(recipe: Recipe) -> tuple[Recipe, ...]:
    """One recipe for each facet, with seeds that follow each other."""
    settings = portrait_of(recipe)
    return tuple(
        recipe.model_copy(
            update={"seed": recipe.seed + i, "portrait": settings.model_copy(update={"facet": i})}
        )
        for i in range(settings.facets)
    )


def shared(recipe: Recipe) -> Recipe:
    """What portraits that are made together have in common."""
    settings = portrait_of(recipe).model_copy(update={"facet": 0})
    return recipe.model_copy(update={"objective": ("x",), "seed": 0, "portrait": settings})


def canvas_settings(settings: Portrait) -> dict[str, Any]:
    """What a canvas is made with."""
    names = {
        "pixels": ("squash", "spread", "grey"),
        "fourier": (
            *("falloff", "colour_falloff", "colour", "saturation", "contrast", "spread"),
            "window",
        ),
        "maco": ("standardise", "colour", "saturation", "contrast", "spread"),
        "laplacian": ("falloff", "colour", "saturation", "contrast", "spread"),
        "cppn": ("saturation", "contrast"),
    }[settings.canvas]
    return {name: getattr(settings, name) for name in names}
