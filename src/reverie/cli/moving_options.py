"""What ``reverie zoom`` and ``reverie film`` share: options, progress, and how to go on."""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from pydantic import BaseModel

from reverie.cli import old_options as o
from reverie.cli.old_console import CtrlC, Voice
from reverie.errors import BadInput, Interrupted, ReverieError, UsageError
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame
    from reverie.jobs.moving import Moving, MovingOutput, MovingResult, Progress
    from reverie.jobs.moving_source import Work

#: Seconds between two lines of ``--verbose``.
EVERY = 10.0
MOTION = "The motion"

Out = Annotated[
    str | None,
    o.other(
        "-o",
        "--out",
        help="The film to write: .mp4, .mov, .mkv, .webm, .gif or .apng, or numbered pictures as "
        "frames/%04d.png or frames/.",
        metavar="OUT",
    ),
]
Codec = Annotated[
    str | None,
    o.other("--codec", help="h264, h265, av1 or vp9, where the container holds it.", metavar="NAME"),
]
Quality = Annotated[
    int | None,
    o.other("--quality", help="1 to 100, of what loses something; 90 cannot be told from the dream."),
]
AllowFlashes = Annotated[
    bool,
    o.other(
        "--allow-flashes",
        help="Leave flashing light in. It can hurt people; without this, light that flashes more than three "
        "times a second (WCAG 2.3.1) is damped.",
    ),
]
Overwrite = Annotated[
    bool, o.other("--overwrite", help="Replace the film, and what else was begun under its name.")
]
PreviewFile = Annotated[
    str | None, o.other("--preview", help="A picture that is rewritten while it runs.", metavar="FILE")
]


def part_setting(model: type[BaseModel], name: str, *flags: str, panel: str = MOTION, **more: Any) -> Any:
    """An option that sets a field of ``recipe.zoom`` or ``recipe.film``."""
    return o.setting(name, *flags, panel=panel, model=model, **more)


def moving_recipe(
    given: Mapping[str, Any], part: str, options: Mapping[str, str], *, default: str = "reverie"
) -> Recipe:
    """The recipe that the options of a verb ask for, with its ``zoom`` or ``film``.

    Args:
        given: Every option, by the name of its argument.
        part: ``zoom`` or ``film``.
        options: Fields of that part, and how they are typed.
        default: The preset if none is named.

    Raises:
        UsageError: An option cannot be; it is called as it is typed.
    """
    changes = {name: given[name] for name in options if given.get(name) is not None}
    rest = {name: value for name, value in given.items() if name not in options}
    recipe = o.recipe_of(rest, default)
    for other in {"portrait", "zoom", "film"} - {part}:
        if getattr(recipe, other) is not None:
            what = given.get("recipe") or f"--preset {recipe.preset}"
            verb = {"portrait": "reverie see"}.get(other, f"reverie {other}")
            raise UsageError(f"{what}: is not for {part}s; use it with {verb}")
    found = getattr(recipe, part)
    try:
        return recipe.but(**{part: {**(found.model_dump() if found else {}), **changes}})
    except UsageError as error:
        raise UsageError(as_typed(str(error), part, options, changes)) from error


def as_typed(message: str, part: str, options: Mapping[str, str], changes: Mapping[str, Any]) -> str:
    """A complaint about fields of a part, with those that were given called as they are typed."""

    def typed(match: re.Match[str]) -> str:
        name = match[2]
        return f"{match[1]}{options[name]}: " if name in changes else match[0]

    return re.sub(rf"(^|; )(?:{part}\.)?({'|'.join(options)})(?:\.[\w.]+)?: ", typed, message)


class MovingCommand:
    """A verb that moves: the options as given, and who is told."""

    verb: str

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.voice = Voice(quiet=given["quiet"], verbose=given["verbose"], as_json=given["json"])

    def output(self) -> MovingOutput:
        """How the film is written."""
        from reverie.jobs.moving import MovingOutput

        given = self.given
        return MovingOutput(
            given["codec"],
            given["quality"],
            not given["no_metadata"],
            given["overwrite"],
            given["allow_flashes"],
        )

    def limits(self) -> dict[str, Any]:
        """What every file is opened with."""
        from reverie.media.picture import MAX_PIXELS

        return {"max_pixels": self.given["max_pixels"] or MAX_PIXELS}

    def carry_out(self, recipe: Recipe, source: str | None, opened: Callable[..., Work]) -> None:
        """Check everything that can be checked, then make the film, or tell the plan of it."""
        from reverie.jobs.moving import Moving

        given, output = self.given, self.output()
        if given["out"] is None and not given["dry_run"]:
            raise UsageError(f"where to? give -o OUT, as in -o {self.verb}.mp4")
        out = given["out"] or f"{self.verb}.mp4"
        self._check_names(source, out)
        with self._typed():
            encoding = output.check(out, writes=not given["dry_run"])
        limits = self.limits()
        with self._opened(opened, recipe, source, encoding) as work:
            moving = Moving(work, offline=given["offline"], **limits)
            if given["dry_run"]:
                from reverie.cli.moving_plan import tell_moving_plan

                tell_moving_plan(moving, lambda small: opened(small, source, encoding, **limits), self.voice)
                return
            tell(self.voice, make(self.voice, self.verb, moving, out, output, given["preview"]))

    def _opened(self, opened: Callable[..., Work], recipe: Recipe, source: str | None, encoding: Any) -> Work:
        with self._typed():
            return opened(recipe, source, encoding, **self.limits())

    @contextmanager
    def _typed(self) -> Iterator[None]:
        """In complaints of what opens and writes films, options are called as they are typed."""
        try:
            yield
        except UsageError as error:
            name, colon, rest = str(error).partition(": ")
            option = {"rate": "fps"}.get(name, name)
            if not colon or self.given.get(option) is None:
                raise
            raise UsageError(f"--{option.replace('_', '-')}: {rest}") from error

    def _check_names(self, source: str | None, out: str) -> None:
        """UsageError if what is written would be what is read, or two files were one."""
        preview = self.given["preview"]
        taken = [_place(name) for name in (out, source) if name is not None]
        if len(set(taken)) < len(taken):
            raise UsageError(f"-o {out}: is the input too; give it another name")
        if preview is not None and _place(preview) in taken:
            raise UsageError(f"--preview {preview}: is the output or the input too; give it another name")


def _place(name: str) -> str:
    """The file, or the folder of a sequence, that a name stands for."""
    folder, last = os.path.split(name)
    return os.path.realpath((folder or ".") if "%" in last or "*" in last else name)


def make(
    voice: Voice, verb: str, moving: Moving, out: str, output: MovingOutput, preview: str | None
) -> MovingResult:
    """Carry a work out, with progress; an end before its time says how to go on."""
    watcher = MovingWatcher(voice, moving.work.name, moving.work.frames)
    each: list[Callable[[Progress], None]] = [watcher]
    if preview is not None:
        from reverie.jobs.old_moving_preview import MovingPreview

        each.append(MovingPreview(preview, overwrite=output.overwrite).show)

    def tell_all(progress: Progress) -> None:
        for one in each:
            one(progress)

    try:
        with watcher.shown(), CtrlC(voice) as stop:
            return moving.carry_out(out, output, each=tell_all, opening=watcher.opening, stop=stop)
    except ReverieError as error:
        _ended(error, moving, verb)
    except KeyboardInterrupt:
        _ended(Interrupted("stopped at once"), moving, verb)


def _ended(error: ReverieError, moving: Moving, verb: str) -> NoReturn:
    """Raise an error again; where frames are safe, with their number and the command that goes on."""
    total = moving.work.frames
    damaged = isinstance(error, UsageError | BadInput)
    if damaged or not moving.kept:
        if isinstance(error, Interrupted):
            raise Interrupted(f"{error}; nothing is safe yet") from error
        raise error
    of = f" of {total}" if total else ""
    raise type(error)(f"{error}; {moving.kept}{of} frames are safe, go on with: {again(verb)}") from error


def again(verb: str) -> str:
    """The command that was given, to be given once more."""
    words = sys.argv[sys.argv.index(verb) :] if verb in sys.argv else [verb, "..."]
    return shlex.join(["reverie", *words])


def tell(voice: Voice, result: MovingResult) -> None:
    """Say what came of it."""
    voice.data(result.path, result.as_json())
    width, height = result.size
    more = f", the first {result.before} of them earlier" if result.before else ""
    voice.note(
        f"{result.path}: {width} x {height}, {result.frames} frames{more}, plays {result.length:.2f} s, "
        f"made in {result.seconds:.1f} s"
    )


class MovingWatcher:
    """Tells of frames as they come: how many of how many, how fast, and the score."""

    def __init__(self, voice: Voice, name: str, frames: int | None) -> None:
        self.voice = voice
        self.name = name
        self.frames = frames
        self._bar: Any = None
        self._task: Any = None
        self._first: tuple[float, int] | None = None  # when, and at which frame, it began to be counted
        self._said = -EVERY

    @contextmanager
    def shown(self) -> Iterator[None]:
        """A bar on a terminal while it goes on."""
        if not self.voice.terminal or self.voice.verbose:
            yield
            return
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
            self._task = self._bar.add_task(self.name, total=self.frames, what="loading")
            yield
        self._bar = None

    def __call__(self, progress: Progress) -> None:
        """Take a frame."""
        now, done = time.monotonic(), progress.made.index + 1
        if self._first is None:
            self._first = now, done
        began, before = self._first
        speed = f", {(done - before) / (now - began):.2f} frames/s" if done > before and now > began else ""
        of = f"/{self.frames}" if self.frames else ""
        what = f"frame {done}{of}{speed}, score {progress.made.score:.4g}"
        if self._bar is not None:
            self._bar.update(self._task, completed=done, what=what)
        elif self.voice.verbose and (done in (before, self.frames) or now - self._said > EVERY):
            self._said = now
            self.voice.must(f"{self.name}: {what}, moved {progress.made.moved:.3f}")

    def opening(self, frame: Frame) -> None:
        """Take a step of a dream that a scene opens with."""
        octave = frame.octave
        of = f"octave {octave.index + 1}/{frame.octaves}, step {frame.step + 1}/{octave.steps}"
        if self._bar is not None:
            self._bar.update(self._task, what=f"a scene opens: {of}")
        elif self.voice.verbose and (time.monotonic() - self._said > EVERY):
            self._said = time.monotonic()
            width, height = octave.size
            self.voice.must(f"{self.name}: a scene opens, {width} x {height}, {of}, score {frame.score:.4g}")
