"""``reverie rerun`` and ``reverie show``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from reverie.cli import moving_options as moved
from reverie.cli import old_options as o
from reverie.cli.command_line import command_of
from reverie.cli.old_console import CtrlC, Voice
from reverie.cli.old_dream import stopped, tell
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import PARTS, Recipe, make

ResultFile = Annotated[str, typer.Argument(metavar="RESULT", help="A picture or film that reverie made.")]
Input = Annotated[
    str | None, o.other("--input", "-i", help="The source, if it is elsewhere now.", metavar="PHOTO")
]


def rerun(
    result: ResultFile,
    input: Input = None,
    out: o.Out = None,
    max_pixels: o.MaxPixels = None,
    overwrite: o.Overwrite = False,
    offline: o.Offline = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Make a picture or a film again from its own recipe: the same bytes.

    Only its metadata are read. The source, masks and guides are looked for beside it, then here.
    """
    voice = Voice(quiet=quiet, verbose=verbose, as_json=json)
    from reverie.jobs.provenance import of_picture
    from reverie.jobs.rerun import moving_again
    from reverie.jobs.rerun import rerun as make_again
    from reverie.media.picture import MAX_PIXELS

    path = Path(result)
    target = out or str(path.with_name(f"{path.stem}-rerun{path.suffix}")) + (os.sep if path.is_dir() else "")
    if of_picture(result).moving is not None:
        limit = max_pixels or MAX_PIXELS
        moving, output = moving_again(
            result, target, source=input, overwrite=overwrite, max_pixels=limit, offline=offline
        )
        with moving.work:
            moved.tell(voice, moved.make(voice, "rerun", moving, target, output, None))
        return
    with voice.progress(path.name) as watcher, CtrlC(voice) as stop:
        made = make_again(
            result,
            target,
            photo=input,
            overwrite=overwrite,
            max_pixels=max_pixels or MAX_PIXELS,
            offline=offline,
            each=watcher,
            stop=stop,
        )
    tell(voice, made)
    stopped(made)


def show(result: ResultFile, json: o.Json = False, debug: o.Debug = False) -> None:
    """Show the recipe of a picture or a film, and the command line that makes it."""
    voice = Voice(as_json=json)
    from reverie.jobs.provenance import of_picture

    note = of_picture(result)
    command = command_line(result)
    document = {**note.document(), "command": command}
    lines = [command, ""]
    settings = note.recipe.model_dump(mode="json")
    parts = {name: found for name in PARTS if (found := settings.pop(name)) is not None}
    lines += _lines(settings, make())
    for name, found in parts.items():
        lines += ["", *_lines(found, PARTS[name]())]
    lines += ["", f"  {'reverie':<18} {note.reverie}, torch {note.engine.torch or 'unknown'}"]
    if note.source:
        lines.append(f"  {'source':<18} {note.source.name}  {note.source.sha256}")
    lines += [f"  {'file':<18} {f.name}  {f.sha256}" for f in note.files]
    lines.append(f"  {'network':<18} {note.network.name}  {note.network.sha256}")
    engine = note.engine
    tiles = "no tiles"
    if engine.tile:
        across = engine.tile_width or engine.tile
        tiles = f"tiles of {across} x {engine.tile} px with a halo of {engine.halo}"
    ran = (engine.engine, engine.isa, engine.device, engine.precision, f"{engine.threads} threads", tiles)
    lines.append(f"  {'engine':<18} {', '.join(filter(None, ran))}")
    if note.moving:
        width, height = note.moving.size
        kind = f"{note.moving.codec} in {note.moving.container}"
        lines.append(f"  {'written':<18} {width} x {height}, {note.moving.rate} frames/s, {kind}")
    if note.flashes:
        general, red, damped, frames = (
            note.flashes.get(k, 0) for k in ("general", "red", "damped", "frames")
        )
        worst = f"{general:g} general and {red:g} red a second at worst"
        lines.append(f"  {'flashes':<18} {worst}; {damped:g} of {frames:g} frames damped")
    if note.stopped:
        where = f"after octave {note.stopped.octave + 1}, step {note.stopped.step + 1}"
        lines.append(f"  {'stopped':<18} {where}")
    voice.data("\n".join(lines), document)


def _lines(settings: Mapping[str, Any], usual: BaseModel) -> Iterator[str]:
    """A line for each setting, starred where it is not the default."""
    defaults = usual.model_dump(mode="json")
    for name, value in settings.items():
        shown = value
        if isinstance(value, list):
            many = "; " if name in ("objective", "transforms", "scenes") else ", "
            shown = many.join(map(str, value)) or "-"
        mark = " " if value == defaults.get(name) else "*"
        yield f"{mark} {name.replace('_', ' '):<18} {'-' if value is None else shown}"


def command_line(result: str) -> str:
    """The command that makes a result: its options if options can say it, else its own recipe."""
    from reverie.jobs.provenance import of_picture

    note = of_picture(result)
    if note.moving is not None:
        from reverie.cli.moving_retold import moving_command

        return moving_command(note, result)
    settings = note.recipe.portrait
    if settings is not None and settings.facets > 1:  # this one alone; its recipe makes all of them
        path = Path(result)
        return shlex.join(["reverie", "rerun", result, "-o", f"{path.stem}-rerun{path.suffix}"])
    verb, options = _inversion(note.recipe) or ([], None)
    if options is None:
        source = [note.source.name] if note.source else []
        start = ["--from", *source] if source else []
        verb = ["dream", *source] if settings is None else ["see", *start]
        options = command_of(note.recipe)
    words = ["reverie", *verb, "-o", Path(result).name]
    if note.output.depth == 16:
        words += ["--depth", "16"]
    if note.output.quality is not None:
        words += ["--quality", str(note.output.quality)]
    return shlex.join([*words, *(["--recipe", result] if options is None else options)])


def _inversion(recipe: Recipe) -> tuple[list[str], list[str]] | None:
    """``invert`` with its photograph, and its options, if it can make this."""
    from reverie import objective as ob
    from reverie.cli.verbs.invert import DEFAULT

    wanted = ob.parse(recipe.objective[0])
    read = wanted.terms[0].quantity
    alone = len(recipe.objective) == 1 and recipe.portrait is not None
    if not alone or not isinstance(read, ob.Inversion) or wanted != ob.inversion(read.file, read.layer):
        return None
    options = command_of(recipe.model_copy(update={"objective": preset(DEFAULT).objective}))
    if options is None or {"--print-size", "--transparency", "--no-transparency"} & {*options}:
        return None
    if options[:2] == ["--preset", DEFAULT]:
        options = options[2:]
    elif options[:1] != ["--preset"]:  # what see takes by itself has to be named here
        options = ["--preset", recipe.preset, *options]
    return ["invert", read.file, "--layer", read.layer], options
