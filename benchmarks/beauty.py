"""What can be measured of how a dream looks: grain on calm ground, variety, how much the network sees.

    python -m benchmarks.beauty PHOTOS... [--preset reverie] [--side 768] [--out FOLDER] [--set name=JSON ...]

Each photograph is scaled to that longest side, dreamt on with seed 0 and saved as PNG; what is measured is
read from the file. Figures and the eye do not always agree; then the eye is right. See docs/beauty.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.ascent.tensors import as_tensor
from reverie.media.picture import Picture, load_picture
from reverie.network.zoo import load_net
from reverie.ops.filters import low_pass
from reverie.ops.opponent import to_axes
from reverie.recipe.presets.preset import preset

#: Share of the picture that counts as flat: where the photograph's local contrast is least.
FLAT = 0.35
#: The networks that did not dream, and how sure they have to be together.
STRANGERS, SURE = ("lite1", "lite2"), 0.3
#: ImageNet's breeds of dogs.
BREEDS = range(151, 269)


def calm(source: Tensor, dream: Tensor) -> tuple[Tensor, Tensor]:
    """Where the photograph is flat, and the calmer half of that: where its dream changed least, (H, W)."""
    grey = to_axes(source)[:, :1]
    local = (low_pass(grey.square(), 6.0) - low_pass(grey, 6.0).square()).clamp_min(0).sqrt()
    flat = local < torch.quantile(local.flatten(), FLAT)
    change = to_axes(dream - source)
    energy = low_pass((change - low_pass(change, 8.0)).square().sum(1, keepdim=True), 10.0)
    return flat[0, 0], (flat & (energy < torch.quantile(energy[flat], 0.5)))[0, 0]


def speckle(picture: Tensor, where: Tensor) -> tuple[float, float]:
    """Mean square of what a blur of 2 px takes off, of colour and of brightness."""
    planes = to_axes(picture)
    fine = (planes - low_pass(planes, 2.0)).square()
    return float(fine[0, 1:][:, where].mean()), float(fine[0, :1][:, where].mean())


def beyond(dream: float, own: float) -> float:
    """The root of a difference of mean squares, times 100."""
    return 100 * max(0.0, dream - own) ** 0.5


def spectrum(plane: Tensor) -> list[float]:
    """The strength of a change (1, C, H, W) in each octave of spatial frequency, from 1/4 down."""
    height, width = plane.shape[2:]
    power = torch.fft.rfft2(plane).abs().square().sum(1)[0]
    power[:, 1:] *= 2
    down, across = torch.fft.fftfreq(height).view(-1, 1), torch.fft.rfftfreq(width).view(1, -1)
    distance = (down.square() + across.square()).sqrt()
    return [
        float(power[(distance >= f) & (distance < 2 * f)].sum()) ** 0.5
        for f in (1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64)
    ]


def crops(picture: Tensor) -> Tensor:
    """Squares of three sizes on a grid, (K, 3, 224, 224)."""
    height, width = picture.shape[2:]
    found = []
    for share in (0.9, 0.5, 0.3):
        side = int(min(height, width) * share)
        rows, columns = (max(1, round((s - side) / (side * 0.7)) + 1) for s in (height, width))
        for i in range(rows):
            for j in range(columns):
                top = round((height - side) * i / (rows - 1)) if rows > 1 else 0
                left = round((width - side) * j / (columns - 1)) if columns > 1 else 0
                part = picture[:, :, top : top + side, left : left + side]
                part = F.interpolate(part, (224, 224), mode="bicubic", antialias=True, align_corners=False)
                found.append(part.clamp(0, 1))
    return torch.cat(found)


def named(picture: Tensor) -> Tensor:
    """What strangers make of the crops: probabilities (K, 1000), the mean of both networks."""
    looks = crops(picture)
    with torch.no_grad():
        found = [load_net(name)(looks, ["logits"])["logits"].float().softmax(1) for name in STRANGERS]
    return sum(found, torch.zeros(())) / len(found)


def seen(picture: Tensor, layer: str = "block5c") -> float:
    """The mean square of a layer of the network that dreams."""
    with torch.no_grad():
        return float(load_net("lite0")(picture, [layer])[layer].square().mean())


def figures(source: Tensor, dream: Tensor) -> dict[str, Any]:
    """All that is measured of one dream, (1, 3, H, W) in [0, 1] like its photograph."""
    flat, quiet = calm(source, dream)
    own, new = speckle(source, quiet), speckle(dream, quiet)
    own_flat, new_flat = speckle(source, flat), speckle(dream, flat)
    change = to_axes(dream - source)
    bright, colour = spectrum(change[:, :1]), spectrum(change[:, 1:])
    before, after = named(source), named(dream)
    tops, at = after.max(1)
    there = {int(i) for p, i in zip(*before.max(1), strict=True) if p > SURE}
    fresh = tops[[int(i) not in there for i in at]]
    ends = [float(((p <= 0) | (p >= 1)).float().mean()) for p in (source, dream)]
    return {
        "colour speckle": beyond(new[0], own[0]),
        "brightness speckle": beyond(new[1], own[1]),
        "brightness speckle, all flat": beyond(new_flat[1], own_flat[1]),
        "finest colour": colour[0] / bright[3],
        "seen": seen(dream) / seen(source),
        "rms": float((dream - source).square().mean().sqrt()),
        "mean shift": abs(float((dream - source).mean())),
        "clipped": ends[1] - ends[0],
        "slope": float(np.polyfit(np.log2([1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64]), np.log2(bright), 1)[0]),
        "sure": float(fresh.mean()) if len(fresh) else 0.0,
        "classes": [int(i) for p, i in zip(tops, at, strict=True) if p > SURE],
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over photographs, the least that is seen, and how many different classes there are."""
    found = {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != "classes"}
    every = Counter(i for row in rows for i in row["classes"])
    total = max(1, sum(every.values()))
    return {
        **found,
        "seen, least": min(row["seen"] for row in rows),
        "rms, most": max(row["rms"] for row in rows),
        "different classes": len(every),
        "named": total,
        "most frequent": max(every.values(), default=0) / total,
        "dogs": sum(n for i, n in every.items() if i in BREEDS) / total,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beauty", description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--preset", default="reverie")
    parser.add_argument("--side", type=int, default=768)
    parser.add_argument("--out", type=Path, default=Path("build/beauty"))
    parser.add_argument(
        "--set", nargs="*", action="extend", default=[], metavar="NAME=JSON", help="settings of the recipe"
    )
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args(arguments)
    changes = {name: json.loads(value) for name, value in (item.split("=", 1) for item in given.set)}
    recipe = preset(given.preset, max_size=given.side, threads=given.threads, **changes)
    session = Session(recipe)
    given.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for path in given.photos:
        began = time.perf_counter()
        target = given.out / f"{path.stem}.png"
        render(recipe, load_picture(path), session=session).save(target, overwrite=True)
        took = time.perf_counter() - began
        source = render(
            preset("classic", max_size=given.side, strength=0.0), load_picture(path), session=session
        )
        row = figures(_eight_bits(source), as_tensor(load_picture(target)))
        rows.append(row)
        short = {name: round(value, 3) for name, value in row.items() if name != "classes"}
        print(f"{path.stem}: {took:.1f} s {short}", flush=True)
    names = load_net(STRANGERS[0]).classes
    every = Counter(i for row in rows for i in row["classes"])
    print(json.dumps({k: round(v, 3) for k, v in summary(rows).items()}, indent=1))
    print(", ".join(f"{names.name(i)} {n}" for i, n in every.most_common(60)) if names else "")
    return 0


def _eight_bits(picture: Picture) -> Tensor:
    return (as_tensor(picture) * 255).round() / 255


if __name__ == "__main__":
    sys.exit(main())
