"""The gradient of each engine at every layer of Lite0 against float64, on photographs and on their dreams."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.job import Job
from benchmarks.parts.dream import PHOTOS, dreams
from benchmarks.plan import Plan
from benchmarks.tables import markdown as rows_of
from benchmarks.tools.networks import picture
from reverie.jobs.bench.bench import cosine
from reverie.native import instruction_sets

TITLE = "How right the gradient is"
SIZE = (448, 320)


def measure(plan: Plan) -> dict[str, Any]:
    size = (160, 128) if plan.quick else SIZE
    photos = list(PHOTOS[: 1 if plan.quick else None])
    jobs = {"plain": Job("plain"), "torch": Job("torch"), "native": Job("native")}
    jobs |= {f"native, {isa.name.lower()}": Job("native", isa=isa.name.lower()) for isa in instruction_sets()}
    with tempfile.TemporaryDirectory() as folder:
        pictures = {name: picture(*size, name).numpy() for name in photos}
        made = dreams(plan, folder, size, photos)
        if made is not None:
            found = np.load(made)
            pictures |= {
                f"dream of {n}": found[n].transpose(2, 0, 1)[None].astype(np.float32) for n in photos
            }
        file = str(Path(folder, "pictures.npz"))
        np.savez(file, **pictures)
        exact = str(Path(folder, "exact.npz"))
        reference = plan.once("float64", Job("reference", gradient=exact, more={"pictures": file}))
        if "failed" in reference:
            return {"failed": reference["failed"]}
        rows = {}
        for i, (name, job) in enumerate(jobs.items()):
            kept = str(Path(folder, f"{i}.npz"))
            more = {"pictures": file}
            done = plan.once(name, Job(job.tool, "layers", isa=job.isa, gradient=kept, more=more))
            rows[name] = done if "failed" in done else {"ran": done["ran"], "layers": cosines(kept, exact)}
    return {"size": size, "pictures": list(pictures), "rows": rows}


def cosines(file: str, exact: str) -> dict[str, dict[str, float]]:
    """By layer and picture."""
    ours, right = np.load(file), np.load(exact)
    found: dict[str, dict[str, float]] = {}
    for key in right.files:
        picture_name, layer = key.split("/")
        found.setdefault(layer, {})[picture_name] = cosine(ours[key], right[key])
    return found


def markdown(found: dict[str, Any]) -> str:
    if "failed" in found:
        return f"Not measured: {found['failed']}"
    rows = {n: r for n, r in found["rows"].items() if "failed" not in r}
    failed = [f"{n} was not measured: {r['failed']}" for n, r in found["rows"].items() if "failed" in r]
    layers = next((list(row["layers"]) for row in rows.values()), [])
    lines = [[f"`{layer}`", *(low(row["layers"][layer]) for row in rows.values())] for layer in layers]
    lines.append(
        [
            "**worst**",
            *(f"**{min(min(v.values()) for v in r['layers'].values()):.6f}**" for r in rows.values()),
        ]
    )
    ran = [f"{name}: {row['ran']}." for name, row in rows.items()]
    width, height = found["size"]
    return f"""\
The cosine of the gradient with float64's (the published network, another author's package, autograd),
for the mean square of every layer, at {width} x {height}; the lowest over {len(found["pictures"])} pictures:
{", ".join(found["pictures"])}.

{rows_of(["layer", *rows], lines)}

{" ".join(ran + failed)}"""


def low(values: dict[str, float]) -> str:
    return f"{min(values.values()):.6f}"
