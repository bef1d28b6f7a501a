"""Settings as they are typed on a command line: their options, and what stands after them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.objective.terms.likeness import Guide
from reverie.objective.text import MOST_DIGITS, unquoted


def _options(names: str, **others: str) -> dict[str, str]:
    """Fields and their options: those of their own names, and others."""
    return {name: "--" + name.replace("_", "-") for name in names.split()} | others


#: Fields of a recipe that an option sets, and the option. Others can come from a file of --recipe.
OPTION: Final = _options(
    "objective balance preset strength max_change steps step_size octaves octave_scale jitter seamless mask "
    "spare keep_colour grey size max_size seed network engine precision device threads halo chance",
    start="--from",
)
#: Settings of a portrait that an option sets, and the option.
OF_PORTRAIT: Final = _options(
    "canvas views optimiser rate print_size transparency", facets="--diversity", transforms="--transform"
)
#: Settings of sites that an option sets, and the option.
OF_SITES: Final = {"count": "--sites"}
#: What moves, which is a part of the recipe: its usual preset, and the fields of it that options set.
MOVING: Final = {
    "zoom": (
        "zoom",
        _options(
            "crossfade undertone halves duration fps zoom rotate pan_x pan_y per loop steady even vivid "
            "strength steps warm_up",
            scenes="--objective",
        ),
    ),
    "film": (
        "film",
        _options("start duration every fps pulse pulse_depth flow leak cuts strength steps mask"),
    ),
}
#: Presets that are taken when none is named, by ``dream`` and by ``see``.
DEFAULTS: Final = ("reverie", "portrait")
#: Where a guide is followed when no layer is named.
GUIDE_LAYER: Final = "block5a"

#: A target and when it begins: ``5s:pagoda``.
_BEGINS = re.compile(r"\s*((?:\d+(?:\.\d*)?|\.\d+)s?)\s*:(.+)", re.ASCII | re.DOTALL)

# -- read -------------------------------------------------------------------------------------------------


def settings_from(given: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The preset that options name, if they do, and the settings of it that they change.

    Raises:
        UsageError: An option cannot be read, or two exclude each other.
    """
    changes = {k: v for k, v in given.items() if k in OPTION and v is not None}
    changes.pop("objective", None)
    name = changes.pop("preset", None)
    objective = objectives(given)
    if objective:
        changes["objective"] = objective
    if "steps" in changes:
        changes["steps"] = whole_numbers("--steps", changes["steps"])
    if "size" in changes:
        changes["size"] = width_height(changes["size"])
    portrait = {k: v for k, v in given.items() if k in OF_PORTRAIT and v is not None and v != []}
    if "rate" in portrait:
        portrait["rate"] = spans("--rate", portrait["rate"])
    if portrait:
        changes["portrait"] = portrait
    if given.get("sites") is not None:
        changes["sites"] = {"count": given["sites"]}
    return name, changes


def objectives(given: Mapping[str, Any]) -> tuple[str, ...]:
    """What to increase, from the five ways of saying it; empty if none was used."""
    kinds = ("layer", "channel", "class_", "objective", "guide")
    ways: dict[str, Any] = {kind: given[kind] for kind in kinds if given.get(kind)}
    if len(ways) > 1 and set(ways) != {"guide", "layer"}:
        typed = " and ".join("--" + way.rstrip("_") for way in ways)
        raise UsageError(f"{typed}: give one of them; --objective takes a sum of all kinds")
    if "guide" in ways:
        return tuple(str(ob.guide(ways["guide"], unquoted(at))) for at in ways.get("layer", [GUIDE_LAYER]))
    if "layer" in ways:
        return tuple(str(ob.layer(unquoted(name))) for name in ways["layer"])
    if "class_" in ways:
        return tuple(str(ob.logit(name)) for name in ways["class_"])
    if "channel" in ways:
        return tuple(str(one_channel(text)) for text in ways["channel"])
    return tuple(ways.get("objective", ()))


def guided_at(objective: Sequence[str], layers: Sequence[str]) -> tuple[str, ...]:
    """The guide of a recipe at other layers; nothing where it follows none, or more than that."""
    guides = {term.quantity for text in objective for term in ob.parse(text).terms}
    files = {one.file for one in guides if isinstance(one, Guide)}
    if len(files) != 1 or not all(isinstance(one, Guide) for one in guides):
        return ()
    (file,) = files
    return tuple(str(ob.guide(file, unquoted(at))) for at in layers)


def scenes_of(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...] | None]:
    """The targets, and the scenes of the zoom: several targets, one with its beginning, or any class.

    Raises:
        UsageError: Targets of several kinds.
    """
    for kind in ("layer", "channel", "class_", "objective"):
        texts: list[str] = given.get(kind) or []
        begins = [_BEGINS.fullmatch(text) for text in texts]
        if not texts or (len(texts) < 2 and kind != "class_" and not any(begins)):
            continue
        bare = [match[2] if match else text for match, text in zip(begins, texts, strict=True)]
        wanted = objectives({**given, kind: bare})
        scenes = [f"{match[1]}:{text}" if match else text for match, text in zip(begins, wanted, strict=True)]
        return {**given, kind: None, "guide": None}, tuple(scenes)
    return dict(given), None


def one_channel(text: str) -> ob.Objective:
    """NAME:I as an objective."""
    name, colon, index = text.rpartition(":")
    if not colon or not name or not (index.isdecimal() and len(index) <= MOST_DIGITS):
        raise UsageError(f'--channel {text}: a layer, a colon and a number are needed, as in "block4b:17"')
    return ob.channel(unquoted(name.strip()), int(index))


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """``30`` or ``30,20,10``."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text}: a whole number is needed, or several as in 30,20,10") from None


def spans(option: str, text: str) -> tuple[tuple[float, float], ...]:
    """``0.05``, ``0.05..0.01`` from the beginning to the end of an octave, or several: one an octave."""
    try:
        pairs = [[float(number) for number in part.split("..")] for part in text.split(",")]
    except ValueError:
        pairs = []
    if not pairs or any(len(pair) > 2 or not all(map(math.isfinite, pair)) for pair in pairs):
        raise UsageError(f"{option} {text}: a number is needed, or two as in 0.05..0.01")
    return tuple((pair[0], pair[-1]) for pair in pairs)


def width_height(text: str) -> tuple[int, int]:
    """``3840x2160``, or ``512``: a square, or the longer side of a photograph."""
    typed = text.strip()
    if re.fullmatch(r"\d{1,9}", typed):
        return int(typed), int(typed)
    match = re.fullmatch(r"(\d{1,9})\s*[xX*\N{MULTIPLICATION SIGN}]\s*(\d{1,9})", typed)
    if match is None:
        raise UsageError(f"--size {text}: width and height are needed, as in 1920x1080, or one number as 640")
    return int(match[1]), int(match[2])


# -- written ----------------------------------------------------------------------------------------------

#: Settings of several values in one word.
_JOINED: Final[Mapping[str, Callable[[Any], str]]] = {
    "steps": lambda value: ",".join(map(str, value)),
    "size": lambda value: "x".join(map(str, value)),
    "rate": lambda value: ",".join(f"{first}..{last}" for first, last in value),
}


def typed_words(settings: Mapping[str, Any], options: Mapping[str, str]) -> list[str] | None:
    """Settings as they are typed; None if one has no option, or cannot be said."""
    said: list[str] = []
    for name, value in settings.items():
        if name not in options or value is None or value == ():
            return None
        said += _typed(name, options[name], value)
    return said


def _typed(name: str, option: str, value: Any) -> list[str]:
    """One setting as it is typed."""
    if isinstance(value, bool):
        return [option if value else option.replace("--", "--no-", 1)]
    if name == "objective":
        return _objective_words(value)
    if name in ("scenes", "transforms"):
        return [word for text in value for word in (option, text)]
    if isinstance(value, tuple):
        return [option, _JOINED[name](value)]
    return [option, value if isinstance(value, str) else json.dumps(value)]


def _objective_words(texts: tuple[str, ...]) -> list[str]:
    """The shortest options for these objectives."""
    values = [ob.parse(text) for text in texts]
    reads = [v.terms[0].quantity for v in values]
    bare = all(len(v.terms) == 1 and v.terms[0].weight == 1 and v.terms[0].region is None for v in values)
    if bare and all(isinstance(r, ob.Layer) and not r.border for r in reads):
        return [word for r in reads if isinstance(r, ob.Layer) for word in ("--layer", r.layer)]
    if bare and all(isinstance(r, ob.Channel) for r in reads):
        return [w for r in reads if isinstance(r, ob.Channel) for w in ("--channel", f"{r.layer}:{r.index}")]
    if bare and all(isinstance(r, ob.Logit) for r in reads):
        return [word for r in reads if isinstance(r, ob.Logit) for word in ("--class", r.name)]
    return [word for text in texts for word in ("--objective", text)]
