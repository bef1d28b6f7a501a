"""Class dreams over photographs: does somebody who only sees the picture name the class?

    python -m benchmarks.class_dreams PHOTOS... [--classes NAME ...] [--out FOLDER] [--side 720] [--old]

Each class is dreamt on a photograph in turn, round and round until every class had two, with seed 0 and the
preset that ``--class`` takes over a photograph; ``--old`` takes the usual preset, as it was before. What
networks that did not dream say of the best crop is written to figures.json. The pictures have names that tell
nothing, and key.json tells what they are: show them to people who have not seen it. Figures cannot choose a
recipe: hatching that nobody can see convinces networks too.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.beauty import STRANGERS, crops
from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.ascent.tensors import as_tensor
from reverie.media.picture import load_picture
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

#: Animals, things, buildings and fruit.
CLASSES = (
    "golden retriever",
    "castle",
    "goldfish",
    "pineapple",
    "macaw",
    "teapot",
    "strawberry",
    "ladybug",
)
#: Each is dreamt so often.
TIMES = 2
#: So sure the strangers have to be.
SURE = 0.6


def recipe_of(name: str, side: int, *, old: bool = False, **changes: Any) -> Recipe:
    """The recipe of a class over a photograph."""
    usual = "reverie" if old else "apparition"
    return preset(usual, objective=(f'class("{name}")',), max_size=side, **changes)


def sure(picture: Tensor, name: str) -> dict[str, float]:
    """How sure each stranger is of a class on the crop where it is surest, and both together on one crop."""
    looks = crops(picture)
    found = {}
    for stranger in STRANGERS:
        net = load_net(stranger)
        assert net.classes is not None
        with torch.no_grad():
            found[stranger] = net(looks, ["logits"])["logits"].float().softmax(1)[:, net.classes.lookup(name)]
    both = torch.stack([*found.values()]).amin(0)
    return {**{key: float(value.max()) for key, value in found.items()}, "both": float(both.max())}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.class_dreams", description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--classes", nargs="+", default=list(CLASSES))
    parser.add_argument("--side", type=int, default=720)
    parser.add_argument("--out", type=Path, default=Path("build/class_dreams"))
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=JSON", help="settings of the recipe")
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--old", action="store_true")
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args(arguments)
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in given.set)}
    changes["threads"] = given.threads
    session = Session(recipe_of(given.classes[0], given.side, old=given.old, **changes))
    given.out.mkdir(parents=True, exist_ok=True)
    count = given.times * len(given.classes)
    names = [f"{n:02d}" for n in range(count)]
    random.Random(given.out.name).shuffle(names)
    rows = []
    for k, shuffled in enumerate(names):
        photo, name = given.photos[k % len(given.photos)], given.classes[k % len(given.classes)]
        began, target = time.perf_counter(), given.out / f"{shuffled}.png"
        recipe = recipe_of(name, given.side, old=given.old, **changes)
        render(recipe, load_picture(photo), session=session).save(target, overwrite=True)
        took = time.perf_counter() - began
        figures = sure(as_tensor(load_picture(target)), name)
        rows.append({"picture": shuffled, "photo": photo.name, "class": name, "seconds": took, **figures})
        print(f"{photo.name}, {name}: {took:.1f} s, {figures}", flush=True)
    (given.out / "key.json").write_text(json.dumps({r["picture"]: r["class"] for r in rows}, indent=1))
    (given.out / "figures.json").write_text(json.dumps(rows, indent=1))
    for key in (*STRANGERS, "both"):
        print(f"{key}: {sum(row[key] >= SURE for row in rows)} of {count} at {SURE} and above")
    return 0


if __name__ == "__main__":
    sys.exit(main())
