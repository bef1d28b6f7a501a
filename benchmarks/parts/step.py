"""One step of EfficientNet-Lite0 to block 11 of 16, 448 x 640, beside every other tool."""

from __future__ import annotations

from typing import Any

from benchmarks.job import Job
from benchmarks.plan import Plan, table
from benchmarks.tables import side_by_side
from reverie.native import instruction_sets

TITLE = "One step"
TOOLS = ("torch-lucent", "dreamlens", "torch-dreams", "horama")
NAIVE = "naive loop"
CUT = "naive loop, frozen and cut"


def measure(plan: Plan) -> dict[str, Any]:
    seconds = plan.seconds(3.0)
    jobs = {NAIVE: Job("naive", seconds=seconds), CUT: Job("naive", "best", seconds=seconds)}
    for engine in ("plain", "torch", "native"):
        jobs[f"reverie, {engine}"] = Job(engine, seconds=seconds)
    for isa in instruction_sets():
        name = isa.name.lower()
        jobs[f"reverie, native held to {name}"] = Job("native", isa=name, seconds=seconds)
    jobs["reverie, native, engine alone"] = Job("native", "bare", seconds=seconds)
    others = [CUT]
    for tool in TOOLS if plan.peers else ():
        jobs[tool] = Job(tool)
        jobs[f"{tool}, frozen, cut, bare"] = Job(tool, "best")
        others += [tool, f"{tool}, frozen, cut, bare"]
    exact = Job("naive", "float64")
    return table(plan, jobs, base=NAIVE, rounds=3, others=tuple(others[1:]), reference=exact)


def markdown(found: dict[str, Any]) -> str:
    return f"""\
EfficientNet-Lite0 to `block5c` (block 11 of 16), 448 x 640, the gradient of the layer's mean square at
the picture. The naive loop is a forward hook on the published network, all of it run, with gradients at the
weights too. *Frozen, cut, bare* is the best a user of the tool can do: weights frozen, the network cut at
the layer, no transforms, pixels as the picture's parameters.

{side_by_side(found)}

*Cosine* is that of the gradient with float64's by the naive loop. *Engine alone* leaves out
`picture_gradient`, which asks a general objective for its score and slope."""
