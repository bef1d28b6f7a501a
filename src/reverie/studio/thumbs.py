"""Layers as small pictures: a quick dream of a visitor's own photograph at each, made while nobody waits."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, Final

from reverie import objective as ob
from reverie.recipe.presets.preset import preset
from reverie.studio.crew import Errand
from reverie.studio.hub import Hub
from reverie.studio.line import Line
from reverie.studio.store.database import MADE, Database, new_id
from reverie.studio.store.given import Given

#: Side of a small picture in pixels, and steps of each of its two sizes.
SIDE, STEPS = 160, 10
#: Seconds that a page waits for the names of layers.
PATIENCE: Final = 60.0


class Thumbs:
    """Layers of networks, and what each makes of a photograph."""

    def __init__(self, database: Database, line: Line, hub: Hub, cache: Path) -> None:
        self._database, self._line, self._hub, self._cache = database, line, hub, cache
        self._asked: dict[str, asyncio.Event] = {}
        self._wanted: set[tuple[str, str, str]] = set()

    async def layers(self, network: str) -> dict[str, Any]:
        """Layers and class names of a network, as a worker told them."""
        row = self._database.one("SELECT found FROM layers WHERE network = ?", network)
        if row is None:
            event = self._asked.setdefault(network, asyncio.Event())
            async with asyncio.timeout(PATIENCE):
                while not event.is_set():
                    self._line.crew.ask_layers(network)
                    try:
                        await asyncio.wait_for(event.wait(), 3.0)
                    except TimeoutError:
                        continue
            row = self._database.one("SELECT found FROM layers WHERE network = ?", network)
        assert row is not None
        found: dict[str, Any] = json.loads(row["found"])
        return found

    def known(self, network: str) -> None:
        """A worker has told the layers of a network."""
        self._asked.setdefault(network, asyncio.Event()).set()

    def of(self, network: str, photo: Given, owner: str, layers: list[dict[str, Any]]) -> dict[str, str]:
        """The small pictures that are there, by layer; the others are made later."""
        rows = self._database.all(
            "SELECT layer, id FROM thumbs WHERE network = ? AND photo = ?", network, photo.id
        )
        there = {row["layer"]: row["id"] for row in rows if self.path(row["id"]).is_file()}
        for layer in layers:
            what = (network, photo.id, layer["name"])
            if layer["name"] not in there and what not in self._wanted:
                self._wanted.add(what)
                self._want(network, photo, owner, layer)
        self._line.pump()
        return there

    def path(self, id: str) -> Path:
        """Where a small picture is."""
        return self._cache / f"layer-{id}.webp"

    def owner(self, id: str) -> str | None:
        """Whose photograph a small picture is of."""
        row = self._database.one("SELECT owner FROM thumbs WHERE id = ?", id)
        return None if row is None else str(row["owner"])

    def _want(self, network: str, photo: Given, owner: str, layer: dict[str, Any]) -> None:
        id = new_id()
        recipe = preset(
            "classic",
            network=network,
            objective=(str(ob.parse(layer["objective"])),),
            max_size=SIDE,
            octaves=2,
            smallest=64,
            steps=(STEPS,),
            strength=0.6,
        )
        document = {
            "kind": "dream",
            "recipe": recipe.model_dump(mode="json"),
            "photo": {"id": photo.id, "name": photo.name},
            "output": {"path": "layer.webp", "overwrite": True, "metadata": False},
        }

        def done(end: dict[str, Any]) -> None:
            self._done(id, network, photo, owner, layer["name"], end)

        self._line.crew.errands.append(Errand(id, document, done))

    def _done(self, id: str, network: str, photo: Given, owner: str, layer: str, end: dict[str, Any]) -> None:
        folder = self._line.settings.data / MADE / id
        if end["outcome"] == "done":
            (folder / "layer.webp").replace(self.path(id))
            self._database.do(
                "INSERT OR REPLACE INTO thumbs (id, owner, network, photo, layer) VALUES (?, ?, ?, ?, ?)",
                *(id, owner, network, photo.id, layer),
            )
            told = {"type": "thumbnail", "layer": layer, "photo": photo.id, "network": network}
            self._hub.tell(owner, {**told, "url": f"/api/thumbs/{id}"})
        self._wanted.discard((network, photo.id, layer))
        shutil.rmtree(folder, ignore_errors=True)
