"""``reverie rerun`` and ``reverie show``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from reverie.cli import options as o
from reverie.cli.dream import stopped, tell
from reverie.cli.say import CtrlC, Voice

ResultFile = Annotated[str, typer.Argument(metavar="RESULT", help="A picture that reverie made.")]
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
    """Make a picture again from its own recipe: the same bytes.

    Only its metadata are read. The source, masks and guides are looked for beside it, then here.
    """
    voice = Voice(quiet=quiet, verbose=verbose, as_json=json)
    from reverie.picture import MAX_PIXELS
    from reverie.rerun import rerun as make_again

    path = Path(result)
    target = out or str(path.with_name(f"{path.stem}-rerun{path.suffix}"))
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
    """Show a picture's recipe, and the command line that makes it."""
    voice = Voice(as_json=json)
    from reverie.provenance import of_picture

    note = of_picture(result)
    command = command_line(result)
    document = {**note.document(), "command": command}
    lines = [command, ""]
    base = type(note.recipe).model_fields
    for name, value in note.recipe.model_dump(mode="json").items():
        shown = "; ".join(value) if name == "objective" else value
        shown = ", ".join(map(str, shown)) if isinstance(shown, list) else shown
        mark = " " if value == _plain(base[name].default) else "*"
        lines.append(f"{mark} {name.replace('_', ' '):<14} {'-' if shown is None else shown}")
    lines += ["", f"  {'reverie':<14} {note.reverie}, torch {note.engine.torch or 'unknown'}"]
    if note.source:
        lines.append(f"  {'source':<14} {note.source.name}  {note.source.sha256}")
    lines += [f"  {'file':<14} {f.name}  {f.sha256}" for f in note.files]
    lines.append(f"  {'network':<14} {note.network.name}  {note.network.sha256}")
    engine = note.engine
    tiles = "no tiles"
    if engine.tile:
        across = engine.tile_width or engine.tile
        tiles = f"tiles of {across} x {engine.tile} px with a halo of {engine.halo}"
    ran = (engine.engine, engine.isa, engine.device, engine.precision, f"{engine.threads} threads", tiles)
    lines.append(f"  {'engine':<14} {', '.join(filter(None, ran))}")
    if note.stopped:
        where = f"after octave {note.stopped.octave + 1}, step {note.stopped.step + 1}"
        lines.append(f"  {'stopped':<14} {where}")
    voice.data("\n".join(lines), document)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def command_line(result: str) -> str:
    """The command that makes a result: its options if options can say it, else its own recipe."""
    from reverie.provenance import of_picture

    note = of_picture(result)
    options = o.command_of(note.recipe)
    if options is None:
        options = ["--recipe", result]
    words = [
        "reverie",
        "dream",
        *([note.source.name] if note.source else []),
        "-o",
        Path(result).name,
        *options,
    ]
    if note.output.depth == 16:
        words += ["--depth", "16"]
    if note.output.quality is not None:
        words += ["--quality", str(note.output.quality)]
    return shlex.join(words)
