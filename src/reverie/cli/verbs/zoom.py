"""``reverie zoom``: the picture that feeds on its own output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from reverie.cli import complete
from reverie.cli import moving_options as m
from reverie.cli import old_options as o
from reverie.errors import UsageError
from reverie.recipe.presets.preset import MOTIONS
from reverie.recipe.recipe import Recipe
from reverie.recipe.zoom import Zoom

#: Options that are settings of the zoom, and how they are typed.
OPTIONS = {
    "duration": "--duration",
    "fps": "--fps",
    "zoom": "--zoom",
    "rotate": "--rotate",
    "pan_x": "--pan-x",
    "pan_y": "--pan-y",
    "per": "--per",
    "scenes": "--objective",
    "crossfade": "--crossfade",
    "strength": "--strength",
    "steps": "--steps",
    "loop": "--loop",
    "steady": "--steady",
    "even": "--even",
    "warm_up": "--warm-up",
    "undertone": "--undertone",
    "halves": "--halves",
}
#: What ``reverie zoom`` starts from when no preset is named.
DEFAULT = "zoom"
#: A target and when it begins: ``5s:pagoda``.
_BEGINS = re.compile(r"\s*((?:\d+\.?\d*|\.\d+)s?)\s*:(.+)", re.ASCII | re.DOTALL)

Photo = Annotated[str | None, typer.Argument(metavar="PHOTO", help="What it begins with.")]
Layer = Annotated[
    list[str] | None,
    o.other(
        "--layer",
        help="Excite this layer (see `reverie layers`); several follow each other.",
        panel=o.WHAT,
        metavar="NAME",
        autocompletion=complete.layers,
    ),
]
ObjectiveText = Annotated[
    list[str] | None,
    o.other(
        "--objective",
        help="What to increase; several follow each other. (default block5c)",
        panel=o.WHAT,
        metavar="TEXT",
    ),
]
Preset = Annotated[
    str | None,
    o.other(
        "--preset",
        help=f"Start from the settings of a known zoom ({', '.join(MOTIONS)}) or dream.",
        panel=o.WHAT,
        metavar="NAME",
        autocompletion=complete.motions,
    ),
]
Duration = Annotated[float | None, m.part_setting(Zoom, "duration", metavar="SECONDS")]
Fps = Annotated[float | None, m.part_setting(Zoom, "fps")]
ZoomBy = Annotated[str | None, m.part_setting(Zoom, "zoom", metavar="CURVE")]
Rotate = Annotated[str | None, m.part_setting(Zoom, "rotate", metavar="CURVE")]
PanX = Annotated[str | None, m.part_setting(Zoom, "pan_x", metavar="CURVE")]
PanY = Annotated[str | None, m.part_setting(Zoom, "pan_y", metavar="CURVE")]
Per = Annotated[str | None, m.part_setting(Zoom, "per")]
Crossfade = Annotated[float | None, m.part_setting(Zoom, "crossfade", panel=o.WHAT, metavar="SECONDS")]
Loop = Annotated[bool | None, m.part_setting(Zoom, "loop", "--loop/--no-loop")]
Steady = Annotated[bool | None, m.part_setting(Zoom, "steady", "--steady/--no-steady")]
Even = Annotated[float | None, m.part_setting(Zoom, "even")]
WarmUp = Annotated[int | None, m.part_setting(Zoom, "warm_up", panel=o.LOOK)]
Undertone = Annotated[float | None, m.part_setting(Zoom, "undertone", panel=o.WHAT)]
Halves = Annotated[bool | None, m.part_setting(Zoom, "halves", "--halves/--no-halves", panel=o.WHAT)]
Strength = Annotated[str | None, m.part_setting(Zoom, "strength", panel=o.LOOK, metavar="CURVE")]
Steps = Annotated[int | None, m.part_setting(Zoom, "steps", panel=o.LOOK)]


def zoom(
    photo: Photo = None,
    layer: Layer = None,
    channel: o.Channel = None,
    class_: o.Class = None,
    objective: ObjectiveText = None,
    guide: o.Guide = None,
    crossfade: Crossfade = None,
    undertone: Undertone = None,
    halves: Halves = None,
    balance: o.Balance = None,
    preset: Preset = None,
    recipe: o.RecipeFile = None,
    duration: Duration = None,
    fps: Fps = None,
    zoom: ZoomBy = None,
    rotate: Rotate = None,
    pan_x: PanX = None,
    pan_y: PanY = None,
    per: Per = None,
    loop: Loop = None,
    steady: Steady = None,
    even: Even = None,
    strength: Strength = None,
    steps: Steps = None,
    warm_up: WarmUp = None,
    octaves: o.Octaves = None,
    octave_scale: o.OctaveScale = None,
    jitter: o.Jitter = None,
    seamless: o.Seamless = None,
    mask: o.Mask = None,
    keep_colour: o.KeepColour = None,
    start: o.Start = None,
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
    """Make an endless zoom: a picture that dreams, is seen from nearer, and dreams again.

    Several layers, classes or objectives follow each other, cross-faded, in
    even shares or each from its moment on, as in --class 0s:pagoda --class 5s:cat.

    A CURVE is a number, or keys as in "0s:1.2, 4s:1.5 smooth, 8s:1.2", or in
    frames: "0:1.2, 100:1.5". The easings are linear, smooth, hold, in and out.

    The same command again goes on with a zoom that was stopped or killed.
    """
    Command(dict(locals())).go()


class Command(m.MovingCommand):
    """The command as given, and who is told."""

    verb = "zoom"

    def go(self) -> None:
        """Check everything that can be checked, then zoom."""
        from reverie.jobs.moving_source import Zoom as ZoomWork

        recipe = m.moving_recipe(scened(self.given), "zoom", OPTIONS, default=DEFAULT)
        if self.given["size"] and not self.given["max_size"]:
            recipe = recipe.but(max_size=None)
        photo = self.given["photo"]
        if photo is not None:
            if self.given["start"]:
                raise UsageError("--from is for a zoom without a photograph; give one of them")
            recipe = recipe.but(start="photo", **self._shape(recipe))
        elif recipe.start == "photo" and not self.given["start"]:
            recipe = recipe.but(start="clouds")
        self.carry_out(recipe, photo, ZoomWork)

    def _shape(self, recipe: Recipe) -> dict[str, Any]:
        """A photograph keeps its shape, at no more than the preset's length, unless it is told otherwise."""
        if self.given["size"] or self.given["recipe"] or recipe.size is None:
            return {}
        return {"size": None, "max_size": recipe.max_size or max(recipe.size)}


def scened(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options, where several targets, one with its beginning, or any class, are the scenes of the zoom.

    Raises:
        UsageError: Targets of several kinds.
    """
    for kind in ("layer", "channel", "class_", "objective"):
        texts: list[str] = given.get(kind) or []
        begins = [_BEGINS.fullmatch(text) for text in texts]
        if not texts or (len(texts) < 2 and kind != "class_" and not any(begins)):
            continue
        bare = [match[2] if match else text for match, text in zip(begins, texts, strict=True)]
        wanted = o.objectives({**given, kind: bare})
        scenes = [f"{match[1]}:{text}" if match else text for match, text in zip(begins, wanted, strict=True)]
        return {**given, kind: None, "guide": None, "scenes": tuple(scenes)}
    return dict(given)
