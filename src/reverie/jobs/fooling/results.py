"""What an evolution leaves: pictures with their genomes inside, an archive, a sheet and a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reverie._version import __version__
from reverie.errors import ResourceError
from reverie.evolve import NetScore, genome_json
from reverie.jobs.fooling.evolved import Evolved, percent
from reverie.jobs.fooling.folder import write_json
from reverie.jobs.fooling.judge import batches, best, judged
from reverie.jobs.fooling.large_print import INSIDE
from reverie.jobs.fooling.page import Verdict, data_uri, page, side_for
from reverie.jobs.fooling.page_story import Told, story_of
from reverie.jobs.provenance.note import sha256_of
from reverie.media.picture import Picture, load_picture, save_picture
from reverie.media.picture.contact_sheet import contact_sheet
from reverie.media.picture.write import write_whole

#: How many classes a verdict lists.
TOP = 3
#: Sides of the pictures on a sheet in pixels, and up to how many they are that large.
CELLS = ((12, 320), (60, 192), (200, 128))
SMALLEST_CELL = 96


def write_results(
    run: Evolved, stop: Callable[[], bool], told: Callable[[int, int], None]
) -> list[dict[str, Any]] | None:
    """Write all files of an evolution that is done; the entries of ``archive.json``, or None if stopped.

    Raises:
        ResourceError: Something cannot be written, or cannot be read again as it was written.
    """
    archive: list[dict[str, Any]] = []
    found: list[Told] = []
    others = _others(run)
    side = side_for(len(run.wanted))
    for indices in batches(run.wanted):
        if stop():
            return None
        drawn = run.arena.draw([run.state.archive.genomes[i] for i in indices])
        sure = judged(run.arena.judge, drawn)
        for index, pixels, shares in zip(indices, drawn, sure, strict=True):
            entry = _save(run, index, pixels, float(shares[index]))
            archive.append(entry)
            image = data_uri(Picture(np.ascontiguousarray(pixels)), side)
            found.append(Told(entry, image, {run.arena.net.name: _verdict(run, shares, index)}))
        for name, judge, size in others:
            for one, shares in zip(found[-len(indices) :], judged(judge, drawn, size), strict=True):
                one.says[name] = _verdict(run, shares, one.entry["class"])
        told(len(archive), len(run.wanted))
    names = {entry[kind].rpartition("/")[2] for entry in archive for kind in ("png", "genome")}
    write_sheet(run, [entry["confidence"] for entry in archive])
    story = story_of(run, found)
    write_whole(page(story).encode("utf-8", "backslashreplace"), run.folder.page, overwrite=True)
    run.folder.keep_only(names)
    write_json(run.folder.archive, archive)
    return archive


def _save(run: Evolved, index: int, pixels: NDArray[np.float32], confidence: float) -> dict[str, Any]:
    """Write a class's genome and picture; its entry in the archive."""
    name = f"{index:04d}-{slug(run.arena.class_name(index))}"
    genome, png = run.folder.genomes / f"{name}.json", run.folder.pictures / f"{name}.png"
    written = genome_json(run.arena.encoding, run.state.archive.genomes[index])
    write_json(genome, written)
    inside: dict[str, Any] = written
    if len(json.dumps(written)) > INSIDE:
        inside = {"file": genome.name, "sha256": sha256_of(genome)}
    picture = Picture(np.ascontiguousarray(pixels))
    note = run.note.model_dump(mode="json")
    document = {
        "reverie": __version__,
        "fooling": {"network": note["network"], "precision": "fp32", "settings": note["settings"]},
        "class": {"index": index, "name": run.arena.class_name(index)},
        "confidence": confidence,
        "generation": run.state.plan.born_in(int(run.state.archive.ids[index]))[0],
        "genome": inside,
    }
    save_picture(picture, png, provenance=document, overwrite=True)
    if not np.array_equal(load_picture(png).pixels, picture.in_colours().pixels):
        raise ResourceError(f"{png}: reads otherwise than it was written; the disk may be at fault")
    return {
        "class": index,
        "name": run.arena.class_name(index),
        "confidence": confidence,
        "png": f"{run.folder.pictures.name}/{png.name}",
        "genome": f"{run.folder.genomes.name}/{genome.name}",
    }


def _others(run: Evolved) -> list[tuple[str, NetScore, int]]:
    """Further networks that are installed and know the same classes: name, judge, size they see."""
    from reverie.network.class_names import imagenet
    from reverie.network.zoo import load_net, networks

    if run.arena.net.classes is not imagenet():
        return []
    threads = run.arena.runtime.threads
    return [
        (info.name, NetScore(load_net(info.name), precision="fp32", threads=threads), info.size)
        for info in networks()
        if info.installed and info.name != run.arena.net.name
    ]


def _verdict(run: Evolved, shares: NDArray[np.float64], index: int) -> Verdict:
    """What a network makes of a picture: its likeliest classes, and the one the picture evolved for."""
    top = [(i, run.arena.class_name(i), float(shares[i])) for i in best(shares, TOP)]
    return Verdict(tuple(top), float(shares[index]))


def slug(name: str) -> str:
    """A class's name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "class"


def write_sheet(run: Evolved, sure: Sequence[float] | None = None) -> None:
    """Write the contact sheet, see ``sheet_of``."""
    save_picture(sheet_of(run, sure), run.folder.sheet, overwrite=True)


def sheet_of(run: Evolved, sure: Sequence[float] | None = None) -> Picture:
    """The contact sheet: the reported classes, surest first.

    ``sure`` are their confidences in fp32; the search's own if not given.
    """
    archive, wanted = run.state.archive, run.wanted
    found = archive.confidence[list(wanted)].tolist() if sure is None else list(sure)
    order = sorted(range(len(wanted)), key=lambda i: (-found[i], wanted[i]))
    side = next((side for count, side in CELLS if len(order) <= count), SMALLEST_CELL)
    small = min(side, run.settings.size)
    cells: list[tuple[str, str, Picture]] = []
    for some in batches(order):
        drawn = run.arena.draw([archive.genomes[wanted[i]] for i in some])
        for i, pixels in zip(some, drawn, strict=True):
            picture = Picture(np.ascontiguousarray(pixels)).resized((small, small))
            cells.append((run.arena.class_name(wanted[i]), percent(found[i]), picture))
    return contact_sheet(cells, side=side)
