"""Memory of the torch engine: how much a plan takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from reverie.engine.torch.plan.plan import ExecutionPlan
from reverie.engine.torch.plan.steps import Run
from reverie.engine.torch.trace.record import visit


def peak_bytes(plan: ExecutionPlan, x: Tensor) -> int:
    """The most memory that values, gradients and what autograd keeps take at once; runs the plan."""
    weights: set[int] = set()
    hidden: dict[int, Tensor] = {}  # what autograd keeps; held, so that no address is used twice
    most = 0

    def keep(tensor: Tensor) -> Tensor:
        hidden.setdefault(tensor.untyped_storage().data_ptr(), tensor)
        return tensor

    def watch(run: Run, found: Mapping[int, Tensor]) -> None:
        nonlocal most
        held: dict[int, int] = {}

        def count(tensor: Tensor) -> None:
            storage = tensor.untyped_storage()
            if not isinstance(tensor, torch.nn.Parameter) and storage.data_ptr() not in weights:
                held[storage.data_ptr()] = storage.nbytes()

        trees: tuple[Any, ...] = (run.values, run.saved, run.gradients, found, list(hidden.values()))
        visit(trees, count, Tensor)
        most = max(most, sum(held.values()) + max(held.values(), default=0))

    weights.update(plan.constants())
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run, found = plan.forward(x, watch)
    seeds = {name: torch.ones_like(a, dtype=plan.formats.backward) for name, a in found.items()}
    del found
    plan.backward(run, seeds, last=True, watch=watch)
    return most
