"""The facets of a unit: what is added to an objective so that several portraits of it differ (Olah 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reverie import objective as ob
from reverie.errors import UsageError

if TYPE_CHECKING:
    from reverie.network.network import Network

#: How much diversity counts where terms count as weighted, and where each is made one long at its layer.
#: On four units of Lite0 the Gram matrices' mean cosine falls by about a third and more against independent
#: seeds, with at least nine tenths of the activation (``python -m benchmarks.portraits diversity``).
WEIGHT: Final = 19.0
WEIGHT_OF_LAYERS: Final = 0.2
#: Pixels from one cell to the next where textures and parts are told apart, for units that have no map.
MIDDLE_STRIDE: Final = 16


def diverse(text: str, net: Network, balance: str) -> str:
    """An objective with a term that makes facets of it differ; one that has such a term as it is.

    Args:
        text: The objective.
        net: Where its layers are.
        balance: The recipe's; it decides how much the term counts.

    Raises:
        UsageError: The objective is no unit's: it has penalties alone, or recreates a photograph.
    """
    wanted = ob.parse(text)
    quantities = [term.quantity for term in wanted.terms]
    if any(isinstance(quantity, ob.Pairwise) for quantity in quantities):
        return text
    if any(isinstance(quantity, ob.Inversion) for quantity in quantities):
        raise UsageError(f'--diversity: "{text}" is about one photograph and has no facets; leave it out')
    seen = [quantity for quantity in quantities if isinstance(quantity, ob.AtLayer | ob.OfClass)]
    if not seen:
        raise UsageError(f'--diversity: "{text}" reads no layer, so it has no facets; leave it out')
    weight = WEIGHT_OF_LAYERS if balance == "layers" else WEIGHT
    return str(wanted + weight * ob.diversity(_layer(seen[0], net)))


def _layer(quantity: ob.Quantity, net: Network) -> str:
    """Where facets are told apart: at the unit's own layer, if that has a map."""
    if isinstance(quantity, ob.AtLayer):
        name = net.layer(quantity.layer).name
        if net.geometry(name) is not None:
            return name
    return middle(net)


def middle(net: Network) -> str:
    """The deepest layer whose cells are no further apart than ``MIDDLE_STRIDE``; else one in the middle."""
    maps = []
    for name in net.layers:
        geometry = net.geometry(name)
        if geometry is not None:
            maps.append((name, geometry[0]))
    fine = [name for name, stride in maps if stride <= MIDDLE_STRIDE]
    names = fine or [name for name, _ in maps] or list(net.layers)
    return names[-1] if fine else names[len(names) // 2]
