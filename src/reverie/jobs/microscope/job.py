"""The job of a microscope: a website of a network in a folder, gone on with where an earlier run stopped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from reverie.errors import UsageError
from reverie.jobs.claims import Claim
from reverie.jobs.job import Estimate, Job, Listener
from reverie.jobs.microscope.build import Microscope, MicroscopeResult
from reverie.jobs.microscope.contents import choose
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import Written
from reverie.jobs.photographs import failures_told_later, paths_of
from reverie.jobs.portraits import PortraitRecipe, facets
from reverie.jobs.workspace import Reference, Workspace


class MicroscopeJob(Job[MicroscopeResult]):
    """A site with the portrait of every channel and class of a network; what is there already is kept.

    ``layers``, ``channels`` and ``classes`` are as ``choose`` takes them, None for all. Of photographs, or of
    folders of them, each channel's strongest patches are shown. The output is a folder.
    """

    kind: Literal["microscope"] = "microscope"
    recipe: PortraitRecipe
    layers: tuple[str, ...] | None = None
    channels: str | None = None
    classes: tuple[str, ...] | None = None
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
        plan = choose(opened.session.net, layers=self.layers, channels=self.channels, classes=self.classes)
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
