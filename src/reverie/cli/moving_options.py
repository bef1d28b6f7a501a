"""The options of ``reverie zoom`` and ``reverie film``, in groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from reverie.cli import complete
from reverie.cli.fields import LOOK, MOTION, WHAT, other, setting, wanted
from reverie.cli.groups import Group
from reverie.cli.options import Appearance, Base, Common, Target, layer_option, preset_option
from reverie.recipe.film import Film
from reverie.recipe.presets.preset import MOTIONS
from reverie.recipe.zoom import Zoom

#: Options that set a field of a zoom, and of a film.
of_zoom = partial(setting, panel=MOTION, model=Zoom)
of_film = partial(setting, panel=MOTION, model=Film)


@dataclass(frozen=True)
class ZoomTarget(Target):
    """What is to be increased, one after the other."""

    layer: list[str] | None = layer_option(
        help="Excite this layer (see `reverie layers`); several follow each other."
    )
    objective: list[str] | None = wanted(
        "--objective",
        help="What to increase; several follow each other. (default: the preset's)",
        metavar="TEXT",
    )
    crossfade: float | None = of_zoom("crossfade", panel=WHAT, metavar="SECONDS")
    undertone: float | None = of_zoom("undertone", panel=WHAT)
    halves: bool | None = of_zoom("halves", "--halves/--no-halves", panel=WHAT)


@dataclass(frozen=True)
class ZoomBase(Base):
    """The settings of zooms that all others change."""

    preset: str | None = preset_option(
        help=f"Start from the settings of a known zoom ({', '.join(MOTIONS)}) or dream.",
        autocompletion=complete.motions,
    )


@dataclass(frozen=True)
class ZoomMotion(Group):
    """How a zoom moves."""

    duration: float | None = of_zoom("duration", metavar="SECONDS")
    fps: float | None = of_zoom("fps")
    zoom: str | None = of_zoom("zoom", metavar="CURVE")
    rotate: str | None = of_zoom("rotate", metavar="CURVE")
    pan_x: str | None = of_zoom("pan_x", metavar="CURVE")
    pan_y: str | None = of_zoom("pan_y", metavar="CURVE")
    per: str | None = of_zoom("per")
    loop: bool | None = of_zoom("loop", "--loop/--no-loop")
    steady: bool | None = of_zoom("steady", "--steady/--no-steady")
    even: float | None = of_zoom("even")
    vivid: float | None = of_zoom("vivid")


@dataclass(frozen=True)
class ZoomAscent(Group):
    """How far each frame of a zoom goes."""

    strength: str | None = of_zoom("strength", panel=LOOK, metavar="CURVE")
    steps: str | None = of_zoom("steps", panel=LOOK, metavar="N[,N...]")
    warm_up: int | None = of_zoom("warm_up", panel=LOOK)


@dataclass(frozen=True)
class FilmMotion(Group):
    """What is taken of a film, and how the dream moves with it."""

    start: float | None = of_film("start", metavar="SECONDS")
    duration: float | None = of_film("duration", metavar="SECONDS")
    every: int | None = of_film("every", metavar="N")
    fps: float | None = of_film("fps")
    pulse: str | None = of_film("pulse", metavar="FILE|film")
    pulse_depth: float | None = of_film("pulse_depth")
    flow: str | None = of_film("flow")
    leak: float | None = of_film("leak")
    cuts: bool | None = of_film("cuts", "--cuts/--no-cuts")


@dataclass(frozen=True)
class FilmAscent(Group):
    """How far each frame of a film goes."""

    strength: str | None = of_film("strength", panel=LOOK, metavar="CURVE")
    steps: int | None = of_film("steps", panel=LOOK)


@dataclass(frozen=True)
class FilmAppearance(Appearance):
    """What a film looks like beside that."""

    mask: str | None = other(
        "--mask", help="A picture or a film: white dreams, black stays.", panel=LOOK, metavar="FILE"
    )


@dataclass(frozen=True)
class FilmCommon(Common):
    """Where films go and how they are written, and all that is common."""

    out: str | None = other(
        "-o",
        "--out",
        help="The film to write: .mp4, .mov, .mkv, .webm, .gif or .apng, or numbered pictures as "
        "frames/%04d.png or frames/.",
        metavar="OUT",
    )
    quality: int | None = other(
        "--quality", help="1 to 100, of what loses something; 90 cannot be told from the dream.", metavar="N"
    )
    overwrite: bool = other("--overwrite", help="Replace the film, and what else was begun under its name.")
    preview: str | None = other(
        "--preview", help="A picture that is rewritten while it runs.", metavar="FILE"
    )
    codec: str | None = other(
        "--codec", help="h264, h265, av1 or vp9, where the container holds it.", metavar="NAME"
    )
    allow_flashes: bool = other(
        "--allow-flashes",
        help="Leave flashing light in. It can hurt people; without this, light that flashes more than "
        "three times a second (WCAG 2.3.1) is damped.",
    )
