"""Making a microscope: portraits in batches, each written once, then what they show, then the pages."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reverie.ascent.session import Session
from reverie.errors import BadInput, ResourceError, UsageError
from reverie.jobs.microscope.contents import Plan, Unit
from reverie.jobs.microscope.pages import write_pages
from reverie.jobs.microscope.readings import Photographs, read_photographs, read_portraits
from reverie.jobs.old_run import Output, Run
from reverie.jobs.provenance import bare_network, of_picture
from reverie.media.picture import Picture, load_picture
from reverie.media.picture.write import encode, write_whole
from reverie.recipe.recipe import Recipe

#: What tells a folder from any other.
MANIFEST = "microscope.json"
#: Version of the site's own format.
FORMAT = 1
#: Portraits made between one write and the next.
BATCH = 16
#: Side in pixels and WebP quality of a thumbnail, and quality of a portrait.
THUMB, THUMB_QUALITY, QUALITY = 128, 80, 90
#: Settings that say where a portrait is made, not what it shows.
WHERE = ("engine", "device", "precision", "threads", "halo")

Maker = Callable[[Sequence[Recipe], Session], Sequence[Picture]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What came of it: portraits there are of how many, those made now, and the seconds that took."""

    path: str
    there: int
    wanted: int
    made: int
    seconds: float
    failed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        each = self.seconds / self.made if self.made else None
        return {
            "path": self.path,
            "index": f"{self.path}/index.html",
            "portraits": self.there,
            "wanted": self.wanted,
            "made": self.made,
            "seconds": round(self.seconds, 3),
            "seconds_each": None if each is None else round(each, 3),
            "failed": list(self.failed),
        }


class Microscope:
    """A site in the making. Everything in its folder follows from network, recipe, plan and photographs.

    So whatever is there is kept when it is what would be made again, and a site that was stopped at any
    moment ends the same as one that was not.
    """

    def __init__(
        self,
        run: Run,
        folder: str | Path,
        plan: Plan,
        *,
        photos: Sequence[str] = (),
        maker: Maker | None = None,
        batch: int = BATCH,
        overwrite: bool = False,
    ) -> None:
        """A microscope in a folder, which is made or gone on with.

        Args:
            run: The recipe of every portrait but for its objective, and the network at work.
            folder: New, empty, or of a microscope of this network and recipe.
            plan: What is shown, see ``choose``.
            photos: Photographs to search for strongest patches.
            maker: Makes portraits; None takes ``reverie.portrait.batch.portraits``.
            batch: Portraits made between one write and the next.
            overwrite: Whether portraits that were made otherwise may be replaced.

        Raises:
            UsageError: The folder holds something else, or portraits that were made otherwise.
            ResourceError: It cannot be made or written.
        """
        self.run = run
        self.root = Path(folder)
        self.plan = plan
        self.photos = tuple(photos)
        self.batch = batch
        self._maker = maker
        self._found: Photographs | None = None
        self._claim(overwrite)

    def recipe(self, unit: Unit) -> Recipe:
        """The recipe of a unit's portrait."""
        return self.run.recipe.but(objective=(unit.objective(self.run.recipe.preset, self.run.session.net),))

    def missing(self) -> list[Unit]:
        """Units whose portrait is not there, or is another one."""
        return [unit for unit in self.plan.units() if not self._is_there(unit)]

    def make(self, *, progress: Progress | None = None) -> Outcome:
        """Make what is missing, then the pages; they are also written anew after each layer.

        Raises:
            KeyboardInterrupt: Of whoever stopped it, with the pages of what there is written first.
            ReverieError: Of the kind that fits; making it again goes on where it stopped.
        """
        began = time.monotonic()
        missing = set(self.missing())
        wanted = self.plan.units()
        there = set(wanted) - missing
        made = 0
        try:
            if self.photos:
                self._found = self._search(progress)
            for name, units in self.plan.groups():
                todo = [unit for unit in units if unit in missing]
                for first in range(0, len(todo), self.batch):
                    group = todo[first : first + self.batch]
                    self._make(group)
                    made += len(group)
                    there.update(group)
                    if progress is not None:
                        progress(name or "classes", len(there), len(wanted))
                if todo and made < len(missing):
                    self._write(there)
        except KeyboardInterrupt:
            self._write(there)
            raise
        self._write(there)
        failed = () if self._found is None else self._found.failed
        return Outcome(str(self.root), len(there), len(wanted), made, time.monotonic() - began, failed)

    def _search(self, progress: Progress | None) -> Photographs:
        """The strongest patches of the photographs."""

        def tell(done: int, count: int) -> None:
            if progress is not None:
                progress("photographs", done, count)

        return read_photographs(
            self.run.session,
            self.root,
            self.plan,
            self.photos,
            max_pixels=self.run.max_pixels,
            progress=tell,
        )

    def _write(self, made: AbstractSet[Unit]) -> None:
        """Thumbnails of what is made, what the portraits show, and the pages."""
        there = [unit for unit in self.plan.units() if unit in made]
        for unit in there:
            self._thumb(unit)
        readings = read_portraits(self.run.session, self.root, self.plan, there)
        write_pages(self.root, self.run, self.plan, readings, self._found)

    def _make(self, units: Sequence[Unit]) -> None:
        if self._maker is None:
            from reverie.portrait.batch import portraits

            self._maker = portraits
        maker = self._maker
        recipes = [self.recipe(unit) for unit in units]
        for unit, recipe, picture in zip(units, recipes, maker(recipes, self.run.session), strict=True):
            path = self.root / unit.portrait
            make_folder(path.parent)
            self.run.save(picture, str(path), Output(quality=QUALITY, overwrite=True), recipe=recipe)

    def _is_there(self, unit: Unit) -> bool:
        path = self.root / unit.portrait
        if not path.is_file():
            return False
        try:
            found = of_picture(path)
        except (BadInput, UsageError):
            return False
        return (
            found.stopped is None
            and found.network.sha256 == self.run.session.net.weights_sha256
            and found.output.quality == QUALITY
            and shown_by(found.recipe) == shown_by(self.recipe(unit))
        )

    def _thumb(self, unit: Unit) -> None:
        """A thumbnail of the portrait as it was saved, so that it is the same whenever it is made."""
        path, portrait = self.root / unit.thumb, self.root / unit.portrait
        if path.is_file() and path.stat().st_mtime_ns >= portrait.stat().st_mtime_ns:
            return
        picture = load_picture(portrait, max_pixels=self.run.max_pixels)
        factor = THUMB / max(picture.size)
        width, height = (max(1, round(side * factor)) for side in picture.size)
        small = picture.resized((width, height))
        make_folder(path.parent)
        write_whole(encode(small, "webp", quality=THUMB_QUALITY), path, overwrite=True)

    def _claim(self, overwrite: bool) -> None:
        """Take the folder, if it is free or ours."""
        if self.root.exists() and not self.root.is_dir():
            raise UsageError(f"{self.root}: is a file; a site needs a folder after -o")
        make_folder(self.root)
        manifest = self.root / MANIFEST
        document = self._document()
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n"
        if manifest.is_file():
            self._check(manifest, document, overwrite)
        elif any(entry.suffix != ".part" for entry in self.root.iterdir()):
            raise UsageError(f"{self.root}: is not empty and holds no microscope; give another folder")
        for part in self.root.rglob(".reverie-*.part"):  # of a run that was killed
            with contextlib.suppress(OSError):
                part.unlink()
        write_whole(text.encode(), manifest, overwrite=True)

    def _document(self) -> dict[str, Any]:
        net = self.run.session.net
        return {
            "microscope": FORMAT,
            "network": {"name": bare_network(net.name), "sha256": net.weights_sha256},
            "recipe": shown_by(self.run.recipe),
            "channels": self.plan.channels(),
            "classes": [unit.index for unit in self.plan.classes],
        }

    def _check(self, manifest: Path, document: dict[str, Any], overwrite: bool) -> None:
        """Whether the microscope that is there is this one."""
        try:
            found = json.loads(manifest.read_text("utf-8"))
            network, recipe = found["network"], dict(found["recipe"])
            name = str(network["name"])
            same = network["sha256"] == document["network"]["sha256"]
        except OSError as error:
            raise ResourceError(f"{manifest}: cannot be read ({error.strerror or error})") from error
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{manifest}: is damaged; remove it to begin anew in an empty folder") from error
        if overwrite:
            return
        if not same:
            raise UsageError(
                f"{self.root}: holds the microscope of {name}, or of other weights; "
                "give another folder, or --overwrite to make it again"
            )
        mine = document["recipe"]
        differs = sorted(k for k in {*mine, *recipe} if mine.get(k) != recipe.get(k))
        if differs:
            raise UsageError(
                f"{self.root}: its portraits were made with another {', '.join(differs)}; "
                "give another folder, or --overwrite to make them again"
            )


def shown_by(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe decides what is seen, as JSON, with the settings of a portrait beside the others."""
    document = recipe.model_dump(mode="json", exclude=set(WHERE))
    portrait = document.pop("portrait", None)
    return {**document, **{f"portrait.{k}": v for k, v in (portrait or {}).items()}}


def make_folder(folder: Path) -> None:
    """A folder, with those above it; ResourceError if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResourceError(f"cannot make folder {folder}: {error.strerror or error}") from error
