"""The options of the verbs, in groups; most are made from the recipe's fields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from reverie.cli import complete
from reverie.cli.fields import COMPUTE, MESSAGES, NETWORK, PORTRAIT, SIZE, WHAT, other, setting, wanted
from reverie.cli.groups import Group
from reverie.recipe.portrait import Portrait
from reverie.recipe.sites import Sites
from reverie.recipe.typed import GUIDE_LAYER

#: Options that name a layer and a preset of portraits, and one that sets a field of a portrait.
layer_option = partial(wanted, "--layer", metavar="NAME", autocompletion=complete.layers)
preset_option = partial(wanted, "--preset", metavar="NAME", autocompletion=complete.portraits)
of_portrait = partial(setting, panel=PORTRAIT, model=Portrait)
#: What some verbs look at, and ask.
PhotoArgument = Annotated[str, typer.Argument(metavar="PHOTO", help="A photograph.")]
NetworkArgument = Annotated[
    str | None,
    typer.Argument(metavar="NETWORK", help="The network (default lite0).", autocompletion=complete.networks),
]
#: An option that says how pictures are shown to a network that does not say it itself.
of_network = partial(other, panel=NETWORK)


@dataclass(frozen=True)
class Target(Group):
    """What is to be increased."""

    layer: list[str] | None = layer_option(
        help="Excite this layer (see `reverie layers`); several are one per octave, smallest first."
    )
    channel: list[str] | None = wanted(
        "--channel", help="Excite one channel of a layer.", metavar="NAME:I", autocompletion=complete.channels
    )
    class_: list[str] | None = wanted(
        "--class",
        help="Dream a class: a name, any synonym, or its number; or what several are, such as cat "
        "(see `reverie classes`).",
        metavar="NAME",
        autocompletion=complete.classes,
    )
    objective: list[str] | None = setting("objective", panel=WHAT, metavar="TEXT")
    guide: str | None = wanted(
        "--guide",
        help=f"Dream towards this picture, at --layer ({GUIDE_LAYER} if none is named).",
        metavar="IMAGE",
    )
    balance: str | None = setting("balance", panel=WHAT)


@dataclass(frozen=True)
class Base(Group):
    """The settings that all others change."""

    preset: str | None = setting("preset", panel=WHAT, metavar="NAME", autocompletion=complete.presets)
    recipe: str | None = wanted(
        "--recipe",
        help="Take every setting from this file, JSON or a picture reverie made; options given here "
        "override it.",
        metavar="FILE",
    )


@dataclass(frozen=True)
class PortraitBase(Base):
    """The settings of portraits that all others change."""

    preset: str | None = preset_option(
        help="Start from the settings of a known system, such as lucid2017 (default portrait)."
    )


@dataclass(frozen=True)
class Ascent(Group):
    """How far a picture moves, and in how many steps."""

    strength: float | None = setting("strength")
    max_change: float | None = setting("max_change")
    steps: str | None = setting("steps", metavar="N[,N...]")
    step_size: float | None = setting("step_size")


@dataclass(frozen=True)
class Appearance(Group):
    """What a dream looks like beside that."""

    octaves: int | None = setting("octaves")
    octave_scale: float | None = setting("octave_scale")
    jitter: int | None = setting("jitter")
    seamless: bool | None = setting("seamless", "--seamless/--no-seamless")
    mask: str | None = setting("mask", metavar="IMAGE")
    spare: str | None = setting("spare")
    keep_colour: float | None = setting("keep_colour", "--keep-colour", "--keep-color")
    grey: bool | None = setting("grey", "--grey/--no-grey", "--gray/--no-gray")


@dataclass(frozen=True)
class Whereabouts(Group):
    """Where something whole is dreamt."""

    sites: int | None = setting("count", "--sites", model=Sites, metavar="N")


@dataclass(frozen=True)
class Size(Group):
    """How large, and what it begins from."""

    start: str | None = other(
        "--from", help="Begin without a photograph, from this.", panel=SIZE, metavar="noise|clouds"
    )
    size: str | None = other(
        "--size",
        help="Width and height, which a photograph is scaled to cover and cropped to; or its longer side "
        "alone, and nothing is cropped. From nothing one number makes a square.",
        panel=SIZE,
        metavar="WxH|N",
    )
    max_size: int | None = setting("max_size", panel=SIZE)
    seed: int | None = setting("seed", panel=SIZE)
    max_pixels: int | None = other(
        "--max-pixels",
        help="The most pixels a picture may have (default 64 million).",
        panel=SIZE,
        metavar="N",
        min=1,
    )


@dataclass(frozen=True)
class Compute(Group):
    """The network, and what computes."""

    network: str | None = setting("network", panel=COMPUTE, metavar="NAME", autocompletion=complete.networks)
    engine: str | None = setting("engine", panel=COMPUTE)
    precision: str | None = setting("precision", panel=COMPUTE)
    device: str | None = setting("device", panel=COMPUTE)
    threads: int | None = setting("threads", panel=COMPUTE)
    halo: str | None = setting("halo", panel=COMPUTE, metavar="N|auto|full")
    offline: bool = other(
        "--offline", help="Never download anything.", panel=COMPUTE, envvar="REVERIE_OFFLINE"
    )
    net_mean: str | None = of_network(
        "--mean", help="Taken off each channel of pictures in [0, 1].", metavar="M[,M...]"
    )
    net_std: str | None = of_network("--std", help="Divides each channel after that.", metavar="S[,S...]")
    input_size: str | None = of_network(
        "--input-size", help="The only pictures that the network takes.", metavar="N|WxH"
    )
    net_channels: int | None = of_network("--channels", help="Channels of its pictures.", metavar="N")
    net_classes: str | None = of_network(
        "--classes", help="Names of its classes: a text, one a line, or JSON.", metavar="FILE"
    )
    fit: str | None = of_network(
        "--fit",
        help="How pictures are shown to a network of one size: resized, or through windows of that size.",
        metavar="resize|window",
    )
    trust: bool = other(
        "--trust",
        help="Let what is read name files anywhere, not only beside it, and run code; if you know who "
        "wrote it.",
        panel=COMPUTE,
    )


@dataclass(frozen=True)
class Files(Group):
    """Where pictures go, and how they are written."""

    out: str | None = other(
        "-o", "--out", help="The file to write, or a folder for several photographs.", metavar="OUT"
    )
    depth: int | None = other("--depth", help="Bits a channel (default: the photograph's).", metavar="8|16")
    quality: int | None = other("--quality", help="Of JPEG, WebP and AVIF, 1 to 100.", metavar="N")
    no_metadata: bool = other("--no-metadata", help="Leave the recipe out of the file.")
    overwrite: bool = other("--overwrite", help="Replace files that exist.")
    preview: str | None = other(
        "--preview", help="A file that is rewritten while the dream runs.", metavar="FILE"
    )


@dataclass(frozen=True)
class Messages(Group):
    """What is said, and where."""

    json: bool = other("--json", help="Results and errors as JSON on stdout.", panel=MESSAGES)
    dry_run: bool = other(
        "--dry-run",
        help="Say what would be done, how long it takes and what memory; write nothing.",
        panel=MESSAGES,
    )
    quiet: bool = other("-q", "--quiet", help="Errors only.", panel=MESSAGES)
    verbose: bool = other("-v", "--verbose", help="Say more.", panel=MESSAGES)
    debug: bool = other("--debug", help="Show where an error comes from.", panel=MESSAGES)


@dataclass(frozen=True)
class Common(Messages, Files, Compute, Size):
    """Size, computing, files and messages, in this order: what nearly every verb that makes pictures has."""


@dataclass(frozen=True)
class PortraitLook(Group):
    """How a portrait is made."""

    canvas: str | None = of_portrait("canvas")
    facets: int | None = of_portrait("facets", "--diversity", metavar="N")
    views: int | None = of_portrait("views")
    transforms: list[str] | None = of_portrait("transforms", "--transform", metavar="TEXT")
    optimiser: str | None = of_portrait("optimiser")
    rate: str | None = of_portrait("rate", metavar="A[..B]")
    print_size: int | None = of_portrait("print_size")
    transparency: bool | None = of_portrait("transparency", "--transparency/--no-transparency")


#: Options that say how a network's pictures are, and the settings of its name that they are.
OF_NETWORK = {
    "net_mean": "mean",
    "net_std": "std",
    "input_size": "size",
    "net_channels": "channels",
    "net_classes": "classes",
    "fit": "fit",
}
