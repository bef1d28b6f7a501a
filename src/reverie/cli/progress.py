"""The one progress display: a bar on a terminal, lines with -v, results as they come."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from reverie.cli.console import Console
from reverie.cli.machines import Machines, workers
from reverie.cli.recipe_options import console_of, unsaid, workspace_of
from reverie.errors import ReverieError
from reverie.jobs.dreaming.dream import PictureResult
from reverie.jobs.job import Event, ItemFinished, Job, Listener, Listeners, Result, Started, Step, Warned
from reverie.jobs.preview import Preview
from reverie.plain_words import shown
from reverie.process.cores import others_at_work

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from reverie.cli.options import Common
    from reverie.jobs.output import Written
    from reverie.jobs.workspace import Workspace

#: Seconds between two lines of ``--verbose`` where no octave or item ends.
EVERY = 10.0
#: Seconds between two lines where nobody sees a bar, as in the log of a script.
SELDOM = 60.0
#: The most characters of what a bar is called, and of what it says.
LABEL = 120
R = TypeVar("R", bound=Result)


class ProgressDisplay(Listener):
    """Tells of a job's events as they come; use it in a ``with``.

    Args:
        console: Where it is said.
        on_event: Called with each event after the display has taken it, to say what came of items.
        chosen: Where the result goes, if nobody said where: told with the first step.
    """

    def __init__(
        self,
        console: Console,
        on_event: Callable[[Event], None] | None = None,
        chosen: str | None = None,
    ) -> None:
        self.console = console
        self._chosen = chosen
        self._also = on_event
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._said = time.monotonic()

    def __enter__(self) -> ProgressDisplay:
        if self.console.terminal and not self.console.verbose:
            self._bar = _bar()
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_event(self, event: Event) -> None:
        if isinstance(event, Warned):
            self.console.warn(event.text)
        elif isinstance(event, Started) and self._bar is not None:
            self._task = self._bar.add_task(shown(event.label, LABEL), total=1.0, what="loading")
        elif isinstance(event, Step):
            self._step(event)
        elif isinstance(event, ItemFinished) and event.total and self._bar and self._task is not None:
            done = f"{event.done} of {event.total}"
            self._bar.update(self._task, total=1.0, completed=event.done / event.total, what=done)
        if self._also is not None:
            self._also(event)

    def _step(self, step: Step) -> None:
        if self._chosen is not None and not self.console.quiet:
            self.console.must(f"no -o was given: the result goes to {self._chosen}")
        self._chosen = None
        if self._bar is not None and self._task is not None:
            known: dict[str, Any] = {} if step.share is None else {"completed": step.share}
            total = None if step.share is None else 1.0
            label, what = shown(step.label, LABEL), shown(step.text, LABEL)
            self._bar.update(self._task, description=label, total=total, what=what, **known)
            return
        silent = time.monotonic() - self._said
        verbose = self.console.verbose and (step.ends or silent > EVERY)
        if verbose or (silent > SELDOM and not self.console.quiet):
            self._said = time.monotonic()
            self.console.must(f"{step.label}: {step.more or step.text}")


class InterruptFlag(Listener):
    """The first Ctrl-C asks the job to stop after this step, the second stops at once; so does SIGTERM."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.asked = False
        self._before: dict[int, Any] = {}

    def should_stop(self) -> bool:
        return self.asked

    def _catch(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self.console.must("stopping after this step; Ctrl-C again stops at once")

    def __enter__(self) -> InterruptFlag:
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._catch) for one in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)


def _bar() -> Progress:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[what]}", markup=False),
        TimeRemainingColumn(),
        console=RichConsole(stderr=True),
        transient=True,
        speed_estimate_period=120,
    )


def run_job(
    job: Job[R],
    console: Console,
    workspace: Workspace,
    *,
    also: Listener | None = None,
    on_event: Callable[[Event], None] | None = None,
    chosen: str | None = None,
) -> R:
    """Carry a job out with progress; Ctrl-C stops it after the step.

    Args:
        job: What is to be done.
        console: Where it is told of.
        workspace: Loaded networks and limits.
        also: A further listener, such as a preview.
        on_event: Called with each event, to say what came of items.
        chosen: Where the result goes, if nobody said where.
    """
    with ProgressDisplay(console, on_event, chosen) as display, InterruptFlag(console) as interrupt:
        return job.run(Listeners(display, interrupt, *([also] if also else [])), workspace)


def make_pictures(
    job: Job[R], given: Common, output: Written, recipe: str | None = None, machines: Machines | None = None
) -> R | None:
    """Carry a job of pictures out, and tell of each as soon as it is there.

    Args:
        job: What is to be done.
        given: The options; with ``--dry-run`` it is only said what the job would cost, and None comes back.
        output: Where the pictures go.
        recipe: The file that ``--recipe`` names.
        machines: On which machines; None: this one.
    """
    console, workspace = console_of(given), workspace_of(given, recipe)
    if given.dry_run:
        tell_estimate(job, console, workspace, machines)
        return None
    preview = preview_of(given.preview, given.overwrite)
    tell, chosen = partial(tell_item, console), unsaid(given, output)
    with workers(machines or Machines()) as workspace.elsewhere:
        return run_job(job, console, workspace, also=preview, on_event=tell, chosen=chosen)


def make_sheet(
    job: Job[R],
    given: Common,
    output: Written | None = None,
    also: Preview | None = None,
    machines: Machines | None = None,
) -> R | None:
    """Carry a job out that is told of at its end, such as one sheet; None for ``--dry-run``.

    Args:
        job: What is to be done.
        given: The options.
        output: Where it goes, if nobody may have said so.
        also: Who is told beside the display.
        machines: On which machines; None: this one.
    """
    console, workspace = console_of(given), workspace_of(given)
    if given.dry_run:
        tell_estimate(job, console, workspace, machines)
        return None
    chosen = unsaid(given, output) if output else None
    with workers(machines or Machines()) as workspace.elsewhere:
        return run_job(job, console, workspace, also=also, chosen=chosen)


def tell_item(console: Console, event: Event) -> None:
    """Say what came of a picture, as soon as it is there."""
    if not isinstance(event, ItemFinished):
        return
    if event.skipped:
        console.info(f"{event.path}: finished already, skipped")
    elif isinstance(event.error, ReverieError):
        console.must(f"error: {event.error}")
        if console.as_json:
            error = {"code": event.error.exit_code, "message": str(event.error)}
            console.result("", {"error": error, "input": event.label})
    elif isinstance(event.result, PictureResult):
        tell_picture(console, event.result)


def tell_picture(console: Console, result: PictureResult) -> None:
    """Say what came of a picture."""
    console.result(result.path, result.as_json())
    width, height = result.size
    console.info(
        f"{result.path}: {width} x {height}, moved {result.moved:.3f}, score {result.score:.4g}, "
        f"{result.seconds:.1f} s"
    )


def preview_of(path: str | None, overwrite: bool, every: float = 3.0) -> Preview | None:
    """The preview that ``--preview`` asks for, if it does, renewed after so many seconds at the soonest.

    Raises:
        UsageError, ResourceError: It cannot be.
    """
    if path is None:
        return None
    try:
        return Preview(path, every=every, overwrite=overwrite)
    except ReverieError as error:
        raise type(error)(f"--preview {error}") from error


def tell_estimate(
    job: Job[Any], console: Console, workspace: Workspace, machines: Machines | None = None
) -> None:
    """Say what a job would cost (``--dry-run``), and on which machines; None: this one."""
    estimate = job.estimate(workspace)
    for part in estimate.parts or (estimate,):
        console.result(part.text.splitlines(), part.details)
    if estimate.parts and not console.as_json:
        console.result(estimate.text.splitlines(), None)
    if words := others_at_work():
        console.info(words)
    if machines is not None and (words := machines.one_worker()) and not console.quiet:
        console.must(words)
