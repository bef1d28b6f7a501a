"""Measure how the channels of the embedded networks are distributed over photographs, into a data file.

    python tools/channel_statistics.py FOLDER

FOLDER holds some thirty photographs of all kinds, PNG or JPEG, a thousand pixels wide; none of them is kept.
Each is shown whole and at half its size. Of late layers it is measured, too, how much each channel serves
groups of classes: over the photographs and over dreams of them, by the gradient of the scores of a group less
that of all other classes, a deviation of the activation.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.ascent.tensors import as_tensor
from reverie.gradient.attention import CELL_BLUR
from reverie.media.picture import load_picture
from reverie.network.channel_statistics import FILE, LEAST, LIMITS
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.ops.filters import gaussian_kernel, separable
from reverie.recipe.presets.preset import preset

NETWORKS = ("lite0", "lite1", "lite2")
#: ImageNet's breeds, from Chihuahua to Mexican hairless, and its other animals, from tench to puffer.
BREEDS = range(151, 269)
GROUPS = {"dogs": BREEDS, "animals": [i for i in range(398) if i not in BREEDS]}
#: Of which layers it is said whom channels serve: those that draw heads and bodies.
LATE = ("block5", "block6", "block7")
#: Share of the cells of photographs that are under the second limit, as far as they go: dreams go further.
RARE = 0.999
#: Every so many photographs one is dreamt on, at this size.
EVERY, DREAMT = 3, 448


def main(folder: str) -> int:
    photographs = [as_tensor(load_picture(path)) for path in sorted(Path(folder).iterdir())]
    if not photographs:
        print(f"{folder}: there are no photographs in it", file=sys.stderr)
        return 2
    kept: dict[str, np.ndarray] = {}
    share = spread = 0.0
    for name in NETWORKS:
        net = load_net(name)
        layers = [layer.name for layer in net.layers.values() if layer.name.startswith("block")]
        distribution = measured(net, layers, photographs)
        session = Session(preset("classic"), net=net)
        some = [half(photograph, DREAMT) for photograph in photographs[::EVERY]]
        dreams = [as_tensor(render(preset("classic"), picture, session=session)) for picture in some]
        late = [layer for layer in layers if layer.startswith(LATE)]
        served = serving(net, late, distribution, [*dreams, *some])
        squares = heights(net, distribution, [half(photograph) for photograph in photographs])
        if not spread:
            found = squares["block5c"].numpy()
            share = float((found < LIMITS[0]).mean())
            spread = (LIMITS[1] - LIMITS[0]) / (float(np.quantile(found, RARE)) - LIMITS[0])
        for layer, (mean, deviation) in distribution.items():
            some, rare = np.quantile(squares[layer].numpy(), (share, RARE))
            limits = torch.tensor([some, some + spread * (rare - some)])
            values = {
                "mean": mean,
                "deviation": deviation,
                **served.get(layer, {}),
                "limits": limits,
            }
            for key, value in values.items():
                kept[f"{name}/{layer}/{key}"] = value.numpy().astype(np.float16)
        print(name, len(layers), "layers", flush=True)
    path = Path(__file__).parents[1] / "src/reverie/network" / FILE
    np.savez_compressed(path, allow_pickle=False, **kept)
    print(f"{path}: {path.stat().st_size} bytes")
    return 0


def half(picture: Tensor, side: int | None = None) -> Tensor:
    """A picture at half its size, or with that longest side."""
    scale = 0.5 if side is None else min(1.0, side / max(picture.shape[2:]))
    size = [round(s * scale) for s in picture.shape[2:]]
    return F.interpolate(picture, size=size, mode="bilinear", antialias=True)


def measured(net: Network, layers: list[str], photographs: list[Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """Mean and deviation of each channel of each layer, over all looks."""
    looks = [look for photograph in photographs for look in (photograph, half(photograph))]
    sums = {layer: torch.zeros(2, net.channels_of(layer), dtype=torch.float64) for layer in layers}
    for look in looks:
        with torch.no_grad():
            for layer, cells in net.forward(look, layers).items():
                sums[layer] += torch.stack([cells.mean((0, 2, 3)), cells.square().mean((0, 2, 3))]).double()
    found = {}
    for layer, total in sums.items():
        mean, square = total / len(looks)
        deviation = (square - mean.square()).clamp_min(1e-12).sqrt()
        found[layer] = mean.float(), deviation.clamp_min(LEAST * float(deviation.median())).float()
    return found


def heights(
    net: Network, distribution: dict[str, tuple[Tensor, Tensor]], looks: list[Tensor]
) -> dict[str, Tensor]:
    """Of each layer, the mean square above the mean at the cells of photographs, as attention smooths it."""
    found: dict[str, list[Tensor]] = {layer: [] for layer in distribution}
    for look in looks:
        with torch.no_grad():
            for layer, cells in net.forward(look, list(distribution)).items():
                mean, deviation = (values.view(1, -1, 1, 1) for values in distribution[layer])
                seen = ((cells - mean) / deviation).relu_().square_().mean(1, keepdim=True)
                found[layer].append(separable(seen, gaussian_kernel(CELL_BLUR, 3), circular=True).flatten())
    return {layer: torch.cat(squares) for layer, squares in found.items()}


def serving(
    net: Network, layers: list[str], distribution: dict[str, tuple[Tensor, Tensor]], looks: list[Tensor]
) -> dict[str, dict[str, Tensor]]:
    """How much each channel serves a group rather than all other classes, of deviation 1 in a layer."""
    found = {layer: {name: torch.zeros(net.channels_of(layer)) for name in GROUPS} for layer in layers}
    for look in looks:
        with torch.enable_grad():
            seen = net.forward(look.clone().requires_grad_(True), [*layers, "logit_map"])
            scores = seen["logit_map"].clamp_min(0)
            for name, members in GROUPS.items():
                group = torch.zeros(scores.shape[1], dtype=torch.bool)
                group[list(members)] = True
                aim = scores[:, group].mean() - scores[:, ~group].mean()
                slopes = torch.autograd.grad(aim, [seen[layer] for layer in layers], retain_graph=True)
                for layer, slope in zip(layers, slopes, strict=True):
                    mean, deviation = (values.view(1, -1, 1, 1) for values in distribution[layer])
                    height = ((seen[layer].detach() - mean) / deviation).clamp_min(0)
                    share = (slope * deviation * height).sum((0, 2, 3)) / height.sum((0, 2, 3)).clamp_min(1)
                    found[layer][name] += share
    return {layer: {name: v / v.std() for name, v in groups.items()} for layer, groups in found.items()}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 2 else print(__doc__) or 2)
