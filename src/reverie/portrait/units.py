"""Units of a network: channels of layers, and classes, which are units of the layer of the class scores."""

from __future__ import annotations

from reverie import objective
from reverie.errors import UsageError
from reverie.network.network import Network
from reverie.objective.text import MOST_DIGITS, unquoted
from reverie.portrait.targets import of_unit

#: The layer of the class scores, whose units are shown as classes.
LOGITS = "logits"


def objective_of(layer: str | None, index: int, preset: str, net: Network) -> str:
    """What the portrait of a channel, or of a class, increases with a preset."""
    if layer is None or layer == LOGITS:
        return of_unit(objective.logit(index), preset, net)
    return of_unit(objective.channel(layer, index), preset, net)


def class_index(net: Network, word: str) -> int:
    """The index of a class by name or number; UsageError if there is none, or a group."""
    return class_indices(net, word)[0] if net.classes is None else net.classes.lookup(unquoted(word))


def class_indices(net: Network, word: str) -> tuple[int, ...]:
    """The indices of a class, or of all of one kind, by name or number; UsageError if there is none."""
    if net.classes is not None:
        return net.classes.members(unquoted(word))
    count = net.layer(LOGITS).channels
    if not word.isdecimal() or len(word) > MOST_DIGITS or int(word) >= count:
        raise UsageError(
            f'class "{word}" is not known; network {net.name} has no names, give 0 to {count - 1}'
        )
    return (int(word),)


def class_name(net: Network, index: int) -> str:
    """What a class is called."""
    return f"class {index}" if net.classes is None else net.classes.name(index)
