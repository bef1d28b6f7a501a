"""Options made from the fields of pydantic models: what they are, what they may be, and their default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import typer
from pydantic import BaseModel

from reverie.recipe.curve import NUMBER, Within
from reverie.recipe.field_types import choices, limits_of, parts_of
from reverie.recipe.portrait import Portrait
from reverie.recipe.presets.portrait import PORTRAITS
from reverie.recipe.presets.preset import MOTIONS, PRESETS
from reverie.recipe.recipe import Recipe
from reverie.recipe.zoom import Zoom

#: Panels of the help.
WHAT: Final = "What to dream"
LOOK: Final = "The dream"
MOTION: Final = "The motion"
PORTRAIT: Final = "The portrait"
SIZE: Final = "Size and start"
COMPUTE: Final = "What runs"
NETWORK: Final = "The network's pictures"
FILES: Final = "Files"
MESSAGES: Final = "What is said"


#: What the usual presets of dreams, portraits and zooms set otherwise.
USUAL: Final[Mapping[type[BaseModel], Mapping[str, Any]]] = {
    Recipe: PRESETS[Recipe.model_fields["preset"].default],
    Portrait: PORTRAITS["portrait"]["portrait"],
    Zoom: MOTIONS["zoom"]["zoom"],
}


def in_range(found: Mapping[str, float]) -> str:
    """Limits in words."""
    low, high = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
    above = "above " if "gt" in found else ""
    if low is None:
        return ""
    return f"{above}{low:g} to {high:g}" if high is not None and high < 2**60 else f"from {above}{low:g}"


def describe(name: str, model: type[BaseModel] = Recipe) -> str:
    """Help for the option of a recipe's field: what it is, what it may be, and its default.

    A default that the usual preset sets otherwise is the preset's to say: each verb has a preset of its
    own.
    """
    info = model.model_fields[name]
    limits = limits_of(info)
    notes = [" or ".join(filter(None, (in_range(limits), ", ".join(choices(info.annotation)))))]
    default = info.default
    if isinstance(default, tuple):
        words = [f"{v[0]:g}..{v[1]:g}" if isinstance(v, tuple) else str(v) for v in default]
        default = ",".join(words) or None
    if name in USUAL.get(model, ()):
        notes.append("default: the preset's")
    elif default is not None and not isinstance(default, bool):
        notes.append(f"default {default}")
    said = "; ".join(filter(None, notes))
    return f"{info.description}" + (f" ({said})" if said else "")


def setting(
    name: str, *flags: str, panel: str = "The dream", model: type[BaseModel] = Recipe, **more: Any
) -> Any:
    """An option that sets a field of the recipe; one that is a share may be given in percent."""
    flags = flags or ("--" + name.replace("_", "-"),)
    if is_share(name, model):
        more.setdefault("metavar", "SHARE")
        more.setdefault("parser", shares if more["metavar"] == "CURVE" else share)
    more.setdefault("metavar", kind_of(name, model))
    return typer.Option(*flags, help=describe(name, model), rich_help_panel=panel, show_default=False, **more)


def is_share(name: str, model: type[BaseModel]) -> bool:
    """Whether a field goes from 0 to 1 and is no whole number: one number, or a curve of them."""
    info = model.model_fields[name]
    found = limits_of(info)
    parts = [*info.metadata, *parts_of(info.annotation)]
    number = float in parts and found.get("ge", found.get("gt")) == 0 and found.get("le") == 1
    return number or Within(0, 1) in parts


def kind_of(name: str, model: type[BaseModel]) -> str:
    """What stands after an option that sets a field; nothing after one that is on or off."""
    annotation = model.model_fields[name].annotation
    parts = list(parts_of(annotation))
    if bool in parts:
        return ""
    return (
        "WORD"
        if any(choices(annotation))
        else "N"
        if int in parts
        else "NUMBER"
        if float in parts
        else "TEXT"
    )


def shares(text: str) -> str:
    """A curve whose values may be in percent."""
    return re.sub(rf"({NUMBER})\s*%", lambda match: repr(float(match[1]) / 100), text)


def share(text: str) -> float:
    """``0.5``, ``0,5`` or ``50%``."""
    number, percent = re.fullmatch(r"(.*?)\s*(%?)", text.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        return float(number.replace(",", ".")) / (100 if percent else 1)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a number; give one such as 0.5, or 50%") from None


def other(*flags: str, help: str, panel: str = "Files", **more: Any) -> Any:
    """An option that sets nothing of the recipe; without a ``metavar`` it is on or off."""
    more.setdefault("metavar", "")
    return typer.Option(*flags, help=help, rich_help_panel=panel, show_default=False, **more)


#: An option that says what to dream.
wanted = partial(other, panel=WHAT)
