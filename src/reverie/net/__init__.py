"""What dreams: networks with named layers, their class names, adapters for other people's networks.

The names here are imported when first used, so that ``from reverie.net.classes import imagenet``
stays quick: only networks need torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reverie.net.adapt import wrap_net
    from reverie.net.classes import ClassNames, imagenet
    from reverie.net.core import Layer, Net
    from reverie.net.zoo import NetworkInfo, load_net, network_names, networks

_HOME = {
    "ClassNames": "classes",
    "Layer": "core",
    "Net": "core",
    "NetworkInfo": "zoo",
    "imagenet": "classes",
    "load_net": "zoo",
    "network_names": "zoo",
    "networks": "zoo",
    "wrap_net": "adapt",
}

__all__ = [
    "ClassNames",
    "Layer",
    "Net",
    "NetworkInfo",
    "imagenet",
    "load_net",
    "network_names",
    "networks",
    "wrap_net",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
