"""``reverie invert``: what layers remember of a photograph."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from reverie.cli.fields import wanted
from reverie.cli.groups import Only, Without, all_given, takes_groups
from reverie.cli.options import (
    Ascent,
    Common,
    PhotoArgument,
    PortraitBase,
    PortraitLook,
    layer_option,
    preset_option,
)
from reverie.cli.recipe_options import network_settings, output_of, recipe_from_options
from reverie.cli.verbs.see import make_portraits
from reverie.errors import BadInput, UsageError
from reverie.recipe.presets.portrait import INVERSION
from reverie.recipe.typed import settings_from

#: The preset of an inversion if none is named.
DEFAULT = INVERSION

Layers = Annotated[
    list[str] | None,
    layer_option(
        help="The layer that remembers (see `reverie layers`); several make a sheet.",
    ),
]
AllLayers = Annotated[
    bool,
    wanted(
        "--all-layers",
        help="Every layer, from shallow to deep, as a sheet: small and in a few steps, for a minute; --steps "
        "1000 --max-size 256 takes their time.",
    ),
]


@dataclass(frozen=True)
class InversionBase(PortraitBase):
    """The settings of inversions that all others change."""

    preset: str | None = preset_option(
        help=f"Start from the settings of a known system (default {DEFAULT}; near the picture "
        f"{DEFAULT}-shallow)."
    )


@takes_groups
def invert(
    photo: PhotoArgument,
    layer: Layers = None,
    all_layers: AllLayers = False,
    *,
    base: Annotated[InversionBase, Only("preset")],
    look: Annotated[PortraitLook, Without("facets", "print_size", "transparency")],
    ascent: Annotated[Ascent, Only("steps")],
    common: Annotated[Common, Without("start", "halo")],
) -> None:
    """Show what a layer remembers of a photograph: the picture from noise that it cannot tell from it.

    Mahendran & Vedaldi 2015. Several layers become files beside a labelled sheet.
    """
    if all_layers == bool(layer):
        raise UsageError("which layer? give --layer NAME, or --all-layers")
    output = output_of(common, "inverted.png", photo)
    if os.path.isdir(photo):
        raise BadInput(f"{photo}: is a folder; give one photograph")
    given = all_given(base, look, ascent, common)
    recipe = recipe_from_options(given, DEFAULT)
    if recipe.portrait is None:
        raise UsageError(f"--preset {recipe.preset}: makes dreams; use it with reverie dream")
    from reverie.jobs.portraits.portraits import InversionsJob

    preset, settings = settings_from(given)
    settings |= network_settings(given)
    layers = None if all_layers else layer
    job = InversionsJob(photo=photo, layers=layers, preset=preset, settings=settings, output=output)
    make_portraits(job, common)
