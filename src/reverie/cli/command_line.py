"""The command line that makes a recipe: what ``reverie show`` tells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reverie import objective as ob
from reverie.cli.old_options import DEFAULTS, OF_PORTRAIT, OPTION
from reverie.errors import UsageError
from reverie.portrait.units import alone
from reverie.recipe.portrait import Portrait
from reverie.recipe.presets.canvas_defaults import onto
from reverie.recipe.presets.portrait import OF_CLASS
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe


def command_of(recipe: Recipe) -> list[str] | None:
    """The options that make this recipe, only those that differ from its preset; None if options cannot."""
    try:
        base = preset(recipe.preset).model_dump()
    except UsageError:
        return None
    mine = recipe.model_dump()
    differs = {k: v for k, v in mine.items() if v != base[k]}
    if "steps" in differs and "max_score" in differs and recipe.max_score is None:
        del differs["max_score"]  # a given number of steps lifts it
    words = [] if recipe.preset in DEFAULTS else ["--preset", recipe.preset]
    targets: list[str] = []
    if recipe.portrait is not None:
        differs.pop("start", None)  # said by --from, or by its absence
        differs.pop("portrait", None)
        changed = _portrait_words(recipe.portrait, base["portrait"])
        wanted = differs.pop("objective", ())
        # A unit alone is climbed as the preset climbs units of such a layer: see ``of_unit``.
        as_target = len(wanted) < 2 and not (
            recipe.preset in OF_CLASS and any(alone(ob.parse(t)) for t in wanted)
        )
        if changed is None or not as_target:
            return None
        words += changed
        targets = [*(["--"] if any(t.startswith("-") for t in wanted) else []), *wanted]
    if any(k not in OPTION or v is None for k, v in differs.items()):
        return None
    for name, value in differs.items():
        if name == "objective":
            words += _objective_words(value)
        elif name == "seamless":
            words += ["--seamless" if value else "--no-seamless"]
        else:
            text = {"steps": ",", "size": "x"}.get(name)
            words += [OPTION[name], text.join(map(str, value)) if text else _plain(value)]
    return words + targets


def _portrait_words(mine: Portrait, base: Mapping[str, Any] | None) -> list[str] | None:
    """The options of a portrait's settings that differ from its preset's; None if options cannot say them."""
    if base is None:
        return None
    usual = Portrait(**onto(base, {"canvas": mine.canvas})).model_dump()
    changed = {k: v for k, v in mine.model_dump().items() if v != usual[k]}
    changed |= {"canvas": mine.canvas} if mine.canvas != base["canvas"] else {}
    words: list[str] = []
    for name, value in changed.items():
        option = OF_PORTRAIT.get(name)
        if option is None or value is None or value == () or name == "facets":
            return None
        if name == "transforms":
            words += [word for text in value for word in (option, text)]
        elif name == "rate":
            words += [option, ",".join(f"{first}..{last}" for first, last in value)]
        elif name == "transparency":
            words += [option if value else "--no-transparency"]
        else:
            words += [option, str(value)]
    return words


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


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
