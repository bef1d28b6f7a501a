"""What an evolution leaves: pictures with their genomes inside, an archive, a sheet and a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reverie._version import __version__
from reverie.errors import ResourceError
from reverie.jobs.fooling.evolved import Evolved
from reverie.jobs.fooling.folder import write_json
from reverie.jobs.fooling.judge import batches, best, judged
from reverie.jobs.fooling.large_print import INSIDE
from reverie.jobs.fooling.page import Verdict, data_uri, page, side_for
from reverie.jobs.fooling.page_story import Told, story_of
from reverie.jobs.fooling.sheet import write_sheet
from reverie.jobs.provenance import sha256_of
from reverie.media.picture import Picture, load_picture, save_picture
from reverie.media.picture.write import write_whole

if TYPE_CHECKING:
    from reverie.evolve import NetScore

#: How many classes a verdict lists.
TOP = 3


class Results:
    """The files of an evolution that is done."""

    def __init__(self, run: Evolved) -> None:
        self.run = run
        self.folder, self.state, self.wanted = run.folder, run.state, run.wanted

    def write(
        self,
        *,
        stop: Callable[[], bool] | None = None,
        told: Callable[[int, int], None] | None = None,
    ) -> list[dict[str, Any]] | None:
        """Write all of them; the entries of ``archive.json``, or None if it was stopped on the way.

        Raises:
            ResourceError: Something cannot be written, or cannot be read again as it was written.
        """
        archive: list[dict[str, Any]] = []
        found: list[Told] = []
        others = self.others()
        side = side_for(len(self.wanted))
        for indices in batches(self.wanted):
            if stop is not None and stop():
                return None
            drawn = self.run.arena.draw([self.state.archive.genomes[i] for i in indices])
            sure = judged(self.run.arena.judge, drawn)
            for index, pixels, shares in zip(indices, drawn, sure, strict=True):
                entry = self.save(index, pixels, float(shares[index]))
                archive.append(entry)
                image = data_uri(Picture(np.ascontiguousarray(pixels)), side)
                found.append(Told(entry, image, {self.run.arena.net.name: self.verdict(shares, index)}))
            for name, judge, size in others:
                for one, shares in zip(found[-len(indices) :], judged(judge, drawn, size), strict=True):
                    one.says[name] = self.verdict(shares, one.entry["class"])
            if told is not None:
                told(len(archive), len(self.wanted))
        names = {entry[kind].rpartition("/")[2] for entry in archive for kind in ("png", "genome")}
        write_sheet(self.run, [entry["confidence"] for entry in archive])
        story = story_of(self.run, found)
        write_whole(page(story).encode("utf-8"), self.folder.page, overwrite=True)
        self.folder.keep_only(names)
        write_json(self.folder.archive, archive)
        return archive

    def save(self, index: int, pixels: NDArray[np.float32], confidence: float) -> dict[str, Any]:
        """Write a class's genome and picture; its entry in the archive."""
        from reverie.evolve import genome_json

        name = f"{index:04d}-{slug(self.run.arena.class_name(index))}"
        genome, png = self.folder.genomes / f"{name}.json", self.folder.pictures / f"{name}.png"
        written = genome_json(self.run.arena.encoding, self.state.archive.genomes[index])
        write_json(genome, written)
        inside: dict[str, Any] = written
        if len(json.dumps(written)) > INSIDE:
            inside = {"file": genome.name, "sha256": sha256_of(genome)}
        picture = Picture(np.ascontiguousarray(pixels))
        note = self.run.note.model_dump(mode="json")
        document = {
            "reverie": __version__,
            "fooling": {"network": note["network"], "precision": "fp32", "settings": note["settings"]},
            "class": {"index": index, "name": self.run.arena.class_name(index)},
            "confidence": confidence,
            "generation": self.state.plan.born_in(int(self.state.archive.ids[index]))[0],
            "genome": inside,
        }
        save_picture(picture, png, provenance=document, overwrite=True)
        if not np.array_equal(load_picture(png).pixels, picture.pixels):
            raise ResourceError(f"{png}: reads otherwise than it was written; the disk may be at fault")
        return {
            "class": index,
            "name": self.run.arena.class_name(index),
            "confidence": confidence,
            "png": f"{self.folder.pictures.name}/{png.name}",
            "genome": f"{self.folder.genomes.name}/{genome.name}",
        }

    def others(self) -> list[tuple[str, NetScore, int]]:
        """Further networks that are installed and know the same classes: name, judge, size they see."""
        from reverie.evolve import NetScore
        from reverie.network.class_names import imagenet
        from reverie.network.zoo import load_net, networks

        if self.run.arena.net.classes is not imagenet():
            return []
        return [
            (info.name, NetScore(load_net(info.name), precision="fp32"), info.size)
            for info in networks()
            if info.installed and info.name != self.run.arena.net.name
        ]

    def verdict(self, shares: NDArray[np.float64], index: int) -> Verdict:
        """What a network makes of a picture: its likeliest classes, and the one the picture evolved for."""
        top = [(i, self.run.arena.class_name(i), float(shares[i])) for i in best(shares, TOP)]
        return Verdict(tuple(top), float(shares[index]))


def slug(name: str) -> str:
    """A class's name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "class"
