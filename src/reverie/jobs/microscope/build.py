"""Making a microscope: portraits in batches, each written once, then what they show, then the pages."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reverie.errors import BadInput, ResourceError, ReverieError, UsageError
from reverie.jobs.job import ItemFinished, Listener, Result, Step, Stopped
from reverie.jobs.looking.photographs import counted
from reverie.jobs.looking.responses import responder_of
from reverie.jobs.microscope.contents import Plan, Unit
from reverie.jobs.microscope.pages import write_pages
from reverie.jobs.microscope.readings import Photographs, read_photographs, read_portraits
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import Output, make_folder
from reverie.jobs.provenance.note import bare_network, of_picture
from reverie.jobs.sheets import scaled
from reverie.jobs.workspace import JobPart
from reverie.media.local_file import OutsideError, TooLongError, lies_in, read_regular, reason, stays_in
from reverie.media.names import LEFTOVER, check_name
from reverie.media.picture import load_picture
from reverie.media.picture.write import encode, write_whole
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.portrait.batch import FinishedPortrait

#: What tells a folder from any other.
MANIFEST = "microscope.json"
#: Version of the site's own format.
FORMAT = 1
#: The longest manifest that is read, in bytes.
LONGEST = 10_000_000
#: Folders of a site.
FOLDERS = ("layers", "classes", "portraits", "thumbs", "patches", "data")
#: Portraits made between one write and the next.
BATCH = 16
#: Side in pixels and WebP quality of a thumbnail, and quality of a portrait.
THUMB, THUMB_QUALITY, QUALITY = 128, 80, 90
#: Settings that say where a portrait is made, not what it shows.
WHERE = ("engine", "device", "precision", "threads", "halo")

#: Makes portraits of recipes, as ``portrait.batch.make_portraits`` does.
Maker = Callable[..., "Iterable[FinishedPortrait]"]


@dataclass(frozen=True, kw_only=True)
class MicroscopeResult(Result):
    """What came of it: the site's folder, portraits there are of how many, and those made now.

    ``failed`` has a line for each photograph that could not be read.
    """

    path: str
    there: int
    wanted: int
    made: int
    failed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Where the pages are, how many units they show, and the time a unit."""
        each = self.seconds / self.made if self.made else None
        return {
            "path": self.path,
            "index": self.files[0],
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
        opened: OpenRecipe,
        folder: str | Path,
        plan: Plan,
        *,
        photos: Sequence[str] = (),
        maker: Maker | None = None,
        batch: int = BATCH,
        overwrite: bool = False,
    ) -> None:
        """A microscope in a folder, which is not touched yet.

        Args:
            opened: The recipe of every portrait but for its objective, and the network at work.
            folder: New, empty, or of a microscope of this network and recipe.
            plan: What is shown, see ``choose``.
            photos: Photographs to search for strongest patches.
            maker: Makes portraits; None takes ``reverie.portrait.batch.make_portraits``.
            batch: Portraits made between one write and the next.
            overwrite: Whether portraits that were made otherwise may be replaced.
        """
        self.opened = opened
        self.root = Path(folder)
        self.plan = plan
        self.photos = tuple(photos)
        self.batch = batch
        self.overwrite = overwrite
        self._maker = maker
        self._found: Photographs | None = None
        self._there: set[Unit] = set()

    def recipe(self, unit: Unit) -> Recipe:
        """The recipe of a unit's portrait."""
        recipe = self.opened.recipe
        return recipe.but(objective=(unit.objective(recipe.preset, self.opened.session.net),))

    def missing(self) -> list[Unit]:
        """Units whose portrait is not there, or is another one."""
        return [unit for unit in self.plan.units() if not self._is_there(unit)]

    def make(self, listener: Listener | None = None) -> MicroscopeResult:
        """Make what is missing, then the pages; they are also written anew after each layer.

        Args:
            listener: Told of each portrait, and how far it is after each batch; asked after each step whether
                to stop. Then the pages of what there is are written.

        Raises:
            UsageError: The folder holds something else, or portraits that were made otherwise.
            KeyboardInterrupt: Of whoever stopped it, with the pages of what there is written first.
            ReverieError: Of the kind that fits; making it again goes on where it stopped.
        """
        began, told = time.monotonic(), listener or Listener()
        self._claim()
        wanted, missing = self.plan.units(), self.missing()
        self._there = set(wanted).difference(missing)
        before = len(self._there)
        share = before / len(wanted)
        told.on_event(Step(str(self.root), f"{len(wanted)} portraits, {len(missing)} to make", share=share))
        try:
            stopped = self._make_all(missing, told)
            self._write()
        except KeyboardInterrupt:
            self._write()
            raise
        except ResourceError as error:
            raise ResourceError(f"{error}; what is made is kept, the same command goes on") from error
        return MicroscopeResult(
            files=(f"{self.root}/index.html",),
            seconds=time.monotonic() - began,
            stopped=f"{len(self._there)} of {len(wanted)} portraits" if stopped else "",
            path=str(self.root),
            there=len(self._there),
            wanted=len(wanted),
            made=len(self._there) - before,
            failed=() if self._found is None else self._found.failed,
        )

    def _make_all(self, missing: Sequence[Unit], listener: Listener) -> bool:
        """Search the photographs, then make what is missing layer by layer, with pages in between.

        Returns:
            Whether the listener stopped it.
        """
        try:
            self._search(listener)
        except Stopped:
            return True
        left, total = set(missing), len(self.plan.units())
        for name, units in self.plan.groups():
            todo = [unit for unit in units if unit in left]
            at_once = self.batch if self.opened.workspace.elsewhere is None else max(1, len(todo))
            for first in range(0, len(todo), at_once):
                group = todo[first : first + at_once]
                self._make(group, listener)
                done = len(self._there)
                text, share = f"{done} of {total}", done / total
                listener.on_event(Step(name or "classes", text, share=share, ends=True))
                if not self._there.issuperset(group) or (done < total and listener.should_stop()):
                    return True
            if todo and len(self._there) < total:
                self._write()
        return False

    def _search(self, listener: Listener) -> None:
        """The strongest patches of the photographs, if there are any; Stopped where the listener asks to."""
        if not self.photos:
            return
        self._found = read_photographs(
            self.opened.session,
            self.root,
            self.plan,
            self.photos,
            max_pixels=self.opened.workspace.max_pixels,
            progress=counted(listener),
            elsewhere=responder_of(self.opened, self.plan.channels(), listener),
        )

    def _make(self, units: Sequence[Unit], listener: Listener) -> None:
        """Make portraits together; those that are cut short are not kept."""
        from reverie.portrait.batch import make_portraits

        if self.opened.workspace.elsewhere is not None:
            self._send(units, listener)
            return
        maker = self._maker or make_portraits
        recipes, total = [self.recipe(unit) for unit in units], len(self.plan.units())
        for finished in maker(recipes, self.opened.session, stop=listener.should_stop):
            if finished.stopped is not None:
                continue
            unit = units[finished.index]
            path = self.root / unit.portrait
            make_folder(path.parent)
            self.opened.save(finished.picture, self._output(unit), recipe=recipes[finished.index])
            self._there.add(unit)
            listener.on_event(ItemFinished(unit.name, len(self._there), total, str(path)))

    def _send(self, units: Sequence[Unit], listener: Listener) -> None:
        """Have portraits made elsewhere, in any order."""
        from reverie.jobs.portraits.portraits import PortraitsJob

        workspace = self.opened.workspace
        assert workspace.elsewhere is not None

        def parts() -> Iterator[JobPart]:
            for unit in units:
                make_folder((self.root / unit.portrait).parent)
                recipe, output = self.opened.with_paths(self.recipe(unit)), self._output(unit)
                yield JobPart(PortraitsJob(recipe=recipe, output=output), (output.path,), unit)

        total = len(self.plan.units())
        for part, found in workspace.elsewhere.carry_out(parts(), workspace, listener.should_stop):
            if isinstance(found, ReverieError):
                raise found
            self._there.add(part.key)
            listener.on_event(ItemFinished(part.key.name, len(self._there), total, part.outs[0]))

    def _output(self, unit: Unit) -> Output:
        return Output(path=str(self.root / unit.portrait), quality=QUALITY, overwrite=True)

    def _write(self) -> None:
        """Thumbnails of what is made, what the portraits show, and the pages."""
        there = [unit for unit in self.plan.units() if unit in self._there]
        for unit in there:
            self._thumb(unit)
        readings = read_portraits(self.opened.session, self.root, self.plan, there)
        write_pages(self.root, self.opened, self.plan, readings, self._found)

    def _is_there(self, unit: Unit) -> bool:
        path = self.root / unit.portrait
        if not lies_in(path, self.root):
            return False
        try:
            found = of_picture(path)
        except (BadInput, UsageError):
            return False
        return (
            found.stopped is None
            and found.network.sha256 == self.opened.session.net.weights_sha256
            and found.output.quality == QUALITY
            and shown_by(found.recipe) == shown_by(self.recipe(unit))
        )

    def _thumb(self, unit: Unit) -> None:
        """A thumbnail of the portrait as it was saved, so that it is the same whenever it is made."""
        path, portrait = self.root / unit.thumb, self.root / unit.portrait
        if lies_in(path, self.root) and path.stat().st_mtime_ns >= portrait.stat().st_mtime_ns:
            return
        picture = load_picture(portrait, max_pixels=self.opened.workspace.max_pixels)
        small = picture.resized(scaled(picture.size, THUMB))
        make_folder(path.parent)
        write_whole(encode(small, "webp", quality=THUMB_QUALITY), path, overwrite=True)

    def check(self) -> None:
        """Whether the folder is free or ours.

        Raises:
            UsageError: It holds something else, or portraits that were made otherwise; its path is too long.
            ResourceError: What it holds cannot be read.
        """
        manifest = self.root / MANIFEST
        for unit in self.plan.units():
            check_name(self.root / unit.portrait, str(self.root))
        self._check_folders()
        if manifest.is_file():
            self._compare(manifest)
        elif self.root.is_dir() and not all(map(_is_leftover, os.listdir(self.root))):
            raise UsageError(f"{self.root}: is not empty and holds no microscope; give another folder")

    def _check_folders(self) -> None:
        """UsageError where a folder of the site is a link, so that what is in it lies elsewhere."""
        for name in FOLDERS:
            folders = [
                self.root / name,
                *(self.root / name).glob("*"),
                *(self.root / name / "layers").glob("*"),
            ]
            for path in folders:
                if path.is_symlink() and not stays_in(path, self.root):
                    raise UsageError(f"{path}: leads out of {self.root}; remove it, or give another folder")

    def _claim(self) -> None:
        """Take the folder, if it is free or ours."""
        make_folder(self.root, needed_by="a site needs")
        self.check()
        text = json.dumps(self._document(), indent=1, sort_keys=True, ensure_ascii=True) + "\n"
        for part in self.root.rglob(".reverie-*.part"):  # of a run that was killed
            with contextlib.suppress(OSError):
                part.unlink()
        write_whole(text.encode(), self.root / MANIFEST, overwrite=True)

    def _document(self) -> dict[str, Any]:
        net = self.opened.session.net
        return {
            "microscope": FORMAT,
            "network": {"name": bare_network(net.name), "sha256": net.weights_sha256},
            "recipe": shown_by(self.opened.recipe),
            "channels": self.plan.channels(),
            "classes": [unit.index for unit in self.plan.classes],
        }

    def _compare(self, manifest: Path) -> None:
        """Whether the microscope that is there is this one."""
        document = self._document()
        try:
            found = json.loads(read_regular(manifest, most=LONGEST, within=self.root))
            network, recipe = found["network"], dict(found["recipe"])
            name = str(network["name"])
            same = network["sha256"] == document["network"]["sha256"]
        except (OutsideError, TooLongError) as error:
            raise UsageError(f"{manifest}: {reason(error)}; give another folder") from error
        except OSError as error:
            raise ResourceError(f"{manifest}: cannot be read ({error.strerror or error})") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise UsageError(f"{manifest}: is damaged; remove it to begin anew in an empty folder") from error
        if self.overwrite:
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


def _is_leftover(name: str) -> bool:
    """Whether a process that was killed, or one that holds the folder, has put this there."""
    return name.endswith(".part") or LEFTOVER.fullmatch(name) is not None


def shown_by(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe decides what is seen, as JSON, with the settings of a portrait beside the others."""
    document = recipe.model_dump(mode="json", exclude=set(WHERE))
    portrait = document.pop("portrait", None)
    return {**document, **{f"portrait.{k}": v for k, v in (portrait or {}).items()}}
