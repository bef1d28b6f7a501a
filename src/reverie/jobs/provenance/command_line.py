"""The command line that makes a result: what ``reverie show`` tells, and the studio beside each picture."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.jobs.provenance.note import Provenance
from reverie.network.description import describe
from reverie.portrait.targets import alone
from reverie.recipe.portrait import Portrait
from reverie.recipe.presets.portrait import INVERSION, OF_CLASS, onto
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import PARTS, Recipe
from reverie.recipe.typed import DEFAULTS, MOVING, OF_PORTRAIT, OF_SITES, OPTION, typed_words


def command_line(note: Provenance, result: str) -> str:
    """The command that makes a result: its options if options can say it, else its own recipe."""
    path, recipe = Path(result), note.recipe
    if note.steered:
        return shlex.join(["reverie", "rerun", result])
    if recipe.portrait is not None and recipe.portrait.facets > 1:  # this alone; its recipe makes all of them
        return shlex.join(["reverie", "rerun", result, "-o", f"{path.stem}-rerun{path.suffix}"])
    source = [note.source.name] if note.source else []
    if note.moving is not None:
        verb = "film" if recipe.film is not None else "zoom"
        words, options = [verb, *source], _moving_options(recipe, verb, photo=bool(source))
    elif (inversion := _inversion(recipe)) is not None:
        words, options = inversion
    else:
        start = ["--from", *source] if source else []
        words = ["dream", *source] if recipe.portrait is None else ["see", *start]
        options = command_of(recipe)
    out = path.name + (os.sep if note.moving and os.path.isdir(result) else "")
    if options is None:  # written beside what it reads, which stays
        out = f"{path.stem}-rerun{path.suffix}" + (os.sep if out.endswith(os.sep) else "")
        words += _target(recipe)
        options = ["--recipe", result, *(["--trust"] if describe(recipe.network).runs_code else [])]
    return shlex.join(["reverie", *words, "-o", out, *_output_words(note, out), *options])


def _target(recipe: Recipe) -> list[str]:
    """The channel or layer that a portrait alone is of, as ``see`` takes it; nothing where it is another."""
    wanted = ob.parse(recipe.objective[0])
    if recipe.portrait is None or len(recipe.objective) > 1 or len(wanted.terms) > 1:
        return []
    read = wanted.terms[0].quantity
    if isinstance(read, ob.Channel) and wanted == ob.channel(read.layer, read.index):
        return [f"{read.layer}:{read.index}"]
    return [read.layer] if isinstance(read, ob.Layer) and wanted == ob.layer(read.layer) else []


def like_it(recipe: Recipe, result: str) -> list[str]:
    """The command that makes one like a result, of something else by its recipe."""
    if recipe.zoom is not None:
        words = ["zoom", "PHOTO"]
    elif recipe.film is not None:
        words = ["film", "VIDEO"]
    else:
        words = ["dream", "PHOTO"] if recipe.portrait is None else ["see", "TARGET"]
    trust = ["--trust"] if describe(recipe.network).runs_code else []
    return ["reverie", *words, "--recipe", result, *trust]


def _output_words(note: Provenance, out: str) -> list[str]:
    """How the file was written, where that is not as usual."""
    words: list[str] = []
    if note.moving is None:
        words += ["--depth", "16"] if note.output.depth == 16 else []
    else:
        from reverie.media.video.write.formats import encoding_for

        words += ["--codec", note.moving.codec] if note.moving.codec != encoding_for(out).codec else []
    words += ["--quality", str(note.output.quality)] if note.output.quality is not None else []
    return [*words, *(["--allow-flashes"] if note.moving and note.moving.allow_flashes else [])]


def command_of(recipe: Recipe) -> list[str] | None:
    """The options that make this recipe, only those that differ from its preset; None if options cannot."""
    try:
        usual = preset(recipe.preset)
        # What begins from nothing, or is of something else, may have other settings by itself.
        known = {"start": recipe.start, "objective": recipe.objective} if recipe.portrait is None else {}
        base = preset(recipe.preset, **known).model_dump()
        base |= {name: getattr(usual, name) for name in known}
    except UsageError:
        return None
    changed = _changed(recipe.model_dump(), base)
    if "steps" in changed and "max_score" in changed and recipe.max_score is None:
        del changed["max_score"]  # a given number of steps lifts it
    words = [] if recipe.preset in DEFAULTS else ["--preset", recipe.preset]
    if recipe.portrait is None:
        mine, theirs = changed.pop("sites", None), base["sites"]
        places = (
            [] if mine is None else None if theirs is None else typed_words(_changed(mine, theirs), OF_SITES)
        )
        said = typed_words(changed, OPTION)
        return None if said is None or places is None else words + said + places
    changed.pop("start", None)  # said by --from, or by its absence
    changed.pop("portrait", None)
    wanted = changed.pop("objective", ())
    # A unit alone is climbed as the preset climbs units of such a layer: see ``of_unit``.
    as_target = len(wanted) < 2 and not (
        recipe.preset in OF_CLASS and any(alone(ob.parse(text)) for text in wanted)
    )
    look, said = _portrait_words(recipe.portrait, base["portrait"]), typed_words(changed, OPTION)
    if look is None or said is None or not as_target:
        return None
    return [*words, *look, *said, *(["--"] if any(t.startswith("-") for t in wanted) else []), *wanted]


def _portrait_words(mine: Portrait, base: Mapping[str, Any] | None) -> list[str] | None:
    """The options of a portrait's settings that differ from its preset's; None if options cannot say them."""
    if base is None:
        return None
    usual = Portrait(**onto(base, {"canvas": mine.canvas})).model_dump()
    changed = _changed(mine.model_dump(), usual)
    changed |= {"canvas": mine.canvas} if mine.canvas != base["canvas"] else {}
    return None if "facets" in changed else typed_words(changed, OF_PORTRAIT)


def _moving_options(recipe: Recipe, part: str, *, photo: bool) -> list[str] | None:
    """The options of a zoom or a film that differ from those of its preset; None if options cannot say it."""
    usual, options = MOVING[part]
    try:
        base = preset(recipe.preset)
    except UsageError:
        return None
    alike: dict[str, Any] = {part: getattr(base, part)}
    if recipe.size is not None:
        alike["max_size"] = base.max_size  # a size that is given leaves it out
    if photo or recipe.start == "clouds":
        alike["start"] = base.start
    if recipe.start == "clouds" and not photo and base.start == "noise":
        return None
    mine = getattr(recipe, part).model_dump(mode="json")
    theirs = (getattr(base, part) or PARTS[part]()).model_dump(mode="json")
    scenes = mine.get("scenes", [])
    if recipe.zoom is not None and scenes and tuple(scenes) == recipe.zoom.objectives:
        if recipe.objective != base.objective:
            return None
        alike["objective"] = tuple(scenes)  # none has its own beginning: they are said as targets are
        mine["scenes"] = theirs["scenes"]
    words, said = command_of(recipe.model_copy(update=alike)), typed_words(_changed(mine, theirs), options)
    if words is None or said is None:
        return None
    if "objective" in alike and len(scenes) == 1 and "--class" not in words:
        return None
    if words[:2] == ["--preset", usual]:
        words = words[2:]
    elif recipe.preset in DEFAULTS and recipe.preset != usual:
        words = ["--preset", recipe.preset, *words]
    return words + said


def _inversion(recipe: Recipe) -> tuple[list[str], list[str]] | None:
    """``invert`` with its photograph, and its options, if it can make this."""
    wanted = ob.parse(recipe.objective[0])
    read = wanted.terms[0].quantity
    single = len(recipe.objective) == 1 and recipe.portrait is not None
    if not single or not isinstance(read, ob.Inversion) or wanted != ob.inversion(read.file, read.layer):
        return None
    options = command_of(recipe.model_copy(update={"objective": preset(INVERSION).objective}))
    if options is None or {"--print-size", "--transparency", "--no-transparency"} & {*options}:
        return None
    if options[:2] == ["--preset", INVERSION]:
        options = options[2:]
    elif options[:1] != ["--preset"]:  # what see takes by itself has to be named here
        options = ["--preset", recipe.preset, *options]
    return ["invert", read.file, "--layer", read.layer], options


def _changed(mine: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not as they were."""
    return {name: value for name, value in mine.items() if value != base[name]}
