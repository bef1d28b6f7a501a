"""What came of evolutions, written into the docs: ``python -m benchmarks.evolve report``."""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reverie.evolve import Evolution, NetScore, load_checkpoint
from reverie.jobs.bench.machine import describe, in_words
from reverie.jobs.fooling.folder import Folder
from reverie.jobs.fooling.judge import batches, judged
from reverie.jobs.fooling.settings import LEVELS
from reverie.media.picture import Picture, load_picture, save_picture
from reverie.network.zoo import load_net, networks
from reverie.process.cores import cores

BEGIN, END = "<!-- evolution: begin -->", "<!-- evolution: end -->"
#: Side of a picture in the mosaic of every class, and how many stand beside each other.
CELL, ACROSS = 40, 40
HEAVIEST = 400_000
#: Free photographs that the network is asked about for comparison, of scikit-image.
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "camera", "clock", "coins", "horse")


def report(given: argparse.Namespace) -> None:
    """Write what came of the runs under --out into the docs."""
    there = sorted(path.name for path in given.out.glob("*") if Folder(path).archive.exists())
    found = {name: read(given.out / name) for name in there}
    if not found:
        sys.exit(f"{given.out}: no finished run; python -m benchmarks.evolve run makes them")
    for name, one in found.items():
        print(f"{name}: reading {len(one['archive'])} pictures again", flush=True)
        one["pictures"] = pictures_of(given.out / name, one["archive"])
        one["twin"] = read_by_twin(one["pictures"], one["archive"])
        one["others"] = said_by_others(one["pictures"], one["archive"], one["note"].settings.network)
    images = given.docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, one in found.items():
        save_small(mosaic(one["pictures"]), images / f"fooling-{name}.jpg")
        write_classes(given.docs / f"fooling-{name}.csv", one)
    curves = draw_curves(found, images / "fooling-curves.png")
    page = given.docs / "fooling.md"
    before = page.read_text("utf-8") if page.exists() else f"{BEGIN}\n{END}\n"
    head, _, rest = before.partition(BEGIN)
    tail = rest.partition(END)[2]
    text = markdown(found, photographs(given.network), curves)
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", "utf-8")


def read(folder: Path) -> dict[str, Any]:
    """A run's note, archive and state."""
    whole = Folder(folder)
    state, _ = load_checkpoint(whole.checkpoint)
    return {"note": whole.read(), "archive": json.loads(whole.archive.read_text("utf-8")), "state": state}


def pictures_of(folder: Path, archive: list[dict[str, Any]]) -> list[Picture]:
    """The pictures as their files hold them."""
    return [load_picture(folder / entry["png"]) for entry in archive]


def stacks(pictures: list[Picture]) -> Iterator[tuple[Sequence[int], Any]]:
    """Places and pictures (N, H, W, 3), some at a time."""
    for some in batches(range(len(pictures))):
        yield some, np.stack([pictures[i].pixels for i in some])


def read_by_twin(pictures: list[Picture], archive: list[dict[str, Any]]) -> list[float]:
    """Confidences by EfficientNet-Lite0 as another package writes it; none where that is not installed."""
    try:
        import contextlib
        import io

        import torch
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        print("no twin: pip install efficientnet-lite-pytorch", flush=True)
        return []
    info = networks()[0]
    with contextlib.redirect_stdout(io.StringIO()):
        module = EfficientNet.from_name("efficientnet-lite0", image_size=None)
    module.load_state_dict(torch.load(str(info.weights_file()), weights_only=True))
    module.eval()
    found: list[float] = []
    for some, stack in stacks(pictures):
        with torch.no_grad():
            shares = module(torch.from_numpy(stack).permute(0, 3, 1, 2) * 2 - 1).double().softmax(1)
        found += [float(row[archive[i]["class"]]) for i, row in zip(some, shares, strict=True)]
    return found


def said_by_others(
    pictures: list[Picture], archive: list[dict[str, Any]], network: str
) -> dict[str, list[tuple[float, bool]]]:
    """Of each further network: its confidence in each class, and whether that is its first."""
    found: dict[str, list[tuple[float, bool]]] = {}
    for info in networks():
        if not info.installed or info.name == network:
            continue
        judge = NetScore(load_net(info.name), precision="fp32")
        rows = found.setdefault(info.name, [])
        for some, stack in stacks(pictures):
            for i, shares in zip(some, judged(judge, stack, info.size), strict=True):
                index = archive[i]["class"]
                rows.append((float(shares[index]), int(shares.argmax()) == index))
    return found


def photographs(network: str) -> list[tuple[str, str, float]]:
    """What the network makes of real photographs: (photograph, class, confidence)."""
    from reverie.analysis.classify import classify

    try:
        import skimage.data
    except ImportError:
        return []
    net = load_net(network)
    found = []
    for name in PHOTOGRAPHS:
        try:
            pixels = getattr(skimage.data, name)()
        except Exception:  # some are downloaded when first asked for
            continue
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, 2)
        if pixels.dtype == bool:
            pixels = pixels.astype(np.uint8) * 255
        (best,) = classify(net, Picture(pixels[..., :3].astype(np.float32) / 255), top=1)
        found.append((name.replace("_", " "), best[1], best[2]))
    return found


def mosaic(pictures: list[Picture]) -> Picture:
    """Every picture, small, in the order of the classes."""
    down = -(-len(pictures) // ACROSS)
    sheet = np.ones((down * CELL, ACROSS * CELL, 3), np.float32)
    for i, picture in enumerate(pictures):
        top, left = i // ACROSS * CELL, i % ACROSS * CELL
        sheet[top : top + CELL, left : left + CELL] = picture.resized((CELL, CELL)).pixels
    return Picture(sheet)


def save_small(picture: Picture, path: Path) -> None:
    """A JPEG of at most ``HEAVIEST`` bytes: noise takes more of them than shapes do."""
    for quality in (70, 55, 40, 30, 20, 12, 6):
        save_picture(picture, path, quality=quality, overwrite=True)
        if path.stat().st_size <= HEAVIEST:
            return


def write_classes(path: Path, one: dict[str, Any]) -> None:
    """Every class and how sure the networks are of its picture."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["class", "name", one["note"].settings.network, *one["others"]])
        for i, entry in enumerate(one["archive"]):
            sure = one["twin"][i] if one["twin"] else entry["confidence"]
            theirs = [f"{said[i][0]:.5f}" for said in one["others"].values()]
            rows.writerow([entry["class"], entry["name"], f"{sure:.5f}", *theirs])


def draw_curves(found: dict[str, dict[str, Any]], path: Path) -> bool:
    """Median confidence against evaluations, as PNG; whether that could be done."""
    try:
        import matplotlib
    except ImportError:
        print("no curves: matplotlib is not installed", flush=True)
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), dpi=110, layout="constrained")
    for name, one in found.items():
        rows = one["state"].history
        x = [row.evaluations for row in rows]
        left.plot(x, [row.median for row in rows], label=name)
        right.plot(x, [row.over95 for row in rows], label=name)
    left.set(xscale="log", xlabel="evaluations", ylabel="median confidence", ylim=(0, 1))
    right.set(xscale="log", xlabel="evaluations", ylabel="classes over 95 %")
    left.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.savefig(path)
    return True


def line(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


def markdown(found: dict[str, dict[str, Any]], photos: list[tuple[str, str, float]], curves: bool) -> str:
    """Everything as tables."""
    columns = ("run", "evaluations", "median", *(f"over {100 * level:.0f} %" for level in LEVELS))
    lines = [line(*columns, "a second", "outside", "file error"), "| --- |" + " ---: |" * 8]
    lines += [row_of(name, one) for name, one in found.items()]
    parts = ["![Confidence against evaluations](images/fooling-curves.png)"] if curves else []
    parts += ["\n".join(lines), NOTES]
    medians = {name: statistics.median(sure_of(one)) for name, one in found.items()}
    if {"cppn", "direct"} <= set(medians):
        ratio = medians["cppn"] / max(medians["direct"], 1e-9)
        parts.append(f"The median of `cppn` is {ratio:.1f} times that of `direct`.")
    lines = [line("run", "network", "median", "over 50 %", "says the class first")]
    lines.append("| --- | --- | ---: | ---: | ---: |")
    for name, one in found.items():
        for other, said in one["others"].items():
            sure = [share for share, _ in said]
            first = sum(is_first for _, is_first in said)
            over = sum(share > 0.5 for share in sure)
            lines.append(f"| {name} | {other} | {statistics.median(sure):.5f} | {over} | {first} |")
    parts += ["What other networks say of the same pictures:", "\n".join(lines)]
    if photos:
        lines = ["| photograph | the network says | confidence |", "| --- | --- | ---: |"]
        lines += [f"| {name} | {said} | {100 * sure:.1f} % |" for name, said, sure in photos]
        parts += ["And the network's confidence in real photographs:", "\n".join(lines)]
    for name in found:
        every = (
            f"Every class, in the order of their numbers, {name}: [names and figures](fooling-{name}.csv)."
        )
        parts += [every, f"![Every class, {name}](images/fooling-{name}.jpg)"]
    where = f"Measured on {time.strftime('%Y-%m-%d')}: {in_words(describe(), cores())}."
    return "\n\n".join([*parts, where])


NOTES = (
    "Confidences are read from the saved 8-bit files by another package's network; *file error* is the "
    "largest difference between them and `archive.json`. *A second* is evaluations a second of the whole run "
    "(without checkpoints and sheets), *outside* the share of that time that was not spent in the network."
)


def sure_of(one: dict[str, Any]) -> list[float]:
    """The confidences that are reported."""
    return one["twin"] or [entry["confidence"] for entry in one["archive"]]


def row_of(name: str, one: dict[str, Any]) -> str:
    """A run as a line of the table."""
    state: Evolution = one["state"]
    sure = sure_of(one)
    over = " | ".join(str(sum(c > level for c in sure)) for level in LEVELS)
    error = max(abs(a - entry["confidence"]) for a, entry in zip(sure, one["archive"], strict=True))
    seconds = state.network_seconds + state.outside_seconds
    return (
        f"| {name} | {state.evaluations:,} | {statistics.median(sure):.4f} | {over} | "
        f"{state.evaluations / seconds:.0f} | {100 * state.outside_seconds / seconds:.0f} % | {error:.1e} |"
    )
