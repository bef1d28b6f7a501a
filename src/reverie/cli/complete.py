"""What the shell offers after Tab. Quick, without torch, and silent whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reverie.network.class_names import imagenet
from reverie.network.description import KINDS
from reverie.network.named import names_given
from reverie.network.zoo import network_names
from reverie.recipe.presets.portrait import PORTRAITS
from reverie.recipe.presets.preset import MOTIONS, PRESETS
from reverie.recipe.presets.sites import SITES

#: Blocks in each stage; a test holds them against the networks themselves.
_REPEATS = {"lite0": (1, 2, 2, 3, 3, 4, 1), "lite1": (1, 3, 3, 4, 4, 5, 1), "lite2": (1, 3, 3, 4, 4, 5, 1)}


#: Ways of computing the gradient; a test holds them against those that can be made.
ENGINES = ("native", "torch", "plain")


def layer_names(network: str = "lite0") -> list[str]:
    """Names of the layers that are offered."""
    repeats = _REPEATS.get(network, _REPEATS["lite0"])
    blocks = [f"block{s}{'abcdefgh'[r]}" for s, n in enumerate(repeats, start=1) for r in range(n)]
    return ["stem", *blocks, "head", "logits"]


def _among(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Offers those of some names that begin with what was typed."""
    return lambda incomplete: [name for name in names() if name.startswith(incomplete)]


layers = _among(layer_names)
channels = _among(lambda: (f"{name}:" for name in layer_names()))
presets = _among(lambda: (*PRESETS, *SITES))
motions = _among(lambda: (*MOTIONS, *PRESETS))
portraits = _among(lambda: PORTRAITS)
_KINDS = tuple(kind if info.alone else f"{kind}:" for kind, info in KINDS.items())
networks = _among(lambda: (*network_names(), *_KINDS, *names_given()))
engines = _among(lambda: ENGINES)


def classes(incomplete: str) -> list[str]:
    """Class names by any synonym, and what classes are kinds of."""
    return imagenet().search(incomplete)


def targets(incomplete: str) -> list[str]:
    """What portraits are made of: layers and classes."""
    return layers(incomplete) + classes(incomplete)


def units(incomplete: str) -> list[str]:
    """What can be looked for in a photograph: layers, channels and classes."""
    return layers(incomplete) + channels(incomplete) + classes(incomplete)
