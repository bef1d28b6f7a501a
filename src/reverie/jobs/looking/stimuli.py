"""The job of stimuli: what really excites units, among one's own photographs, beside their portraits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from reverie.errors import UsageError
from reverie.jobs.job import Estimate, ItemFinished, Listener, Result, Stopped
from reverie.jobs.looking.photographs import counted, failures_told_later, paths_of
from reverie.jobs.looking.responses import responder_of
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import Output
from reverie.jobs.portraits.unit_portraits import BesidePortraits, channel_named, label_of, portraits_of
from reverie.jobs.sheets import Cell, save_sheet, scaled
from reverie.jobs.workspace import Reference, Workspace
from reverie.portrait.units import LOGITS, class_index, objective_of
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.analysis.stimuli import Patch, Stimuli
    from reverie.media.picture import Picture
    from reverie.network.network import Network

#: Layer and channel.
Unit = tuple[str, int]
#: Side in pixels of a patch on the sheet, and the most patches of a unit.
CELL, MOST = 192, 100
#: Share of the whole job that the photographs are, where portraits are made after them.
SEARCH = 0.5


@dataclass(frozen=True, kw_only=True)
class StimuliResult(Result):
    """The sheet, and what it shows: the units, and what was found of them (None where it was stopped)."""

    units: tuple[Unit, ...]
    found: Stimuli | None = None

    @property
    def failed(self) -> tuple[str, ...]:
        """A line for each photograph that could not be read."""
        return () if self.found is None else self.found.failed

    def as_json(self) -> dict[str, Any]:
        """The patches that each unit answers to most, and how strongly."""

        def told(patch: Patch) -> dict[str, Any]:
            return {**vars(patch), "activation": round(patch.activation, 5)}

        patches = {} if self.found is None else self.found.patches
        return {
            "path": self.files[0] if self.files else None,
            "units": [
                {"unit": f"{layer}:{index}", "patches": [told(p) for p in patches[layer][index]]}
                for layer, index in self.units
                if layer in patches
            ],
            "failed": list(self.failed),
        }


class StimuliJob(BesidePortraits[StimuliResult]):
    """A sheet with the patches of photographs that excite units most, each row behind the unit's portrait.

    ``photos`` are files or folders of them. ``units`` are channels as ``block5c:17``, or classes by name.
    Stopped early, it writes nothing.
    """

    kind: Literal["stimuli"] = "stimuli"
    photos: tuple[Reference, ...] = Field(min_length=1)
    units: tuple[str, ...] = Field(min_length=1)
    count: Annotated[int, Field(ge=1, le=MOST)] = 9
    portrait: bool = True
    output: Output

    @property
    def _with_portraits(self) -> bool:
        return self.portrait

    @property
    def label(self) -> str:
        return ", ".join(self.units)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """What the search and the portraits would cost, measured on the first photographs."""
        from reverie.jobs.estimate import estimate_portraits, with_photographs

        opened, units = self._open(workspace or Workspace())
        photos, portraits = paths_of(self.photos, opened.workspace), None
        if self.portrait:
            recipes = self._recipes(opened, units)
            portraits = estimate_portraits(opened.with_recipe(recipes[units[0]]), count=len(recipes))
        return with_photographs(portraits, opened, photos, _by_layer(units))

    def _open(self, workspace: Workspace) -> tuple[OpenRecipe, tuple[Unit, ...]]:
        opened = self._opened(workspace)
        return opened, tuple(unit_of(text, opened.session.net) for text in self.units)

    def _recipes(self, opened: OpenRecipe, units: Sequence[Unit]) -> dict[Unit, Recipe]:
        """The recipe of each unit's portrait."""
        recipe, net = opened.recipe, opened.session.net
        return {
            unit: recipe.but(objective=(objective_of(*unit, recipe.preset, net),))
            for unit in dict.fromkeys(units)
        }

    def _work(self, listener: Listener, workspace: Workspace) -> StimuliResult:
        from reverie.analysis.stimuli import strongest

        self.output.check()
        opened, units = self._open(workspace)
        photos: str | list[str] = [workspace.resolver.path(photo) for photo in self.photos]
        photos = photos[0] if len(photos) == 1 else paths_of(self.photos, workspace)
        portraits: dict[Unit, Picture] = {}
        try:
            with failures_told_later():
                found = strongest(
                    opened.session.engine,
                    photos,
                    _by_layer(units),
                    count=self.count,
                    max_pixels=workspace.max_pixels,
                    progress=counted(listener, SEARCH if self.portrait else 1.0),
                    runtime=opened.session.runtime,
                    elsewhere=responder_of(opened, _by_layer(units), listener),
                )
            if self.portrait:
                labels = {unit: label_of(opened.session.net, *unit) for unit in units}
                recipes = self._recipes(opened, units)
                portraits = portraits_of(opened, recipes, labels, listener, before=SEARCH)
        except Stopped as stopped:
            return StimuliResult(stopped=str(stopped), units=units)
        cells = list(cells_of(opened.session.net, units, found, portraits, workspace.max_pixels))
        save_sheet(cells, self.output, side=CELL, columns=len(cells) // len(units))
        listener.on_event(ItemFinished(self.label, 1, 1, self.output.path))
        return StimuliResult(files=(self.output.path,), units=units, found=found)


def _by_layer(units: Sequence[Unit]) -> dict[str, list[int]]:
    """The channels of each layer."""
    wanted: dict[str, list[int]] = {}
    for layer, index in units:
        wanted.setdefault(layer, []).append(index)
    return wanted


def unit_of(text: str, net: Network) -> Unit:
    """(layer, channel) of ``NAME:I``, or of a class by any of its names.

    Raises:
        UsageError: No such layer, channel or class.
    """
    if unit := channel_named(text, net):
        return unit
    if text in net.layers or LOGITS not in net.layers or ":" in text:
        raise UsageError(f'--unit {text}: a layer, a colon and a number are needed, as in "block4b:17"')
    try:
        return LOGITS, class_index(net, text)
    except UsageError as error:
        raise UsageError(f"--unit {text}: {error}; or give a channel, as in block4b:17") from error


def cells_of(
    net: Network,
    units: Sequence[Unit],
    found: Stimuli,
    portraits: Mapping[Unit, Picture],
    max_pixels: int,
) -> Iterator[Cell]:
    """What the sheet shows: for each unit its portrait, if there is one, and its patches, the cell framed."""
    from reverie.analysis.stimuli import cut
    from reverie.media.picture.heat_map import framed

    flat = [patch for layer, index in units for patch in found.patches[layer][index]]
    pictures = dict(cut(flat, side=CELL, max_pixels=max_pixels))
    at = 0
    for layer, index in units:
        name = label_of(net, layer, index)
        if (layer, index) in portraits:
            portrait = portraits[layer, index]
            yield name, "what would", portrait.resized(scaled(portrait.size, CELL))
        for patch in found.patches[layer][index]:
            picture = (
                pictures[at] if patch.marked is None else framed(pictures[at], [_on_sheet(patch)], width=1)
            )
            yield os.path.basename(patch.photo), f"{name}: {patch.activation:.3g}", picture
            at += 1


def _on_sheet(patch: Patch) -> tuple[float, float, float, float]:
    """The frame of the cell that fired, in pixels of the patch on the sheet."""
    assert patch.marked is not None
    left, top, right, _ = patch.box
    scale = CELL / (right - left)
    x0, y0, x1, y1 = patch.marked
    return (x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale
