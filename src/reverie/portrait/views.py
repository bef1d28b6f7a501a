"""How a network looks at portraits: the gradient at the pictures, through random views of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from reverie.ascent.session import Session
from reverie.engine.engine import Engine
from reverie.engine.not_finite import complaint
from reverie.errors import ReverieError
from reverie.ops.finite import is_finite
from reverie.ops.transform.apply import apply
from reverie.ops.transform.view import SampledView
from reverie.portrait.warmup import redirected

if TYPE_CHECKING:
    from reverie.scoring.batch import BatchObjective


@dataclass(frozen=True)
class Views:
    """What the network is shown in one step.

    ``picture`` (N, C, H, W) is the canvas's, ``drawn`` has the random numbers of each item's views (N of V;
    empty: the pictures are shown as they are), ``size`` is a view's (width, height). Where each
    picture climbs several ``targets``, its views are those of all targets in turn, and the objectives all
    pictures' first ones first.
    """

    picture: Tensor
    drawn: Sequence[Sequence[SampledView]]
    size: tuple[int, int]
    warm: bool = False
    targets: int = 1

    @property
    def count(self) -> int:
        """Views of each picture, for each of its objectives."""
        return len(self.drawn[0]) // self.targets if self.drawn else 1

    def gradient(self, session: Session, goal: BatchObjective) -> tuple[tuple[float, ...], Tensor]:
        """The scores, and the gradient at the pictures, (N, C, H, W). Raises as ``picture_gradient``."""
        with session.turn:
            scores, gradient = self.through(goal, session.warm_engine() if self.warm else session.engine)
            session.tell()
        return tuple(scores.tolist()), gradient

    def through(self, objective: BatchObjective, engine: Engine) -> tuple[Tensor, Tensor]:
        """Scores (targets N,), means over each item's views, and the gradient at the pictures, (N, C, H, W).

        Terms that read the picture itself are taken at the picture, not at its views. Raises as
        ``picture_gradient``.
        """
        leaf = self.picture.detach().requires_grad_(True)
        scores = torch.zeros(self.targets * leaf.shape[0], dtype=leaf.dtype, device=leaf.device)
        gradient = torch.zeros_like(leaf, requires_grad=False)
        if objective.layers:
            with torch.enable_grad():
                seen = apply(self.drawn, leaf, self.size) if self.drawn else leaf
            scores, slope = self._seen(objective, engine, seen.detach())
            if seen is leaf:
                gradient = slope.clone()
            else:
                (gradient,) = torch.autograd.grad(seen, leaf, slope)
        of_picture, slope = objective.penalise(torch.cat([leaf.detach()] * self.targets))
        for part in slope.chunk(self.targets):
            gradient.add_(part)
        scores = scores + of_picture
        if not (is_finite(scores) and is_finite(torch.linalg.vector_norm(gradient))):
            raise self._complaint(objective, engine, leaf.detach(), scores)
        return scores, gradient

    def _complaint(
        self, objective: BatchObjective, engine: Engine, seen: Tensor, scores: Tensor
    ) -> ReverieError:
        """Why a score or the gradient at what is seen is not finite."""
        bad = [i for i, score in enumerate(scores.tolist()) if not math.isfinite(score)]
        named = dict.fromkeys(text for i in bad for text in objective.objectives[i].texts)
        what = f'objective "{", ".join(named)}"' if named else "the objective"
        return complaint(engine, seen, objective.layers, what)

    def _seen(self, objective: BatchObjective, engine: Engine, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (targets N,) and the gradient at what is seen, (V targets N, C, h, w)."""
        warmth: AbstractContextManager[object] = redirected() if self.warm else nullcontext()
        with warmth:
            activations = engine.forward(seen, objective.layers)
            scores, seeds = objective.evaluate(activations, views=self.count)
            quick = seen.device.type == "cpu"  # a GPU would be waited for: it is asked last
            if quick and not (is_finite(scores) and all(map(is_finite, seeds.values()))):
                raise self._complaint(objective, engine, seen, scores)
            return scores, engine.backward(seeds)
