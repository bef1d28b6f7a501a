"""A plan: the steps of a network for some layers at one size of picture, and the memory between them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from reverie.engine.torch.plan.steps import PlanStep, Run
from reverie.native import Isa

Watch = Callable[[Run, Mapping[int, Tensor]], None]


class Sets(NamedTuple):
    """Instruction sets of the native library's convolutions; their maps are in fp32 whichever it is."""

    early: Isa
    forward: Isa
    backward: Isa


@dataclass(frozen=True)
class Formats:
    """Where a plan runs, and in which number formats: the first layers, the other ones, backward."""

    device: torch.device
    early: torch.dtype
    forward: torch.dtype
    backward: torch.dtype
    native: Sets | None = None  # None for torch's operators alone


class ExecutionPlan:
    """The steps for some layers at one size of picture."""

    def __init__(self, steps: Sequence[PlanStep], layers: Mapping[str, int], formats: Formats) -> None:
        self.steps, self.layers, self.formats = list(steps), dict(layers), formats
        kept = {i for step in steps for i in step.keeps}
        self._kept = kept
        self._limited = {i for step in steps if step.limited for i in step.keeps}
        last_read = {0: -1}
        first_keeper: dict[int, int] = {}
        for at, step in enumerate(self.steps):
            for index in (*step.reads, *step.writes):
                last_read[index] = at
            for index in step.keeps:
                first_keeper.setdefault(index, at)
        self._done: list[list[int]] = [[] for _ in self.steps]  # values that only backward reads after a step
        for index, at in last_read.items():
            if at >= 0:
                self._done[at].append(index)
        self._free: list[list[int]] = [[] for _ in self.steps]  # values that backward reads last at a step
        for index, at in first_keeper.items():
            self._free[at].append(index)

    def constants(self) -> set[int]:
        """Addresses of the constants that autograd may keep: weights, not activations."""
        return {c.untyped_storage().data_ptr() for step in self.steps for c in step.constants}

    def forward(self, x: Tensor, watch: Watch | None = None) -> tuple[Run, dict[str, Tensor]]:
        """Runs to the deepest layer; the activations by layer. ``watch`` sees what each step holds."""
        run = Run({0: x})
        wanted = set(self.layers.values())
        found = {0: x} if 0 in wanted else {}
        for step, done in zip(self.steps, self._done, strict=True):
            step.forward(run)
            if watch is not None:
                watch(run, found)
            for index in done:
                value = run.values.pop(index)
                if index in wanted:
                    found[index] = value
                if index in self._kept:
                    limited = index in self._limited
                    run.values[index] = _shortened(value, self.formats.backward, limited=limited)
        run.values.pop(0, None)
        return run, {name: found[index] for name, index in self.layers.items()}

    def backward(
        self, run: Run, seeds: Mapping[str, Tensor], *, last: bool, watch: Watch | None = None
    ) -> Tensor | None:
        """The gradient at the input; None if no seed reaches it. ``last`` frees what it passes."""
        run.last = last
        for name, seed in seeds.items():
            run.give(self.layers[name], seed, owned=False)
        for step, free in zip(reversed(self.steps), reversed(self._free), strict=True):
            step.backward(run)
            if watch is not None:
                watch(run, {})
            if last:
                run.saved.pop(id(step), None)
                for index in free:
                    run.values.pop(index, None)
        return run.take(0)[0]


def _shortened(value: Tensor, dtype: torch.dtype, *, limited: bool) -> Tensor:
    """In another number format; if ``limited``, digits are cut off, lest 5.99 be taken for ReLU6's limit."""
    if not limited or value.dtype != torch.float32 or dtype != torch.bfloat16 or sys.byteorder != "little":
        return value.to(dtype)
    rows = value.permute(0, 2, 3, 1) if value.ndim == 4 else value
    halves = rows.contiguous().view(torch.bfloat16)
    cut = halves[..., 1::2].contiguous()  # the upper half of each number is a bf16
    return cut.permute(0, 3, 1, 2) if value.ndim == 4 else cut
