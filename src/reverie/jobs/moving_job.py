"""What the jobs of zooms and films share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reverie.jobs.claims import Claim, film_claims
from reverie.jobs.estimate import estimate_frames
from reverie.jobs.frame_source import FrameSource
from reverie.jobs.job import Estimate, Job, Listener
from reverie.jobs.moving import MovingResult, MovingWork
from reverie.jobs.output import FilmOutput
from reverie.jobs.workspace import Workspace
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.media.video.write.formats import VideoEncoding


class MovingJob(Job[MovingResult]):
    """What zooms and films share: a recipe carried out into a film; file names in it are paths.

    The same job once more goes on with a film that was stopped or killed, to the same bytes.
    """

    recipe: Recipe
    output: FilmOutput

    @abstractmethod
    def open(self, recipe: Recipe, encoding: VideoEncoding, workspace: Workspace) -> FrameSource:
        """What the frames come from, with its files open."""

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        return film_claims(self.output)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        place, encoding = workspace or Workspace(), self.output.check(writes=False)
        with self.open(self.recipe, encoding, place) as source:
            work = MovingWork(source, place)
            return estimate_frames(work, lambda recipe: self.open(recipe, encoding, place))

    def _work(self, listener: Listener, workspace: Workspace) -> MovingResult:
        encoding = self.output.check()
        with self.open(self.recipe, encoding, workspace) as source:
            return MovingWork(source, workspace).carry_out(self.output, encoding, listener)
