"""Small pictures: of layers over a visitor's photograph, of classes, of units; made while there is time."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reverie import objective as ob
from reverie.errors import ReverieError
from reverie.recipe.presets.portrait import OF_CLASS
from reverie.recipe.presets.preset import preset
from reverie.studio.crew import Errand
from reverie.studio.hub import Hub
from reverie.studio.line import Line
from reverie.studio.store.database import MADE, Database, new_id
from reverie.studio.store.given import Given

#: Side of a small picture in pixels, and steps of each of its two sizes.
SIDE, STEPS = 160, 10
#: The preset of small portraits, their side, and steps of their sizes.
SKETCH: Final = "sketch"
PORTRAIT, PORTRAIT_STEPS = 128, (36, 16)
#: The same of units, of which a page shows many at once.
UNIT, UNIT_STEPS = 96, (18, 8)
#: Seconds that a page waits for the names of layers.
PATIENCE: Final = 60.0
#: What every small picture is written as, in a folder that is gone afterwards.
OUTPUT: Final[dict[str, Any]] = {"path": "small.webp", "overwrite": True, "metadata": False}


@dataclass(frozen=True)
class _Wanted:
    """A small picture that is to be made: of a layer over a photograph, of a class's index, or of a unit."""

    network: str
    photo: str
    what: str
    owner: str = field(compare=False)


class NotYet(ReverieError):
    """No worker has told the layers of a network yet; ``status`` is what HTTP says of it."""

    status = 503


class Thumbs:
    """Layers of networks, and what each makes of a photograph."""

    def __init__(self, database: Database, line: Line, hub: Hub, cache: Path) -> None:
        self._database, self._line, self._hub, self._cache = database, line, hub, cache
        self._asked: dict[str, asyncio.Event] = {}
        self._wanted: set[_Wanted] = set()

    async def layers(self, network: str) -> dict[str, Any]:
        """Layers and class names of a network, as a worker told them.

        Raises:
            NotYet: None has in a minute.
        """
        row = self._database.one("SELECT found FROM layers WHERE network = ?", network)
        if row is None:
            event = self._asked.setdefault(network, asyncio.Event())
            end = time.monotonic() + PATIENCE
            while not event.is_set():
                if time.monotonic() > end:
                    raise NotYet("the network is being loaded; ask again in a moment")
                self._line.crew.ask_layers(network)
                with suppress(TimeoutError):
                    async with asyncio.timeout(3.0):
                        await event.wait()
            row = self._database.one("SELECT found FROM layers WHERE network = ?", network)
        assert row is not None
        found: dict[str, Any] = json.loads(row["found"])
        return found

    def known(self, network: str) -> None:
        """A worker has told the layers of a network."""
        self._asked.setdefault(network, asyncio.Event()).set()

    def of_layers(
        self, network: str, photo: Given, owner: str, layers: list[dict[str, Any]]
    ) -> dict[str, str]:
        """The small pictures of layers that are there, by layer; the others are made soon."""
        there = self._there(network, photo.id)
        for layer in layers:
            wanted = _Wanted(network, photo.id, layer["name"], owner)
            if layer["name"] not in there and wanted not in self._wanted:
                self._ask(wanted, of_layer(network, photo, layer["objective"]))
        self._line.pump()
        return there

    def of_classes(self, network: str, owner: str, indices: list[int]) -> dict[str, str]:
        """The small portraits of classes that are there, by index as text; others come while nobody dreams.

        Only those that were asked for last are still made: whoever types asks for many.
        """
        return self._portraits(network, owner, {str(index): of_class(network, index) for index in indices})

    def of_units(self, network: str, owner: str, units: list[str]) -> dict[str, str]:
        """The small portraits of units, such as ``block5c:17``, that are there; as of classes."""
        return self._portraits(network, owner, {unit: of_unit(network, unit) for unit in units})

    def _portraits(self, network: str, owner: str, wanted: dict[str, dict[str, Any]]) -> dict[str, str]:
        """Those that are there, by what they are of; the others are asked for, by their jobs."""
        there = self._there(network, "")
        for errand in [
            one for one in self._line.crew.errands if one.idle and one.do == "errand" and one.owner == owner
        ]:
            self._line.crew.errands.remove(errand)
            errand.done({"outcome": "cancelled"})
        for what, document in wanted.items():
            one = _Wanted(network, "", what, owner)
            if what not in there and one not in self._wanted:
                self._ask(one, document, idle=True)
        self._line.pump()
        return there

    def path(self, id: str) -> Path:
        """Where a small picture is."""
        return self._cache / f"small-{id}.webp"

    def may_see(self, id: str, owner: str) -> bool:
        """Whether a visitor may see a small picture: one of their own photograph, or of none."""
        row = self._database.one("SELECT owner, photo FROM thumbs WHERE id = ?", id)
        return row is not None and (row["photo"] == "" or row["owner"] == owner) and self.path(id).is_file()

    def _there(self, network: str, photo: str) -> dict[str, str]:
        rows = self._database.all(
            "SELECT layer, id FROM thumbs WHERE network = ? AND photo = ?", network, photo
        )
        return {row["layer"]: row["id"] for row in rows if self.path(row["id"]).is_file()}

    def _ask(self, wanted: _Wanted, document: dict[str, Any], *, idle: bool = False) -> None:
        id = new_id()
        self._wanted.add(wanted)

        def done(end: dict[str, Any]) -> None:
            self._done(id, wanted, end)

        self._line.crew.errands.append(Errand(id, document, done, idle=idle, owner=wanted.owner))

    def _done(self, id: str, wanted: _Wanted, end: dict[str, Any]) -> None:
        self._wanted.discard(wanted)
        folder = self._line.settings.data / MADE / id
        if end["outcome"] == "done" and self._still_wanted(wanted):
            (folder / OUTPUT["path"]).replace(self.path(id))
            self._database.do(
                "INSERT OR REPLACE INTO thumbs (id, owner, network, photo, layer) VALUES (?, ?, ?, ?, ?)",
                *(id, wanted.owner, wanted.network, wanted.photo, wanted.what),
            )
            told = {"type": "thumbnail", "network": wanted.network, **_named(wanted)}
            self._hub.tell(wanted.owner, {**told, "url": f"/api/thumbs/{id}"})
        shutil.rmtree(folder, ignore_errors=True)

    def _still_wanted(self, wanted: _Wanted) -> bool:
        """Whether what it is of was not removed meanwhile."""
        return (
            not wanted.photo
            or self._database.one("SELECT 1 FROM given WHERE id = ?", wanted.photo) is not None
        )

    def forget(self, photo: str) -> None:
        """Remove the small pictures of a photograph."""
        for row in self._database.all("SELECT id FROM thumbs WHERE photo = ?", photo):
            self.path(row["id"]).unlink(missing_ok=True)
        self._database.do("DELETE FROM thumbs WHERE photo = ?", photo)


def _named(wanted: _Wanted) -> dict[str, Any]:
    """What a small picture is of, as pages are told."""
    if wanted.photo:
        return {"layer": wanted.what, "photo": wanted.photo}
    return {"class": int(wanted.what)} if wanted.what.isdecimal() else {"unit": wanted.what}


def of_layer(network: str, photo: Given, objective: str) -> dict[str, Any]:
    """The job of a photograph dreaming at a layer, small and quick."""
    recipe = preset(
        "classic",
        network=network,
        objective=(str(ob.parse(objective)),),
        max_size=SIDE,
        octaves=2,
        smallest=64,
        steps=(STEPS,),
        strength=0.6,
    )
    document = {"kind": "dream", "recipe": recipe.model_dump(mode="json"), "output": OUTPUT}
    return {**document, "photo": {"id": photo.id, "name": photo.name}}


def of_class(network: str, index: int) -> dict[str, Any]:
    """The job of a class's portrait, small and quick."""
    wanted = OF_CLASS[SKETCH].format(f'"{index}"')
    recipe = preset(
        SKETCH, network=network, objective=(wanted,), size=(PORTRAIT, PORTRAIT), steps=PORTRAIT_STEPS
    )
    return {"kind": "portraits", "recipe": recipe.model_dump(mode="json"), "output": OUTPUT}


def of_unit(network: str, unit: str) -> dict[str, Any]:
    """The job of a unit's portrait, small and quick."""
    recipe = preset(SKETCH, network=network, size=(UNIT, UNIT), steps=UNIT_STEPS)
    document = {"kind": "portraits", "recipe": recipe.model_dump(mode="json"), "output": OUTPUT}
    return {**document, "targets": [unit]}
