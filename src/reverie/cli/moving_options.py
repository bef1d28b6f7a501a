"""The options of ``reverie zoom`` and ``reverie film``, in groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from reverie.cli import complete
from reverie.cli.fields import LOOK, MOTION, WHAT, other, setting, wanted
from reverie.cli.groups import Group, options_of
from reverie.cli.options import Appearance, Base, Common, Target, layer_option
from reverie.recipe.film import Film
from reverie.recipe.presets.preset import MOTIONS
from reverie.recipe.zoom import Zoom

#: Options that set a field of a zoom, and of a film.
of_zoom = partial(setting, panel=MOTION, model=Zoom)
of_film = partial(setting, panel=MOTION, model=Film)


@dataclass(frozen=True)
class ZoomTarget(Target):
    """What is to be increased, one after the other."""

    layer: Annotated[
        list[str] | None,
        layer_option(
            help="Excite this layer (see `reverie layers`); several follow each other.",
        ),
    ] = None
    objective: Annotated[
        list[str] | None,
        wanted(
            "--objective",
            help="What to increase; several follow each other. (default: the preset's)",
            metavar="TEXT",
        ),
    ] = None
    crossfade: Annotated[float | None, of_zoom("crossfade", panel=WHAT, metavar="SECONDS")] = None
    undertone: Annotated[float | None, of_zoom("undertone", panel=WHAT)] = None
    halves: Annotated[bool | None, of_zoom("halves", "--halves/--no-halves", panel=WHAT)] = None


@dataclass(frozen=True)
class ZoomBase(Base):
    """The settings of zooms that all others change."""

    preset: Annotated[
        str | None,
        wanted(
            "--preset",
            help=f"Start from the settings of a known zoom ({', '.join(MOTIONS)}) or dream.",
            metavar="NAME",
            autocompletion=complete.motions,
        ),
    ] = None


@dataclass(frozen=True)
class ZoomMotion(Group):
    """How a zoom moves."""

    duration: Annotated[float | None, of_zoom("duration", metavar="SECONDS")] = None
    fps: Annotated[float | None, of_zoom("fps")] = None
    zoom: Annotated[str | None, of_zoom("zoom", metavar="CURVE")] = None
    rotate: Annotated[str | None, of_zoom("rotate", metavar="CURVE")] = None
    pan_x: Annotated[str | None, of_zoom("pan_x", metavar="CURVE")] = None
    pan_y: Annotated[str | None, of_zoom("pan_y", metavar="CURVE")] = None
    per: Annotated[str | None, of_zoom("per")] = None
    loop: Annotated[bool | None, of_zoom("loop", "--loop/--no-loop")] = None
    steady: Annotated[bool | None, of_zoom("steady", "--steady/--no-steady")] = None
    even: Annotated[float | None, of_zoom("even")] = None
    vivid: Annotated[float | None, of_zoom("vivid")] = None


@dataclass(frozen=True)
class ZoomAscent(Group):
    """How far each frame of a zoom goes."""

    strength: Annotated[str | None, of_zoom("strength", panel=LOOK, metavar="CURVE")] = None
    steps: Annotated[str | None, of_zoom("steps", panel=LOOK, metavar="N[,N...]")] = None
    warm_up: Annotated[int | None, of_zoom("warm_up", panel=LOOK)] = None


@dataclass(frozen=True)
class FilmMotion(Group):
    """What is taken of a film, and how the dream moves with it."""

    start: Annotated[float | None, of_film("start", metavar="SECONDS")] = None
    duration: Annotated[float | None, of_film("duration", metavar="SECONDS")] = None
    every: Annotated[int | None, of_film("every", metavar="N")] = None
    fps: Annotated[float | None, of_film("fps")] = None
    pulse: Annotated[str | None, of_film("pulse", metavar="FILE|film")] = None
    pulse_depth: Annotated[float | None, of_film("pulse_depth")] = None
    flow: Annotated[str | None, of_film("flow")] = None
    leak: Annotated[float | None, of_film("leak")] = None
    cuts: Annotated[bool | None, of_film("cuts", "--cuts/--no-cuts")] = None


@dataclass(frozen=True)
class FilmAscent(Group):
    """How far each frame of a film goes."""

    strength: Annotated[str | None, of_film("strength", panel=LOOK, metavar="CURVE")] = None
    steps: Annotated[int | None, of_film("steps", panel=LOOK)] = None


@dataclass(frozen=True)
class FilmAppearance(Appearance):
    """What a film looks like beside that."""

    mask: Annotated[
        str | None,
        other("--mask", help="A picture or a film: white dreams, black stays.", panel=LOOK, metavar="FILE"),
    ] = None


@dataclass(frozen=True)
class FilmCommon(Common):
    """Where films go and how they are written, and all that is common."""

    out: Annotated[
        str | None,
        other(
            "-o",
            "--out",
            help="The film to write: .mp4, .mov, .mkv, .webm, .gif or .apng, or numbered pictures as "
            "frames/%04d.png or frames/.",
            metavar="OUT",
        ),
    ] = None
    quality: Annotated[
        int | None,
        other(
            "--quality",
            help="1 to 100, of what loses something; 90 cannot be told from the dream.",
            metavar="N",
        ),
    ] = None
    overwrite: Annotated[
        bool, other("--overwrite", help="Replace the film, and what else was begun under its name.")
    ] = False
    preview: Annotated[
        str | None, other("--preview", help="A picture that is rewritten while it runs.", metavar="FILE")
    ] = None
    codec: Annotated[
        str | None,
        other("--codec", help="h264, h265, av1 or vp9, where the container holds it.", metavar="NAME"),
    ] = None
    allow_flashes: Annotated[
        bool,
        other(
            "--allow-flashes",
            help="Leave flashing light in. It can hurt people; without this, light that flashes more than "
            "three times a second (WCAG 2.3.1) is damped.",
        ),
    ] = False


#: What moves, which is a part of the recipe: its usual preset, and the fields of it that options set.
MOVING: Final = {
    "zoom": ("zoom", options_of(Zoom, ZoomTarget, ZoomMotion, ZoomAscent) | {"scenes": "--objective"}),
    "film": ("reverie", options_of(Film, FilmMotion, FilmAscent) | {"mask": "--mask"}),
}
