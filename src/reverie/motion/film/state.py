"""The state of a dreaming film: one dream, carried from frame to frame by the motion of what it lies on."""

from __future__ import annotations

import copy
import math
from functools import partial
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.ascent.cutting import sees_parts
from reverie.ascent.octaves import Octave, octave_sizes
from reverie.ascent.session import Session
from reverie.canvas.fast import deviation
from reverie.canvas.moving import FilmCanvas
from reverie.deepdream.looks import Looks
from reverie.deepdream.state import REACH, REACH_OF_STD, Origin, State, as_picture, canvas_over
from reverie.errors import UsageError
from reverie.gradient.view import Box
from reverie.media.picture import Picture
from reverie.motion.film.entering import entered, newness, outside, uncovered_within
from reverie.motion.film.flow import Motion
from reverie.motion.film.motion import FrameMotion
from reverie.motion.film.patches import patches_of, worth_cutting
from reverie.motion.film.planes import map_moved, moved, plane_of
from reverie.motion.film.weighted import carried_once, local_rms, weighted
from reverie.native.runtime import Runtime, computes
from reverie.recipe.film import Film
from reverie.recipe.recipe import Recipe
from reverie.scoring.bind import BoundObjective

#: A step on what is new, as a share of the strength: after one frame of six it is nearly as strong as the
#: rest, for there nothing was before that could flicker.
STRIDE: Final = 0.3
#: Steps go more for what is coarse than those of a still picture (in octaves a band): it holds in motion.
CALMER: Final = 0.25
#: Steps at smaller sizes are fewer, and longer by this much.
LONGER: Final = 2.0
#: No place is stronger than this much of the strength ...
MOST: Final = 1.6
#: What is new is less so with each frame.
SETTLES: Final = 0.25
#: Under this share of the frame nothing is new.
NOTHING: Final = 0.002
#: What is uncovered keeps this much of what the flow brings there all the same, to begin from.
KEEPS: Final = 0.85
#: A place with less than this of the strength is weak, and takes up to so much of a step more than others.
WEAK: Final = 0.7
MORE: Final = 0.13
#: The sizes of a frame are so many octaves of the full dream apart: coarse ones for what is new.
APART: Final = 2
#: Share of a frame's steps at each smaller size; the rest are at its own.
SMALLER: Final = 0.17
#: Share of the steps at its own size that look at the whole frame; the rest look at what is new in it alone.
WHOLE: Final = 0.4
#: How much of where something is seen is kept in a step, so that the look of a place does not flicker.
WATCHES: Final = 0.95
#: How fast the reach follows what the film shows (its contrast), a frame.
FOLLOWS: Final = 0.2
#: The strength is held by no more than this a frame, so that holding it cannot be seen.
HOLD: Final = (0.9, 1.06)


class FilmState(State):
    """A dream's state, and how it lies on the film: ``fresh`` is where it is new, (1, 1, H, W) in [0, 1].

    ``entered`` is where something came into view at an edge, 1 at first and less with each frame since.
    ``index`` counts the frames that are done, ``last`` is the film's last frame that showed something,
    (H, W, 3) uint8, and ``share`` how much of the dream is shown: what the strength is over time.
    """

    def __init__(
        self,
        canvas: FilmCanvas,
        rng: torch.Generator,
        reach: float,
        *,
        index: int,
        last: Tensor | None,
        runtime: Runtime | None = None,
    ) -> None:
        super().__init__(canvas, rng, reach, runtime=runtime)
        self.canvas: FilmCanvas = canvas
        self.index = index
        self.last = last
        self.fresh: Tensor | None = None
        self.entered: Tensor | None = None
        self.looks: Looks = Looks(WATCHES)
        self.held = 0.0  # RMS of the dream as it is carried, over what may move
        self.share = 1.0
        self.patches: list[Box] | None = None  # what of this frame is new; None: it is not cut
        self._frame: tuple[FilmCanvas, Box] | None = None  # the whole, while such a patch of it is dreamt on
        self._weight: Tensor | None = None
        self._new: Tensor | None = None
        self._whole: Tensor | None = None
        self._before: Tensor | None = None

    @staticmethod
    def over(state: State, move: FrameMotion, recipe: Recipe) -> FilmState:
        """The state that carries on what a full dream has begun; the dream comes to the film's own size."""
        height, width = state.canvas.source.shape[2:]
        last = None if move.blank else torch.from_numpy(move.shot.rgb)
        with state.runtime.use():
            canvas = FilmCanvas.of(state.canvas.at((width, height)))
            carried = carried_once(canvas)
            held = canvas.moved() / canvas.mask_share() if canvas.mask_share() else 0.0
        film = FilmState(carried, state.rng, state.reach, index=0, last=last, runtime=state.runtime)
        film.origin = Origin(_alpha(move), 8, None)
        film.held = held
        film.looks.take(len(film._sizes(recipe)) - 1, state.attention, (height, width))
        return film

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on after the frames that are done, as tensors and numbers."""
        canvas = self.canvas
        return {
            "detail": canvas.detail.clone(),
            "fresh": self.fresh,
            "entered": self.entered,
            "looks": self.looks.state_dict(),
            "last": self.last,
            "generator": self.rng.get_state(),
            "reach": self.reach,
            "held": self.held,
            "share": self.share,
            "index": self.index,
        }

    @staticmethod
    def from_dict(kept: dict[str, Any], recipe: Recipe, origin: Picture | None = None) -> FilmState:
        """The state that ``state_dict`` described; ``recipe`` is the one it was begun with.

        It has no source and no origin of its own: the film's next frame gives it both.

        Raises:
            UsageError: Something is missing.
        """
        missing = {"detail", "generator", "reach", "held", "share", "index"} - kept.keys()
        if missing:
            raise UsageError(f"the state of a film lacks {', '.join(sorted(missing))}; begin the film again")
        detail = kept["detail"].clone()
        canvas = FilmCanvas.of(canvas_over(recipe, torch.full_like(detail, 0.5)))
        canvas.detail = detail
        rng = torch.Generator()
        rng.set_state(kept["generator"])
        state = FilmState(canvas, rng, kept["reach"], index=int(kept["index"]), last=kept.get("last"))
        state.fresh, state.entered = kept.get("fresh"), kept.get("entered")
        state.held, state.share = kept["held"], kept["share"]
        state.looks.load_state_dict(kept.get("looks", {}))
        return state

    @computes
    def carry(self, move: FrameMotion, source: Tensor, mask: Tensor | None) -> None:
        """Go on to the next frame, source (1, C, H, W) and mask (1, 1, h, w), and move as the film did."""
        canvas = self.canvas
        motion = move.motion
        if motion is not None:
            self.looks.move(partial(map_moved, motion=motion))
            canvas = canvas.warped(torch.from_numpy(motion.field).to(source.device))
            canvas.detail.mul_(self._age(motion))
        self.attention = self.looks.largest()
        self.canvas = canvas.rebased(source, mask)
        self.origin = Origin(_alpha(move), 8, None)
        if not move.blank:
            self.last = torch.from_numpy(move.shot.rgb)

    def _age(self, motion: Motion) -> Tensor:
        """Move on where the dream is new; the share of it that is kept at each place, (1, 1, H, W)."""
        device, out = self.canvas.source.device, outside(motion)
        uncovered = uncovered_within(motion, out)
        came, kept = entered(moved(self.entered, motion), out)
        self.entered = plane_of(came, device) if came.max() >= NOTHING else None
        new, fresh = np.maximum(uncovered, newness(came, motion)), moved(self.fresh, motion)
        self.fresh = plane_of(new if fresh is None else np.maximum(fresh, new), device)
        return plane_of((1 - (1 - KEEPS) * uncovered) * kept, device)

    @computes
    def aim(self, recipe: Recipe, strength: float | None, most: float | None, pulse: float) -> None:
        """Set how strong the dream is held and how much of it is shown on this frame.

        The dream is held at the greatest strength that the film will ask for (``most``), so that it can go
        and come back as it was; None holds it where the first frame's ended.
        """
        reach = min(REACH, REACH_OF_STD * deviation(self.canvas.source))
        if strength is None or most is None:
            self.share = pulse
            return
        self.reach += FOLLOWS * (reach - self.reach)
        self.held = 2 * most * self.reach
        if recipe.max_change is not None:
            self.held = min(self.held, recipe.max_change)
        asked = 2 * strength * pulse * min(reach, self.reach)
        self.share = min(1.0, asked / self.held) if self.held > 0 else 0.0

    @computes
    def cut(self, recipe: Recipe, session: Session) -> None:
        """Say what of the frame that is to be dreamt on is new, if it can be looked at by itself."""
        own = Octave(len(self._sizes(recipe)) - 1, self.canvas.size, 1, 0.0, 1.0)
        large = worth_cutting(self.canvas.size) and not self.canvas.circular
        cuts = large and sees_parts(self.goal(session, recipe, own), session.net)
        fresh = None if self.fresh is None else self.fresh[0, 0].cpu().numpy()
        self.patches = patches_of(fresh) if cuts and not session.partners else None

    def plan(self, recipe: Recipe) -> list[Octave]:
        """The sizes of a frame, from small to large, the film's own last; then what is new in it, if cut."""
        *smaller, own = self._sizes(recipe)
        steps, whole = self._steps(recipe)
        few = max(1, round((recipe.film or Film()).steps * SMALLER))
        plan = [*((size, few) for size in smaller), (own, whole)]
        boxes = self.patches if self.patches and steps > whole else []
        plan += [((right - left, bottom - top), steps - whole) for top, left, bottom, right in boxes]
        return [Octave(i, size, count, 0.0, 1.0) for i, (size, count) in enumerate(plan)]

    def _sizes(self, recipe: Recipe) -> list[tuple[int, int]]:
        """The (width, height) at which the whole frame is dreamt on, from small to large."""
        film = recipe.film or Film()
        return octave_sizes(self.canvas.size, count=film.sizes, scale=recipe.octave_scale**APART)

    def _steps(self, recipe: Recipe) -> tuple[int, int]:
        """The steps at the film's own size, and how many of them look at the whole frame."""
        film = recipe.film or Film()
        few = max(1, round(film.steps * SMALLER)) * (len(self._sizes(recipe)) - 1)
        steps = max(1, film.steps - few)
        return steps, steps if self.patches is None else max(1, round(WHOLE * steps))

    def remarks(self, recipe: Recipe) -> tuple[str, ...]:
        """Nothing: what is to be said of the full dream is said when a scene opens."""
        return ()

    def goal(self, session: Session, recipe: Recipe, octave: Octave) -> BoundObjective:
        """What is climbed: that of the full dream's octave of this size."""
        full = len(State.plan(self, recipe)) if len(recipe.objective) > 1 else 1
        behind = APART * max(0, len(self._sizes(recipe)) - 1 - octave.index)
        return session.goal(recipe, max(0, full - 1 - behind))

    def enter(self, octave: Octave, recipe: Recipe) -> None:
        """Bring the canvas to an octave's size; what that size cannot hold is kept aside."""
        place = octave.index - len(self._sizes(recipe))
        if place >= 0:
            assert self.patches is not None
            self._enter_patch(self.patches[place], recipe)
            return
        canvas = self.canvas
        if self._whole is None:
            self._whole, self._new = canvas.detail, self._newness(recipe)
        self.attention = self.looks.at(octave.index, recipe)
        if canvas.size != octave.size:
            canvas.resize(octave.size)
            self._before = canvas.detail.clone()
        height, width = canvas.base.shape[2:]
        assert self._new is not None
        self._weight = self._new
        if self._new.shape[2:] != (height, width):
            self._weight = F.interpolate(self._new, (height, width), mode="bilinear", align_corners=False)

    def _enter_patch(self, box: Box, recipe: Recipe) -> None:
        """Dream on a part of the frame, by what was seen of the whole."""
        self._frame, self.canvas = (self.canvas, box), self.canvas.cropped(box)
        self._look_at(box, recipe)
        assert self.fresh is not None
        self._weight = self.fresh[:, :, box[0] : box[2], box[1] : box[3]]

    def _look_at(self, box: Box, recipe: Recipe) -> None:
        """Go on with a part of what was seen of the whole, which takes over what was seen there."""
        whole, here = self.looks.at(len(self._sizes(recipe)) - 1, recipe), self.attention
        if whole is not None and here is not None and self.step:
            whole.paste(here, box)
        self.attention = None if whole is None else whole.cropped(box)

    def _newness(self, recipe: Recipe) -> Tensor:
        """How new the dream is at each place, (1, 1, h, w) in [0, 1]: fresh, or weaker than it should be."""
        local = local_rms(self._change())
        steps, whole = self._steps(recipe)
        weak = MORE * steps / whole * (1 - local / max(WEAK * self.held, 1e-6)).clamp_(0, 1)
        if self.fresh is None:
            return weak
        height, width = self.fresh.shape[2:]
        return F.interpolate(weak, (height, width), mode="bilinear", align_corners=False).max(self.fresh)

    def leave(self, octave: Octave) -> None:
        """End an octave: at the film's own size, only what the steps changed has crossed."""
        if self._frame is not None:
            whole, box = self._frame
            whole.paste(self.canvas, box)
            self.canvas, self._frame = whole, None
            self.attention = self.looks.largest()
        canvas = self.canvas
        if self._before is not None:
            assert self._whole is not None
            height, width = canvas.source.shape[2:]
            canvas.detail = canvas.detail - self._before
            canvas.resize((width, height))
            canvas.move(self._whole, clip=True)
            self._whole = canvas.detail
        self._before = self._weight = None
        self.octave, self.step = octave.index + 1, 0

    def ascend(self, gradient: Tensor, octave: Octave, recipe: Recipe) -> None:
        """One step uphill: whole where the dream is new, a small part of one where it is carried."""
        leak = (recipe.film or Film()).leak
        canvas = self.canvas
        calmer = recipe.model_copy(update={"tilt": recipe.tilt + CALMER})
        direction = self._direction(gradient, octave, calmer)
        length = STRIDE * self.held if recipe.step_size is None else recipe.step_size
        if canvas.base.shape != canvas.source.shape:
            length *= LONGER
        elif self._frame is None:
            steps, whole = self._steps(recipe)
            leak *= steps / whole  # of few steps as much as of many
        else:
            leak = 0.0
        assert self._weight is not None
        canvas.move(weighted(direction, self._weight, leak), factor=length, clip=True)
        self.step += 1
        if self._frame is not None:
            self._look_at(self._frame[1], recipe)

    @computes
    def settle(self, *, begins: bool = False) -> None:
        """Hold the dream's strength, after the steps of a frame; what was new is less so.

        It comes up, and by no more than can be seen, if what was there before has become weak, and down if
        the whole has become strong; where a scene ``begins`` there is nothing to compare with.
        """
        self._whole = self._new = None
        self.octave = self.step = 0
        share = self.canvas.mask_share()
        strong = max(self._established(), self.canvas.moved() / share if share else 0.0)
        if strong > 0 and self.held > 0:
            low, high = (0.5, 2.0) if begins else HOLD
            self.canvas.move(scale=min(high, max(low, self.held / strong)))
            self._tame()
        if self.fresh is not None:
            self.fresh = self.fresh * SETTLES
            if float(self.fresh.max()) < NOTHING:
                self.fresh = None

    def _tame(self) -> None:
        """Weaken what has grown too strong: new places before there is a scale for them, and smears."""
        local = local_rms(self._change()).div_(MOST * max(self.held, 1e-6))
        if float(local.max()) > 1:
            height, width = self.canvas.base.shape[2:]
            gain = F.interpolate(
                1 / local.clamp_min_(1), (height, width), mode="bilinear", align_corners=False
            )
            self.canvas.detail.mul_(gain)
            self.canvas.clip()

    def _established(self) -> float:
        """RMS of the change over what may move and is not new."""
        canvas = self.canvas
        if self.fresh is None or float(self.fresh.mean()) <= NOTHING:
            share = canvas.mask_share()
            return canvas.moved() / share if share else 0.0
        weight = 1 - self.fresh
        may = weight if canvas.mask is None else weight * canvas.mask.square()
        change = self._change()
        return math.sqrt(float((change * weight).mean()) / max(float(may.mean()), 1e-6))

    def _change(self) -> Tensor:
        """Mean square of the change at each pixel, (1, 1, H, W)."""
        change = self.canvas.picture().sub_(self.canvas.base)
        return change.square_().mean(1, keepdim=True)

    def satisfied(self, scores: Any, octave: Octave, recipe: Recipe) -> bool:
        """Whether the octave is over before its steps are."""
        return recipe.max_score is not None and min(scores) > recipe.max_score

    @computes
    def moved(self) -> float:
        """RMS distance of what is shown from the film's own frame, 0..1."""
        return self.canvas.moved() * self.share

    def _full(self, recipe: Recipe) -> float:
        return math.inf  # the strength is held by ``settle``

    @computes
    def finished(self, recipe: Recipe) -> Picture:
        """The frame as it is shown."""
        return as_picture(self.shown(recipe), recipe, self.origin)

    @computes
    def shown(self, recipe: Recipe) -> Tensor:
        """The same as a tensor (1, C, H, W) in [0, 1], without transparency."""
        if self.share == 0:
            return self.canvas.source.clamp(0, 1)
        shown = copy.copy(self)
        if self.share != 1:
            shown.canvas = self.canvas.at(self.canvas.size)
            shown.canvas.move(scale=self.share)
        return shown._finished(recipe, self.canvas.source)


def _alpha(move: FrameMotion) -> Any:
    alpha = move.shot.alpha
    return None if alpha is None else alpha.astype("float32") / 255
