"""What the shell offers after Tab. Quick, without torch, and silent whatever happens."""

from __future__ import annotations

from reverie.network.class_names import imagenet
from reverie.network.zoo import network_names
from reverie.recipe.presets.portrait import PORTRAITS
from reverie.recipe.presets.preset import MOTIONS, PRESETS

#: Blocks in each stage; a test holds them against the networks themselves.
_REPEATS = {"lite0": (1, 2, 2, 3, 3, 4, 1), "lite1": (1, 3, 3, 4, 4, 5, 1), "lite2": (1, 3, 3, 4, 4, 5, 1)}


#: Ways of computing the gradient; a test holds them against those that can be made.
ENGINES = ("native", "torch", "plain")


def layer_names(network: str = "lite0") -> list[str]:
    """Names of the layers that are offered."""
    repeats = _REPEATS.get(network, _REPEATS["lite0"])
    blocks = [f"block{s}{'abcdefgh'[r]}" for s, n in enumerate(repeats, start=1) for r in range(n)]
    return ["stem", *blocks, "head", "logits"]


def layers(incomplete: str) -> list[str]:
    """Layers of the default network."""
    return [name for name in layer_names() if name.startswith(incomplete)]


def channels(incomplete: str) -> list[str]:
    """The layer of a NAME:I."""
    return [f"{name}:" for name in layers(incomplete)]


def classes(incomplete: str) -> list[str]:
    """Class names by any synonym."""
    return imagenet().search(incomplete)


def presets(incomplete: str) -> list[str]:
    """Presets of dreams."""
    return [name for name in PRESETS if name.startswith(incomplete)]


def motions(incomplete: str) -> list[str]:
    """Presets of what moves."""
    return [name for name in (*MOTIONS, *PRESETS) if name.startswith(incomplete)]


def portraits(incomplete: str) -> list[str]:
    """Presets of portraits."""
    return [name for name in PORTRAITS if name.startswith(incomplete)]


def networks(incomplete: str) -> list[str]:
    """Networks."""
    return [name for name in network_names() if name.startswith(incomplete)]


def engines(incomplete: str) -> list[str]:
    """Engines."""
    return [name for name in ENGINES if name.startswith(incomplete)]
