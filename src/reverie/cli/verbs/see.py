"""``reverie see``: portraits of units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import complete
from reverie.cli import old_options as o
from reverie.cli.old_console import Voice
from reverie.errors import UsageError
from reverie.jobs.portraits import Sitting
from reverie.portrait.targets import fitting, named_targets, with_objective
from reverie.recipe.portrait import MOST_FACETS, Portrait

if TYPE_CHECKING:
    from reverie.jobs.old_run import Run
    from reverie.recipe.recipe import Recipe

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TARGET",
        help="What to look for: a class (golden retriever), a layer (block5c), a channel (block5c:17, "
        "block5c:0-15, block5c:*), a neuron (block5c:17@3,4), or an objective.",
        autocompletion=complete.layers,
    ),
]
CANVAS = "The portrait"


def of_portrait(name: str, *flags: str, **more: Any) -> Any:
    """An option that sets something of a portrait."""
    return o.setting(name, *(flags or (o.OF_PORTRAIT[name],)), panel=CANVAS, model=Portrait, **more)


PortraitPreset = Annotated[
    str | None,
    o.other(
        "--preset",
        help="Start from the settings of a known system, such as lucid2017 (default portrait).",
        panel=o.WHAT,
        metavar="NAME",
        autocompletion=complete.portraits,
    ),
]
Canvas = Annotated[str | None, of_portrait("canvas")]
Diversity = Annotated[int | None, of_portrait("facets", metavar="N")]
Views = Annotated[int | None, of_portrait("views")]
Transform = Annotated[list[str] | None, of_portrait("transforms", metavar="TEXT")]
Optimiser = Annotated[str | None, of_portrait("optimiser")]
Rate = Annotated[str | None, of_portrait("rate", metavar="A[..B]")]
PrintSize = Annotated[int | None, of_portrait("print_size")]
Transparency = Annotated[bool | None, of_portrait("transparency", "--transparency/--no-transparency")]
From = Annotated[
    str | None,
    o.other("--from", help="Start from this picture and not from noise.", panel=o.SIZE, metavar="PHOTO"),
]


def see(
    targets: Targets = None,
    canvas: Canvas = None,
    facets: Diversity = None,
    preset: PortraitPreset = None,
    recipe: o.RecipeFile = None,
    steps: o.Steps = None,
    views: Views = None,
    transforms: Transform = None,
    optimiser: Optimiser = None,
    rate: Rate = None,
    photo: From = None,
    size: o.Size = None,
    max_size: o.MaxSize = None,
    print_size: PrintSize = None,
    transparency: Transparency = None,
    seed: o.Seed = None,
    max_pixels: o.MaxPixels = None,
    network: o.Network = None,
    engine: o.Engine = None,
    precision: o.Precision = None,
    device: o.Device = None,
    threads: o.Threads = None,
    offline: o.Offline = False,
    out: o.Out = None,
    depth: o.Depth = None,
    quality: o.Quality = None,
    no_metadata: o.NoMetadata = False,
    overwrite: o.Overwrite = False,
    preview: o.PreviewFile = None,
    json: o.Json = False,
    dry_run: o.DryRun = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Show what a layer, a channel, a neuron or a class wants to see: its portrait, from nothing.

    Several targets become files beside a labelled sheet, or files alone if OUT is a folder.
    """
    given = dict(locals())
    See(given, Voice(quiet=quiet, verbose=verbose, as_json=json)).go()


@dataclass
class See:
    """The command as given, and who is told."""

    given: dict[str, Any]
    voice: Voice

    def go(self) -> None:
        """Check everything that can be checked, then make the portraits."""
        given = self.given
        if given["facets"] == 1:
            raise UsageError(
                f"--diversity 1: one picture has nothing to differ from; give 2 to {MOST_FACETS}"
            )
        recipe = o.recipe_of(given, o.DEFAULTS[1])
        if recipe.portrait is None:
            what = given["recipe"] or f"--preset {recipe.preset}"
            raise UsageError(f"{what}: makes dreams and no portraits; use it with reverie dream")
        if not given["targets"] and not given["recipe"]:
            raise UsageError('what to look for? name a class, a layer or a channel: "tabby", block5c:17')
        if given["out"] is None and not given["dry_run"]:
            raise UsageError("where to? give -o OUT, as in -o portrait.png")
        from reverie.jobs.old_run import Run
        from reverie.media.picture import MAX_PIXELS
        from reverie.network.zoo import load_net

        limit = given["max_pixels"] or MAX_PIXELS
        recipe = self._sized(recipe, limit)
        net = load_net(recipe.network, offline=given["offline"])
        named = named_targets(given["targets"] or [], net)
        recipes = [with_objective(recipe, wanted, net) for _, wanted in named] or [recipe]
        labels = [name for name, _ in named] or ["; ".join(recipe.objective)]
        run = Run(recipes[0], max_pixels=limit, offline=given["offline"], more=recipes[1:], net=net)
        make_portraits(run, labels, given, self.voice, photo=given["photo"])

    def _sized(self, recipe: Recipe, limit: int) -> Recipe:
        """The recipe at the size that was asked for, or the photograph's shape where none was."""
        from reverie.portrait.state import size_of

        given = self.given
        start: dict[str, Any] = {"start": "photo" if given["photo"] else "noise"}
        shape = size_of(recipe)
        if given["photo"] and not given["size"] and not given["recipe"]:
            from reverie.media.picture import load_picture

            shape = fitting(load_picture(given["photo"], max_pixels=limit).size, max(shape))
        if given["max_size"] and not given["size"]:
            shape = fitting(shape, given["max_size"])
        return recipe.but(**start, size=shape, max_size=None)


def make_portraits(
    run: Run, labels: list[str], given: dict[str, Any], voice: Voice, photo: str | None
) -> None:
    """Make the portraits of a run, or say what that would take."""
    from reverie.jobs.old_run import Output
    from reverie.portrait.state import size_of

    settings = run.recipe.portrait
    longest = settings.print_size if settings else None
    width, height = size_of(run.recipe)
    if longest and longest * longest * min(width, height) / max(width, height) > run.max_pixels:
        raise UsageError(
            f"--print-size {longest}: is over the limit of {run.max_pixels} pixels; --max-pixels raises it"
        )
    if given["dry_run"]:
        from reverie.cli.plan import tell_portrait_plan

        tell_portrait_plan(run, voice)
        return
    output = Output(given["depth"], given["quality"], not given["no_metadata"], given["overwrite"])
    Sitting(run, labels, output, voice, given["out"], photo, given["preview"]).go()
