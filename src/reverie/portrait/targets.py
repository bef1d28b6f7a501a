"""What somebody means who names things to make portraits of: layers, channels, classes, objectives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn

from reverie import objective as ob
from reverie.errors import UsageError, did_you_mean
from reverie.objective.parser import LONGEST
from reverie.objective.text import MOST_DIGITS, unquoted
from reverie.recipe.presets.portrait import COARSE, INVERSION, OF_CLASS, SHALLOW, STRONGEST, filling

if TYPE_CHECKING:
    from reverie.network.class_names import ClassNames
    from reverie.network.network import Network
    from reverie.recipe.recipe import Recipe

#: The most portraits that one command makes.
MOST_TARGETS: Final = 10_000
#: How much diversity counts where terms count as weighted, and where each is made one long at its layer.
#: On four units of Lite0 the Gram matrices' mean cosine falls by about a third and more against independent
#: seeds, with at least nine tenths of the activation (``python -m benchmarks.portraits diversity``).
WEIGHT: Final = 19.0
WEIGHT_OF_LAYERS: Final = 0.2
#: Pixels from one cell to the next where textures and parts are told apart, for units that have no map.
MIDDLE_STRIDE: Final = 16
#: A unit as the command line takes it: any layer, a channel or a class, and perhaps column and row of a cell.
UNIT: Final = re.compile(
    r"(?P<layer>.+?)\s*:\s*(?P<index>\d{1,18})(?:\s*@\s*(?P<column>\d{1,18})\s*,\s*(?P<row>\d{1,18}))?"
)


def named_targets(texts: list[str], net: Network) -> list[tuple[str, ob.Objective]]:
    """(label, objective) of each target, each once; ``block5c:*`` and ``block5c:0-15`` stand for many."""
    found: dict[str, ob.Objective] = {}
    for text in texts:
        for one in spread(text, net):
            found.setdefault(one.strip(), _class_if_logit(target(one, net)))
            if len(found) > MOST_TARGETS:
                raise UsageError(f"more than {MOST_TARGETS} targets; give fewer at once")
    return list(found.items())


def _class_if_logit(wanted: ob.Objective) -> ob.Objective:
    """A channel of the logits is a class, and is climbed as classes are."""
    quantity = wanted.terms[0].quantity
    if (
        not isinstance(quantity, ob.Channel)
        or quantity.layer != "logits"
        or wanted != ob.channel("logits", quantity.index)
    ):
        return wanted
    return ob.logit(quantity.index)


def spread(text: str, net: Network) -> list[str]:
    """Every channel of ``layer:*`` or ``layer:A-B``; anything else is itself."""
    match = re.fullmatch(r"(.+):(?:\*|(\d{1,6})-(\d{1,6}))", text.strip())
    if match is None:
        return [text]
    name = net.layer(unquoted(match[1])).name
    channels = net.channels_of(name)
    first, last = (0, channels - 1) if match[2] is None else (int(match[2]), int(match[3]))
    if not first <= last:
        raise UsageError(f"{text}: from {first} down to {last} there are none; give the smaller one first")
    if last >= channels:
        raise UsageError(f"{text}: {name} has channels 0 to {channels - 1}")
    return [f"{match[1]}:{i}" for i in range(first, last + 1)]


def target(text: str, net: Network) -> ob.Objective:
    """What somebody means who names a thing to make a portrait of.

    Args:
        text: A layer, ``layer:channel``, ``layer:channel@column,row``, a class by any of its names, its
            number or its WordNet id, what classes are kinds of (``cat``), or any objective; a layer comes
            before a class of the same name. Names may stand in quotes.
        net: Where layers and classes are looked up.

    Raises:
        UsageError: No layer or class has that name (the nearest of both are listed), several classes have it,
            or it is no objective.
    """
    name = text.strip()
    if len(name) > LONGEST:
        raise UsageError(f"target: {len(name)} characters are too long; the limit is {LONGEST}")
    name = unquoted(name)
    if name in net.layers:
        return ob.layer(name)
    unit = UNIT.fullmatch(name)
    if unit and (layer := unquoted(unit["layer"])) in net.layers:
        index = int(unit["index"])
        if unit["column"] is None:
            return ob.channel(layer, index)
        return ob.neuron(layer, index, cell=(int(unit["column"]), int(unit["row"])))
    if net.classes is None and name.isdecimal() and len(name) <= MOST_DIGITS:
        return ob.logit(name)
    if net.classes is not None and _names_a_class(name, net.classes):
        net.classes.members(name)  # several of that name, or no such number
        return ob.logit(name)
    if re.search(r"[-+*@:(\"]", name) and not (unit and ob.BARE_NAME.fullmatch(unit["layer"])):
        return ob.parse(text)
    if name in ob.PENALTIES:
        return ob.parse(text)
    _unknown(unit["layer"] if unit else name, net, classes=unit is None)


def _names_a_class(name: str, classes: ClassNames) -> bool:
    """Whether a class, or several, or a number that none has, is meant."""
    if name.lstrip("-").isdecimal() and len(name) <= MOST_DIGITS:
        return True
    if any(name.casefold() == n.casefold() for i in range(len(classes)) for n in classes.synonyms(i)):
        return True
    return classes.knows(name)


def _unknown(name: str, net: Network, *, classes: bool) -> NoReturn:
    names, kin = dict.fromkeys(net.layers), ""
    if classes and net.classes is not None:
        names |= dict.fromkeys(net.classes.search(""))
        kin = net.classes.kin(name)
    what = "no layer or class" if classes and net.classes is not None else "no layer"
    hint = kin or did_you_mean(name, names) or "give a layer, layer:channel, a class or an objective"
    raise UsageError(f'target "{name}": {what} of network {net.name} has that name; {hint}')


def with_objective(recipe: Recipe, wanted: ob.Objective, net: Network) -> Recipe:
    """The recipe of a target: a class is climbed as the preset climbs classes, facets so that they differ.

    What is of no class is a pattern more often than a thing, and fills the picture.
    """
    if not any(isinstance(term.quantity, ob.OfClass) for term in wanted.terms):
        recipe = filling(recipe)
    text = of_unit(wanted, recipe.preset, net)
    if recipe.portrait is not None and recipe.portrait.facets > 1:
        text = diverse(text, net, recipe.balance)
    elif any(isinstance(term.quantity, ob.Pairwise) for term in wanted.terms):
        raise UsageError(
            f'target "{wanted}": compares several pictures of one unit; say how many: --diversity N'
        )
    return recipe.but(objective=(text,))


def fitting(size: tuple[int, int], side: int) -> tuple[int, int]:
    """A picture's size, its longer side no longer than this, and neither shorter than a recipe allows."""
    factor = min(1.0, side / max(size))
    return max(32, round(size[0] * factor)), max(32, round(size[1] * factor))


def of_inversion(layer: str, net: Network) -> str:
    """The preset that an inversion of a layer is made with if none is named."""
    geometry = net.geometry(layer)
    return "inversion-shallow" if geometry and geometry[0] <= SHALLOW else INVERSION


def of_unit(wanted: ob.Objective, preset: str, net: Network) -> str:
    """An objective's text; a class or a channel alone is climbed as the preset climbs them."""
    if not alone(wanted) or preset not in OF_CLASS:
        return str(wanted)
    quantity = wanted.terms[0].quantity
    if isinstance(quantity, ob.Logit):
        return OF_CLASS[preset].format(str(quantity).removeprefix("class(").removesuffix(")"))
    if isinstance(quantity, ob.Channel) and ((net.geometry(quantity.layer) or (0, 0))[0] >= COARSE):
        return str(wanted + STRONGEST * ob.peak(quantity.layer, quantity.index))
    return str(wanted)


def alone(wanted: ob.Objective) -> bool:
    """Whether it is one unit and nothing else."""
    term = wanted.terms[0]
    unit = isinstance(term.quantity, ob.Logit | ob.Channel)
    return unit and len(wanted.terms) == 1 and term.weight == 1 and term.region is None


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
    return str(wanted + weight * ob.diversity(_own_layer(seen[0], net)))


def _own_layer(quantity: ob.Quantity, net: Network) -> str:
    """Where facets are told apart: at the unit's own layer, if that has a map."""
    if isinstance(quantity, ob.AtLayer):
        name = net.layer(quantity.layer).name
        if net.geometry(name) is not None:
            return name
    return middle(net)


def middle(net: Network) -> str:
    """The deepest layer whose cells are no further apart than ``MIDDLE_STRIDE``; else one in the middle."""
    known = {name: net.geometry(name) for name in net.layers}
    maps = [(name, geometry[0]) for name, geometry in known.items() if geometry is not None]
    fine = [name for name, stride in maps if stride <= MIDDLE_STRIDE]
    names = fine or [name for name, _ in maps] or list(net.layers)
    return names[-1] if fine else names[len(names) // 2]
