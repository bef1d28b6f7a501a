"""A genome as JSON, with its encoding's name and settings: the file alone is enough to show it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reverie.errors import BadInput
from reverie.evolve.encodings import make_encoding
from reverie.evolve.genome import Encoding

#: What a genome written as JSON begins with.
KIND, VERSION = "genome", 1


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
