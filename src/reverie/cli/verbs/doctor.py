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
    broken = [f.without for f in findings if f.without]
    marks = {True: "ok", False: "BAD", None: ""}
    lines = [f"{f.what:<24} {f.found}  {'BAD' if f.without else marks[f.well]}".rstrip() for f in findings]
    healthy = f"healthy, but for {', '.join(broken)}: see the lines marked BAD" if broken else "healthy"
    lines.append(healthy if well else "not healthy: see the lines marked BAD")
    document = {"healthy": well, "broken": broken, "findings": [vars(f) for f in findings]}
    console_of(messages).result(lines, document)
    if not well:
        raise typer.Exit(1)
