"""Objectives that are functions of somebody's own: which layers they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from reverie.engine.engine import answers
from reverie.errors import UsageError
from reverie.network.network import Network
from reverie.objective import Code
from reverie.objective.terms.code import Activations, Scored
from reverie.scoring.binder import Binder, scores
from reverie.scoring.terms import BoundCode

#: Side of the noise in which it is found out what layers a function reads, in pixels.
SIDE = 224


@scores(Code)
def _code(wanted: Code, binder: Binder) -> BoundCode:
    code = wanted.code
    asked = wanted.layers or read_by(code, binder.net, str(wanted))
    names = {name: binder.net.layer(name).name for name in asked}
    return BoundCode(str(binder.term), binder.term.weight, code, names)


def read_by(code: Scored, net: Network, text: str) -> tuple[str, ...]:
    """The layers that a function reads, by calling it on what the network says of noise."""
    height, width = net.input_size or (max(SIDE, net.min_size),) * 2
    noise = torch.rand(1, net.channels, height, width, generator=torch.Generator().manual_seed(0))
    seen = _Asked(net, noise.to(net.device))
    with torch.no_grad():
        code(seen)
    if not seen.names:
        raise UsageError(f"objective {text}: its function reads no layer; name some in layers=[...]")
    return tuple(seen.names)


class _Asked(Activations):
    """Reads whatever layer is asked for, and keeps in mind which."""

    def __init__(self, net: Network, picture: Tensor) -> None:
        super().__init__(net.layers)
        self._net, self._picture = net, picture
        self.names: dict[str, None] = {}

    def __getitem__(self, name: str) -> Any:
        own = self._net.layer(name).name
        self.names[name] = None
        return answers(self._net, self._picture, [own])[own]

    __call__ = __getitem__

    def __iter__(self) -> Iterator[str]:
        return iter(self._net.layers)
