"""torch-lucent's ``render_vis``."""

from __future__ import annotations

import kornia
import torch
from kornia.geometry.transform import get_rotation_matrix2d, warp_affine

from benchmarks.job import Job
from benchmarks.tools import shim  # noqa: F401
from benchmarks.tools.networks import STEPS, Cut, Stamps, network

# Where they were in the old kornia that lucent asks for.
kornia.get_rotation_matrix2d, kornia.warp_affine = get_rotation_matrix2d, warp_affine

from lucent.optvis import objectives, param, render  # noqa: E402


def measure(job: Job) -> dict[str, object]:
    width, height = job.size
    best = job.how == "best"
    module = network("lite0")
    # Its layers are called after the modules on the way to them.
    name = "_blocks_10"
    if best:
        module, name = Cut(module.requires_grad_(False), "lite0", [job.layer]), "parts_13"
    module = module.to(job.device)
    stamps = Stamps(module)
    objective = objectives.Objective(lambda read: -(read(name) ** 2).mean())
    plain = {"fft": False, "decorrelate": False} if best else {}
    render.render_vis(
        module,
        objective,
        lambda: param.image(width, height, **plain),
        transforms=[] if best else None,
        thresholds=(STEPS,),
        fixed_image_size=(height, width),
        show_image=False,
        progress=False,
    )
    torch.set_grad_enabled(True)
    return {"times": stamps.times(), "ran": "fp32"}
