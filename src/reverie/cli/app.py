"""The verbs. What is heavy is imported inside them, so that help answers at once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from reverie._version import __version__
from reverie.cli.help_page import VerbCommand
from reverie.cli.verbs import inspect as before
from reverie.cli.verbs import rerun as remake
from reverie.cli.verbs.bench import bench
from reverie.cli.verbs.classes import classes
from reverie.cli.verbs.classify import classify
from reverie.cli.verbs.cluster import cluster
from reverie.cli.verbs.doctor import doctor
from reverie.cli.verbs.dream import dream
from reverie.cli.verbs.film import film
from reverie.cli.verbs.fool import fool
from reverie.cli.verbs.invert import invert
from reverie.cli.verbs.live import live
from reverie.cli.verbs.look import look
from reverie.cli.verbs.microscope import microscope
from reverie.cli.verbs.run import run
from reverie.cli.verbs.see import see
from reverie.cli.verbs.stimuli import stimuli
from reverie.cli.verbs.studio import studio
from reverie.cli.verbs.train import train
from reverie.cli.verbs.zoom import zoom

ABOUT = """Ask a trained image network what it sees, and see the answer.

Start with: reverie me.jpg
"""

app = typer.Typer(
    name="reverie",
    help=ABOUT,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"reverie {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _reverie(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", "-V", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for verb in (
    *(dream, studio, live, zoom, film, see, invert, stimuli, look, microscope, fool, train, remake.rerun),
    *(run, remake.show, before.sheet, classify, before.layers, classes, before.networks),
    *(doctor, bench, cluster),
):
    app.command(cls=VerbCommand)(verb)


def command() -> Any:
    """The command as click knows it."""
    return typer.main.get_command(app)
