"""``reverie fool``: pictures that evolve until the network is sure of them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import complete
from reverie.cli import old_options as o
from reverie.cli.old_console import CtrlC, Voice
from reverie.errors import Interrupted, UsageError
from reverie.jobs.fooling.settings import ENCODINGS, Settings, make_settings

if TYPE_CHECKING:
    from reverie.evolve import Generation
    from reverie.jobs.fooling.run import Fooling, Outcome

EVOLUTION, PRINT = "The evolution", "A large print"
#: Side in pixels of a genome that is rendered, if none is given.
PRINT_SIDE = 1024
#: Seconds between two lines of ``--verbose``.
EVERY = 10.0
#: Pictures that are evolved to see how long they take.
TRIAL = 100
DEVICES = ("auto", "cpu", "cuda", "mps")
#: Options that are settings of the run, and how they are typed.
OPTION = {name: f"--{name}" for name in Settings.model_fields}


def of_run(name: str, *flags: str, panel: str = EVOLUTION, **more: Any) -> Any:
    """An option that sets something of the evolution."""
    return o.setting(name, *flags, panel=panel, model=Settings, **more)


Classes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CLASS",
        help="Report these classes only, by name, synonym or number. All evolve together in any case: what "
        "comes of one is a step towards others.",
        autocompletion=complete.classes,
    ),
]


def _encodings(incomplete: str) -> list[str]:
    return [name for name in ENCODINGS if name.startswith(incomplete)]


Encoding = Annotated[str | None, of_run("encoding", metavar="NAME", autocompletion=_encodings)]
Generations = Annotated[int | None, of_run("generations")]
Children = Annotated[int | None, of_run("children")]
Population = Annotated[int | None, of_run("population")]
Size = Annotated[int | None, of_run("size", metavar="N")]
Seed = Annotated[int | None, of_run("seed")]
Network = Annotated[
    str | None, of_run("network", panel=o.HOW, metavar="NAME", autocompletion=complete.networks)
]
Precision = Annotated[str | None, of_run("precision", panel=o.HOW)]
Out = Annotated[
    str | None,
    o.other("-o", "--out", help="The folder of the evolution, or the file of a print.", metavar="OUT"),
]
Resume = Annotated[
    bool, o.other("--resume", help="Go on with the evolution in the folder; its settings are known there.")
]
Overwrite = Annotated[
    bool, o.other("--overwrite", help="Begin again where an evolution is, or replace the print.")
]
Render = Annotated[
    str | None,
    o.other(
        "--render",
        help="Evolve nothing; draw this genome (its JSON, or a picture with it inside) with sides of --size "
        f"(default {PRINT_SIDE}).",
        panel=PRINT,
        metavar="GENOME",
    ),
]


def fool(
    classes: Classes = None,
    encoding: Encoding = None,
    generations: Generations = None,
    children: Children = None,
    population: Population = None,
    size: Size = None,
    seed: Seed = None,
    network: Network = None,
    engine: o.Engine = None,
    precision: Precision = None,
    device: o.Device = None,
    threads: o.Threads = None,
    offline: o.Offline = False,
    out: Out = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    render: Render = None,
    depth: o.Depth = None,
    quality: o.Quality = None,
    max_pixels: o.MaxPixels = None,
    json: o.Json = False,
    dry_run: o.DryRun = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Evolve pictures, without any gradient, until the network is sure of a class that nobody would see.

    Nguyen, Yosinski & Clune 2015. OUT becomes a folder with a picture and a genome of each class, a contact
    sheet that is renewed on the way, archive.json and index.html. Ctrl-C keeps everything for --resume.
    """
    given = dict(locals())
    command = Command(given, Voice(quiet=quiet, verbose=verbose, as_json=json))
    if render is not None:
        command.print_large()
    else:
        command.evolve()


@dataclass
class Command:
    """The command as given, and who is told."""

    given: dict[str, Any]
    voice: Voice

    def settings(self) -> tuple[Settings, dict[str, Any]]:
        """What evolves, and those settings of it that were asked for."""
        asked = {name: self.given[name] for name in OPTION if self.given[name] is not None}
        with _typed():
            return make_settings(**asked), asked

    def evolve(self) -> None:
        """Check everything that can be checked, then evolve."""
        given = self.given
        for option in ("depth", "quality", "max_pixels"):
            if given[option] is not None:
                raise UsageError(f"--{option.replace('_', '-')}: is for --render only; leave it out")
        settings, asked = self.settings()
        if given["dry_run"]:
            self._plan(settings)
            return
        if given["out"] is None:
            raise UsageError("where to? give a folder, as in -o fooled")
        from reverie.jobs.fooling.run import Fooling

        with _typed():
            run = Fooling(
                given["out"],
                settings,
                resume=given["resume"],
                overwrite=given["overwrite"],
                given=asked,
                threads=_threads(given["threads"]),
                engine=_engine(given["engine"]),
                device=_device(given["device"]),
                offline=given["offline"],
            )
            with self._progress(run) as watcher, CtrlC(self.voice) as stop:
                outcome = run.carry_out(
                    given["classes"] or (), each=watcher.born, stop=stop, writing=watcher.written
                )
        self._tell(run, outcome)

    def _tell(self, run: Fooling, outcome: Outcome) -> None:
        """Say what came of it; end with 130 if Ctrl-C cut it short."""
        if outcome.stopped:
            raise Interrupted(
                f"stopped after generation {outcome.generation} of {run.settings.generations}; {run.folder} "
                f"holds what there is: reverie fool -o {run.folder} --resume goes on"
            )
        half, most, nearly = outcome.over
        total = len(outcome.confidences)
        network, outside = outcome.seconds
        self.voice.data(
            str(run.folder.page),
            {
                "path": str(run.folder),
                "page": str(run.folder.page),
                "archive": str(run.folder.archive),
                "sheet": str(run.folder.sheet),
                "encoding": run.settings.encoding,
                "network": run.settings.network,
                "generations": outcome.generation,
                "evaluations": outcome.evaluations,
                "classes": total,
                "median": outcome.median,
                "over": {"0.5": half, "0.95": most, "0.99": nearly},
                "seconds": {"network": network, "outside": outside},
            },
        )
        self.voice.note(
            f"{run.folder}: {outcome.evaluations:,} pictures judged, median {outcome.median:.3f}; of {total} "
            f"classes {half} over .5, {most} over .95, {nearly} over .99; {_clock(network + outside)}"
        )

    @contextmanager
    def _progress(self, run: Fooling) -> Iterator[Watcher]:
        """Generation, median, counts and time left, while pictures evolve."""
        watcher = Watcher(self.voice, run.settings)
        if self.voice.terminal and not self.voice.verbose:
            with watcher.bar():
                yield watcher
        else:
            yield watcher

    def _plan(self, settings: Settings) -> None:
        """Say what would be done and how long it takes, measured on a few pictures."""
        from reverie.jobs.fooling.judge import Arena

        arena = Arena(
            settings,
            threads=_threads(self.given["threads"]),
            engine=_engine(self.given["engine"]),
            device=_device(self.given["device"]),
            offline=self.given["offline"],
        )
        reported = len(arena.classes(self.given["classes"] or ()))
        found = {**arena.trial(TRIAL), "reported": reported}
        population, children = settings.counts
        outside = found["outside_seconds"]
        share = outside / max(outside + found["network_seconds"], 1e-9)
        lines = [
            f"{settings.encoding}, {settings.size} px, for {reported} of {found['classes']} classes of "
            f"{settings.network}",
            f"  {population} pictures, then {settings.generations} generations of {children}: "
            f"{found['evaluations']:,} evaluations",
            f"  {found['engine']} engine, {found['precision']}, {found['threads']} threads",
            f"  about {_clock(found['seconds'])}: {found['rate']:.0f} evaluations a second, "
            f"{100 * share:.0f} % of the time outside the network",
        ]
        self.voice.data("\n".join(lines), {**settings.model_dump(), **found})

    def print_large(self) -> None:
        """Draw one genome at any size."""
        given = self.given
        self._refuse_with_render()
        if given["out"] is None:
            raise UsageError("where to? give -o OUT, as in -o print.png")
        from reverie.jobs.fooling.large_print import print_genome
        from reverie.jobs.old_run import Output
        from reverie.media.picture import MAX_PIXELS

        output = Output(given["depth"], given["quality"], overwrite=given["overwrite"])
        if not os.path.isdir(given["out"]):
            output.check(given["out"])
        side = PRINT_SIDE if given["size"] is None else given["size"]
        began = time.monotonic()
        with _typed():
            print_genome(
                given["render"],
                given["out"],
                side,
                output,
                threads=_threads(given["threads"]),
                max_pixels=given["max_pixels"] or MAX_PIXELS,
            )
        seconds = time.monotonic() - began
        document = {"path": given["out"], "size": [side, side], "seconds": round(seconds, 3)}
        self.voice.data(given["out"], document)
        self.voice.note(f"{given['out']}: {side} x {side}, {seconds:.1f} s")

    def _refuse_with_render(self) -> None:
        """UsageError if something was asked for that a print has no use for."""
        given = self.given
        useless = [*(name for name in OPTION if name != "size"), "engine", "device", "resume", "dry_run"]
        asked = [name for name in useless if given[name] is not None and given[name] is not False]
        typed = ["--" + name.replace("_", "-") for name in asked]
        for word in [*(given["classes"] or ()), *typed]:
            raise UsageError(f"{word}: --render draws one genome and evolves nothing; leave it out")


class Watcher:
    """Tells of generations as they come."""

    def __init__(self, voice: Voice, settings: Settings) -> None:
        self.voice = voice
        self.settings = settings
        self._bar: Any = None
        self._task: Any = None
        self._last = time.monotonic()
        self._began: tuple[float, int] | None = None

    @contextmanager
    def bar(self) -> Iterator[None]:
        """A bar on the terminal while this lasts."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[what]}"),
            TimeRemainingColumn(),
        )
        with Progress(
            *columns, console=Console(stderr=True), transient=True, speed_estimate_period=120
        ) as self._bar:
            total = self.settings.generations + 1
            self._task = self._bar.add_task(self.settings.encoding, total=total, what="loading")
            yield
        self._bar = None

    def born(self, generation: Generation) -> None:
        """Take a generation."""
        now = time.monotonic()
        if self._began is None:
            self._began = now, generation.evaluations
        began, before = self._began
        rate = (generation.evaluations - before) / (now - began) if now > began else 0.0
        half, most, nearly = generation.over
        what = (
            f"generation {generation.index}/{self.settings.generations}, median {generation.median:.3f}, "
            f"over .5 {half}, .95 {most}, .99 {nearly}" + (f", {rate:.0f}/s" if rate else "")
        )
        last = generation.index == self.settings.generations
        if self._bar is not None:
            self._bar.update(self._task, completed=generation.index + 1, what=what)
        elif self.voice.verbose and (last or generation.index == 0 or now - self._last > EVERY):
            self._last = now
            self.voice.must(f"{self.settings.encoding}: {what}")

    def written(self, done: int, total: int) -> None:
        """Take how many results are written."""
        if self._bar is not None:
            self._bar.update(self._task, what=f"writing {done}/{total}")


def _threads(given: int | None) -> int:
    if given is not None and not 0 <= given <= 1024:
        raise UsageError(f"--threads {given}: 0 to 1024 are possible; 0 takes torch's own choice")
    return given or 0


def _engine(given: str | None) -> str:
    if given is not None and given not in ("auto", *complete.ENGINES):
        raise UsageError(f"--engine {given}: no such engine; there are auto, {', '.join(complete.ENGINES)}")
    return given or "auto"


def _device(given: str | None) -> str:
    if given is not None and given not in DEVICES:
        raise UsageError(f"--device {given}: no such device; there are {', '.join(DEVICES)}")
    return given or "auto"


@contextmanager
def _typed() -> Iterator[None]:
    """In complaints about settings these are called as they are typed."""
    try:
        yield
    except UsageError as error:
        fields = "|".join(OPTION)
        raise UsageError(re.sub(rf"(^|; )({fields}): ", r"\1--\2: ", str(error))) from error


def _clock(seconds: float) -> str:
    """Seconds in the unit a person would use."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
