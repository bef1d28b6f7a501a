"""``reverie train``: a network of one's own, from folders of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from reverie.cli.console import Console
from reverie.cli.fields import other, setting
from reverie.cli.groups import Group, Only, all_given, takes_groups
from reverie.cli.options import Common
from reverie.cli.recipe_options import console_of, told_as_typed, where_to
from reverie.errors import BatchError, Interrupted, UsageError
from reverie.train.settings import TrainSettings

if TYPE_CHECKING:
    from reverie.jobs.training.job import TrainResult

LEARNING = "The learning"
#: An option that sets a field of a training.
of_training = partial(setting, panel=LEARNING, model=TrainSettings)
#: Any other option of the learning.
of_learning = partial(other, panel=LEARNING)
#: What ``--from`` may say.
BEGINNINGS = ("scratch", "lite0")
#: Settings, and how they are typed.
OPTION = {name: f"--{name}" for name in TrainSettings.model_fields} | {"method": "--from"}
#: Of what is common, what a training has a use for.
USED = ("out", "overwrite", "threads", "max_pixels", "json", "dry_run", "quiet", "verbose", "debug")

Folder = Annotated[
    str,
    typer.Argument(metavar="FOLDER", help="A folder with a folder of pictures for each kind."),
]


@dataclass(frozen=True)
class TrainOptions(Group):
    """What learns, and how."""

    start: str | None = of_learning(
        "--from",
        help="Begin with random weights (scratch, the default), or with the embedded network (lite0), "
        "whose last stages learn: the way for photographs.",
        metavar="scratch|lite0",
    )
    unsupervised: bool = of_learning(
        "--unsupervised",
        help="Learn without labels: cells compete for what is in the pictures.",
    )
    held_out: str | None = of_learning(
        "--held-out",
        help="A folder like the first, by which the network is judged; without it a share of each kind "
        "is held out.",
        metavar="FOLDER",
    )
    size: int | None = of_training("size")
    steps: int | None = of_training("steps")
    batch: int | None = of_training("batch")
    rate: float | None = of_training("rate")
    push: float | None = of_training("push")
    share: float | None = of_training("share")
    patience: int | None = of_training("patience")
    mirror: bool | None = of_training("mirror", "--mirror/--no-mirror")
    seed: int | None = of_training("seed")


@takes_groups
def train(
    folder: Folder,
    options: TrainOptions,
    common: Annotated[Common, Only(*USED)],
) -> None:
    """Train a network on your own pictures; then let it dream of them.

    FOLDER holds a folder for each kind of picture. OUT.safetensors is a network like any other: --network
    OUT.safetensors. Beside it come a card (OUT.md), the learning curve and a table of who was taken for what.
    Ctrl-C keeps everything; the same command goes on.
    """
    from reverie.cli.progress import make_sheet
    from reverie.jobs.training.job import TrainJob

    given = all_given(options)
    settings = {name: given[name] for name in TrainSettings.model_fields if given.get(name) is not None}
    if method := _method(options):
        settings = {"method": method, **settings}
    with told_as_typed(OPTION):
        job = TrainJob(
            folder=folder,
            held_out=options.held_out,
            settings=settings,
            output={
                "path": where_to(common.out, "mine.safetensors", "a file")
                if not common.dry_run
                else "a.safetensors",
                "overwrite": common.overwrite,
            },
            threads=common.threads or 0,
        )
        job.trains  # noqa: B018 (settings that cannot be are said now)
        result = make_sheet(job, common)
    if result is not None:
        tell(console_of(common), result)


def _method(options: TrainOptions) -> str | None:
    if options.start is not None and options.start not in BEGINNINGS:
        raise UsageError(f"--from {options.start}: there are {' and '.join(BEGINNINGS)}")
    if options.unsupervised and options.start is not None:
        raise UsageError("--from and --unsupervised: give one of them")
    return "unsupervised" if options.unsupervised else options.start


def tell(console: Console, result: TrainResult) -> None:
    """Say what came of a training; end with 130 after Ctrl-C, with 4 where pictures were left out."""
    if result.stopped:
        raise Interrupted(f"stopped after {result.stopped}; the same command goes on")
    console.result(result.path, result.as_json())
    console.info(
        f"{result.path}: {result.accuracy:.1%} of the held-out pictures are called right, "
        f"{result.step} steps, {result.seconds:.0f} s"
    )
    if result.failed:
        raise BatchError(
            f"{len(result.failed)} pictures could not be read and were left out; {result.path} learnt from "
            "the others"
        )
