"""One GPU: the embedded network at 1080 x 1920 beside the naive loop and the other tools on the same GPU."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.job import Job
from benchmarks.plan import Plan, table
from benchmarks.tables import markdown as rows_of
from benchmarks.tables import side_by_side

TITLE = "One GPU"
NAIVE = "naive loop"
TOOLS = ("torch-lucent", "dreamlens", "torch-dreams")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


def missing() -> str:
    """Why nothing can be measured; empty if it can."""
    if torch.cuda.is_available():
        return ""
    return "no CUDA GPU is here, or this torch is not built for one: nothing was measured"


def measure(plan: Plan) -> dict[str, Any]:
    common: dict[str, Any] = {"size": (1920, 1080), "device": "cuda", "seconds": plan.seconds(3.0)}
    jobs = {NAIVE: Job("naive", **common), "naive loop, frozen and cut": Job("naive", "best", **common)}
    jobs["reverie, plain"] = Job("plain", **common)
    jobs |= {f"reverie, torch, {p}": Job("torch", precision=p, **common) for p in PRECISIONS}
    others = []
    for tool in TOOLS if plan.peers else ():
        jobs[tool] = Job(tool, **common)
        jobs[f"{tool}, frozen, cut, bare"] = Job(tool, "best", **common)
        others += [tool, f"{tool}, frozen, cut, bare"]
    exact = Job("naive", "float64", **common)
    steps = table(plan, jobs, base=NAIVE, rounds=3, others=tuple(others), reference=exact)
    loops = {f"reverie, {engine}": Job(engine, "loop", **common) for engine in ("plain", "torch")}
    frames = plan.alternate(loops, 3)
    seconds = {name: frames.times(name).middle for name in frames.done}
    return {
        "gpu": torch.cuda.get_device_name(),
        "steps": steps,
        "loops": seconds,
        "failed_loops": frames.failed,
    }


def markdown(found: dict[str, Any]) -> str:
    lines = [[name, f"{1e3 * s:.2f}", f"{1 / s:.1f}"] for name, s in found["loops"].items()]
    lines += [[name, f"not measured: {why}", ""] for name, why in found["failed_loops"].items()]
    return f"""\
{found["gpu"]}: EfficientNet-Lite0 to `block5c`, 1080 x 1920. *MB* is what torch took of the GPU's memory.

{side_by_side(found["steps"])}

Steps of the real loop with default settings, as frames a second:

{rows_of(["", "ms", "frames a second"], lines)}"""
