"""horama's ``fourier``.

It knows square pictures and batches of random crops, so as many pixels go through the network as with the
others: six crops of 224 on a square of about the same area.
"""

from __future__ import annotations

import contextlib
import io
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.job import Job
from benchmarks.tools import shim
from benchmarks.tools.networks import STEPS, Cut, Stamps, network

CROP = 224


def sampled(image: Tensor, boxes: Tensor, output_size: tuple[int, int]) -> Tensor:
    """torchvision's ``roi_align`` where its compiled one is missing and the Python one asks for terabytes.

    The crops are smaller than what they become, where it takes one bilinear sample a bin, as this does.
    """
    height, width = image.shape[2:]
    down, across = ((torch.arange(n, device=image.device) + 0.5) / n for n in output_size)
    left, top, right, bottom = boxes[:, 1:, None].unbind(1)
    rows = (top + (bottom - top) * down + 0.5) / height * 2 - 1
    columns = (left + (right - left) * across + 0.5) / width * 2 - 1
    shape = (len(boxes), *output_size)
    grid = torch.stack([columns[:, None].expand(shape), rows[:, :, None].expand(shape)], -1)
    return F.grid_sample(image.expand(len(boxes), -1, -1, -1), grid, align_corners=False)


def measure(job: Job) -> dict[str, object]:
    import horama
    import horama.common

    if not shim.WHOLE:
        horama.common.roi_align = sampled
    pixels = job.size[0] * job.size[1]
    module = network("lite0")
    kept: list[Tensor] = []
    if job.how == "best":
        module = Cut(module.requires_grad_(False), "lite0", [job.layer])
    else:
        module.get_submodule("_blocks.10").register_forward_hook(lambda _m, _given, out: kept.append(out))
    module = module.to(job.device)
    stamps = Stamps(module)

    def objective(crops: Tensor) -> Tensor:
        kept.clear()
        out = module(crops)
        return ((out if job.how == "best" else kept[0]) ** 2).mean()

    with contextlib.redirect_stderr(io.StringIO()):
        horama.fourier(
            objective,
            total_steps=STEPS,
            image_size=2 * round(math.sqrt(pixels) / 2),  # it fails on odd ones
            model_input_size=CROP,
            crops_per_iteration=max(2, round(pixels / CROP**2)),
            device=job.device,
        )
    return {"times": stamps.times(), "ran": "fp32" + ("" if shim.WHOLE else ", roi_align by grid_sample")}
