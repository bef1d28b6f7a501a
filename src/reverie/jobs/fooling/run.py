"""Fooling a network: pictures evolve in a folder until it is sure of them (Nguyen, Yosinski & Clune 2015).

    run = EvolutionRun("fooled", make_settings(generations=200))
    result = run.carry_out(["tabby", "golden retriever"])

The evolution itself is ``reverie.evolve``; here it becomes files, and files become an evolution that goes
on.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from reverie.errors import BadInput, ResourceError, ReverieError, UsageError
from reverie.evolve import Evolution, EvolutionPlan, Generation, load_checkpoint, save_checkpoint
from reverie.jobs.fooling.children import jury_of
from reverie.jobs.fooling.evolved import Evolved, done
from reverie.jobs.fooling.folder import Folder, Note, check_same
from reverie.jobs.fooling.judge import Arena
from reverie.jobs.fooling.outcome import EvolutionResult
from reverie.jobs.fooling.results import sheet_of, write_results, write_sheet
from reverie.jobs.fooling.settings import SUREST, Settings, make_settings
from reverie.jobs.foreign_names import check_beside, check_no_code, files_of, placed
from reverie.jobs.job import Listener, Step, Stopped
from reverie.jobs.provenance.note import NetworkNote
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.process.notices import warn

__all__ = ["EvolutionResult", "EvolutionRun", "make_settings"]

#: Results of so many classes are written where a run is stopped, too: that takes seconds.
FEW = SUREST
#: A checkpoint or a sheet is made again no sooner than after so many times what the last one took.
RARELY = 30


class EvolutionRun:
    """An evolution in a folder; ``arena`` is who is fooled and by what."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        resume: bool = False,
        overwrite: bool = False,
        given: Mapping[str, Any] | None = None,
        net: Network | None = None,
        threads: int = 0,
        engine: str = "auto",
        device: str = "auto",
        offline: bool = False,
        trust: bool = False,
        checkpoint_every: float = 30.0,
        sheet_every: float = 60.0,
        workspace: Workspace | None = None,
    ) -> None:
        """Looks at the folder and loads the network; writes nothing yet.

        Args:
            folder: New, empty, or one that holds an evolution.
            settings: What evolves; of a run that is taken up again they are known.
            resume: Go on with the run that is there.
            overwrite: Begin again where a run is.
            given: When going on, settings that were asked for: they have to be the run's, but for
                ``generations``.
            net: The network, if it is loaded already.
            threads: Of the processor; 0 for torch's own choice. They change no byte.
            engine: What computes: auto, native, torch or plain.
            device: Where: auto, cpu, cuda or mps.
            offline: Never download weights.
            trust: Whether the run that is there may name weights anywhere, and not only in its folder, in
                the current one, or those that ``given`` names too.
            checkpoint_every: Seconds between two checkpoints at least; 0 makes one each generation.
            sheet_every: The same of the contact sheet; infinity makes none before the end.
            workspace: Who judges the children, if that is done elsewhere.

        Raises:
            UsageError, BadInput, ResourceError: As ``Folder.check``; or settings are not those of the run.
            NetworkError: Of the network's weights.
        """
        if resume and overwrite:
            raise UsageError("--resume and --overwrite: give one of them")
        self.folder = Folder(folder)
        self.resume = resume
        self.every = checkpoint_every, sheet_every
        self._surest: int | None = None
        self._workspace = workspace or Workspace()
        found = self.folder.check(resume=resume, overwrite=overwrite)
        settings = settings or make_settings()
        if found is not None:
            given = given or {}
            check_same(found, given, self.folder)
            more = given.get("generations", found.settings.generations)
            settings = make_settings(**found.settings.model_dump() | {"generations": more})
        self.settings, self._network = settings, settings.network
        if found is not None and net is None and "network" not in (given or {}):
            self._network = self._its_network(settings.network, trust=trust)
            if files_of(settings.network):
                net = load_net(self._network, offline=offline, trust=trust)
        self.arena = Arena(
            settings, net=net, threads=threads, engine=engine, device=device, offline=offline, trust=trust
        )
        self.note = self._note(found)

    def _its_network(self, name: str, *, trust: bool) -> str:
        """The network of the run that is there, with its files where they are: beside its note, or here."""
        files, folder = files_of(name), self.folder.path
        there = {file: os.fspath(folder / file) for file in files if os.path.lexists(folder / file)}
        if not trust:
            where = f"{self.folder.note}: network"
            try:
                check_no_code(name, where)
                for file in files:
                    check_beside(file, where, folder=folder if file in there else ".")
            except UsageError as error:
                raise UsageError(f"{error}, or name it again: --network {name}") from error
        return placed(name, there)

    def _note(self, found: Note | None) -> Note:
        """What is written of the run; a warning where what goes on is not quite what began."""
        arena = self.arena
        mine = Note(
            settings=self.settings,
            network=NetworkNote(name=arena.net.name, sha256=arena.net.weights_sha256),
            precision=arena.search.engine.precision,
        )
        if found is None:
            return mine
        if found.network.sha256 != mine.network.sha256:
            raise UsageError(
                f"{self.folder}: evolved for other weights of {found.network.name}: SHA-256 is "
                f"{mine.network.sha256}, was {found.network.sha256}; begin in another folder"
            )
        if (found.precision, found.reverie) != (mine.precision, mine.reverie):
            warn(
                f"{self.folder}: was begun by reverie {found.reverie} in {found.precision}, goes on by "
                f"{mine.reverie} in {mine.precision}; the result may not be that of an unbroken run",
                stacklevel=3,
            )
        return found.model_copy(update={"settings": self.settings})

    def carry_out(
        self,
        classes: Sequence[str] = (),
        listener: Listener | None = None,
        *,
        surest: int | None = None,
    ) -> EvolutionResult:
        """Evolve, then write what came of it.

        Args:
            classes: Those that are reported; all of them if none is named.
            surest: Report only so many of them, those that the network is surest of; where a run goes on and
                no class is named, as many as it began with.
            listener: Told of each generation and of files that are written, and asked in between whether to
                stop; everything is kept then.

        Raises:
            UsageError: A class is not known, or more generations are done than were asked for.
            BadInput: The checkpoint is damaged, or another run's.
            ResourceError: Something cannot be written; the last checkpoint is kept.
        """
        told = listener or Listener()
        if surest is None and self.resume and not classes:
            surest = self.note.surest
        elif surest is not None:
            self.note = self.note.model_copy(update={"surest": surest})
        self._surest = surest
        wanted = self.arena.classes(classes)
        state = self._state()
        self.folder.begin(self.note, resume=self.resume)
        self.resume = True  # from here on there is something to go on with
        try:
            state = self._evolve(state, wanted, told)
            archive = self._results(state, wanted, told)
        except ResourceError as error:
            raise ResourceError(f"{error}; reverie fool -o {self.folder} --resume goes on") from error
        last, end = max(done(state), 0), self.settings.generations
        stopped = f"generation {last} of {end}" if archive is None or last < end else ""
        made = (self.folder.page, self.folder.sheet, self.folder.archive) if archive is not None else ()
        return EvolutionResult(
            files=tuple(map(str, made)),
            stopped=stopped,
            settings=self.settings,
            folder=self.folder,
            generation=done(state),
            evaluations=state.evaluations,
            archive=tuple(archive or ()),
            surest=surest is not None,
            network_seconds=state.network_seconds,
            outside_seconds=state.outside_seconds,
        )

    def _state(self) -> Evolution | None:
        """Where the run in the folder is, or None before its first checkpoint."""
        path = self.folder.checkpoint
        if not self.resume or not path.exists():
            return None
        state, _ = load_checkpoint(path, within=self.folder.path)
        settings = self.settings
        try:
            state.plan.check_same(self._plan())
        except UsageError as error:
            raise BadInput(f"{path}: not the checkpoint of {self.folder.note} ({error})") from error
        if done(state) > settings.generations:
            raise UsageError(
                f"generations: {self.folder} is at generation {done(state)} already, got "
                f"{settings.generations}; give as many or more, or leave it out"
            )
        return state

    def _plan(self) -> EvolutionPlan:
        settings = self.settings
        population, children = settings.counts
        return EvolutionPlan.of(
            self.arena.encoding,
            size=settings.size,
            seed=settings.seed,
            population=population,
            children=children,
        )

    def _evolve(self, state: Evolution | None, wanted: Sequence[int], told: Listener) -> Evolution:
        """Generation after generation, with checkpoints and the sheet now and then."""
        end = self.settings.generations
        if state is not None and done(state) >= end:
            return state
        population, children = self.settings.counts
        saving = _Now(self.every[0], self._save)
        showing = _Now(self.every[1], lambda state: write_sheet(self._evolved(state, wanted)))
        tells = Teller(told, self.settings)
        jury = jury_of(self.arena, self._network, self._workspace, told.should_stop)
        generations = self.arena.evolve(
            state, population=population, children=children, generations=end, jury=jury
        )
        try:
            for generation in generations:
                state = generation.state
                tells.generation(generation, partial(sheet_of, self._evolved(state, wanted)))
                saving(state)
                showing(state)
                if told.should_stop():
                    break
        except Stopped:  # within a generation, of which nothing is kept
            if state is None:
                return Evolution(self._plan())
        except ReverieError:
            if state is not None:
                self._save(state)
            raise
        assert state is not None
        self._save(state)
        if done(state) < end:
            write_sheet(self._evolved(state, wanted))
        return state

    def _results(
        self, state: Evolution, wanted: Sequence[int], told: Listener
    ) -> list[dict[str, Any]] | None:
        """Write what came of it; None while it is not done, unless that takes seconds."""
        evolved, stopped = self._evolved(state, wanted), done(state) < self.settings.generations
        if stopped and (done(state) < 0 or len(evolved.wanted) > FEW):
            return None
        tells = Teller(told, self.settings)
        stop = (lambda: False) if stopped else told.should_stop
        return write_results(evolved, stop, tells.written)

    def _save(self, state: Evolution) -> None:
        save_checkpoint(self.folder.checkpoint, state, self.arena.encoding)

    def _evolved(self, state: Evolution, wanted: Sequence[int]) -> Evolved:
        if self._surest is not None:
            sure = state.archive.confidence
            wanted = sorted(sorted(wanted, key=lambda index: -sure[index])[: self._surest])
        return Evolved(self.folder, self.note, self.arena, state, tuple(wanted))


class Teller:
    """Tells a listener of generations, and of results that are written."""

    def __init__(self, listener: Listener, settings: Settings) -> None:
        self.listener = listener
        self.settings = settings
        self._began: tuple[float, int] | None = None  # when, and after how many evaluations

    def generation(self, generation: Generation, draw: Callable[[], Picture]) -> None:
        """Tell of a generation; ``draw`` makes its sheet."""
        now, last = time.monotonic(), self.settings.generations
        if self._began is None:
            self._began = now, generation.evaluations
        began, before = self._began
        rate = (generation.evaluations - before) / (now - began) if now > began else 0.0
        half, most, nearly = generation.over
        text = (
            f"generation {generation.index}/{last}, median {generation.median:.3f}, "
            f"over .5 {half}, .95 {most}, .99 {nearly}" + (f", {rate:.0f}/s" if rate else "")
        )
        self.listener.on_event(
            Step(
                self.settings.encoding,
                text,
                share=(generation.index + 1) / (last + 1),
                score=generation.median,
                ends=generation.index in (0, last),
                source=generation,
                draw=draw,
            )
        )

    def written(self, done: int, total: int) -> None:
        """Tell of a result that is written."""
        self.listener.on_event(Step(self.settings.encoding, f"writing {done}/{total}", share=1.0))


class _Now:
    """Does something now and then: so many seconds apart, and for a small share of the time in all."""

    def __init__(self, every: float, do: Callable[[Evolution], None]) -> None:
        self.every = every
        self.do = do
        self.next = time.monotonic() + every

    def __call__(self, state: Evolution) -> None:
        """Do it if it is time."""
        if math.isinf(self.every) or time.monotonic() < self.next:
            return
        began = time.monotonic()
        self.do(state)
        took = time.monotonic() - began
        self.next = time.monotonic() + (max(self.every, RARELY * took) if self.every else 0.0)
