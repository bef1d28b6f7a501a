"""Graphs that are replayed, with a stand-in for the GPU's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from reverie.engine.engine import AutogradEngine
from reverie.engine.torch.engine import TorchEngine
from reverie.engine.torch.plan.cuda_graphs import PATIENCE, Replays
from reverie.network.wrap import wrap_net
from support import torch_networks


class Stand:
    """Captures as a GPU does: the same tensors are written again, and nothing else happens."""

    def __init__(self) -> None:
        self.captures = self.replays = 0

    def __call__(self, body: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
        self.captures += 1
        result = body()

        def again() -> None:
            self.replays += 1
            fresh = body()
            if isinstance(result, Tensor):
                result.copy_(fresh)
            elif result is not None:
                (run, found), (new, values) = result, fresh
                run.values, run.saved = new.values, new.saved
                for name, value in values.items():
                    found[name].copy_(value)

        return result, again


def with_graphs(name: str) -> tuple[TorchEngine, Stand]:
    engine, stand = TorchEngine(wrap_net(torch_networks.built(name)), precision="fp32"), Stand()
    engine._replays = Replays(stand)
    return engine, stand


@pytest.mark.parametrize("name", ["residual", "tokens"])
def test_a_size_that_repeats_is_replayed(name: str) -> None:
    engine, stand = with_graphs(name)
    plain = AutogradEngine(engine.net)
    for i in range(PATIENCE + 4):
        x = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(i))
        found, expected = engine.forward(x, ["0", "output"]), plain.forward(x, ["0", "output"])
        for layers in (["0"], ["output", "0"]):
            seeds = {k: (i + 1) * expected[k] for k in layers}
            last = len(layers) == 2
            gradient, reference = engine.backward(seeds, last=last), plain.backward(seeds, last=last)
            assert float((gradient - reference).norm() / reference.norm()) < 1e-4
        assert all(torch.allclose(found[k], expected[k], atol=1e-5) for k in found)
    assert stand.captures == 3  # forward, and backward from one and from both layers
    assert stand.replays == 4 * 3


def test_sizes_that_alternate_get_no_graph_and_one_that_stays_replaces_another() -> None:
    engine, stand = with_graphs("residual")
    for _ in range(PATIENCE + 2):
        for side in (40, 48):
            engine.forward(torch.rand(1, 3, side, 40), ["output"])
    assert stand.captures == 0
    for side in (40, 48, 40):
        for _ in range(PATIENCE + 1):
            engine.forward(torch.rand(1, 3, side, 40), ["output"])
    assert stand.captures == 3
    engine.release()
    assert engine._replays is not None
    assert engine._replays._replay is None


def test_what_cannot_be_captured_runs_without() -> None:
    engine, _ = with_graphs("residual")

    def refuse(body: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
        raise RuntimeError("operation not permitted when stream is capturing")

    engine._replays = Replays(refuse)
    plain = AutogradEngine(engine.net)
    for i in range(PATIENCE + 2):
        x = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(i))
        found, expected = engine.forward(x, ["output"]), plain.forward(x, ["output"])
        gradient, reference = engine.backward(found), plain.backward(expected)
        assert float((gradient - reference).norm() / reference.norm()) < 1e-4
    assert "capturing" in engine._replays.refused
