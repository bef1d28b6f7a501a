"""Where a picture is cut into tiles for an objective, and how far tiles and seamless pictures reach over."""

from __future__ import annotations

import torch

from reverie.engine.engine import Engine
from reverie.gradient.tiles import Cut, free_memory, room_for, round_up
from reverie.network.network import Network
from reverie.scoring.bind import BoundObjective

#: Share of a layer's receptive field that the default halo of a tile is wide (and 8 px more): most of what a
#: cell sees lies near its middle (Luo et al. 2016, "Understanding the effective receptive field"). On Lite0
#: the gradient's energy at the cuts is then within about 1 % of the untiled one's at every layer.
SEEN = 0.2


def cut_of(
    goal: BoundObjective, height: int, width: int, *, engine: Engine, device: str, halo: int | str
) -> Cut | None:
    """What cutting such a picture for this objective comes to; None where it cannot or need not be.

    ``halo`` is as in a recipe: pixels, ``auto`` or ``full``.
    """
    net = engine.net
    cut = goal.layers and not goal.codes and height * width > 128 * 128
    geometry = net.geometry(goal.layers) if cut else None
    if geometry is None:  # sees the whole picture, or is too small to cut
        return None
    stride, field = geometry
    # A measured field may lie to one side of its cell, as that of convolutions without padding does.
    centred = net.tells_fields
    reach = field / 2 if centred else field
    wide = full = round_up(reach + stride, stride)
    if halo == "auto" and centred:
        wide = round_up(SEEN * field + 8, stride)
    elif isinstance(halo, int):
        wide = round_up(halo, stride)
    memory = free_memory(torch.device(device))
    room = room_for(engine.bytes_per_pixel(goal.layers), memory, height, width)
    return Cut(height, width, min(wide, full), stride, room)


def sees_parts(goal: BoundObjective, net: Network) -> bool:
    """Whether a part of a picture can be looked at by itself: nothing of the goal is of the whole picture."""
    whole = goal.codes or goal.masks or not goal.layers
    return not whole and net.patch is None and net.geometry(goal.layers) is not None


def margin_of(goal: BoundObjective, height: int, width: int) -> int:
    """How much of the other side the network is shown beyond each edge of a seamless picture."""
    return min(64, height // 2, width // 2) if goal.layers else 0
