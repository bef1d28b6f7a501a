"""The gradient of every layer of Lite0 in float64, through another author's package and autograd alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.job import Job
from benchmarks.tools.networks import BLOCKS, lite0, normalised


def measure(job: Job) -> dict[str, Any]:
    module = lite0().double().requires_grad_(False)
    found = {}
    for name, pixels in np.load(job.more["pictures"]).items():
        leaf = torch.from_numpy(pixels).double().requires_grad_(True)
        for layer, a in activations(module, normalised(leaf, "lite0")).items():
            (gradient,) = torch.autograd.grad(a.square().mean(), leaf, retain_graph=True)
            found[f"{name}/{layer}"] = gradient.numpy()
    np.savez(job.gradient, **found)
    return {"times": [0.0], "ran": "float64"}


def activations(module: Any, x: Tensor) -> dict[str, Tensor]:
    """Stem, blocks, head and logits, by the names that reverie calls them."""
    x = module._swish(module._bn0(module._conv_stem(x)))
    found = {"stem": x}
    for name, block in zip(BLOCKS, module._blocks, strict=True):
        x = found[name] = block(x)
    x = found["head"] = module._swish(module._bn1(module._conv_head(x)))
    found["logits"] = module._fc(x.mean((2, 3)))
    return found
