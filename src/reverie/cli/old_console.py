"""What the command says: data on stdout; progress, notes and warnings on stderr, and when to be quiet."""

from __future__ import annotations

import json
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from reverie.errors import ReverieWarning

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.table import Table

    from reverie.ascent.loop import Frame


class Voice:
    """Quiet, usual or talkative; a person's terminal or a pipe."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.as_json = as_json
        self.terminal = sys.stderr.isatty() and not quiet
        warnings.showwarning = self._warning

    def data(self, text: str, document: Any) -> None:
        """A result: the text, or the document with --json."""
        print(json.dumps(document) if self.as_json else text, flush=True)

    def note(self, text: str) -> None:
        """Something nice to know, on a terminal or with -v."""
        if self.terminal or self.verbose:
            print(text, file=sys.stderr, flush=True)

    def must(self, text: str) -> None:
        """Something that has to be said."""
        print(text, file=sys.stderr, flush=True)

    def _warning(self, message: Any, category: Any, *_: Any, **__: Any) -> None:
        if issubclass(category, ReverieWarning):
            if not self.quiet:
                self.must(f"warning: {' '.join(str(message).split())}")
        elif self.verbose:
            self.must(f"{category.__name__}: {' '.join(str(message).split())}")

    @contextmanager
    def progress(self, name: str) -> Iterator[Watcher]:
        """Octave, step, score and time left, while a dream runs."""
        watcher = Watcher(self, name)
        if self.terminal and not self.verbose:
            with _bar() as bar:
                watcher.bar, watcher.task = bar, bar.add_task(name, total=1.0, what="loading")
                yield watcher
        else:
            yield watcher


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[what]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        speed_estimate_period=20,
    )


class Watcher:
    """Tells of frames as they come."""

    def __init__(self, voice: Voice, name: str) -> None:
        self.voice = voice
        self.name = name
        self.bar: Progress | None = None
        self.task: TaskID | None = None
        self._done = 0.0
        self._before, self._part = 0.0, 1.0

    def turn(self, name: str, before: float, part: float) -> None:
        """What comes now is called so, and is this part of all that is to do, after what was done before."""
        self.name, self._done, self._before, self._part = name, 0.0, before, part
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, description=name, completed=before)

    def __call__(self, frame: Frame) -> None:
        """Take a frame."""
        what = (
            f"octave {frame.octave.index + 1}/{frame.octaves}, "
            f"step {frame.step + 1}/{frame.octave.steps}, score {frame.score:.4g}"
        )
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=self._before + self._part * self._share(frame), what=what)
        elif self.voice.verbose and frame.step + 1 == frame.octave.steps:
            width, height = frame.octave.size
            self.voice.must(f"{self.name}: {width} x {height}, {what}, moved {frame.moved:.3f}")

    def _share(self, frame: Frame) -> float:
        """How much of the work is done: pixels times steps of the octaves, all of one ratio to the next."""
        ratio = frame.recipe.octave_scale**2
        weights = [ratio**i for i in range(frame.octaves)]
        here = frame.octave.index
        part = (frame.step + 1) / frame.octave.steps
        share = (sum(weights[:here]) + weights[here] * part) / sum(weights)
        self._done = max(self._done, share)
        return self._done


class CtrlC:
    """The first Ctrl-C asks to stop after this step, the second stops at once."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.asked = False
        self._before: Any = None

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.asked

    def _catch(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self.voice.must("stopping after this step; Ctrl-C again stops at once")

    def __enter__(self) -> CtrlC:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._catch)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


def table_of(*columns: tuple[str, Any]) -> Table:
    """An empty table with these columns: title and how it is aligned."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in columns:
        table.add_column(title, justify=justify)
    return table


def print_table(table: Table) -> None:
    """On a terminal as wide as it is, into a pipe as wide as needed."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(table)
