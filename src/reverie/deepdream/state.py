"""The state of a dream: what the loop changes, and what has to be kept to go on later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from reverie.ascent.octaves import SMALLEST, Octave, octave_sizes, octaves
from reverie.ascent.session import Session
from reverie.ascent.start import fitted, prepare
from reverie.ascent.tensors import as_tensor
from reverie.canvas.detail import DetailCanvas
from reverie.canvas.moving import MovingCanvas
from reverie.deepdream.direction import StepDirection, room_for, step_direction
from reverie.deepdream.looks import Looks, attention_of, taste_of
from reverie.deepdream.room import with_room
from reverie.deepdream.spared import spared
from reverie.gradient.attention import Attention
from reverie.media.picture import Picture, Source
from reverie.media.picture.picture import Floats
from reverie.native.runtime import Runtime, computes
from reverie.ops.colour import keep_colour
from reverie.ops.filters import low_pass
from reverie.ops.transform.roll import Roll
from reverie.recipe.recipe import Recipe
from reverie.scoring.bind import BoundObjective

#: A dream of strength 0.5 moves a picture by this (RMS, 0..1) ...
REACH = 0.112
#: ... but by no more than this much of a picture's own standard deviation, so that fog stays fog.
REACH_OF_STD = 0.66
#: From noise there is nothing to respect; where it has light and depth of its own, these stay.
REACH_FROM_NOISE = {"flat": 0.16, "deep": 0.14}
#: A sky of light and depth is to stay one.
REACH_FROM_SKY = 0.09
#: A step goes this share of what its octave may move, and the projection takes what is too much: short enough
#: not to end in the noise of the last gradient, long enough to leave what earlier steps held on to ...
STRIDE = 0.8
#: ... in an octave of many steps, this over their number; in one of very few, what it takes to get anywhere.
MANY, FEW = 24.0, 3.0

#: The octave from which on it is calm where nothing is seen: the largest forms may come anywhere.
CALM_FROM = 1


@dataclass(frozen=True)
class Origin:
    """What a finished picture keeps of the one that was dreamed on: all but its pixels."""

    alpha: Floats | None
    depth: int
    source: Source | None

    @staticmethod
    def of(picture: Picture | None) -> Origin | None:
        """Of a picture, if there is one."""
        return Origin(picture.alpha, picture.depth, picture.source) if picture else None


@dataclass(frozen=True)
class Rolled:
    """A look at one picture, rolled."""

    canvas: DetailCanvas
    roll: Roll
    attention: Attention | None = None

    def gradient(self, session: Session, goal: BoundObjective) -> tuple[tuple[float, ...], Tensor]:
        """The score, and the gradient (1, C, H, W): in tiles where the picture is large."""
        return session.gradient(goal, self.canvas, self.roll, self.attention)


class State:
    """Canvas, generator, and how far the dream has come. ``octave`` and ``step`` are the next to do.

    What the loop calls computes with what the loop does. All else computes with ``runtime``: that of the
    session which began the dream or last went on with it, and before that of whoever made the state.
    """

    def __init__(
        self,
        canvas: DetailCanvas,
        rng: torch.Generator,
        reach: float,
        origin: Picture | None = None,
        *,
        runtime: Runtime | None = None,
    ) -> None:
        self.runtime = runtime or Runtime.here()
        self.canvas = canvas
        self.rng = rng
        self.reach = reach  # RMS at strength 0.5
        self.origin = Origin.of(origin)
        self.octave = 0
        self.step = 0
        self.attention: Attention | None = None  # what its looks said, where a recipe asks for that
        self.looks: Looks | None = None  # of a picture that moves: what they said at each size
        self._lost: Tensor | None = None

    @staticmethod
    def begin(recipe: Recipe, picture: Picture | Tensor | None, session: Session) -> State:
        """The state before the first step: the source prepared, the mask opened, the generator seeded."""
        rng = torch.Generator().manual_seed(recipe.seed)
        given = None if picture is None else as_tensor(picture)
        with session.runtime.use():
            source = prepare(recipe, given, rng, session.net.channels).to(session.device)
            mask = session.open_tensor(recipe.mask).mean(1, keepdim=True) if recipe.mask else None
            if given is not None:
                name = (
                    picture.source.name if isinstance(picture, Picture) and picture.source else "the picture"
                )
                mask = spared(source, recipe, mask, name)
            deviation = float(source.std((2, 3)).mean())
            canvas = canvas_over(recipe, source, mask)
        reach = min(REACH, REACH_OF_STD * deviation)
        if given is None and recipe.start == "noise":
            reach = REACH_FROM_NOISE[recipe.scenery]
        elif given is None and recipe.scenery == "deep":
            reach = min(reach, REACH_FROM_SKY)
        origin = picture if isinstance(picture, Picture) else None
        return State(canvas, rng, reach, origin, runtime=session.runtime)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later, as plain tensors and numbers (``torch.save`` takes it)."""
        canvas = self.canvas
        return {
            "source": canvas.source,
            "mask": canvas.mask_source,
            "base": canvas.base,
            "detail": canvas.detail.clone(),  # the next step moves it in place
            "lost": self._lost,
            "generator": self.rng.get_state(),
            "reach": self.reach,
            "octave": self.octave,
            "step": self.step,
            "attention": self.attention.state_dict() if self.attention else None,
        }

    @staticmethod
    def from_dict(kept: dict[str, Any], recipe: Recipe, origin: Picture | None = None) -> State:
        """The state that ``state_dict`` described; ``recipe`` is the one it was begun with."""
        canvas = canvas_over(recipe, kept["source"], kept["mask"])
        canvas.base, canvas.detail = kept["base"], kept["detail"].clone()
        canvas.mask = canvas.mask_at(*canvas.base.shape[2:])
        rng = torch.Generator()
        rng.set_state(kept["generator"])
        state = State(canvas, rng, kept["reach"], origin)
        state.octave, state.step, state._lost = kept["octave"], kept["step"], kept["lost"]
        state.attention = attention_of(recipe)
        if state.attention is not None and kept.get("attention"):
            state.attention.load_state_dict(kept["attention"])
        return state

    def plan(self, recipe: Recipe) -> list[Octave]:
        """The octaves for this canvas, from small to large, without those that would be too small."""
        height, width = self.canvas.source.shape[2:]
        sizes = octave_sizes(
            (width, height),
            count=recipe.octaves,
            scale=recipe.octave_scale,
            top=recipe.octave_top,
            smallest=recipe.smallest,
        )
        return octaves(sizes, recipe.steps, bend=recipe.bend)

    def remarks(self, recipe: Recipe) -> tuple[str, ...]:
        """What the user should know of the plan: that octaves were dropped."""
        dropped = (recipe.octaves or 0) - len(self.plan(recipe))
        if dropped <= 0:
            return ()
        return (f"{dropped} of {recipe.octaves} octaves dropped: they would be under {SMALLEST} px",)

    def enter(self, octave: Octave, recipe: Recipe) -> None:
        """Bring the canvas to an octave's size; what crosses is the recipe's ``carry``."""
        if self.canvas.size == octave.size and self.step:
            return  # resumed in the middle of an octave
        canvas = self.canvas
        if self.looks is not None:
            width, height = octave.size
            self.attention = self.looks.at(octave.index, recipe, (height, width))
        elif self.attention is not None:
            self.attention.enter()
        if recipe.room is not None and octave.index:
            self._leave_room(canvas, recipe)
        smaller = canvas.base if octave.index and recipe.carry == "lost" else None
        canvas.resize(octave.size, carry="detail" if recipe.carry == "detail" else "picture")
        if smaller is not None:
            self._lost = canvas.base - canvas.resampled(smaller, octave.size)

    def leave(self, octave: Octave) -> None:
        """End an octave; with ``carry="lost"`` add back what resizing had lost (F. Chollet's example)."""
        if self._lost is not None:
            self.canvas.add(self._lost)
            self._lost = None
        self.octave, self.step = octave.index + 1, 0

    def goal(self, session: Session, recipe: Recipe, octave: Octave) -> BoundObjective:
        """What is climbed in an octave."""
        return session.goal(recipe, octave.index)

    def look(self, recipe: Recipe) -> Rolled:
        """How the network looks at the picture in the next step, drawn at random."""
        if self.attention is None or not self.attention.serves(recipe.calm, recipe.variety, taste_of(recipe)):
            self.attention = attention_of(recipe)
        return Rolled(self.canvas, Roll.draw(self.rng, recipe.jitter, mirror=recipe.mirror), self.attention)

    def ascend(self, gradient: Tensor, octave: Octave, recipe: Recipe) -> None:
        """One step uphill, then the projections: clip, and the ball of the strength's radius.

        The gradient is given up: it is smoothed in place where that is faster.
        """
        canvas = self.canvas
        direction = self._direction(gradient, octave, recipe)
        radius = self._radius(octave, recipe)
        length = recipe.step_size
        if length is None:
            share = min(MANY / octave.steps, max(STRIDE, FEW / octave.steps))
            length = share * self._growth(octave, recipe)
        canvas.move(
            direction.plane,
            factor=length * direction.factor,
            offset=length * direction.offset,
            clip=recipe.clip != "end",
        )
        if radius is not None:
            canvas.within(radius)
        self.step += 1

    def _direction(self, gradient: Tensor, octave: Octave, recipe: Recipe) -> StepDirection:
        canvas, way = self.canvas, (self.step + 1) / octave.steps
        room = canvas.spare("room", room_for(gradient.shape, recipe))
        seen = self._seen(recipe) if octave.index >= CALM_FROM else None
        circular = canvas.circular
        direction = step_direction(gradient, recipe, way, circular=circular, room=room, attention=seen)
        return direction if self.looks is None else self.looks.onwards(octave.index, direction)

    def _seen(self, recipe: Recipe) -> Tensor | None:
        """Where the network sees something: all over, if no term of the objective says where."""
        if self.attention is None or not recipe.calm:
            return None
        if self.attention.map is None:
            sides = (-(-side // self.attention.cell) for side in self.canvas.base.shape[2:])
            return self.canvas.base.new_ones(1, 1, *sides)
        return self.attention.map

    @computes
    def moved(self) -> float:
        """RMS distance from the source at this size, 0..1."""
        return self.canvas.moved()

    def satisfied(self, scores: Sequence[float], octave: Octave, recipe: Recipe) -> bool:
        """Whether the octave is over before its steps are: ``max_change``, or a preset's ``max_score``."""
        if recipe.max_change is not None:
            limit = recipe.max_change * octave.share
            if self.moved() >= limit:
                self.canvas.within(limit)
                return True
        return recipe.max_score is not None and min(scores) > recipe.max_score

    def _full(self, recipe: Recipe) -> float:
        strength = 0.5 if recipe.strength is None else recipe.strength
        return 2 * strength * self.reach * self.canvas.mask_share()

    def _growth(self, octave: Octave, recipe: Recipe) -> float:
        """How far the picture may move in this octave (RMS)."""
        return self._full(recipe) * (octave.share - octave.before)

    def _radius(self, octave: Octave, recipe: Recipe) -> float | None:
        if recipe.strength is None:
            return None
        way = (self.step + 1) / octave.steps
        return self._full(recipe) * (octave.before + (octave.share - octave.before) * way)

    @computes
    def finished(self, recipe: Recipe) -> Picture:
        """The picture as it is saved: at the source's size, drift given back, colour kept, in [0, 1]."""
        return as_picture(self._finished(recipe, self.canvas.source), recipe, self.origin)

    @computes
    def small(self, recipe: Recipe, side: int) -> Picture:
        """As ``finished``, with its longer side no longer than ``side`` pixels, and without transparency."""
        height, width = self.canvas.source.shape[2:]
        factor = min(1.0, side / max(width, height))
        size = max(1, round(width * factor)), max(1, round(height * factor))
        return as_picture(self._finished(recipe, self.canvas.source_at(size)), recipe, None)

    def _finished(self, recipe: Recipe, source: Tensor) -> Tensor:
        """The dream over the source as it is given, at that size."""
        self.canvas.let_go()
        if recipe.strength == 0:  # also for presets whose octaves lose detail on the way and put it back
            return source.clamp(0, 1)
        height, width = source.shape[2:]
        carry = "detail" if recipe.carry == "detail" else "picture"
        canvas = self.canvas.at((width, height), carry=carry)
        self._leave_room(canvas, recipe)
        radius = canvas.moved()
        if recipe.strength is not None and radius > self._full(recipe):
            # Few and long steps run into the soft ends of the range, where scaling back falls short.
            radius = self._full(recipe)
            canvas.moved_by(radius)
        if recipe.clean:
            canvas.clean(recipe.clean, self._seen(recipe))
        if recipe.drift:
            sigma = min(height, width) * recipe.drift_size
            canvas.move(low_pass(canvas.detail, sigma, circular=canvas.circular), factor=-recipe.drift)
            for _ in range(3):
                canvas.move(offset=-canvas.mean_change() / self._mask_mean(canvas), clip=True)
                canvas.moved_by(radius)
        self._leave_room(canvas, recipe)
        if recipe.soften:
            plain = canvas.source_at((width, height))
            way = recipe.soften if canvas.mask is None else recipe.soften * canvas.mask
            canvas.base = plain + way * (canvas.base - plain)
        picture = keep_colour(canvas.picture(out=canvas.detail), source, recipe.colour_kept)
        return picture.clamp_(0, 1)

    @staticmethod
    def _leave_room(canvas: DetailCanvas, recipe: Recipe) -> None:
        if recipe.room is not None:
            how = {"circular": canvas.circular, "moving": isinstance(canvas, MovingCanvas)}
            canvas.detail = with_room(canvas.detail, canvas.base, recipe.room, **how)

    @staticmethod
    def _mask_mean(canvas: DetailCanvas) -> float:
        return 1.0 if canvas.mask is None else float(canvas.mask.mean().clamp_min(0.01))


def as_picture(picture: Tensor, recipe: Recipe, origin: Origin | None) -> Picture:
    """A tensor (1, C, H, W) in [0, 1] as it is saved, with what is kept of what it was dreamt on."""
    pixels = picture[0].permute(1, 2, 0).contiguous().cpu().numpy()
    if origin is None:
        return Picture(pixels)
    alpha = None
    if origin.alpha is not None:
        plane = fitted(torch.from_numpy(origin.alpha)[None, None], recipe)
        alpha = plane[0, 0].numpy()
    return Picture(pixels, alpha=alpha, depth=origin.depth, source=origin.source)


def canvas_over(recipe: Recipe, source: Tensor, mask: Tensor | None = None) -> DetailCanvas:
    """A source that nothing has been dreamt on yet, softened, resized and clipped as a recipe says."""
    return DetailCanvas(
        source,
        mask,
        circular=recipe.seamless,
        soft=recipe.clip == "soft",
        plain=recipe.resampling == "bilinear",
        softened=recipe.soften > 0,
    )
