"""torchvision beside a torch that it was not built for: two operators that its import asks for, declared."""

from __future__ import annotations

import functools

import torch


@functools.cache
def importable() -> torch.library.Library:
    """Let torchvision, and timm and onnx2torch which import it, be imported in this process."""
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
