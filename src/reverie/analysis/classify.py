"""What a network says about a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.analysis.stimuli import as_input
from reverie.engine.engine import AutogradEngine
from reverie.engine.not_finite import complaint
from reverie.errors import UsageError
from reverie.media.picture import Picture
from reverie.network.network import Network
from reverie.ops.finite import is_finite

#: The part of the short side that the network is shown, as in its training.
CROP = 0.875
#: Side of what a network of no fixed size is shown, in pixels.
SIDE = 224


def classify(
    net: Network, picture: Picture, *, top: int = 5, whole: bool = False
) -> list[tuple[int, str, float]]:
    """The likeliest classes: (index, name, probability), best first.

    The middle square of the picture is shown, at the size the networks here were trained on; ``whole`` shows
    all of it at its own size instead, as pictures that evolved were judged.

    Raises:
        UsageError: The network has no classes, or takes neither one nor three channels.
        BadInput: Pixels that are not finite.
        NetworkError: Weights or logits that are not finite; the message names the tensor or layer.
    """
    if "logits" not in net.layers:
        raise UsageError(f"network {net.name}: has no classes; choose another with --network")
    square = as_input(picture, net)
    if not whole:
        square = _middle(square)
    with torch.no_grad():
        logits = net.forward(square, ["logits"])["logits"]
    if logits.ndim != 2:
        raise UsageError(
            f"network {net.name}: has no classes of whole pictures; choose another with --network"
        )
    if not is_finite(logits):
        raise complaint(AutogradEngine(net, device=net.device.type), square, ["logits"])
    best = logits[0].float().softmax(0).topk(min(top, logits.shape[1]))
    names = net.classes
    return [
        (i, names.name(i) if names else str(i), p)
        for p, i in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    ]


def _middle(x: Tensor) -> Tensor:
    """The middle square of a picture (1, C, H, W), at the size that networks were trained on."""
    height, width = x.shape[2:]
    side = max(1, round(min(height, width) * CROP))
    above, left = (height - side) // 2, (width - side) // 2
    square = x[:, :, above : above + side, left : left + side]
    square = F.interpolate(square, (SIDE, SIDE), mode="bicubic", antialias=True, align_corners=False)
    return square.clamp(0, 1)


def evolved(picture: Picture) -> bool:
    """Whether a picture is one that reverie evolved, as it was judged: by its metadata, and at that size."""
    fooling = (picture.provenance or {}).get("fooling")
    settings = fooling.get("settings") if isinstance(fooling, dict) else None
    return isinstance(settings, dict) and picture.size == (settings.get("size"),) * 2
