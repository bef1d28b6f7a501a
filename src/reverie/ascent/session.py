"""A session: one network at work, with what need not be computed twice: bound objectives, tiles, files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import torch
from torch import Tensor

from reverie.ascent.cutting import cut_of, margin_of
from reverie.ascent.mirrored import flipped, turned
from reverie.ascent.octaves import Octave
from reverie.ascent.tensors import as_tensor
from reverie.canvas.detail import DetailCanvas
from reverie.engine.engine import AutogradEngine, Engine, is_out_of_memory, out_of_memory, pick_device
from reverie.engine.select import NoEngineError, make_engine
from reverie.errors import UsageError
from reverie.gradient.attention import Attention
from reverie.gradient.picture_gradient import picture_gradient
from reverie.gradient.tiles import Cut, Shape, Tiling, common_shape
from reverie.media.picture import Picture, load_picture
from reverie.native import Unavailable
from reverie.native.runtime import Runtime
from reverie.network.description import describe
from reverie.network.named import known_as
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.ops.patch_grid import without_grid
from reverie.ops.transform.roll import Roll
from reverie.process.notices import warn
from reverie.process.turn import Turn
from reverie.recipe.places import PLACES, mask_of
from reverie.recipe.recipe import Recipe
from reverie.scoring.bind import BoundObjective, bind

P = ParamSpec("P")
R = TypeVar("R")
#: So many bound objectives are kept, those asked for last: a session of months meets any number of them.
MOST_GOALS = 128
#: The tile that is never cut.
WHOLE = (0, 0)


@dataclass(frozen=True)
class ExecutionRecord:
    """What ran, as it is written beside the recipe so that the same can run again."""

    engine: str
    device: str
    precision: str
    threads: int
    isa: str | None = None  # instruction set, of the native engine
    tile: int | None = None  # height in pixels; 0: never cut
    tile_width: int | None = None  # None: as high
    halo: int | None = None
    step: str = "torch"  # what does the rest of a step, see reverie.native.step


def in_turn(method: Callable[Concatenate[Session, P], R]) -> Callable[Concatenate[Session, P], R]:
    """A session's method that one thread does at a time, with the session's runtime."""

    @wraps(method)
    def done(self: Session, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.turn, self.runtime.use():
            return method(self, *args, **kwargs)

    return done


class Session:
    """A network on a device, and everything that need not be computed twice.

    Threads may share one: of a step, the gradient is computed for one of them at a time, and each dream comes
    to the bytes that it comes to alone. Sessions share nothing but a module that their networks wrap, so two
    of them work at once, each in a thread of its own. ``record`` and ``used`` are of the latest dream.

    A process that is forked may go on with a session in its child, where it computes in one thread; where
    another thread was at work in it at that moment, the child gets a ResourceError.

    Attributes:
        runtime: The threads and kernels that it computes with, wherever it is called from.
        turn: Held by the thread that it computes for.

    Args:
        recipe: ``network``, ``engine``, ``device``, ``precision``, ``threads`` and ``halo`` are read of it.
        net: The network, if it is there already.
        tile: Side of the tiles, or height and width; None chooses from the free memory, 0 forbids tiles.
        isa: Instruction set of the native engine; None takes the fastest.
        step: What does the rest of a step, one of ``native.step.backends``; None takes the fastest.
        offline: Never download weights.
        open_file: Gives the pictures of guides and masks by name.

    Raises:
        NoEngineError: The engine, instruction set or what should do the rest of a step is not here.
        UsageError, NetworkError: Of ``load_net`` and ``make_engine``; weights that are not finite; a network
            that is code, which has to be given.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        net: Network | None = None,
        tile: int | Shape | None = None,
        isa: str | None = None,
        step: str | None = None,
        offline: bool = False,
        open_file: Callable[[str], Picture] = load_picture,
    ) -> None:
        try:
            self.runtime = Runtime.of(recipe.threads, step)
        except Unavailable as error:
            raise NoEngineError(str(error)) from error
        if net is not None and not isinstance(net, Network):
            raise UsageError(
                f"net: is a {type(net).__name__}; give load_net(...) or wrap_net(module, mean=..., std=...)"
            )
        self.turn = Turn("the session")
        self.device = pick_device(recipe.device)
        with self.runtime.use():
            self.engine = make_engine(
                recipe.engine,
                net or _named(recipe.network, offline=offline),
                device=self.device,
                precision=recipe.precision,
                threads=self.runtime.threads,
                isa=isa,
            )
        self.net = self.engine.net
        self.open_file = open_file
        if recipe.partners and recipe.in_views:
            raise UsageError("partners: a portrait is what one network wants to see; drop them")
        self.partners = tuple(
            Session(
                recipe.model_copy(update={"network": name, "partners": ()}),
                tile=tile,
                isa=isa,
                step=step,
                offline=offline,
                open_file=open_file,
            )
            for name in recipe.partners
        )
        for partner in self.partners:
            if partner.net.channels != self.net.channels:
                raise UsageError(
                    f"partners: {partner.net.name} takes pictures of {partner.net.channels} channels, "
                    f"{self.net.name} of {self.net.channels}"
                )
        # Without jitter nothing moves the cuts about, so nothing may be seen of them in any one step.
        self._halo = recipe.halo if recipe.halo != "auto" or recipe.jitter else "full"
        if recipe.in_views:
            tile = 0  # views are small, and what they climb may need all of them
        self._tile = (tile, tile) if isinstance(tile, int) else tile
        if self._tile is not None and self._tile != WHOLE and min(self._tile) < 1:
            raise UsageError(f"tile: {tile} is no size; give pixels from 1 on, or 0 for no tiles")
        self._noted = ""
        self._goals: OrderedDict[tuple[str, str, tuple[int, int] | None], BoundObjective] = OrderedDict()
        self._partners_goals: dict[int, list[BoundObjective]] = {}  # by the id of the goal here
        self._tilings: dict[tuple[tuple[str, ...], int, int], Tiling | None] = {}
        self._tiles: dict[tuple[tuple[str, ...], int, int], Shape] = {}  # chosen for a whole dream
        self._fields: tuple[object, dict[str, Tensor]] = (None, {})
        self._fixed = tile is not None
        self.shrunk = False  # memory ran out once and the tiles were halved
        self.used: Tiling | None = None
        self._plain: AutogradEngine | None = None

    def record(self) -> ExecutionRecord:
        """What ran so far."""
        down, across = self._tile or (None, None)
        if self._tile is None and self.used is not None:
            down, across = self.used.side, self.used.across or self.used.side
        return ExecutionRecord(
            engine=self.engine.name,
            device=self.device,
            precision=self.engine.precision,
            threads=self.runtime.threads,
            isa=getattr(self.engine, "isa", None),
            tile=down,
            tile_width=across,
            halo=self.used.halo if self.used else None,
            step=self.runtime.backend,
        )

    @in_turn
    def settle(self, recipe: Recipe, plan: Sequence[Octave]) -> None:
        """Choose one tile side for a whole dream, so that what is written of it is enough to repeat it.

        Binds every octave's objective too: names that do not exist are said before any work is done.
        """
        if self._fixed:
            for octave in plan:
                self.goal(recipe, octave.index)
            return
        for partner in self.partners:
            partner.settle(recipe, plan)
        cuts = {}
        for octave in plan:
            goal = self.goal(recipe, octave.index)
            width, height = octave.size
            margin = 2 * margin_of(goal, height, width) if recipe.seamless else 0
            size = height + margin, width + margin
            cuts[(goal.layers, *size)] = self._cut(goal, *size)
        self._tile = common_shape([cut for cut in cuts.values() if cut is not None]) or WHOLE
        for key in cuts:
            self._tiles[key] = self._tile
            self._tilings.pop(key, None)

    @in_turn
    def open_tensor(self, name: str) -> Tensor:
        """A picture by its file, or a mask by its name, (1, C, H, W) in [0, 1] on the network's device."""
        if name in PLACES:
            return torch.from_numpy(mask_of(name))[None, None].to(self.device)
        return as_tensor(self.open_file(name)).to(self.device)

    @in_turn
    def goal(self, recipe: Recipe, octave: int, size: tuple[int, int] | None = None) -> BoundObjective:
        """The bound objective of an octave; bound once, and again when many others were asked for meanwhile.

        ``size`` is the (width, height) at which the features of a picture to be inverted are computed.
        """
        objective = recipe.objective_at(octave)
        key = (str(objective), recipe.balance, size)
        if key not in self._goals:
            self._goals[key] = bind(
                objective,
                self.net,
                balance=recipe.balance,
                open_picture=self.open_tensor,
                size=size,
                portrait=recipe.in_views,
            )
            theirs = [partner.goal(recipe, octave, size) for partner in self.partners]
            self._partners_goals[id(self._goals[key])] = theirs
            if len(self._goals) > MOST_GOALS:
                self._forget(self._goals.popitem(last=False)[1])
        self._goals.move_to_end(key)
        return self._goals[key]

    def _forget(self, goal: BoundObjective) -> None:
        """Drop what is known by a goal's id, which another may have later."""
        self._partners_goals.pop(id(goal), None)
        self._fields = (None, {})

    @in_turn
    def gradient(
        self, goal: BoundObjective, canvas: DetailCanvas, roll: Roll, attention: Attention | None = None
    ) -> tuple[tuple[float, ...], Tensor]:
        """Score of one picture as large as memory allows, and the gradient (1, C, H, W) at it, under a roll.

        The gradient is the caller's to change, until the next one is written into the same memory. Attention
        is what earlier looks at the canvas said; this one's is taken up. Where the network cuts pictures into
        patches, these are not seen in it. Partners look too, and of what they say each has the same
        strength; the score is this network's.
        """
        width, height = canvas.size
        key = (id(goal), height, width)
        if self._fields[0] != key:
            self._fields = (key, goal.fields(height, width, canvas.base))
        margin = margin_of(goal, height, width) if canvas.circular else 0
        score, gradient = self._tiled(goal, canvas, roll, margin, attention)
        if self.net.patch is not None:
            gradient = without_grid(gradient, self.net.patch, (roll.down, roll.right))
        if roll.mirrored:
            gradient = gradient.flip(3)
        self.tell()
        if self.partners:
            gradient = self._with_partners(goal, canvas, roll, attention, gradient)
        return (float(score[0]),), gradient

    def _with_partners(
        self,
        goal: BoundObjective,
        canvas: DetailCanvas,
        roll: Roll,
        attention: Attention | None,
        gradient: Tensor,
    ) -> Tensor:
        """A gradient of length 1 and those of all partners, each of length 1, added up."""
        total = gradient / _length(gradient)
        for k, partner in enumerate(self.partners):
            theirs = attention.of_partner(k) if attention is not None else None
            _, other = partner.gradient(self._partners_goals[id(goal)][k], canvas, roll, theirs)
            total += other.to(total) / _length(other).to(total)
        return total

    @in_turn
    def warm_engine(self) -> Engine:
        """The engine for steps in which dead units pass the gradient: only autograd can be redirected."""
        if self.engine.name == "plain":
            return self.engine
        if self._plain is None:
            self._plain = AutogradEngine(self.net, device=self.device)
        return self._plain

    def release(self) -> None:
        """Give back the memory that steps work in; the next step takes it again."""
        with self.turn:
            self._fields = (None, {})
            self.engine.release()
        for partner in self.partners:
            partner.release()

    def tell(self) -> None:
        """Say once what the engine could not do fast."""
        if self.engine.note != self._noted:
            self._noted = self.engine.note
            warn(self._noted, stacklevel=3)

    def _tiled(
        self, goal: BoundObjective, canvas: DetailCanvas, roll: Roll, margin: int, attention: Attention | None
    ) -> tuple[Tensor, Tensor]:
        """The gradient, in smaller tiles once if memory runs out."""
        width, height = (side + 2 * margin for side in canvas.size)
        while True:
            self.used = self.tiling(goal, height, width)
            try:
                with turned(attention, mirrored=roll.mirrored):
                    return picture_gradient(
                        self.engine,
                        goal,
                        canvas.shown(mirrored=roll.mirrored),
                        fields=flipped(self._fields[1]) if roll.mirrored else self._fields[1],
                        tiling=self.used,
                        roll=(roll.down, roll.right),
                        margin=margin,
                        out=canvas.spare("gradient"),
                        attention=attention,
                    )
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                geometry = self.net.geometry(goal.layers)
                if self.shrunk or geometry is None:
                    raise out_of_memory(*canvas.size, tiles=geometry is not None) from error
                used = self.used
                down, across = (used.side, used.across or used.side) if used else (height, width)
                self._tile = max(geometry[0], down // 2), max(geometry[0], across // 2)
                self.shrunk = self._fixed = True
                self._tilings.clear()
                self._tiles.clear()
                self.engine.release()

    @in_turn
    def tiling(self, goal: BoundObjective, height: int, width: int) -> Tiling | None:
        """How a picture of this size is cut for this objective, decided once."""
        key = (goal.layers, height, width)
        if key not in self._tilings:
            tile = self._tiles.get(key, self._tile)
            cut = self._cut(goal, height, width) if tile != WHOLE else None
            shape = None if cut is None else tile or cut.shape()
            self._tilings[key] = cut.tiling(shape) if cut is not None and shape is not None else None
        return self._tilings[key]

    def _cut(self, goal: BoundObjective, height: int, width: int) -> Cut | None:
        """What cutting such a picture for this objective comes to here: see ``cut_of``."""
        return cut_of(goal, height, width, engine=self.engine, device=self.device, halo=self._halo)


def session_of(recipe: Recipe, session: Session | None, net: Network | None) -> Session:
    """The session that somebody gave, or one of a network that they gave or the recipe names.

    Raises:
        UsageError: Both were given, or as the network something else, as a module that is not wrapped.
    """
    if session is None:
        return Session(recipe, net=net)
    if net is not None:
        raise UsageError("net: a session has its network already; give one of the two")
    return session


def _named(network: str, *, offline: bool) -> Network:
    """The network that a recipe names; UsageError where that is code, as recipes come from anywhere."""
    found = describe(known_as(network))
    if found.runs_code:
        raise UsageError(
            f'network "{found.title}" runs code, which no recipe may ask for; load it yourself: '
            "Session(recipe, net=reverie.load_net(...))"
        )
    return load_net(network, offline=offline)


def _length(gradient: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(gradient)
    return length.clamp_min(1e-30)
