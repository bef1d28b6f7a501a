"""How a preset climbs a unit of a network: text for a class or a channel, and a preset for an inversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reverie.objective import Channel, Logit, Objective, peak
from reverie.recipe.presets.portrait import COARSE, INVERSION, OF_CLASS, SHALLOW, STRONGEST

if TYPE_CHECKING:
    from reverie.network.network import Network


def of_inversion(layer: str, net: Network) -> str:
    """The preset that an inversion of a layer is made with if none is named."""
    geometry = net.geometry(layer)
    return "inversion-shallow" if geometry and geometry[0] <= SHALLOW else INVERSION


def of_unit(wanted: Objective, preset: str, net: Network) -> str:
    """An objective's text; a class or a channel alone is climbed as the preset climbs them."""
    if not alone(wanted) or preset not in OF_CLASS:
        return str(wanted)
    quantity = wanted.terms[0].quantity
    if isinstance(quantity, Logit):
        return OF_CLASS[preset].format(str(quantity).removeprefix("class(").removesuffix(")"))
    if isinstance(quantity, Channel) and ((net.geometry(quantity.layer) or (0, 0))[0] >= COARSE):
        return str(wanted + STRONGEST * peak(quantity.layer, quantity.index))
    return str(wanted)


def alone(wanted: Objective) -> bool:
    """Whether it is one unit and nothing else."""
    term = wanted.terms[0]
    unit = isinstance(term.quantity, Logit | Channel)
    return unit and len(wanted.terms) == 1 and term.weight == 1 and term.region is None
