"""``reverie dream``."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import old_options as o
from reverie.cli.old_console import CtrlC, Voice
from reverie.errors import BadInput, BatchError, Interrupted, ResourceError, ReverieError, UsageError

if TYPE_CHECKING:
    from reverie.jobs.old_run import Each, Output, Result, Run

#: What a folder is searched for.
PICTURES = re.compile(r"\.(png|jpe?g|webp|avif|tiff?|gif|bmp|p[pgbn]m|hei[cf]|svg)", re.IGNORECASE)
Photos = Annotated[list[str] | None, typer.Argument(metavar="PHOTO", help="Photographs, or folders of them.")]


def dream(
    photos: Photos = None,
    layer: o.Layer = None,
    channel: o.Channel = None,
    class_: o.Class = None,
    objective: o.ObjectiveText = None,
    guide: o.Guide = None,
    balance: o.Balance = None,
    preset: o.Preset = None,
    recipe: o.RecipeFile = None,
    strength: o.Strength = None,
    max_change: o.MaxChange = None,
    octaves: o.Octaves = None,
    octave_scale: o.OctaveScale = None,
    steps: o.Steps = None,
    step_size: o.StepSize = None,
    jitter: o.Jitter = None,
    seamless: o.Seamless = None,
    mask: o.Mask = None,
    keep_colour: o.KeepColour = None,
    start: o.Start = None,
    size: o.Size = None,
    max_size: o.MaxSize = None,
    seed: o.Seed = None,
    max_pixels: o.MaxPixels = None,
    network: o.Network = None,
    engine: o.Engine = None,
    precision: o.Precision = None,
    device: o.Device = None,
    threads: o.Threads = None,
    halo: o.Halo = None,
    offline: o.Offline = False,
    out: o.Out = None,
    depth: o.Depth = None,
    quality: o.Quality = None,
    no_metadata: o.NoMetadata = False,
    overwrite: o.Overwrite = False,
    variations: o.Variations = None,
    preview: o.PreviewFile = None,
    json: o.Json = False,
    dry_run: o.DryRun = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Let a network dream over a photograph, or from nothing."""
    given = dict(locals())
    Command(given, Voice(quiet=quiet, verbose=verbose, as_json=json)).go()


@dataclass
class Command:
    """The command as given, and who is told."""

    given: dict[str, Any]
    voice: Voice

    def go(self) -> None:
        """Check everything that can be checked, then dream."""
        given = self.given
        recipe = o.recipe_of(given)
        for part, verb in (("portrait", "see"), ("zoom", "zoom"), ("film", "film")):
            if getattr(recipe, part) is not None:
                what = given["recipe"] or f"--preset {recipe.preset}"
                raise UsageError(f"{what}: makes {part}s and no dreams; use it with reverie {verb}")
        photos, batch = self._photos()
        if photos:
            if given["start"]:
                raise UsageError("--from is for a dream without a photograph; give one of them")
            recipe = recipe.but(start="photo")
        elif recipe.start == "photo":
            raise UsageError("nothing to dream on: give a photograph, or --from noise or clouds")
        if given["out"] is None and not given["dry_run"]:
            raise UsageError("where to? give -o OUT, as in -o dream.png")
        from reverie.jobs.old_run import Output, Run
        from reverie.media.picture import MAX_PIXELS

        output = Output(given["depth"], given["quality"], not given["no_metadata"], given["overwrite"])
        if not batch and not given["dry_run"]:
            output.check(given["out"])
        limit = given["max_pixels"] or MAX_PIXELS
        run = Run(recipe, max_pixels=limit, offline=given["offline"])
        if given["dry_run"]:
            from reverie.cli.plan import tell_plan

            tell_plan(run, photos, self.voice)
        elif given["variations"] is not None:
            self._variations(run, photos, batch, output)
        elif batch:
            self._batch(run, photos, output)
        else:
            self._one(run, photos[0] if photos else None, given["out"], output)

    def _photos(self) -> tuple[list[str], bool]:
        """Every photograph, and whether the output is a folder."""
        given: list[str] = self.given["photos"] or []
        out = self.given["out"] or ""
        photos: list[str] = []
        folders = [p for p in given if os.path.isdir(p)]
        if folders and not self.given["dry_run"] and Path(out).suffix and not os.path.isdir(out):
            raise BadInput(f"{folders[0]}: is a folder; give a picture, or a folder after -o as well")
        for photo in given:
            if photo not in folders:
                photos.append(photo)
                continue
            try:
                names = sorted(os.listdir(photo))
            except OSError as error:
                raise BadInput(f"{photo}: cannot be read ({error.strerror or error})") from error
            inside = [n for n in names if PICTURES.fullmatch(Path(n).suffix) and not n.startswith(".")]
            if not inside:
                raise BadInput(f"{photo}: no pictures in this folder")
            photos += [os.path.join(photo, name) for name in inside]
        batch = bool(folders) or len(given) > 1 or (bool(photos) and os.path.isdir(out))
        return photos, batch

    def _each(self, output: Output, watcher: Each) -> Each:
        """Who is told of frames: the progress, and the preview if one is asked for."""
        path = self.given["preview"]
        if path is None:
            return watcher
        if self.given["out"] and os.path.abspath(path) == os.path.abspath(self.given["out"]):
            raise UsageError(f"--preview {path}: is the output too; give it another name")
        from reverie.jobs.old_preview import Preview

        preview = Preview(path, overwrite=output.overwrite)

        def each(frame: Any) -> None:
            watcher(frame)
            preview(frame)

        return each

    def _make(self, run: Run, photo: str | None, out: str, output: Output) -> Result:
        name = os.path.basename(photo) if photo else run.recipe.start
        with self.voice.progress(name) as watcher, CtrlC(self.voice) as stop:
            return run.carry_out(photo, out, output, each=self._each(output, watcher), stop=stop)

    def _one(self, run: Run, photo: str | None, out: str, output: Output) -> None:
        result = self._make(run, photo, out, output)
        tell(self.voice, result)
        stopped(result)

    def _batch(self, run: Run, photos: list[str], output: Output) -> None:
        """Each photograph into a folder; a bad one does not stop the rest."""
        folder = Path(self.given["out"])
        outs = names_for(photos, folder)
        make_folder(folder)
        failed = skipped = 0
        for photo, out in zip(photos, outs, strict=True):
            try:
                found = run.done(photo, out) if os.path.exists(out) and output.metadata else ""
                if found == "finished":
                    skipped += 1
                    self.voice.note(f"{out}: finished already, skipped")
                    continue
                writes = output_over(output) if found == "stopped" else output
                result = self._make(run, photo, out, writes)
            except ReverieError as error:
                failed += 1
                self.voice.must(f"error: {error}")
                if self.voice.as_json:
                    found_json = {"error": {"code": error.exit_code, "message": str(error)}, "input": photo}
                    self.voice.data("", found_json)
                continue
            tell(self.voice, result)
            stopped(result)
        self.voice.note(f"{len(photos) - failed - skipped} made, {skipped} skipped, {failed} failed")
        if failed:
            raise BatchError(f"{failed} of {len(photos)} photographs failed; the others are in {folder}")

    def _variations(self, run: Run, photos: list[str], batch: bool, output: Output) -> None:
        """As many seeds as asked for, as files and as a sheet."""
        from reverie.media.picture import save_picture
        from reverie.media.picture.contact_sheet import contact_sheet

        count, path = self.given["variations"], Path(self.given["out"])
        if batch:
            raise UsageError("--variations: give one photograph, and a file after -o")
        if not 1 <= count <= o.MOST_VARIATIONS:
            raise UsageError(f"--variations {count}: 1 to {o.MOST_VARIATIONS} are possible")
        first = run.recipe
        seeds = range(first.seed, first.seed + count)
        recipes = [first.but(seed=seed) for seed in seeds]
        outs = [os.fspath(path.with_name(f"{path.stem}-seed{seed}{path.suffix}")) for seed in seeds]
        for out in outs:
            output.check(out)
        photo = photos[0] if photos else None
        cells = []
        for recipe, out in zip(recipes, outs, strict=True):
            run.recipe = recipe
            result = self._make(run, photo, out, output)
            tell(self.voice, result)
            stopped(result)
            if result.picture is not None:
                words = ", ".join(recipe.objective)
                cells.append((f"seed {recipe.seed}", words, result.picture.resized(small(result.size))))
        save_picture(contact_sheet(cells, side=480), path, overwrite=output.overwrite)
        self.voice.data(str(path), {"path": str(path), "sheet": outs})


def small(size: tuple[int, int], side: int = 480) -> tuple[int, int]:
    """A size no larger than a sheet's cell."""
    factor = min(1.0, side / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def output_over(output: Output) -> Output:
    """The same output, free to replace a file."""
    from dataclasses import replace

    return replace(output, overwrite=True)


def names_for(photos: list[str], folder: Path) -> list[str]:
    """The results' names: the photographs' with .png; those that would fall together keep their extension."""
    stems = Counter(Path(photo).stem.lower() for photo in photos)
    names = [
        f"{Path(p).stem}.png" if stems[Path(p).stem.lower()] == 1 else f"{Path(p).name}.png" for p in photos
    ]
    for name, count in Counter(names).items():
        if count > 1:
            raise UsageError(f"{count} photographs are named {name[:-4]}; give them one folder at a time")
    return [os.fspath(folder / name) for name in names]


def make_folder(folder: Path) -> None:
    """A folder for the results, made if it is not there; ResourceError if that cannot be."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; several photographs need a folder after -o")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ResourceError(f"cannot make folder {folder}: {error.strerror or error}") from error


def tell(voice: Voice, result: Result) -> None:
    """Say what came of a picture."""
    voice.data(result.path, result.as_json())
    width, height = result.size
    voice.note(
        f"{result.path}: {width} x {height}, moved {result.moved:.3f}, score {result.score:.4g}, "
        f"{result.seconds:.1f} s"
    )


def stopped(result: Result) -> None:
    """End with 130 if Ctrl-C cut it short, saying what there is."""
    if result.stopped is not None:
        octave, step = result.stopped.octave + 1, result.stopped.step + 1
        raise Interrupted(f"stopped after octave {octave}, step {step}; {result.path} holds what there is")
