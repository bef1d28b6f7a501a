"""``reverie run``: a job from its JSON document."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated, Any

import typer

from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import Common
from reverie.cli.recipe_options import console_of, workspace_of
from reverie.errors import BatchError, Interrupted

JobFile = Annotated[
    str, typer.Argument(metavar="JOB", help="The job's document, a JSON file; - reads standard input.")
]


@takes_groups
def run(
    job: JobFile,
    common: Annotated[
        Common,
        Only("max_pixels", "offline", "trust", "preview", "json", "dry_run", "quiet", "verbose", "debug"),
    ],
) -> None:
    """Carry out a job that is described in JSON, as `Job.document()` writes it."""
    from reverie.cli.progress import preview_of, run_job, tell_estimate, tell_item
    from reverie.jobs.document import LONGEST, load_job, parse_job
    from reverie.jobs.dreaming.dream import PictureResult

    console, workspace = console_of(common), workspace_of(common)
    found: Any
    if job == "-":
        found = parse_job(sys.stdin.buffer.read(LONGEST + 1), "standard input", trusted=common.trust)
    else:
        found = load_job(job, trusted=common.trust)
        workspace.given += (("the job's document", job),)
    if common.dry_run:
        tell_estimate(found, console, workspace)
        return
    preview = preview_of(common.preview, False)
    result = run_job(found, console, workspace, also=preview, on_event=partial(tell_item, console))
    if not isinstance(result, PictureResult):  # which was told as an item
        console.result(result.files, result.as_json())
    if result.stopped:
        raise Interrupted(f"stopped after {result.stopped}")
    if failed := getattr(result, "failed", ()):
        raise BatchError(f"{len(failed)} items failed; the others were made")
