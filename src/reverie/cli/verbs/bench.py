"""``reverie bench``: how fast this machine is with this network, in about a minute, as one table."""

from __future__ import annotations

from typing import Annotated

from reverie.cli import complete
from reverie.cli.console import print_table
from reverie.cli.fields import COMPUTE, other
from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import OF_NETWORK, Compute, Messages, layer_option
from reverie.cli.recipe_options import console_of, recipe_of
from reverie.engine.environment import ENVIRONMENT
from reverie.errors import UsageError, did_you_mean
from reverie.objective.text import unquoted
from reverie.recipe.typed import width_height

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
    from reverie.jobs.bench.machine import describe, in_words
    from reverie.jobs.bench.table import TITLES, cells_of, document
    from reverie.network.zoo import load_net
    from reverie.process.cores import cores, others_at_work

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
    if words := others_at_work():
        console.info(words)
    rows = measuring.measure(job, list(wanted), seconds=seconds, settings=ENVIRONMENT, each=console.info)
    found = describe()
    if messages.json:
        console.result("", document(found, job, rows))
        return
    console.result(f"{recipe.network}, {layer}, {width} x {height}; {in_words(found, job.threads)}", None)
    print_table(TITLES, map(cells_of, rows))
