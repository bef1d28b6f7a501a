"""CUDA graphs: a plan recorded on the GPU once and started with one call, for a size that repeats.

A GPU finishes the small operators of a network faster than Python can start them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from reverie.engine.torch.plan.plan import ExecutionPlan

PATIENCE = 3  # times in a row that a size has to come before it is worth a graph


#: Runs a function once while its device work is recorded: what it returned, and what does all of it again
#: into the same tensors.
Capture = Callable[[Callable[[], Any]], tuple[Any, Callable[[], None]]]


def cuda_capture(body: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
    """``Capture`` with a CUDA graph; the caller has run the function before, so that everything is loaded."""
    graph = torch.cuda.CUDAGraph()
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        result = body()
    return result, graph.replay


class Replay:
    """A plan at one size with tensors that stay in place.

    Each set of layers that seeds come at has a backward graph of its own, made when it is first asked for.
    """

    def __init__(self, plan: ExecutionPlan, x: Tensor, capture: Capture) -> None:
        """Captures the forward pass; whatever torch raises if it cannot be captured goes through."""
        self._plan, self._capture = plan, capture
        self._x = x.clone()
        (self._run, self._found), self._again = capture(lambda: plan.forward(self._x))
        self._backward: dict[
            tuple[str, ...], tuple[dict[str, Tensor], Tensor | None, Callable[[], None]]
        ] = {}

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """As ``ExecutionPlan.forward``; the activations are copies."""
        self._x.copy_(x)
        self._again()
        return {name: activation.clone() for name, activation in self._found.items()}

    def backward(self, seeds: Mapping[str, Tensor]) -> Tensor | None:
        """As ``ExecutionPlan.backward``; any number of times after a forward."""
        key = tuple(sorted(seeds))
        if key not in self._backward:
            still = {name: seed.clone() for name, seed in seeds.items()}
            gradient, again = self._capture(lambda: self._plan.backward(self._run, still, last=False))
            self._backward[key] = (still, gradient, again)
        still, gradient, again = self._backward[key]
        for name, seed in seeds.items():
            still[name].copy_(seed)
        again()
        return None if gradient is None else gradient.clone()


class Replays:
    """The one size that has a graph, and whether the next one is due.

    One only: a graph keeps all memory of its pass.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._replay: Replay | None = None
        self._plan: ExecutionPlan | None = None  # that the graph is of
        self._previous: ExecutionPlan | None = None
        self._times = 0
        self.refused = ""  # why graphs were given up

    def of(self, plan: ExecutionPlan, x: Tensor) -> Replay | None:
        """The graph for a plan that is about to run, made if it is due; None to run the plan itself."""
        self._times = self._times + 1 if plan is self._previous else 1
        self._previous = plan
        if plan is self._plan:
            return self._replay
        if self._times <= PATIENCE or self.refused:
            return None
        self.clear()
        try:
            self._replay = Replay(plan, x, self._capture)
        except RuntimeError as error:
            self.refused = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            return None
        self._plan = plan
        return self._replay

    def clear(self) -> None:
        """Give the graph and its memory back."""
        self._replay = self._plan = None
