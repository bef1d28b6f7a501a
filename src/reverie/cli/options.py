"""The options of the verbs, in groups; most are made from the recipe's fields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from reverie.cli import complete
from reverie.cli.fields import COMPUTE, MESSAGES, NETWORK, PORTRAIT, SIZE, WHAT, other, setting, wanted
from reverie.cli.groups import Group, options_of
from reverie.recipe.portrait import Portrait
from reverie.recipe.recipe import Recipe
from reverie.recipe.sites import Sites

#: Where a guide is followed when no layer is named.
GUIDE_LAYER = "block5a"
#: An option that names a layer, and one that sets a field of a portrait.
layer_option = partial(wanted, "--layer", metavar="NAME", autocompletion=complete.layers)
of_portrait = partial(setting, panel=PORTRAIT, model=Portrait)
#: What some verbs look at, and ask.
PhotoArgument = Annotated[str, typer.Argument(metavar="PHOTO", help="A photograph.")]
NetworkArgument = Annotated[
    str | None,
    typer.Argument(metavar="NETWORK", help="The network (default lite0).", autocompletion=complete.networks),
]
#: An option that says how pictures are shown to a network that does not say it itself.
of_network = partial(other, panel=NETWORK)


def portrait_preset(which: str) -> Any:
    """``--preset`` of a verb that makes portraits; ``which`` ends the sentence, with the usual one."""
    return wanted(
        "--preset",
        help=f"Start from the settings of a known system{which}.",
        metavar="NAME",
        autocompletion=complete.portraits,
    )


@dataclass(frozen=True)
class Target(Group):
    """What is to be increased."""

    layer: Annotated[
        list[str] | None,
        layer_option(
            help="Excite this layer (see `reverie layers`); several are one per octave, smallest first.",
        ),
    ] = None
    channel: Annotated[
        list[str] | None,
        wanted(
            "--channel",
            help="Excite one channel of a layer.",
            metavar="NAME:I",
            autocompletion=complete.channels,
        ),
    ] = None
    class_: Annotated[
        list[str] | None,
        wanted(
            "--class",
            help="Dream a class: a name, any synonym, or its number; or what several are, such as cat "
            "(see `reverie classes`).",
            metavar="NAME",
            autocompletion=complete.classes,
        ),
    ] = None
    objective: Annotated[list[str] | None, setting("objective", panel=WHAT, metavar="TEXT")] = None
    guide: Annotated[
        str | None,
        wanted(
            "--guide",
            help=f"Dream towards this picture, at --layer ({GUIDE_LAYER} if none is named).",
            metavar="IMAGE",
        ),
    ] = None
    balance: Annotated[str | None, setting("balance", panel=WHAT)] = None


@dataclass(frozen=True)
class Base(Group):
    """The settings that all others change."""

    preset: Annotated[
        str | None, setting("preset", panel=WHAT, metavar="NAME", autocompletion=complete.presets)
    ] = None
    recipe: Annotated[
        str | None,
        wanted(
            "--recipe",
            help="Take every setting from this file, JSON or a picture reverie made; options given here "
            "override it.",
            metavar="FILE",
        ),
    ] = None


@dataclass(frozen=True)
class PortraitBase(Base):
    """The settings of portraits that all others change."""

    preset: Annotated[str | None, portrait_preset(", such as lucid2017 (default portrait)")] = None


@dataclass(frozen=True)
class Ascent(Group):
    """How far a picture moves, and in how many steps."""

    strength: Annotated[float | None, setting("strength")] = None
    max_change: Annotated[float | None, setting("max_change")] = None
    steps: Annotated[str | None, setting("steps", metavar="N[,N...]")] = None
    step_size: Annotated[float | None, setting("step_size")] = None


@dataclass(frozen=True)
class Appearance(Group):
    """What a dream looks like beside that."""

    octaves: Annotated[int | None, setting("octaves")] = None
    octave_scale: Annotated[float | None, setting("octave_scale")] = None
    jitter: Annotated[int | None, setting("jitter")] = None
    seamless: Annotated[bool | None, setting("seamless", "--seamless/--no-seamless")] = None
    mask: Annotated[str | None, setting("mask", metavar="IMAGE")] = None
    spare: Annotated[str | None, setting("spare")] = None
    keep_colour: Annotated[float | None, setting("keep_colour", "--keep-colour", "--keep-color")] = None
    grey: Annotated[bool | None, setting("grey", "--grey/--no-grey", "--gray/--no-gray")] = None


@dataclass(frozen=True)
class Whereabouts(Group):
    """Where something whole is dreamt."""

    sites: Annotated[int | None, setting("count", "--sites", model=Sites, metavar="N")] = None


@dataclass(frozen=True)
class Size(Group):
    """How large, and what it begins from."""

    start: Annotated[
        str | None,
        other("--from", help="Begin without a photograph, from this.", panel=SIZE, metavar="noise|clouds"),
    ] = None
    size: Annotated[
        str | None,
        other(
            "--size",
            help="Width and height, which a photograph is scaled to cover and cropped to; or its longer side "
            "alone, and nothing is cropped. From nothing one number makes a square.",
            panel=SIZE,
            metavar="WxH|N",
        ),
    ] = None
    max_size: Annotated[int | None, setting("max_size", panel=SIZE)] = None
    seed: Annotated[int | None, setting("seed", panel=SIZE)] = None
    max_pixels: Annotated[
        int | None,
        other(
            "--max-pixels",
            help="The most pixels a picture may have (default 64 million).",
            panel=SIZE,
            metavar="N",
            min=1,
        ),
    ] = None


@dataclass(frozen=True)
class Compute(Group):
    """The network, and what computes."""

    network: Annotated[
        str | None, setting("network", panel=COMPUTE, metavar="NAME", autocompletion=complete.networks)
    ] = None
    engine: Annotated[str | None, setting("engine", panel=COMPUTE)] = None
    precision: Annotated[str | None, setting("precision", panel=COMPUTE)] = None
    device: Annotated[str | None, setting("device", panel=COMPUTE)] = None
    threads: Annotated[int | None, setting("threads", panel=COMPUTE)] = None
    halo: Annotated[str | None, setting("halo", panel=COMPUTE, metavar="N|auto|full")] = None
    offline: Annotated[bool, other("--offline", help="Never download anything.", panel=COMPUTE)] = False
    net_mean: Annotated[
        str | None,
        of_network("--mean", help="Taken off each channel of pictures in [0, 1].", metavar="M[,M...]"),
    ] = None
    net_std: Annotated[
        str | None, of_network("--std", help="Divides each channel after that.", metavar="S[,S...]")
    ] = None
    input_size: Annotated[
        str | None,
        of_network("--input-size", help="The only pictures that the network takes.", metavar="N|WxH"),
    ] = None
    net_channels: Annotated[
        int | None, of_network("--channels", help="Channels of its pictures.", metavar="N")
    ] = None
    net_classes: Annotated[
        str | None,
        of_network("--classes", help="Names of its classes: a text, one a line, or JSON.", metavar="FILE"),
    ] = None
    fit: Annotated[
        str | None,
        of_network(
            "--fit",
            help="How pictures are shown to a network of one size: resized, or through windows of that size.",
            metavar="resize|window",
        ),
    ] = None
    trust: Annotated[
        bool,
        other(
            "--trust",
            help="Let what is read name files anywhere, not only beside it, and run code; if you know who "
            "wrote it.",
            panel=COMPUTE,
        ),
    ] = False


@dataclass(frozen=True)
class Files(Group):
    """Where pictures go, and how they are written."""

    out: Annotated[
        str | None,
        other("-o", "--out", help="The file to write, or a folder for several photographs.", metavar="OUT"),
    ] = None
    depth: Annotated[
        int | None, other("--depth", help="Bits a channel (default: the photograph's).", metavar="8|16")
    ] = None
    quality: Annotated[
        int | None, other("--quality", help="Of JPEG, WebP and AVIF, 1 to 100.", metavar="N")
    ] = None
    no_metadata: Annotated[bool, other("--no-metadata", help="Leave the recipe out of the file.")] = False
    overwrite: Annotated[bool, other("--overwrite", help="Replace files that exist.")] = False
    preview: Annotated[
        str | None,
        other("--preview", help="A file that is rewritten while the dream runs.", metavar="FILE"),
    ] = None


@dataclass(frozen=True)
class Messages(Group):
    """What is said, and where."""

    json: Annotated[bool, other("--json", help="Results and errors as JSON on stdout.", panel=MESSAGES)] = (
        False
    )
    dry_run: Annotated[
        bool,
        other(
            "--dry-run",
            help="Say what would be done, how long it takes and what memory; write nothing.",
            panel=MESSAGES,
        ),
    ] = False
    quiet: Annotated[bool, other("-q", "--quiet", help="Errors only.", panel=MESSAGES)] = False
    verbose: Annotated[bool, other("-v", "--verbose", help="Say more.", panel=MESSAGES)] = False
    debug: Annotated[bool, other("--debug", help="Show where an error comes from.", panel=MESSAGES)] = False


@dataclass(frozen=True)
class Common(Messages, Files, Compute, Size):
    """Size, computing, files and messages, in this order: what nearly every verb that makes pictures has."""


@dataclass(frozen=True)
class PortraitLook(Group):
    """How a portrait is made."""

    canvas: Annotated[str | None, of_portrait("canvas")] = None
    facets: Annotated[int | None, of_portrait("facets", "--diversity", metavar="N")] = None
    views: Annotated[int | None, of_portrait("views")] = None
    transforms: Annotated[
        list[str] | None,
        of_portrait("transforms", "--transform", metavar="TEXT"),
    ] = None
    optimiser: Annotated[str | None, of_portrait("optimiser")] = None
    rate: Annotated[str | None, of_portrait("rate", metavar="A[..B]")] = None
    print_size: Annotated[int | None, of_portrait("print_size")] = None
    transparency: Annotated[
        bool | None,
        of_portrait("transparency", "--transparency/--no-transparency"),
    ] = None


#: Options that say how a network's pictures are, and the settings of its name that they are.
OF_NETWORK = {
    "net_mean": "mean",
    "net_std": "std",
    "input_size": "size",
    "net_channels": "channels",
    "net_classes": "classes",
    "fit": "fit",
}
#: Fields of a recipe that an option sets, and the option. Others can come from a file of --recipe.
OPTION = options_of(Recipe, Target, Base, Ascent, Appearance, Size, Compute) | {
    "start": "--from",
    "chance": "--chance",
}
#: Settings of a portrait that an option sets, and the option.
OF_PORTRAIT = options_of(Portrait, PortraitLook) | {"facets": "--diversity", "transforms": "--transform"}
#: Settings of sites that an option sets, and the option.
OF_SITES = {"count": "--sites"}
