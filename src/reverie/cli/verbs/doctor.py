"""``reverie doctor``: what is installed, which path will run, and is it healthy."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import Compute, Messages
from reverie.cli.recipe_options import console_of, recipe_of


@takes_groups
def doctor(
    compute: Annotated[Compute, Only("network", "engine", "device", "precision")],
    messages: Annotated[Messages, Only("json", "debug")],
) -> None:
    """Say what is installed, which path will run, and whether it is healthy."""
    from reverie.jobs.bench.health import findings_of

    findings = findings_of(recipe_of(compute))
    well = all(f.well is not False for f in findings)
    marks = {True: "ok", False: "BAD", None: ""}
    lines = [f"{f.what:<24} {f.found}  {marks[f.well]}".rstrip() for f in findings]
    lines.append("healthy" if well else "not healthy: see the lines marked BAD")
    document = {"healthy": well, "findings": [vars(f) for f in findings]}
    console_of(messages).result(lines, document)
    if not well:
        raise typer.Exit(1)
