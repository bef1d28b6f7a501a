"""What a result says of how it was made, in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from reverie import objective as ob
from reverie.jobs.provenance.note import Provenance, Steered
from reverie.recipe.recipe import PARTS, make


def told(note: Provenance) -> Iterator[str]:
    """All of it in lines: the recipe, each of its parts, then the facts; an empty line before each."""
    settings = note.recipe.model_dump(mode="json")
    parts = {name: found for name in PARTS if (found := settings.pop(name)) is not None}
    yield from ("", "  (* marks what is not the default)", *_settings(settings, make()))
    for name, found in parts.items():
        yield from ("", *_settings(found, PARTS[name]()))
    yield from ("", *(f"  {name:<18} {text}" for name, text in facts(note)))


def _settings(settings: Mapping[str, Any], usual: BaseModel) -> Iterator[str]:
    """A line for each setting, starred where it is not the default."""
    defaults = usual.model_dump(mode="json")
    for name, value in settings.items():
        mark = " " if value == defaults.get(name) else "*"
        yield f"{mark} {name.replace('_', ' '):<18} {in_words(name, value)}"


def facts(note: Provenance) -> Iterator[tuple[str, str]]:
    """What was read and what ran, how it was written, and what happened on the way: a name and words."""
    engine = note.engine
    yield "reverie", f"{note.reverie}, torch {engine.torch or 'unknown'}"
    if note.source:
        yield "source", f"{note.source.name}  {note.source.sha256}"
    for file in note.files:
        yield "file", f"{file.name}  {file.sha256}"
    if note.recipe.portrait is not None:
        yield "portrait of", "; ".join(map(_wanted, note.recipe.objective))
    yield "network", f"{note.network.name}  {note.network.sha256}"
    for file in note.network.files:
        yield "", f"{file.name}  {file.sha256}"
    tiles = "no tiles"
    if engine.tile:
        across = engine.tile_width or engine.tile
        tiles = f"tiles of {across} x {engine.tile} px with a halo of {engine.halo}"
    ran = (engine.engine, engine.isa, engine.device, engine.precision, f"{engine.threads} threads", tiles)
    yield "engine", ", ".join(filter(None, ran))
    if note.moving:
        width, height = note.moving.size
        kind = f"{note.moving.codec} in {note.moving.container}"
        yield "written", f"{width} x {height}, {note.moving.rate} frames/s, {kind}"
    if note.flashes:
        found = (note.flashes.get(name, 0) for name in ("general", "red", "damped", "frames"))
        general, red, damped, frames = found
        worst = f"{general:g} general and {red:g} red a second at worst"
        yield "flashes", f"{worst}; {damped:g} of {frames:g} frames damped"
    for one in note.steered:
        yield "steered", _change(one)
    if note.stopped:
        yield "stopped", f"after octave {note.stopped.octave + 1}, step {note.stopped.step + 1}"


def _wanted(objective: str) -> str:
    """What a portrait is of, as a person says it; anything but a unit alone as it is written."""
    wanted = ob.parse(objective)
    read = wanted.terms[0].quantity
    if len(wanted.terms) > 1 or wanted.terms[0].weight != 1:
        return objective
    if isinstance(read, ob.Channel):
        return f"channel {read.index} of the layer {read.layer}"
    if isinstance(read, ob.Layer):
        return f"the layer {read.layer}, all its channels"
    return objective


def in_words(name: str, value: Any) -> str:
    """A setting as a person reads it."""
    if isinstance(value, list):
        return ("; " if name in ("objective", "transforms", "scenes") else ", ").join(map(str, value)) or "-"
    return "-" if value is None else str(value)


def _change(one: Steered) -> str:
    """One change of what was steered, in words."""
    where = f"frame {one.frame + 1}" if one.frame is not None else ""
    if one.octave is not None and one.step is not None:
        where = f"octave {one.octave + 1}, step {one.step + 1}"
    changes = (f"{name.replace('_', ' ')} {in_words(name, value)}" for name, value in one.changes.items())
    return f"from {where} on: {', '.join(changes) or 'as it began'}"
