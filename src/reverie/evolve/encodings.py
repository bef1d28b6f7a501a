"""All encodings by name."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any, Final

from reverie.errors import UsageError, did_you_mean
from reverie.evolve.baselines import GradientFooling, RandomSearch
from reverie.evolve.cppn import Cppn, SmoothCppn
from reverie.evolve.direct import Direct
from reverie.evolve.genome import Encoding
from reverie.evolve.natural import Natural

_KNOWN: Final[Mapping[str, type[Any]]] = {
    kind.name: kind for kind in (Cppn, SmoothCppn, Direct, Natural, RandomSearch, GradientFooling)
}
#: The names that ``make_encoding`` takes.
ENCODINGS: Final = tuple(_KNOWN)


def make_encoding(name: str, **settings: Any) -> Encoding[Any]:
    """An encoding: "cppn", "smooth", "direct", "natural", "random" or "gradient".

    Args:
        name: Which.
        settings: What its class takes, see there; all have defaults.

    Raises:
        UsageError: No such encoding or setting, or a setting out of its range.
    """
    if name not in _KNOWN:
        raise UsageError(f"encoding {name}: {did_you_mean(name, _KNOWN)}")
    known = signature(_KNOWN[name]).parameters
    for setting in settings:
        if setting not in known:
            raise UsageError(f"encoding {name}: has no setting {setting}; {did_you_mean(setting, known)}")
    try:
        encoding: Encoding[Any] = _KNOWN[name](**settings)
    except TypeError as error:
        raise UsageError(f"encoding {name}: a setting is of the wrong kind ({error})") from error
    return encoding
