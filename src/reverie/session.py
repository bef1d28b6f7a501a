"""A session: one network at work, with what need not be computed twice: bound objectives, tiles, files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.canvas import Pixels
from reverie.errors import BadInput
from reverie.goal import Goal, bind
from reverie.gradient import picture_gradient
from reverie.gradient.engine import (
    PlainEngine,
    is_out_of_memory,
    out_of_memory,
    pick_device,
    pick_precision,
)
from reverie.gradient.tiles import Tiling, free_memory, plan_tiling, round_up
from reverie.net import Net, load_net
from reverie.picture import Picture, load_picture
from reverie.recipe import Recipe
from reverie.schedule import Octave
from reverie.transform import Roll


@dataclass(frozen=True)
class Path:
    """What ran, as it is written beside the recipe so that the same can run again."""

    engine: str
    device: str
    precision: str
    threads: int
    tile: int | None = None  # side in pixels; 0: never cut
    halo: int | None = None


class Session:
    """A network on a device, and everything that need not be computed twice.

    ``tile`` forces the side of the tiles (None chooses from the free memory, 0 forbids tiles); ``open_file``
    gives the pictures of guides and masks by name.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        net: Net | None = None,
        tile: int | None = None,
        halo: int | None = None,
        offline: bool = False,
        open_file: Callable[[str], Picture] = load_picture,
    ) -> None:
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        self.device = pick_device(recipe.device)
        net = net or load_net(recipe.network, offline=offline)
        self.engine = PlainEngine(
            net,
            device=self.device,
            precision=pick_precision(recipe.precision, self.device),
        )
        self.net = self.engine.net
        self.open_file = open_file
        self._tile, self._halo = tile, halo
        self._goals: dict[tuple[str, str], Goal] = {}
        self._tilings: dict[tuple[tuple[str, ...], int, int], Tiling | None] = {}
        self._fields: tuple[object, dict[str, Tensor]] = (None, {})
        self._fixed = tile is not None
        self.shrunk = False  # memory ran out once and the tiles were halved
        self.used: Tiling | None = None

    def path(self) -> Path:
        """What ran so far."""
        return Path(
            self.engine.name,
            self.device,
            self.engine.precision,
            torch.get_num_threads(),
            self._tile if self._tile is not None else self.used.side if self.used else None,
            self.used.halo if self.used else None,
        )

    def settle(self, recipe: Recipe, plan: Sequence[Octave]) -> None:
        """Choose one tile side for a whole dream, so that what is written of it is enough to repeat it.

        Binds every octave's objective too: names that do not exist are said before any work is done.
        """
        if self._fixed:
            for octave in plan:
                self.goal(recipe, octave.index)
            return
        self._tile = None
        self._tilings.clear()
        sides = []
        for octave in plan:
            goal = self.goal(recipe, octave.index)
            width, height = octave.size
            margin = 2 * self._margin(goal, height, width) if recipe.seamless else 0
            tiling = self._plan(goal, height + margin, width + margin)
            if tiling is not None:
                sides.append(tiling.side)
        self._tile = min(sides, default=0)

    def open_tensor(self, name: str) -> Tensor:
        """A file's picture as (1, C, H, W) in [0, 1] on the network's device."""
        return as_tensor(self.open_file(name)).to(self.device)

    def goal(self, recipe: Recipe, octave: int) -> Goal:
        """The bound objective of an octave; bound once."""
        objective = recipe.objective_at(octave)
        key = (str(objective), recipe.balance)
        if key not in self._goals:
            self._goals[key] = bind(
                objective,
                self.net,
                balance=recipe.balance,
                open_picture=self.open_tensor,
            )
        return self._goals[key]

    def gradient(self, goal: Goal, canvas: Pixels, roll: Roll) -> tuple[float, Tensor]:
        """Score and gradient (1, C, H, W) at the canvas's picture, looked at through a roll."""
        picture = canvas.picture()
        height, width = picture.shape[2:]
        key = (id(goal), height, width)
        if self._fields[0] != key:
            self._fields = (key, goal.fields(height, width, picture))
        fields = {k: roll.apply(f) for k, f in self._fields[1].items()}
        margin = self._margin(goal, height, width) if canvas.circular else 0
        view = roll.apply(picture)
        if margin:
            view = F.pad(view, (margin,) * 4, mode="circular")
            fields = {k: F.pad(f, (margin,) * 4, mode="circular") for k, f in fields.items()}
        score, gradient = self._tiled(goal, view, fields)
        return float(score[0]), roll.pull_back(_folded(gradient, margin))

    def _tiled(self, goal: Goal, view: Tensor, fields: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The gradient, in smaller tiles once if memory runs out."""
        height, width = view.shape[2:]
        while True:
            self.used = self.tiling(goal, height, width)
            try:
                return picture_gradient(self.engine, goal, view, fields=fields, tiling=self.used)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                geometry = self.net.geometry(goal.layers)
                if self.shrunk or geometry is None:
                    raise out_of_memory(width, height) from error
                side = self.used.side if self.used else max(height, width)
                self._tile = max(geometry[0], side // 2)
                self.shrunk = self._fixed = True
                self._tilings.clear()

    def tiling(self, goal: Goal, height: int, width: int) -> Tiling | None:
        """How a picture of this size is cut for this goal, decided once."""
        key = (goal.layers, height, width)
        if key not in self._tilings:
            self._tilings[key] = self._plan(goal, height, width)
        return self._tilings[key]

    def _plan(self, goal: Goal, height: int, width: int) -> Tiling | None:
        if not goal.layers or self._tile == 0:
            return None
        geometry = self.net.geometry(goal.layers) if height * width > 128 * 128 else None
        if geometry is None:  # sees the whole picture, or is too small to cut
            return None
        stride, field = geometry
        # A measured field may lie to one side of its cell, as that of convolutions without padding does.
        centred = all(self.net.layer(name).stride for name in goal.layers)
        reach = field / 2 if centred else field
        halo = self._halo if self._halo is not None else round_up(reach + stride, stride)
        if self._tile is not None:
            return Tiling(round_up(self._tile, stride), halo, stride)
        return plan_tiling(
            height,
            width,
            bytes_per_pixel=self.net.bytes_per_pixel(goal.layers),
            memory=free_memory(torch.device(self.device)),
            stride=stride,
            halo=halo,
        )

    def _margin(self, goal: Goal, height: int, width: int) -> int:
        """How much of the other side the network is shown beyond each edge of a seamless picture."""
        return min(64, height // 2, width // 2) if goal.layers else 0


def _folded(gradient: Tensor, margin: int) -> Tensor:
    """The adjoint of circular padding: what fell on the margins belongs to the other side."""
    if not margin:
        return gradient
    for axis in (2, 3):
        size = gradient.shape[axis] - 2 * margin
        core = gradient.narrow(axis, margin, size).clone()
        core.narrow(axis, size - margin, margin).add_(gradient.narrow(axis, 0, margin))
        core.narrow(axis, 0, margin).add_(gradient.narrow(axis, margin + size, margin))
        gradient = core
    return gradient


def as_tensor(picture: Picture | Tensor) -> Tensor:
    """A picture as (1, C, H, W) float32; tensors (C, H, W) or (1, C, H, W) are taken as they are.

    Raises:
        BadInput: Another number of dimensions, or values that are not finite.
    """
    if isinstance(picture, Picture):
        return torch.from_numpy(picture.pixels).permute(2, 0, 1)[None].contiguous()
    tensor = picture[None] if picture.ndim == 3 else picture
    if tensor.ndim != 4 or tensor.shape[0] != 1:
        raise BadInput(f"picture: a tensor of shape (C, H, W) is needed, got {tuple(picture.shape)}")
    if not torch.isfinite(tensor).all():
        raise BadInput("picture: the tensor has values that are not finite")
    return tensor.detach()
