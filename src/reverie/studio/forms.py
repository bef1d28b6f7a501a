"""Every setting of a recipe as a page shows it, made from the recipe's own types and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reverie._version import __version__
from reverie.jobs.fooling.settings import Settings, make_settings
from reverie.recipe.curve import Within
from reverie.recipe.field_types import choices, limits_of, parts_of
from reverie.recipe.film import Film
from reverie.recipe.portrait import Portrait
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import PARTS, Recipe
from reverie.recipe.sites import Sites
from reverie.recipe.zoom import Zoom
from reverie.studio.asking import OPERATORS, SIDES, USUAL
from reverie.studio.fooling import ASKED
from reverie.studio.fooling import USUAL as EVOLVES

#: Where on the page a setting stands; what is named nowhere is under "more".
PANELS: Final[Mapping[str, tuple[str, ...]]] = {
    "what": ("objective", "network", "partners", "balance", "variety", "calm"),
    "main": ("strength", "octaves", "smallest", "steps", "keep_colour", "seamless", "seed"),
    "size": ("size", "max_size", "start", "scenery"),
    "where": ("mask", "spare", "spared"),
}
#: StudioSettings that a page does not set as such: they are said otherwise, or are the operator's.
LEFT_OUT: Final = {"format", "preset", *PARTS, *OPERATORS}
#: The part of a recipe that is a kind's own.
_PARTS: Final[Mapping[str, tuple[str, type[BaseModel]]]] = {
    "portrait": ("portrait", Portrait),
    "apparition": ("sites", Sites),
    "zoom": ("zoom", Zoom),
    "film": ("film", Film),
}


@cache
def forms() -> dict[str, Any]:
    """Fields and defaults of each kind; names of a part's settings begin with the part's, as ``zoom.fps``."""
    kinds = {kind: _form(kind) for kind in USUAL}
    return {"version": __version__, "kinds": {**kinds, "fool": _evolution()}}


def _evolution() -> dict[str, Any]:
    """Of pictures that evolve, which have settings of their own."""
    defaults = make_settings(**EVOLVES).model_dump(mode="json", include={*ASKED})
    fields = [_field(name, Settings.model_fields[name], defaults[name], "fool") for name in ASKED]
    return {"preset": None, "defaults": defaults, "fields": fields}


def _form(kind: str) -> dict[str, Any]:
    recipe = preset(USUAL[kind])
    defaults = recipe.model_dump(mode="json")
    fields = [
        _field(name, info, defaults[name], _panel(name))
        for name, info in Recipe.model_fields.items()
        if name not in LEFT_OUT
    ]
    if kind in SIDES:
        defaults["max_size"] = SIDES[kind]
        next(field for field in fields if field["name"] == "max_size")["default"] = SIDES[kind]
    if kind in _PARTS:
        part, model = _PARTS[kind]
        given = defaults[part] or model().model_dump(mode="json")
        fields += [
            {**_field(name, info, given[name], kind), "name": f"{part}.{name}"}
            for name, info in model.model_fields.items()
        ]
    return {"preset": recipe.preset, "defaults": defaults, "fields": fields}


def _panel(name: str) -> str:
    return next((panel for panel, names in PANELS.items() if name in names), "more")


def _field(name: str, info: FieldInfo, default: Any, panel: str) -> dict[str, Any]:
    """One setting: what it is called, what it may be, what it is if nothing is said."""
    found: dict[str, Any] = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "help": info.description or "",
        "type": _type(info),
        "default": default,
        "panel": panel,
        "optional": type(None) in list(parts_of(info.annotation)),
    }
    limits = limits_of(info)
    names = (("min", ("ge", "gt")), ("max", ("le", "lt")))
    for told, (inclusive, exclusive) in names:
        value = limits.get(inclusive, limits.get(exclusive))
        if value is not None and abs(value) < 2**53:
            found[told] = value
    if words := list(dict.fromkeys(choices(info.annotation))):
        found["choices"] = words
    if found["type"] == "number" and "min" in found and "max" in found:
        found["step"] = _step(found["max"] - found["min"])
    return found


def _step(span: float) -> float:
    """A hundredth of what there is, as one digit."""
    return float(f"{span / 100:.0e}")


def _type(info: FieldInfo) -> str:
    parts = list(_whole(info))
    if any(isinstance(part, Within) for part in parts):
        return "curve"
    if bool in parts:
        return "boolean"
    if any(getattr(part, "__origin__", part) is tuple for part in parts):
        return "list"
    if any(choices(info.annotation)) and not {int, float} & {p for p in parts if isinstance(p, type)}:
        return "choice"
    kinds: tuple[tuple[type, str], ...] = ((int, "integer"), (float, "number"))
    return next((word for kind, word in kinds if kind in parts), "text")


def _whole(info: FieldInfo) -> Iterator[Any]:
    yield from info.metadata
    yield from parts_of(info.annotation)
