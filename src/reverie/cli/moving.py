"""What ``reverie zoom``, ``film`` and ``rerun`` share: the recipe, making the film, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from reverie.cli.console import Console
from reverie.cli.machines import Machines, workers
from reverie.cli.meant import TAKEN
from reverie.cli.moving_options import FilmCommon
from reverie.cli.recipe_options import (
    console_of,
    given_as,
    recipe_from_options,
    unsaid,
    workspace_of,
    written,
)
from reverie.errors import BadInput, Interrupted, ReverieError, UsageError
from reverie.recipe.recipe import PARTS, Recipe
from reverie.recipe.typed import MOVING, OPTION

if TYPE_CHECKING:
    from reverie.jobs.job import Event, Job, Kept, Listener, Result
    from reverie.jobs.moving.job import MovingJob, MovingResult
    from reverie.jobs.output import FilmOutput
    from reverie.jobs.workspace import Workspace

    R = TypeVar("R", bound=Result)

#: How files of jobs are typed.
NAMES: Final = {"path": "-o", "photo": "PHOTO", "video": "VIDEO", "result": "RESULT", "input": "--input"}


def recipe_with(part: str, own: Mapping[str, Any], rest: Mapping[str, Any]) -> Recipe:
    """The recipe that the options of a verb ask for.

    Args:
        part: ``zoom`` or ``film``.
        own: Options that set fields of that part of the recipe, by their names.
        rest: Options that set all else.

    Raises:
        UsageError: An option cannot be.
    """
    default, options = MOVING[part]
    recipe = recipe_from_options(rest, default)
    for other in PARTS.keys() - {part}:
        if getattr(recipe, other) is not None:
            what = rest["recipe"] or f"--preset {recipe.preset}"
            verb = {"portrait": "see", "sites": "dream"}.get(other, other)
            raise UsageError(f"{what}: is not for {part}s; use it with reverie {verb}")
    found = getattr(recipe, part)
    changes = {name: own[name] for name in options if own.get(name) is not None}
    return recipe.but(**{part: {**(found.model_dump() if found else {}), **changes}})


def typed_options(
    part: str, own: Mapping[str, Any], rest: Mapping[str, Any], given: FilmCommon
) -> dict[str, str]:
    """How what was given is typed, for complaints; the arguments as of ``recipe_with``."""
    written = {"codec": "--codec", "quality": "--quality"}
    rate = {"rate": own.get("fps")}  # whoever reads films calls it so
    return {
        **NAMES,
        **given_as(OPTION, rest),
        **given_as(MOVING[part][1], own, part),
        **given_as(written, given.given()),
        **given_as({"rate": "--fps"}, rate),
    }


def film_output(given: FilmCommon, usual: str, source: str | None = None) -> FilmOutput:
    """Where a film goes and how it is written; if nothing says where, beside its source: see ``beside``."""
    from reverie.jobs.output import FilmOutput

    how = written(given, usual, source)
    return FilmOutput(codec=given.codec, allow_flashes=given.allow_flashes, **how)


def make_film(
    job: MovingJob, given: FilmCommon, recipe: str | None, machines: Machines | None = None
) -> None:
    """Make a zoom or a film, or say what it would cost (``--dry-run``).

    Args:
        job: It.
        given: The options.
        recipe: The file that ``--recipe`` names.
        machines: On which machines; None: this one.
    """
    from reverie.cli.progress import preview_of, tell_estimate

    console, workspace = console_of(given), workspace_of(given, recipe)
    if given.dry_run:
        tell_estimate(job, console, workspace, machines)
        return
    preview = preview_of(given.preview, given.overwrite)
    with workers(machines or Machines()) as workspace.elsewhere:
        result = run_resumable(
            job, console, workspace, job.kind, also=preview, chosen=unsaid(given, job.output)
        )
    tell_film(console, result)


def run_resumable(
    job: Job[R],
    console: Console,
    workspace: Workspace,
    verb: str,
    *,
    also: Listener | None = None,
    chosen: str | None = None,
) -> R:
    """Carry a job out, see ``run_job``; where frames are safe at its end before its time, say how to go on.

    Raises:
        Interrupted: A film was stopped.
        ReverieError: Of the job.
    """
    from reverie.cli.progress import run_job
    from reverie.jobs.job import Kept

    kept: list[Kept] = []

    def remember(event: Event) -> None:
        if isinstance(event, Kept):
            kept.append(event)

    try:
        result = run_job(job, console, workspace, also=also, on_event=remember, chosen=chosen)
    except ReverieError as error:
        if not kept:
            raise
        _ended(error, kept[-1], verb)
    except KeyboardInterrupt:
        if not kept:
            raise
        _ended(Interrupted("stopped at once"), kept[-1], verb)
    if kept:
        _ended(Interrupted(f"stopped after {result.stopped}"), kept[-1], verb)
    return result


def _ended(error: ReverieError, kept: Kept, verb: str) -> NoReturn:
    """Raise an error again; where frames are safe, with their number and the command that goes on."""
    damaged = isinstance(error, UsageError | BadInput)
    if damaged or not kept.done:
        if isinstance(error, Interrupted):
            raise Interrupted(f"{error}; nothing is safe yet") from error
        raise error
    of = f" of {kept.total}" if kept.total else ""
    raise type(error)(f"{error}; {kept.done}{of} frames are safe, go on with: {_again(verb)}") from error


def _again(verb: str) -> str:
    """The command that was given, as it was taken, to be given once more."""
    words = TAKEN.get() or [verb, "..."]
    return shlex.join(["reverie", *words])


def tell_film(console: Console, result: MovingResult) -> None:
    """Say what came of a zoom or a film."""
    console.result(result.path, result.as_json())
    width, height = result.size
    more = f", the first {result.before} of them earlier" if result.before else ""
    console.info(
        f"{result.path}: {width} x {height}, {result.frames} frames{more}, plays {result.length:.2f} s, "
        f"made in {result.seconds:.1f} s"
    )
