"""A classifier small enough to evolve against in no time, and, as a script, runs that are killed."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reverie.evolve import evolve, load_checkpoint, make_encoding, save_checkpoint
from reverie.evolve.state import Evolution

CLASSES = 12
SETTINGS: dict[str, Any] = {"size": 16, "seed": 5, "population": 15, "children": 12, "batch": 7}


class Small:
    """Averages of a picture's sixteenths, a fixed random matrix, softmax: (N, 3, 16, 16) to (N, 12)."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.weights = torch.from_numpy(rng.normal(0, 1, (48, CLASSES)))
        self.seen: list[int] = []

    def __call__(self, pictures: Tensor) -> Tensor:
        """Each picture by itself, so that no batch changes a bit."""
        self.seen.append(len(pictures))
        assert pictures.dtype == torch.float32
        assert 0 <= float(pictures.detach().min()) <= float(pictures.detach().max()) <= 1
        pooled = torch.nn.functional.adaptive_avg_pool2d(pictures.double(), 4).flatten(1)
        return torch.stack([(row @ self.weights).softmax(0) for row in pooled])

    def climb(self, pictures: Tensor, classes: Tensor) -> Tensor:
        leaf = pictures.detach().requires_grad_(True)
        scores = self(leaf.clamp(0, 1)).log()
        (gradient,) = torch.autograd.grad(scores[torch.arange(len(leaf)), classes].sum(), leaf)
        return gradient


def encoding(name: str) -> Any:
    if name == "gradient":
        return make_encoding(name, side=16, climb=Small().climb)
    return make_encoding(name, **({"side": 16} if name in ("direct", "natural") else {}))


def arrays(state: Evolution, kind: Any) -> dict[str, bytes]:
    """All bytes of a state but those of the clock."""
    kept = state.state_dict(kind)
    return {k: a.tobytes() + str((a.dtype, a.shape)).encode() for k, a in kept.items() if k != "clock"}


def run(path: Path, name: str, generations: int, pause: float = 0) -> Evolution:
    """Go on from the checkpoint if there is one, write one after each generation."""
    state, kind = load_checkpoint(path) if path.exists() else (None, encoding(name))
    for generation in evolve(Small(), kind, generations=generations, state=state, **SETTINGS):
        state = generation.state
        save_checkpoint(path, state, kind)
        time.sleep(pause)
    assert state is not None
    return state


def main(path: Path, name: str, generations: int, kills: int) -> None:
    """Run in child processes and kill so many of them, each somewhere in its work; then let one finish."""
    rng = np.random.default_rng(1)
    for attempt in range(kills + 1):
        child = os.fork()
        if child == 0:
            run(path, name, generations)
            os._exit(0)
        if attempt < kills:
            time.sleep(float(rng.uniform(0.01, 0.15)))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    sys.exit(0 if status == 0 else 1)


def finished(name: str = "cppn", generations: int = 8, **changed: Any) -> tuple[Evolution, Any]:
    kind = encoding(name)
    for generation in evolve(Small(), kind, generations=generations, **{**SETTINGS, **changed}):
        state = generation.state
    return state, kind


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
