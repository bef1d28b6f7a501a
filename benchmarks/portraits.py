"""Measure portraits: ``python -m benchmarks.portraits [PART...] [--work FOLDER]``.

Parts: classes (a hundred class portraits, judged by three networks), unnamed (those of them that nobody
named when filled had drawn them), filled and naive (all by those presets), channels (every channel of block5c
beside photographs), diversity, inversion, presets, history. Figures go into docs/portraits.json, sheets into
docs/images/; pictures are kept in the folder and made once.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.photographs import crops, photographs
from reverie import objective as ob
from reverie.jobs.bench.machine import describe
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import Output
from reverie.media.picture import Picture, load_picture, save_picture
from reverie.media.picture.contact_sheet import contact_sheet
from reverie.network.zoo import load_net
from reverie.portrait.batch import make_portraits
from reverie.portrait.state import portrait_of
from reverie.portrait.targets import of_inversion, of_unit
from reverie.recipe.presets.portrait import PORTRAITS
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

OUT = Path("docs", "portraits.json")
#: A cell of a sheet: title, a few words, picture.
Cell = tuple[str, str, Picture]
#: A hundred classes that were fixed before anything was tuned.
CLASSES = tuple(range(3, 1000, 10))
#: Who judges, and at which side in pixels.
JUDGES = {"lite0": 224, "lite1": 240, "lite2": 260}


def judged(paths: Sequence[Path], wanted: Sequence[int]) -> dict[str, list[tuple[bool, float]]]:
    """By network, whether each file's whole picture is of its class, and the share the class is given.

    The saved 8-bit file is resized bicubically, with antialiasing, to the side the network was trained at,
    and judged in fp32 by plain torch.
    """
    found: dict[str, list[tuple[bool, float]]] = {}
    for name, side in JUDGES.items():
        net = load_net(name)
        for path, index in zip(paths, wanted, strict=True):
            image = Image.open(path).convert("RGB").resize((side, side), Image.BICUBIC)
            x = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
            with torch.no_grad():
                share = net.forward(x, ["logits"])["logits"][0].softmax(0)
            found.setdefault(name, []).append((int(share.argmax()) == index, float(share[index])))
    return found


def make(recipes: Sequence[Recipe], paths: Sequence[Path], photos: dict[str, Path] | None = None) -> float:
    """Make what is missing of some portraits; seconds for each of those that were made."""
    missing = [i for i, path in enumerate(paths) if not path.exists()]
    if not missing:
        return 0.0
    opened = OpenRecipe(recipes[missing[0]], more=[recipes[i] for i in missing[1:]])
    began, paused = time.perf_counter(), 0.0
    opened.session.engine.release()
    for made in make_portraits(opened.recipes, opened.session):
        path = paths[missing[made.index]]
        path.parent.mkdir(parents=True, exist_ok=True)
        if portrait_of(made.recipe).facets > 1:
            path = path.with_name(f"{path.stem}-{portrait_of(made.recipe).facet}.png")
        start = time.perf_counter()
        opened.save(made.picture, Output(path=str(path), overwrite=True), recipe=made.recipe)
        paused += time.perf_counter() - start
        print(f"  {path.name} {made.score:.4g}", flush=True)
    return (time.perf_counter() - began - paused) / len(missing)


def of_classes(name: str, work: Path, wanted: Sequence[int]) -> tuple[dict[str, Any], list[Cell]]:
    """What the judges say of the class portraits of a preset, and cells of a sheet of them."""
    base = preset(name)
    net = load_net("lite0")
    recipes = [base.but(objective=(of_unit(ob.logit(i), name, net),)) for i in wanted]
    paths = [work / name / f"{i}.png" for i in wanted]
    seconds = make(recipes, paths)
    verdicts = judged(paths, wanted)
    names = net.classes
    assert names is not None
    found: dict[str, Any] = {
        "preset": name,
        "top1": {net: sum(right for right, _ in rows) for net, rows in verdicts.items()},
        "mean_share": {net: float(np.mean([s for _, s in rows])) for net, rows in verdicts.items()},
        "missed": {
            net: [wanted[i] for i, (right, _) in enumerate(rows) if not right]
            for net, rows in verdicts.items()
        },
    }
    if seconds:
        found["seconds_each"] = round(seconds, 2)
    return found, [(names.name(i), "", load_picture(str(p))) for i, p in zip(wanted, paths, strict=True)]


def classes(work: Path, name: str = "portrait") -> dict[str, Any]:
    """A hundred class portraits, none picked."""
    found, cells = of_classes(name, work, CLASSES)
    for half in (0, 1):
        sheet(f"portraits-{name}-{half + 1}", cells[half * 50 : half * 50 + 50], columns=10, side=160)
    return found


def unnamed(work: Path) -> dict[str, Any]:
    """Those of the hundred that nobody could name as ``filled`` drew them, by the default preset."""
    rows = json.loads(OUT.read_text())["naming"]["rows"]
    wanted = [row["class"] for row in rows if not row["right"]]
    found, cells = of_classes("portrait", work, wanted)
    sheet("portraits-unnamed", cells, columns=8, side=176)
    return {**found, "classes": wanted}


def filled(work: Path) -> dict[str, Any]:
    """The same classes with no window."""
    return classes(work, "filled")


def naive(work: Path) -> dict[str, Any]:
    """The same classes with no prior at all."""
    return classes(work, "naive")


def channels(work: Path, layer: str = "block5c", name: str = "sketch") -> dict[str, Any]:
    """Every channel of a layer: its strongest place against all places of 200 crops of photographs."""
    net = load_net("lite0")
    count = net.channels_of(layer)
    base = preset(name)
    paths = [work / layer / f"{i}.png" for i in range(count)]
    seconds = make(
        [base.but(objective=(of_unit(ob.channel(layer, i), name, net),)) for i in range(count)], paths
    )
    with torch.no_grad():
        real = torch.stack([net.forward(c[None], [layer])[layer][0].amax((1, 2)) for c in crops(200)]).amax(0)
        mine = torch.stack(
            [net.forward(read(path), [layer])[layer][0, i].amax() for i, path in enumerate(paths)]
        )
    above = mine > real
    found = {
        "preset": name,
        "layer": layer,
        "channels": count,
        "above_every_crop": int(above.sum()),
        "share": float(above.float().mean()),
        "median_ratio": float((mine / real.clamp_min(1e-6)).median()),
        "not_above": [i for i in range(count) if not above[i]],
    }
    if seconds:
        found["seconds_each"] = round(seconds, 2)
    cells = [(f"{layer}:{i}", "", load_picture(str(path))) for i, path in enumerate(paths)]
    sheet(f"portraits-{layer}", cells, columns=16, side=96)
    return found


def gram_cosine(features: Tensor) -> float:
    """Mean pairwise cosine of Gram matrices of some pictures' features (n, C, h, w)."""
    rows = features.flatten(2).double()
    unit = torch.nn.functional.normalize((rows @ rows.transpose(1, 2)).flatten(1), dim=1)
    cosines = unit @ unit.t()
    n = len(unit)
    return float((cosines.sum() - cosines.trace()) / (n * (n - 1)))


DIVERSE = ("block4b:20", "block5c:17", "block5c:40", "block6b:30")


def diversity(work: Path, count: int = 4) -> dict[str, Any]:
    """Facets made together against independent seeds: how alike they are, and how strongly they excite."""
    from reverie.portrait.targets import diverse

    net = load_net("lite0")
    base = preset("filled")
    rows = []
    cells = []
    for unit in DIVERSE:
        layer, index = unit.split(":")
        stem = work / "diversity" / unit.replace(":", "-")
        wanted = of_unit(ob.parse(unit), "filled", net)
        alone = [base.but(objective=(wanted,), seed=s) for s in range(count)]
        apart = [stem.with_name(f"{stem.name}-seed{s}.png") for s in range(count)]
        make(alone, apart)
        settings = {**portrait_of(base).model_dump(), "facets": count}
        recipe = base.but(objective=(diverse(wanted, net, base.balance),), portrait=settings)
        together = [stem.with_name(f"{stem.name}-{k}.png") for k in range(count)]
        if not all(p.exists() for p in together):
            make([recipe], [stem.with_suffix(".png")])
        with torch.no_grad():
            a, b = (
                torch.cat([net.forward(read(p), [layer])[layer] for p in paths])
                for paths in (apart, together)
            )
        strength = [float(f[:, int(index)].mean()) for f in (a, b)]
        before, after = gram_cosine(a), gram_cosine(b)
        rows.append(
            {
                "unit": unit,
                "seeds": before,
                "facets": after,
                "fall": 1 - after / before,
                "activation": strength[1] / strength[0],
            }
        )
        cells += [(unit, f"seed {s}", load_picture(str(p))) for s, p in enumerate(apart)]
        cells += [(unit, f"facet {s + 1}", load_picture(str(p))) for s, p in enumerate(together)]
    sheet("portraits-diversity", cells, columns=2 * count, side=128)
    return {"rows": rows}


LAYERS = ("block2b", "block3b", "block4c", "block5c", "block6d", "head", "logits")


def inversion(work: Path, side: int = 160) -> dict[str, Any]:
    """Twenty photographs from what layers remember of them."""
    net = load_net("lite0")
    folder = work / "inversion"
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, dict[str, list[float]]] = {name: {"error": [], "psnr": [], "same": []} for name in LAYERS}
    cells = []
    for name, image in photographs():
        image.thumbnail((side, side), Image.LANCZOS)
        path = folder / f"{name}.png"
        image.save(path)
        recipes = [
            preset(of_inversion(n, net), size=image.size, objective=(str(ob.inversion(str(path), n)),))
            for n in LAYERS
        ]
        paths = [folder / f"{name}-{n}.png" for n in LAYERS]
        make(recipes, paths)
        with torch.no_grad():
            source = read(path)
            mine = net.forward(source, [*LAYERS, "logits"])
            for layer, made in zip(LAYERS, paths, strict=True):
                x = read(made)
                theirs = net.forward(x, [layer, "logits"])
                error = (theirs[layer] - mine[layer]).norm() / mine[layer].norm()
                rows[layer]["error"].append(float(error))
                rows[layer]["psnr"].append(float(-10 * (x - source).square().mean().log10()))
                same = theirs["logits"].argmax() == mine["logits"].argmax()
                rows[layer]["same"].append(float(same))
        if name in ("chelsea", "astronaut", "coffee"):
            cells += [(name, "the photograph", load_picture(str(path)))]
            cells += [
                (layer, f"error {rows[layer]['error'][-1]:.2f}", load_picture(str(p)))
                for layer, p in zip(LAYERS, paths, strict=True)
            ]
    sheet("portraits-inversion", cells, columns=len(LAYERS) + 1, side=144)
    return {
        "rows": {
            layer: {
                "error": float(np.mean(found["error"])),
                "error_squared": float(np.mean(np.square(found["error"]))),
                "worst": float(np.max(found["error"])),
                "psnr": float(np.mean(found["psnr"])),
                "same_top1": float(np.mean(found["same"])),
            }
            for layer, found in rows.items()
        }
    }


def presets(work: Path) -> dict[str, Any]:
    """A class by every preset."""
    cells, rows = [], {}
    for name in PORTRAITS:
        if name.startswith("inversion"):
            continue
        path = work / "presets" / f"{name}.png"
        base = preset(name)
        seconds = make([base.but(objective=(of_unit(ob.logit(130), name, load_net("lite0")),))], [path])
        verdict = judged([path], [130])
        rows[name] = {net: {"right": r[0][0], "share": r[0][1]} for net, r in verdict.items()}
        rows[name]["seconds"] = round(seconds, 1)
        cells.append((name, "", over_paper(load_picture(str(path)))))
    sheet("portraits-presets", cells, columns=5, side=256)
    return {"rows": rows}


#: Classes that the claims of old papers are tried on.
TRIED = (13, 130, 323, 403, 483, 733, 817, 963)


def history(work: Path) -> dict[str, Any]:
    """Whether Simonyan's zero start reaches its class, and what deepdraw is without its blur."""
    bare = preset("deepdraw2015")
    settings = {**portrait_of(bare).model_dump(), "blur": ((0.0, 0.0),)}
    recipes = {
        "simonyan2013": preset("simonyan2013"),
        "deepdraw2015": bare,
        "deepdraw2015 without blur": bare.but(portrait=settings),
    }
    rows = {}
    for name, recipe in recipes.items():
        paths = [work / "history" / f"{name.replace(' ', '-')}-{i}.png" for i in TRIED]
        make([recipe.but(objective=(str(ob.logit(i)),)) for i in TRIED], paths)
        rows[name] = {
            net: {"top1": sum(r for r, _ in verdict), "mean_share": float(np.mean([s for _, s in verdict]))}
            for net, verdict in judged(paths, TRIED).items()
        }
    return {"classes": list(TRIED), "rows": rows}


def over_paper(picture: Picture) -> Picture:
    """A picture with its transparency over white."""
    if picture.alpha is None:
        return picture
    alpha = picture.alpha[..., None]
    return Picture((picture.pixels * alpha + 1 - alpha).astype(np.float32))


def read(path: Path) -> Tensor:
    """A saved picture, (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None].float() / 255


def sheet(name: str, cells: list[Cell], *, columns: int, side: int) -> None:
    """A sheet in docs/images/ of at most half a megabyte."""
    path = Path("docs", "images", f"{name}.jpg")
    picture = contact_sheet(cells, side=side, columns=columns, gap=6)
    for quality in range(90, 20, -5):
        save_picture(picture, str(path), quality=quality, overwrite=True)
        if path.stat().st_size < 440_000:
            return


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "classes": classes,
    "unnamed": unnamed,
    "filled": filled,
    "naive": naive,
    "channels": channels,
    "diversity": diversity,
    "inversion": inversion,
    "presets": presets,
    "history": history,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portraits", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--work", type=Path, default=Path("build", "portraits"), help="where pictures are kept"
    )
    given = parser.parse_args()
    for name in given.parts or PARTS:
        began = time.perf_counter()
        found = PARTS[name](given.work)
        # Read again: another part may have been written meanwhile.
        document = json.loads(OUT.read_text()) if OUT.exists() else {}
        kept = document.get(name, {})
        if "seconds_each" not in found and "seconds_each" in kept:
            found["seconds_each"] = kept["seconds_each"]
        document |= {"machine": describe(), name: found}
        OUT.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
        took = time.perf_counter() - began
        print(f"{name}: {json.dumps(found)[:1500]}\n{name} took {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
