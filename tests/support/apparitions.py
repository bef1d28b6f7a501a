"""Dreams at sites as small as they come."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

LITTLE: dict[str, Any] = {
    "count": 2,
    "look_size": 32,
    "spare_faces": False,
    "drafts": 2,
    "short_side": 64,
    "views": 2,
    "view_size": (32, 40),
}


def small(*classes: str, sites: dict[str, Any] | None = None, **changes: Any) -> Recipe:
    """A recipe of a few small steps; ``sites`` changes the settings of its sites."""
    wanted = tuple(f'class("{name}")' for name in classes or ("golden retriever",))
    settings = {"objective": wanted, "octaves": 2, "steps": (2, 2), **changes}
    return preset("apparition", **settings, sites={**LITTLE, **(sites or {})})


def gradients(height: int, width: int) -> Tensor:
    """A smooth coloured picture (1, 3, H, W) in [0, 1] with a brighter disc in it."""
    down, across = torch.linspace(0, 1, height)[:, None], torch.linspace(0, 1, width)[None]
    disc = ((down - 0.6) ** 2 + (across - 0.3) ** 2 < 0.04).float() * 0.3
    planes = [0.2 + 0.5 * down + 0 * across, 0.3 + 0.4 * across + 0 * down, 0.5 * down * across + 0.2]
    return torch.stack([plane + disc for plane in planes])[None].clamp(0, 1)
