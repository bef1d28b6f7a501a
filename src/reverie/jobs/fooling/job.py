"""The job of an evolution: pictures that evolve in a folder until a network is sure of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from reverie.jobs.claims import Claim
from reverie.jobs.estimate import clock
from reverie.jobs.fooling.outcome import EvolutionResult
from reverie.jobs.fooling.settings import QUICK, SUREST, Settings, make_settings
from reverie.jobs.job import Estimate, Job, Listener
from reverie.jobs.output import Written
from reverie.jobs.workspace import Workspace

#: Pictures that are evolved to see how long they take.
TRIAL = 100
#: Seconds between two checkpoints at least: of a run alone, and where a generation is many machines' work.
ALONE, SHARED = 30.0, 0.1


class EvolutionJob(Job[EvolutionResult]):
    """Pictures that evolve until a network is sure of a class that nobody would see (Nguyen et al. 2015).

    ``settings`` are those of ``Settings`` that are not its defaults; where a run goes on, those that were
    asked for. ``classes`` are reported, all of them if none is named. The output is a folder. ``quick`` takes
    minutes: fewer and smaller pictures unless ``settings`` say otherwise, and of classes the surest.
    """

    kind: Literal["fool"] = "fool"
    settings: dict[str, Any] = Field(default_factory=dict)
    classes: tuple[str, ...] = ()
    output: Written
    resume: bool = False
    quick: bool = False
    engine: Literal["auto", "native", "torch", "plain"] = "auto"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: Annotated[int, Field(ge=0, le=1024)] = 0

    @property
    def evolves(self) -> Settings:
        """All settings; UsageError naming each that cannot be."""
        return make_settings(**{**(QUICK if self.quick else {}), **self.settings})

    @property
    def surest(self) -> int | None:
        """How many classes are reported, the surest; None for those that are named, or all."""
        return SUREST if self.quick and not self.classes else None

    @property
    def label(self) -> str:
        return str(self.settings.get("encoding", Settings.model_fields["encoding"].default))

    def total(self) -> int | None:
        return None

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """The whole folder of the evolution."""
        return [Claim(self.output.path, "the folder", "folder")]

    def _network(self, workspace: Workspace) -> dict[str, Any]:
        """What judges, as ``Arena`` takes it."""
        name = self.evolves.network
        known = {"net": workspace.networks[name]} if name in workspace.networks else {}
        return {
            **known,
            "threads": self.threads,
            "engine": self.engine,
            "device": self.device,
            "offline": workspace.offline,
        }

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        from reverie.jobs.fooling.judge import Arena

        settings = self.evolves
        place = workspace or Workspace()
        arena = Arena(settings, trust=place.trust, **self._network(place))
        reported = self.surest or len(arena.classes(self.classes))
        found = {**arena.trial(TRIAL), "reported": reported}
        population, children = settings.counts
        outside = found["outside_seconds"]
        share = outside / max(outside + found["network_seconds"], 1e-9)
        lines = [
            *self._leaves_out(found["classes"]),
            f"{settings.encoding}, {settings.size} px, for {reported} of {found['classes']} classes of "
            f"{settings.network}",
            f"  {population} pictures, then {settings.generations} generations of {children}: "
            f"{found['evaluations']:,} evaluations",
            f"  {found['engine']} engine, {found['precision']}, {found['threads']} threads",
            f"  about {clock(found['seconds'])}: {found['rate']:.0f} evaluations a second, "
            f"{100 * share:.0f} % of the time outside the network",
        ]
        details = {**settings.model_dump(), **found}
        return Estimate(found["seconds"], None, "\n".join(lines), details)

    def _leaves_out(self, classes: int) -> list[str]:
        """What a quick run has less of than a whole one."""
        if not self.quick:
            return []
        kept = (*QUICK, "population")
        whole = make_settings(**{name: one for name, one in self.settings.items() if name not in kept})
        mine, size = self.evolves, f"{self.evolves.size} px"
        shown = (
            f", and shows the {self.surest} of {classes} classes that it is surest of" if self.surest else ""
        )
        return [
            f"quick: {mine.evaluations():,} pictures of {size} (a whole run: {whole.evaluations():,} of "
            f"{whole.size} px){shown}"
        ]

    def _work(self, listener: Listener, workspace: Workspace) -> EvolutionResult:
        from reverie.jobs.fooling.run import EvolutionRun

        settings = self.evolves
        run = EvolutionRun(
            self.output.path,
            settings,
            resume=self.resume,
            overwrite=self.output.overwrite,
            given=self.settings,
            trust=workspace.trust,
            workspace=workspace,
            checkpoint_every=ALONE if workspace.elsewhere is None else SHARED,
            **self._network(workspace),
        )
        return run.carry_out(self.classes, listener, surest=self.surest)
