"""Import this before torchvision beside a torch that its compiled operators are not made for.

They then fail to load, and the Python part fails in turn because it registers fakes for two of them that
do not exist. None of the networks or tools here uses them.
"""

from __future__ import annotations

import torch


def prepare() -> bool:
    """Whether torchvision is whole; if it is not, its import works from now on all the same."""
    from importlib.util import find_spec
    from pathlib import Path

    found = find_spec("torchvision")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("torchvision is not installed")
    for file in sorted(Path(found.origin).parent.glob("_C*")):
        try:
            torch.ops.load_library(str(file))
        except OSError:
            break
        return True
    kept = torch.library.Library("torchvision", "DEF")
    kept.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    kept.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    LIBRARIES.append(kept)
    return False


#: Operators vanish with the object that defined them.
LIBRARIES: list[torch.library.Library] = []
WHOLE = prepare()
