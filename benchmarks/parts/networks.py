"""Other people's networks, untouched: InceptionV3, VGG16 and GoogLeNet with random weights."""

from __future__ import annotations

from typing import Any

from benchmarks.job import Job
from benchmarks.plan import Plan, table
from benchmarks.tables import markdown as rows_of
from benchmarks.tables import side_by_side
from reverie.engine.torch.formats import multiplies_bf16

TITLE = "Any torch network"
CASES = {
    "InceptionV3, mixed3 + mixed5": ("inception", "Mixed_6a+Mixed_6c"),
    "VGG16, relu4_3": ("vgg16", "features.22"),
    "GoogLeNet, inception4c": ("googlenet", "inception4c"),
}
NAIVE = "naive loop"


def measure(plan: Plan) -> dict[str, Any]:
    return {title: one(plan, *case) for title, case in CASES.items()}


def one(plan: Plan, network: str, layer: str) -> dict[str, Any]:
    size = (160, 128) if plan.quick else (640, 448)
    common: dict[str, Any] = {"network": network, "layer": layer, "size": size, "seconds": plan.seconds(3.0)}
    jobs = {NAIVE: Job("naive", **common), "naive loop, frozen and cut": Job("naive", "best", **common)}
    jobs["reverie, plain"] = Job("plain", **common)
    precisions = ["auto", "fp32"] + ["bf16"] * multiplies_bf16()  # emulated it is slower than anything
    jobs |= {f"reverie, torch, {p}": Job("torch", precision=p, **common) for p in precisions}
    jobs["reverie, torch, no native code"] = Job("torch", precision="fp32", isa="none", **common)
    others: tuple[str, ...] = ()
    if network == "inception" and plan.peers:
        others = ("TensorFlow's tutorial",)
        jobs[others[0]] = Job("TensorFlow", **common)
    plan.say(f"  {network}:")
    found = table(
        plan, jobs, base=NAIVE, rounds=2, others=others, reference=Job("naive", "float64", **common)
    )
    job = Job("auto", "whole", network=network, layer=layer, size=size, more={"photos": ["coffee"]})
    found["whole"] = plan.once("whole dream", job)
    return found


def markdown(found: dict[str, Any]) -> str:
    parts = []
    whole = []
    for title, case in found.items():
        parts.append(f"**{title}**\n\n{side_by_side(case)}")
        dream, naive = case["whole"], case["rows"][NAIVE]
        if "failed" in dream or "failed" in naive:
            whole.append([title, "", "", "", f"not measured: {dream.get('failed', naive.get('failed'))}"])
            continue
        predicted = naive["ms"][1] / 1e3 * dream["work"]
        ready = [r["ready"] for n, r in case["rows"].items() if n.endswith("torch, auto") and "ready" in r]
        seconds = dream["times"][0]
        cells = [f"{seconds:.1f}", f"{ready[0]:.1f}" if ready else "", f"{predicted / seconds:.1f}"]
        whole.append([title, *cells, dream["ran"]])
    tables = "\n\n".join(parts)
    return f"""\
Modules of torchvision with random weights, wrapped and not touched, 448 x 640, the sum of the layers' mean
squares. *Cosine* is with float64's gradient.

{tables}

A whole default dream, 448 x 640, with all that the engine prepares counted in; *ready* is from nothing to the
first step's end, *times naive* what as many naive steps of the same sizes take, without any preparation.

{rows_of(["", "s", "ready s", "times naive", "ran "], whole)}"""
