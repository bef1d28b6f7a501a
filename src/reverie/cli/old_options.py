"""The options, made from the recipe's fields, and a recipe made from the options."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel

from reverie import objective as ob
from reverie.cli import complete
from reverie.errors import UsageError
from reverie.recipe.presets.canvas_defaults import onto
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe, make

#: Where a guide is followed when no layer is named.
GUIDE_LAYER = "block5a"
#: The most pictures one command makes of a photograph.
MOST_VARIATIONS = 1000

#: Fields of a recipe that an option sets, and the option. Others can come from a file of --recipe.
SET_BY_OPTIONS = (
    "objective",
    "balance",
    "preset",
    "network",
    "size",
    "max_size",
    "octaves",
    "octave_scale",
    "steps",
    "step_size",
    "jitter",
    "strength",
    "max_change",
    "keep_colour",
    "seamless",
    "mask",
    "seed",
    "engine",
    "precision",
    "device",
    "threads",
    "halo",
)
OPTION = {name: "--" + name.replace("_", "-") for name in SET_BY_OPTIONS} | {"start": "--from"}

#: Presets that are taken when none is named, by ``dream`` and by ``see``.
DEFAULTS = ("reverie", "portrait")
#: Settings of a portrait that an option sets, and the option.
OF_PORTRAIT = {
    "canvas": "--canvas",
    "facets": "--diversity",
    "views": "--views",
    "transforms": "--transform",
    "optimiser": "--optimiser",
    "rate": "--rate",
    "print_size": "--print-size",
    "transparency": "--transparency",
}


def choices(annotation: Any) -> Iterator[str]:
    """What a field's type allows, if it is a choice of words."""
    if get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    for part in get_args(annotation):
        yield from choices(part)


def bounds_of(note: object) -> dict[str, float]:
    """What one of pydantic's constraints says: ``ge``, ``gt``, ``le`` or ``lt``."""
    return {k: v for k in ("ge", "gt", "le", "lt") if (v := getattr(note, k, None)) is not None}


def bounds(annotation: Any) -> dict[str, float]:
    """The limits in a field's type."""
    found: dict[str, float] = {}
    for part in get_args(annotation):
        for note in getattr(part, "metadata", (part,)):
            found |= bounds_of(note)
        found |= bounds(part)
    return found


def in_range(found: Mapping[str, float]) -> str:
    """Limits in words."""
    low, high = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
    above = "above " if "gt" in found else ""
    if low is None:
        return ""
    return f"{above}{low:g} to {high:g}" if high is not None and high < 2**60 else f"from {above}{low:g}"


def describe(name: str, model: type[BaseModel] = Recipe) -> str:
    """Help for the option of a recipe's field: what it is, what it may be, and its default."""
    info = model.model_fields[name]
    limits = bounds(info.annotation)
    for note in info.metadata:
        limits |= bounds_of(note)
    notes = [" or ".join(filter(None, (in_range(limits), ", ".join(choices(info.annotation)))))]
    default = info.default
    if isinstance(default, tuple):
        words = [f"{v[0]:g}..{v[1]:g}" if isinstance(v, tuple) else str(v) for v in default]
        default = ",".join(words) or None
    if default is not None and not isinstance(default, bool):
        notes.append(f"default {default}")
    said = "; ".join(filter(None, notes))
    return f"{info.description}" + (f" ({said})" if said else "")


def setting(
    name: str, *flags: str, panel: str = "The dream", model: type[BaseModel] = Recipe, **more: Any
) -> Any:
    """An option that sets a field of the recipe."""
    flags = flags or ("--" + name.replace("_", "-"),)
    return typer.Option(*flags, help=describe(name, model), rich_help_panel=panel, show_default=False, **more)


def other(*flags: str, help: str, panel: str = "Files", **more: Any) -> Any:
    """An option that sets nothing of the recipe."""
    return typer.Option(*flags, help=help, rich_help_panel=panel, show_default=False, **more)


WHAT, LOOK, SIZE, HOW, FILES, SAYS = (
    "What to dream",
    "The dream",
    "Size and start",
    "What runs",
    "Files",
    "What is said",
)

Layer = Annotated[
    list[str] | None,
    other(
        "--layer",
        help="Excite this layer (see `reverie layers`); several are one per octave, smallest first.",
        panel=WHAT,
        metavar="NAME",
        autocompletion=complete.layers,
    ),
]
Channel = Annotated[
    list[str] | None,
    other(
        "--channel",
        help="Excite one channel of a layer.",
        panel=WHAT,
        metavar="NAME:I",
        autocompletion=complete.channels,
    ),
]
Class = Annotated[
    list[str] | None,
    other(
        "--class",
        help="Dream a class: a name, any synonym, or its number.",
        panel=WHAT,
        metavar="NAME",
        autocompletion=complete.classes,
    ),
]
ObjectiveText = Annotated[list[str] | None, setting("objective", panel=WHAT, metavar="TEXT")]
Guide = Annotated[
    str | None,
    other(
        "--guide",
        help=f"Dream towards this picture, at --layer ({GUIDE_LAYER} if none is named).",
        panel=WHAT,
        metavar="IMAGE",
    ),
]
Balance = Annotated[str | None, setting("balance", panel=WHAT)]
Preset = Annotated[str | None, setting("preset", panel=WHAT, metavar="NAME", autocompletion=complete.presets)]
RecipeFile = Annotated[
    str | None,
    other(
        "--recipe",
        help="Take every setting from this file, JSON or a picture reverie made; options given here "
        "override it.",
        panel=WHAT,
        metavar="FILE",
    ),
]
Strength = Annotated[float | None, setting("strength")]
MaxChange = Annotated[float | None, setting("max_change")]
Octaves = Annotated[int | None, setting("octaves")]
OctaveScale = Annotated[float | None, setting("octave_scale")]
Steps = Annotated[str | None, setting("steps", metavar="N[,N...]")]
StepSize = Annotated[float | None, setting("step_size")]
Jitter = Annotated[int | None, setting("jitter")]
Seamless = Annotated[bool | None, setting("seamless", "--seamless/--no-seamless")]
Mask = Annotated[str | None, setting("mask", metavar="IMAGE")]
KeepColour = Annotated[float | None, setting("keep_colour", "--keep-colour", "--keep-color")]
Start = Annotated[
    str | None,
    other("--from", help="Begin without a photograph, from this.", panel=SIZE, metavar="noise|clouds"),
]
Size = Annotated[str | None, setting("size", panel=SIZE, metavar="WxH")]
MaxSize = Annotated[int | None, setting("max_size", panel=SIZE)]
Seed = Annotated[int | None, setting("seed", panel=SIZE)]
MaxPixels = Annotated[
    int | None,
    other("--max-pixels", help="The most pixels a picture may have (default 64 million).", panel=SIZE, min=1),
]
Network = Annotated[
    str | None, setting("network", panel=HOW, metavar="NAME", autocompletion=complete.networks)
]
Engine = Annotated[str | None, setting("engine", panel=HOW)]
Precision = Annotated[str | None, setting("precision", panel=HOW)]
Device = Annotated[str | None, setting("device", panel=HOW)]
Threads = Annotated[int | None, setting("threads", panel=HOW)]
Halo = Annotated[str | None, setting("halo", panel=HOW, metavar="N|auto|full")]
Offline = Annotated[bool, other("--offline", help="Never download anything.", panel=HOW)]
Out = Annotated[
    str | None,
    other("-o", "--out", help="The file to write, or a folder for several photographs.", metavar="OUT"),
]
Depth = Annotated[int | None, other("--depth", help="Bits a channel, 8 or 16 (default: the photograph's).")]
Quality = Annotated[int | None, other("--quality", help="Of JPEG, WebP and AVIF, 1 to 100.")]
NoMetadata = Annotated[bool, other("--no-metadata", help="Leave the recipe out of the file.")]
Overwrite = Annotated[bool, other("--overwrite", help="Replace files that exist.")]
Variations = Annotated[
    int | None,
    other(
        "--variations",
        help=f"So many seeds, as files OUT-seedN and a labelled sheet at OUT (at most {MOST_VARIATIONS}).",
    ),
]
PreviewFile = Annotated[
    str | None, other("--preview", help="A file that is rewritten while the dream runs.", metavar="FILE")
]
Json = Annotated[bool, other("--json", help="Results and errors as JSON on stdout.", panel=SAYS)]
DryRun = Annotated[
    bool,
    other(
        "--dry-run",
        help="Say what would be done, how long it takes and what memory; write nothing.",
        panel=SAYS,
    ),
]
Quiet = Annotated[bool, other("-q", "--quiet", help="Errors only.", panel=SAYS)]
Verbose = Annotated[bool, other("-v", "--verbose", help="Say more.", panel=SAYS)]
Debug = Annotated[bool, other("--debug", help="Show where an error comes from.", panel=SAYS)]


def recipe_of(given: Mapping[str, Any], default: str = "reverie") -> Recipe:
    """The recipe that the options ask for: a file's or a preset's, with what was given changed.

    ``default`` is the preset if none is given.

    Raises:
        UsageError: An option cannot be, or two exclude each other; options are called as they are typed.
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
    try:
        if not given.get("recipe"):
            return preset(name or default, **changes)
        if name is not None:
            raise UsageError("--preset and --recipe: give one of them")
        from reverie.jobs.provenance import recipe_from

        recipe = recipe_from(given["recipe"])
        if "steps" in changes:
            changes.setdefault("max_score", None)
        if portrait and recipe.portrait is not None:
            changes["portrait"] = onto(recipe.portrait.model_dump(), portrait)
        return make(**{**recipe.model_dump(), **changes}) if changes else recipe
    except UsageError as error:
        raise UsageError(as_typed(str(error), {**changes, **portrait})) from error


def as_typed(message: str, changes: Mapping[str, Any]) -> str:
    """A complaint about fields, with those that came from the command line called as they are typed there."""

    def typed(match: re.Match[str]) -> str:
        field = match[2]
        return f"{match[1]}{options[field] if field in changes else field}: "

    options = OPTION | OF_PORTRAIT
    return re.sub(rf"(^|; )({'|'.join(options)})(?:\.[\w.]+)?: ", typed, message)


def objectives(given: Mapping[str, Any]) -> tuple[str, ...]:
    """What to increase, from the five ways of saying it; empty if none was used."""
    kinds = ("layer", "channel", "class_", "objective", "guide")
    ways: dict[str, Any] = {kind: given[kind] for kind in kinds if given.get(kind)}
    if len(ways) > 1 and set(ways) != {"guide", "layer"}:
        typed = " and ".join("--" + way.rstrip("_") for way in ways)
        raise UsageError(f"{typed}: give one of them; --objective takes a sum of all kinds")
    if "guide" in ways:
        return tuple(str(ob.guide(ways["guide"], at)) for at in ways.get("layer", [GUIDE_LAYER]))
    if "layer" in ways:
        return tuple(str(ob.layer(name)) for name in ways["layer"])
    if "class_" in ways:
        return tuple(str(ob.logit(name)) for name in ways["class_"])
    if "channel" in ways:
        return tuple(str(one_channel(text)) for text in ways["channel"])
    return tuple(ways.get("objective", ()))


def one_channel(text: str) -> ob.Objective:
    """NAME:I as an objective."""
    name, colon, index = text.rpartition(":")
    if not colon or not name or not index.isdecimal():
        raise UsageError(f'--channel {text}: a layer, a colon and a number are needed, as in "block4b:17"')
    return ob.channel(name, int(index))


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
    """``3840x2160``, or ``512`` for a square."""
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return int(text), int(text)
    match = re.fullmatch(r"(\d{1,9})[xX\N{MULTIPLICATION SIGN}](\d{1,9})", text.strip())
    if match is None:
        raise UsageError(f"--size {text}: width and height are needed, as in 1920x1080, or 512 for a square")
    return int(match[1]), int(match[2])
