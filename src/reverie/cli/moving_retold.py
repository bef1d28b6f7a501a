"""The command line that makes a zoom or a film: what ``reverie show`` tells of it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reverie.cli.command_line import command_of
from reverie.cli.old_options import DEFAULTS
from reverie.cli.verbs import film, zoom
from reverie.errors import UsageError
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import PARTS

if TYPE_CHECKING:
    from reverie.jobs.provenance import Provenance
    from reverie.recipe.recipe import Recipe


def moving_command(note: Provenance, result: str) -> str:
    """The command that makes a zoom or a film: its options if options can say it, else its own recipe."""
    from reverie.media.video.write.formats import encoding_for

    assert note.moving is not None
    verb, usual, options = ("zoom", zoom.DEFAULT, zoom.OPTIONS)
    if note.recipe.film is not None:
        verb, usual, options = "film", film.DEFAULT, {**film.OPTIONS, "mask": "--mask"}
    source = [note.source.name] if note.source else []
    words = ["reverie", verb, *source, "-o", Path(result).name + (os.sep if os.path.isdir(result) else "")]
    if note.moving.codec != encoding_for(words[-1]).codec:
        words += ["--codec", note.moving.codec]
    if note.output.quality is not None:
        words += ["--quality", str(note.output.quality)]
    if note.moving.allow_flashes:
        words.append("--allow-flashes")
    said = _options(note.recipe, verb, usual, options, photo=bool(source))
    return shlex.join([*words, *(["--recipe", result] if said is None else said)])


def _options(
    recipe: Recipe, part: str, usual: str, options: Mapping[str, str], *, photo: bool
) -> list[str] | None:
    """The options that differ from those of the preset; None if options cannot say it."""
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
    words = command_of(recipe.model_copy(update=alike))
    if words is None or ("objective" in alike and len(scenes) == 1 and "--class" not in words):
        return None
    if words[:2] == ["--preset", usual]:
        words = words[2:]
    elif recipe.preset in DEFAULTS and recipe.preset != usual:
        words = ["--preset", recipe.preset, *words]
    for name, value in mine.items():
        if value == theirs[name]:
            continue
        if name not in options or value is None:
            return None
        words += _words(options[name], value)
    return words


def _words(option: str, value: Any) -> list[str]:
    """One setting as it is typed."""
    if isinstance(value, bool):
        return [option if value else option.replace("--", "--no-", 1)]
    if isinstance(value, list):
        return [word for text in value for word in (option, text)]
    return [option, value if isinstance(value, str) else json.dumps(value)]
