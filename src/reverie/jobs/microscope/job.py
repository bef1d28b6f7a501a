"""The job of a microscope: a website of a network in a folder, gone on with where an earlier run stopped."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from reverie.errors import UsageError
from reverie.jobs.claims import Claim
from reverie.jobs.job import Estimate, Job, Listener
from reverie.jobs.looking.photographs import failures_told_later, paths_of
from reverie.jobs.microscope.build import Microscope, MicroscopeResult
from reverie.jobs.microscope.contents import choose
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import Written
from reverie.jobs.portraits.names import facets
from reverie.jobs.portraits.portraits import PortraitRecipe
from reverie.jobs.workspace import Reference, Workspace
from reverie.network.network import Network
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe


class MicroscopeJob(Job[MicroscopeResult]):
    """A site with the portrait of every channel and class of a network; what is there already is kept.

    ``layers``, ``channels`` and ``classes`` are as ``choose`` takes them, None for all, or with ``quick`` for
    few. Of photographs, or of
    folders of them, each channel's strongest patches are shown. The output is a folder.
    """

    kind: Literal["microscope"] = "microscope"
    recipe: PortraitRecipe
    layers: tuple[str, ...] | None = None
    channels: str | None = None
    classes: tuple[str, ...] | None = None
    quick: bool = False
    photos: tuple[Reference, ...] = ()
    output: Written

    @model_validator(mode="after")
    def _one_portrait_each(self) -> Self:
        if facets(self.recipe) > 1:
            raise UsageError("recipe: one portrait of each unit is needed; give one without facets")
        return self

    @property
    def label(self) -> str:
        return str(Path(self.output.path))

    def total(self) -> None:
        return None

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """The whole folder of the site."""
        return [Claim(self.output.path, "the site", "folder", parents=True)]

    def _site(self, workspace: Workspace) -> Microscope:
        """The site, with the network loaded; nothing is written yet."""
        photos = paths_of(self.photos, workspace)
        opened = OpenRecipe(self.recipe.but(start="noise"), workspace)
        plan = choose(
            opened.session.net,
            layers=self.layers,
            channels=self.channels,
            classes=self.classes,
            quick=self.quick,
        )
        return Microscope(opened, self.output.path, plan, photos=photos, overwrite=self.output.overwrite)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """What the portraits that are missing would cost, and the search of the photographs."""
        from reverie.jobs.estimate import estimate_portraits, with_photographs

        site = self._site(workspace or Workspace())
        site.check()
        missing = site.missing()
        first = (missing or site.plan.units())[0]
        found = estimate_portraits(site.opened.with_recipe(site.recipe(first)), count=len(missing))
        return with_photographs(found, site.opened, site.photos, site.plan.channels())

    def _work(self, listener: Listener, workspace: Workspace) -> MicroscopeResult:
        with failures_told_later():
            return self._site(workspace).make(listener)


def microscope(
    net: Network | str,
    folder: str | os.PathLike[str],
    *,
    layers: Sequence[str] | None = None,
    channels: str | None = None,
    classes: Sequence[str] | None = None,
    quick: bool = False,
    photos: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    recipe: Recipe | None = None,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> MicroscopeResult:
    """Make a website of a network, or go on with one: every layer, channel and class with its portrait.

    Args:
        net: A network, as of ``wrap_net``, or the name of one.
        folder: A new one, an empty one, or one of this network's microscope, with its ``index.html``.
        layers: Names, or ``FIRST..LAST``; None for all but the class scores.
        channels: As ``0-7,12``, of each layer; None for all.
        classes: Names or numbers; ``["none"]`` for none, None for all there are.
        quick: What is None is not all: two layers, a few channels of each, and no class.
        photos: Photographs, or folders of them, to search for what excites each channel most.
        recipe: Of every portrait; by default the preset ``sketch``. Its ``network`` is not looked at.
        overwrite: Whether portraits that were made otherwise may be replaced.
        listener: Who is told of each, and asked whether to stop.

    Raises:
        UsageError: A layer, channel or class that does not exist, or a folder that holds something else.
        BadInput: None of the photographs can be read.
        ReverieError: Of the kind that fits; what is made by then is kept, and the same call goes on.
    """
    name = net if isinstance(net, str) else net.name
    workspace = Workspace() if isinstance(net, str) else Workspace(networks={name: net})
    given = [photos] if isinstance(photos, str | os.PathLike) else photos
    job = MicroscopeJob(
        recipe=preset("sketch", network=name) if recipe is None else recipe.but(network=name),
        layers=None if layers is None else tuple(layers),
        channels=channels,
        classes=None if classes is None else tuple(classes),
        quick=quick,
        photos=tuple(Reference(path=os.fspath(one)) for one in given),
        output=Written(path=os.fspath(folder), overwrite=overwrite),
    )
    return job.run(listener, workspace)
