"""``reverie film``: a film dreams, without flicker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from reverie.cli import moving_options as m
from reverie.cli import old_options as o
from reverie.errors import BadInput, UsageError
from reverie.recipe.film import Film

#: Options that are settings of the film, and how they are typed.
OPTIONS = {
    "start": "--start",
    "duration": "--duration",
    "every": "--every",
    "fps": "--fps",
    "strength": "--strength",
    "steps": "--steps",
    "pulse": "--pulse",
    "pulse_depth": "--pulse-depth",
    "flow": "--flow",
    "leak": "--leak",
    "cuts": "--cuts",
}
#: What ``reverie film`` starts from when no preset is named.
DEFAULT = "reverie"

Video = Annotated[
    str | None,
    typer.Argument(
        metavar="VIDEO",
        help="MP4, MOV, MKV, WebM, AVI, GIF or APNG, a folder of pictures, or frames/%04d.png.",
    ),
]
Start = Annotated[float | None, m.part_setting(Film, "start", metavar="SECONDS")]
Duration = Annotated[float | None, m.part_setting(Film, "duration", metavar="SECONDS")]
Every = Annotated[int | None, m.part_setting(Film, "every", metavar="N")]
Fps = Annotated[float | None, m.part_setting(Film, "fps")]
Strength = Annotated[str | None, m.part_setting(Film, "strength", panel=o.LOOK, metavar="CURVE")]
Steps = Annotated[int | None, m.part_setting(Film, "steps", panel=o.LOOK)]
Pulse = Annotated[str | None, m.part_setting(Film, "pulse", metavar="FILE|film")]
PulseDepth = Annotated[float | None, m.part_setting(Film, "pulse_depth")]
Flow = Annotated[str | None, m.part_setting(Film, "flow")]
Leak = Annotated[float | None, m.part_setting(Film, "leak")]
Cuts = Annotated[bool | None, m.part_setting(Film, "cuts", "--cuts/--no-cuts")]
Mask = Annotated[
    str | None,
    o.other("--mask", help="A picture or a film: white dreams, black stays.", panel=o.LOOK, metavar="FILE"),
]


def film(
    video: Video = None,
    layer: o.Layer = None,
    channel: o.Channel = None,
    class_: o.Class = None,
    objective: o.ObjectiveText = None,
    guide: o.Guide = None,
    balance: o.Balance = None,
    preset: o.Preset = None,
    recipe: o.RecipeFile = None,
    start: Start = None,
    duration: Duration = None,
    every: Every = None,
    fps: Fps = None,
    pulse: Pulse = None,
    pulse_depth: PulseDepth = None,
    flow: Flow = None,
    leak: Leak = None,
    cuts: Cuts = None,
    strength: Strength = None,
    steps: Steps = None,
    octaves: o.Octaves = None,
    octave_scale: o.OctaveScale = None,
    jitter: o.Jitter = None,
    mask: Mask = None,
    keep_colour: o.KeepColour = None,
    size: o.Size = None,
    max_size: o.MaxSize = None,
    seed: o.Seed = None,
    max_pixels: o.MaxPixels = None,
    network: o.Network = None,
    engine: o.Engine = None,
    precision: o.Precision = None,
    device: o.Device = None,
    threads: o.Threads = None,
    halo: o.Halo = None,
    offline: o.Offline = False,
    out: m.Out = None,
    codec: m.Codec = None,
    quality: m.Quality = None,
    no_metadata: o.NoMetadata = False,
    overwrite: m.Overwrite = False,
    preview: m.PreviewFile = None,
    allow_flashes: m.AllowFlashes = False,
    json: o.Json = False,
    dry_run: o.DryRun = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Let a film dream, without flicker: the dream moves with what is seen, and keeps the film's sound.

    A CURVE is a number, or keys as in "0s:0, 4s:0.6 smooth, 8s:0", or in
    frames: "0:0, 100:0.6". The easings are linear, smooth, hold, in and out.
    With --pulse music moves the strength; --pulse film is the film's own sound.

    The same command again goes on with a film that was stopped or killed.
    """
    Command(dict(locals())).go()


class Command(m.MovingCommand):
    """The command as given, and who is told."""

    verb = "film"

    def go(self) -> None:
        """Check everything that can be checked, then dream."""
        from reverie.jobs.moving_source import Film as FilmWork

        video, mask = self.given["video"], self.given["mask"]
        if video is None:
            raise UsageError("nothing to dream on: give a film, as in reverie film me.mp4 -o dream.mp4")
        moves = mask is not None and not is_picture(mask)
        options = {**OPTIONS, "mask": "--mask"} if moves else OPTIONS
        recipe = m.moving_recipe(self.given, "film", options, default=DEFAULT)
        self.carry_out(recipe.but(start="photo"), video, FilmWork)


def is_picture(path: str) -> bool:
    """Whether a mask is a still picture; the reader of films says what is wrong with all else."""
    from reverie.media.picture.detect_format import sniff

    if os.path.isdir(path) or "%" in path or "*" in path:
        return False
    try:
        with open(path, "rb") as file:
            return sniff(file.read(512), path) != "gif"
    except (OSError, ValueError, BadInput):
        return False
