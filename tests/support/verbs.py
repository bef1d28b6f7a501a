"""Every verb that reads or writes files, as small as it can be asked to work."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from reverie.evolve import genome_json, make_encoding
from reverie.jobs.dreaming.dream import DreamJob
from reverie.media.picture import load_picture
from reverie.recipe.recipe import Recipe

QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")
LOOK = ("--size", "48", "--steps", "1", "--views", "1", "--threads", "1")
FRAMES = ("--threads", "1", "--steps", "1", "--octaves", "1")
EVOLVE = ("--size", "32", "--children", "4", "--generations", "1", "--threads", "1")
SITE = ("--layers", "stem", "--channels", "0", "--classes", "none", "--steps", "1")


@dataclass(frozen=True)
class Verb:
    """A verb: its words, in which IN and OUT stand for files, the file it reads, and an output's ending.

    The longest name that is made of the output's is ``longer`` than that, in bytes.
    """

    words: Sequence[str]
    source: str | None = "me.png"
    ending: str | None = ".png"
    longer: int = 0

    def given(self, source: str | None, out: str | None) -> list[str]:
        """The words with these names."""
        names = {"IN": source or self.source, "OUT": out}
        return [str(names.get(word, word)) for word in self.words]


VERBS = {
    "dream": Verb(("dream", "IN", "-o", "OUT", *QUICK)),
    "batch": Verb(("dream", "IN", "good.png", "-o", "OUT", *QUICK), ending=""),
    "variations": Verb(("dream", "IN", "-o", "OUT", *QUICK, "--variations", "1"), longer=len("-seed0")),
    "mask": Verb(("dream", "good.png", "-o", "OUT", "--mask", "IN", *QUICK)),
    "guide": Verb(("dream", "good.png", "-o", "OUT", "--guide", "IN", *QUICK)),
    "recipe": Verb(("dream", "good.png", "-o", "OUT", "--recipe", "IN", *QUICK), "recipe.json"),
    "preview": Verb(("dream", "good.png", "-o", "d.png", "--preview", "OUT", *QUICK), None),
    "sheet": Verb(("sheet", "IN", "-o", "OUT", "--steps", "1", "--cell", "64")),
    "see": Verb(("see", "stem:0", "--from", "IN", "-o", "OUT", *LOOK)),
    "see-more": Verb(("see", "stem:0-1", "-o", "OUT", *LOOK), None, longer=len("-stem-0")),
    "invert": Verb(("invert", "IN", "--layer", "stem", "-o", "OUT", *LOOK)),
    "stimuli": Verb(("stimuli", "IN", "--unit", "stem:0", "--count", "1", "--no-portrait", "-o", "OUT")),
    "look": Verb(("look", "IN", "--unit", "block2a:0", "-o", "OUT", "--threads", "1")),
    "microscope": Verb(("microscope", "--photos", "IN", "-o", "OUT", *SITE), ending=""),
    "fool": Verb(("fool", "tabby", "-o", "OUT", *EVOLVE), None, ""),
    "print": Verb(("fool", "--render", "IN", "--size", "32", "-o", "OUT"), "genome.json"),
    "zoom": Verb(("zoom", "IN", "-o", "OUT", "--duration", "0.1", "--size", "64x48", *FRAMES), ending=".mp4"),
    "film": Verb(
        ("film", "IN", "-o", "OUT", "--max-size", "64", "--steps", "3", "--threads", "1"), "film.gif", ".gif"
    ),
    "rerun": Verb(("rerun", "IN", "--input", "good.png", "-o", "OUT"), "result.png"),
    "run": Verb(("run", "IN"), "job.json", None),
    "show": Verb(("show", "IN"), "result.png", None),
    "classify": Verb(("classify", "IN"), ending=None),
}


def make_sources(folder: Path, photo: Path) -> None:
    """Every file that the verbs read."""
    for name in ("me.png", "good.png"):
        (folder / name).write_bytes(photo.read_bytes())
    (folder / "recipe.json").write_text(json.dumps(Recipe().model_dump(mode="json")))
    job = {"kind": "dream", "recipe": {"steps": [1], "octaves": 1}, "photo": "good.png", "output": "job.png"}
    (folder / "job.json").write_text(json.dumps(job))
    frames = [Image.new("RGB", (64, 48), (40 * i, 90, 200 - 40 * i)) for i in range(3)]
    frames[0].save(folder / "film.gif", save_all=True, append_images=frames[1:], duration=40)
    _genome(folder / "genome.json")
    _result(folder)


def _genome(path: Path) -> None:
    encoding = make_encoding("cppn")
    path.write_text(json.dumps(genome_json(encoding, encoding.start(np.random.default_rng(0)))))


def _result(folder: Path) -> None:
    """A picture with its recipe inside, made by the command."""
    recipe = Recipe(steps=(1,), octaves=1, threads=1)
    DreamJob(recipe=recipe, photo=folder / "good.png", output=folder / "result.png").run()
    assert load_picture(folder / "result.png").provenance is not None
