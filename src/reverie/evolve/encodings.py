"""All encodings by name; and a genome as JSON, its encoding with it: the file alone is enough to show it."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any, Final

from reverie.errors import BadInput, UsageError, did_you_mean
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
#: What a genome written as JSON begins with.
KIND, VERSION = "genome", 1


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


def genome_json(encoding: Encoding[Any], genome: Any) -> dict[str, Any]:
    """A genome with its encoding's name and settings, as JSON takes it and ``genome_from_json`` reads it."""
    return {
        "reverie": KIND,
        "version": VERSION,
        "encoding": encoding.name,
        "settings": encoding.settings(),
        "genome": encoding.encode(genome),
    }


def genome_from_json(data: Any) -> tuple[Encoding[Any], Any]:
    """The encoding and the genome that ``genome_json`` wrote down.

    Raises:
        BadInput: Not a genome, of a newer version, or damaged.
    """
    if not isinstance(data, Mapping) or data.get("reverie") != KIND:
        raise BadInput("genome: this is not a genome that reverie wrote")
    version = data.get("version")
    if version != VERSION:
        raise BadInput(f"genome: of version {version}, this reverie reads {VERSION}; use the newer reverie")
    name, settings, written = data.get("encoding"), data.get("settings"), data.get("genome")
    if not isinstance(name, str) or not isinstance(settings, Mapping) or not isinstance(written, Mapping):
        raise BadInput("genome: encoding, settings or genome is missing; the file is damaged")
    try:
        encoding = make_encoding(name, **settings)
    except (TypeError, ValueError) as error:
        raise BadInput(f"genome: {error}") from error
    return encoding, encoding.decode(written)
