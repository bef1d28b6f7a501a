"""What the plain engine finds in float64, and how near to it another engine comes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch

from reverie.engine.engine import AutogradEngine, Engine
from reverie.network.network import Network


@dataclass
class Wanted:
    """What the plain engine finds in a picture: maps, a random seed for each, and where the seeds lead."""

    maps: dict[str, torch.Tensor]
    seeds: dict[str, torch.Tensor]
    gradients: dict[str, torch.Tensor]  # of the seed at each layer, and of "all" together


class Truth:
    """The plain engine in float64. Every instruction set asks it the same, so its last answers are kept."""

    def __init__(self, net: Network, keep: int = 4) -> None:
        self._engine = AutogradEngine(net.to(dtype=torch.float64))
        self._kept: dict[object, Wanted] = {}
        self._keep = keep

    def of(self, picture: torch.Tensor, layers: list[str]) -> Wanted:
        picture = picture.contiguous()
        asked = (tuple(layers), picture.shape, hashlib.sha256(picture.numpy().tobytes()).digest())
        if asked not in self._kept:
            while len(self._kept) >= self._keep:
                del self._kept[next(iter(self._kept))]
            self._kept[asked] = self._answer(picture.double(), layers)
        return self._kept[asked]

    def _answer(self, picture: torch.Tensor, layers: list[str]) -> Wanted:
        maps = self._engine.forward(picture, layers)
        seeds = seeds_for(maps)
        exact = {k: v.double() for k, v in seeds.items()}
        gradients = {k: self._engine.backward({k: v}, last=False) for k, v in exact.items()}
        return Wanted(maps, seeds, {**gradients, "all": self._engine.backward(exact)})


def noise(count: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed))


def seeds_for(activations: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    made = torch.Generator().manual_seed(1)
    return {k: torch.randn(a.shape, generator=made, dtype=torch.float32) for k, a in activations.items()}


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    a, b = a.double().flatten(), b.double().flatten()
    return float(a @ b / (a.norm() * b.norm()))


def off(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a.double() - b.double()).norm() / b.double().norm())


def compared(engine: Engine, truth: Truth, picture: torch.Tensor, layers: list[str]) -> dict[str, float]:
    """The cosine of the gradient at the picture for a random seed at each layer, and for all together."""
    found = engine.forward(picture, layers)
    wanted = truth.of(picture, layers)
    for name in layers:
        assert found[name].shape == wanted.maps[name].shape
    cosines = {}
    for name in layers:
        mine = engine.backward({name: wanted.seeds[name]}, last=False)
        cosines[name] = cosine(mine, wanted.gradients[name])
    cosines["all"] = cosine(engine.backward(wanted.seeds), wanted.gradients["all"])
    return cosines
