"""``reverie bench``: how fast this machine is with this network, in about a minute, as one table."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from reverie.cli import complete
from reverie.cli.console import add_row, print_table, table_of
from reverie.cli.fields import COMPUTE, other
from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import OF_NETWORK, Compute, Messages, layer_option
from reverie.cli.recipe_options import console_of, recipe_of
from reverie.engine.environment import ENVIRONMENT
from reverie.errors import UsageError, did_you_mean
from reverie.objective.text import unquoted
from reverie.recipe.typed import width_height

if TYPE_CHECKING:
    from rich.table import Table

    from reverie.jobs.bench.bench import Row

LAYER = "block5c"
SIZE = "640x448"
SECONDS = 60.0

Layer = Annotated[
    str,
    layer_option(
        help=f"The layer that is excited (default {LAYER}).",
        panel=COMPUTE,
    ),
]
Size = Annotated[str, other("--size", help=f"Of the picture (default {SIZE}).", panel=COMPUTE, metavar="WxH")]
Engines = Annotated[
    list[str] | None,
    other(
        "--engine",
        help="Measure this engine; again for more (default: all of them).",
        panel=COMPUTE,
        metavar="|".join(complete.ENGINES),
        autocompletion=complete.engines,
    ),
]
Seconds = Annotated[
    float,
    other(
        "--seconds",
        help=f"How long, about (default {SECONDS:g}).",
        panel=COMPUTE,
        metavar="SECONDS",
        min=1.0,
        max=3600.0,
    ),
]


@takes_groups
def bench(
    compute: Annotated[Compute, Only("network", "device", "precision", "threads", "offline", *OF_NETWORK)],
    layer: Layer = LAYER,
    size: Size = SIZE,
    engine: Engines = None,
    seconds: Seconds = SECONDS,
    *,
    messages: Annotated[Messages, Only("json", "quiet", "verbose", "debug")],
) -> None:
    """Measure how fast the engines are here, beside the loop most people write."""
    console = console_of(messages)
    for name in engine or ():
        if name not in complete.ENGINES:
            raise UsageError(f"--engine {name}: {did_you_mean(name, complete.ENGINES)}")
    recipe = recipe_of(compute)
    from reverie.engine.engine import pick_device
    from reverie.jobs.bench import bench as measuring
    from reverie.jobs.bench.machine import cores, describe, in_words
    from reverie.network.zoo import load_net

    width, height = width_height(size)
    if min(width, height) < 32:
        raise UsageError(f"--size {size}: at least 32 pixels each way")
    load_net(recipe.network, offline=compute.offline).layer(
        unquoted(layer)
    )  # what is wrong is said before anything is timed
    job = measuring.Measurement(
        what="",
        network=recipe.network,
        layer=layer,
        size=(width, height),
        device=pick_device(recipe.device),
        precision=recipe.precision,
        threads=recipe.threads or cores(),
    )
    wanted = dict.fromkeys((measuring.NAIVE, measuring.REFERENCE, *(engine or reversed(complete.ENGINES))))
    console.info(f"about {seconds:.0f} s; nothing else should run meanwhile")
    rows = measuring.measure(job, list(wanted), seconds=seconds, settings=ENVIRONMENT, each=console.info)
    found = describe()
    if messages.json:
        document = {"machine": found, **asdict(job), "rows": [asdict(row) for row in rows]}
        for only_of_a_row in ("what", "seconds", "gradient"):
            del document[only_of_a_row]
        console.result("", document)
        return
    console.result(f"{recipe.network}, {layer}, {width} x {height}; {in_words(found, job.threads)}", None)
    print_table(table(rows))


def table(rows: list[Row]) -> Table:
    """The rows as a table; what failed comes with its reason."""
    found = table_of(
        ("", "left"),
        ("ms a step", "right"),
        ("quartiles", "right"),
        ("x naive", "right"),
        ("Mpx/s", "right"),
        ("cosine", "right"),
        ("MB", "right"),
        ("ready s", "right"),
        ("ran", "left"),
    )
    for row in rows:
        add_row(found, row.name, *cells(row))
    return found


def cells(row: Row) -> tuple[Any, ...]:
    """A row's figures as text: milliseconds, ratios, gradient cosine, megabytes, seconds."""
    if row.seconds is None:
        return ("-",) * 7 + (row.failed,)
    ms = row.seconds
    return (
        f"{1e3 * ms.middle:.1f}",
        f"{1e3 * ms.low:.1f}-{1e3 * ms.high:.1f}",
        "-" if row.ratio is None else f"{row.ratio.middle:.1f}",
        f"{row.megapixels:.2f}",
        "-" if row.cosine is None else f"{row.cosine:.6f}",
        f"{(row.memory or 0) / 1e6:.0f}",
        f"{row.ready:.1f}",
        row.ran,
    )
