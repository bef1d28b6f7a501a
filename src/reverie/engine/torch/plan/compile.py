"""From a recording to a plan: batch norms folded, activations fused, what nothing needs left out."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.kernels.conv import gates
from reverie.engine.torch.kernels.dense import PointwiseBack, PointwiseForth, is_pointwise
from reverie.engine.torch.kernels.max_pool import POOLED, Pool, can_pool
from reverie.engine.torch.kernels.mean_pool import PreparedBox
from reverie.engine.torch.plan.plan import ExecutionPlan, Formats
from reverie.engine.torch.plan.prepared import PreparedConv
from reverie.engine.torch.plan.steps import (
    ActivationStep,
    AddStep,
    AnyStep,
    CatStep,
    ConvStep,
    MaxPoolStep,
    NativePoolStep,
    PlanStep,
    PointwiseStep,
    ScaleStep,
)
from reverie.engine.torch.trace.calls import FLOATING, activation_of, filled, gain_of, only_output, pair_of
from reverie.engine.torch.trace.graph import CONVOLUTIONS, Chain, Graph
from reverie.engine.torch.trace.record import Call, Recording, replace

#: The first layers are those with as many multiplications per pixel of the picture: their rounding is seen by
#: all that come after. (ReLUs that it flips are most of what half formats do to a gradient.)
EARLY = 10_000
aten = torch.ops.aten


def build(recording: Recording, formats: Formats, store: Store) -> ExecutionPlan:
    """The plan for a recording."""
    return _Builder(recording, formats, store).build()


class _Builder:
    def __init__(self, recording: Recording, formats: Formats, store: Store) -> None:
        self._graph, self._formats, self._store = Graph(recording), formats, store
        self._shapes = self._graph.shapes
        self._placed: list[tuple[int, PlanStep]] = []  # steps, and the last call of each
        self._work = 0  # multiplications of the convolutions so far
        self._units: dict[int, float] = {}  # by value, what it is multiplied with; 1 unless it says so

    def build(self) -> ExecutionPlan:
        for at, call in enumerate(self._graph.calls):
            if at not in self._graph.taken:
                self._placed.append(self._step(at, call))
        self._placed.sort(key=lambda pair: pair[0])
        steps = [step for _, step in self._placed]
        # A value that only a cat reads is written where it belongs.
        producers = {
            index: step for step in steps for index in step.writes if self._graph.alone(index) is not None
        }
        for step in steps:
            if isinstance(step, CatStep):
                step.place(producers, self._shapes[step.writes[0]])
        return ExecutionPlan(steps, self._graph.layers, self._formats)

    # -- steps

    def _step(self, at: int, call: Call) -> tuple[int, PlanStep]:
        makers = {
            **dict.fromkeys(CONVOLUTIONS, self._conv),
            "batch_norm": self._norm,
            "cat": self._cat,
            "concat": self._cat,
            "add": self._add,
            "max_pool2d": self._max_pool,
            "avg_pool2d": self._avg_pool,
        }
        made = makers[call.name](at, call) if call.name in makers else None
        if made is not None:
            return made
        activation = activation_of(call)
        if activation is not None and self._graph.ref(call.args[0]) is not None:
            x, y = self._graph.ref(call.args[0]), call.outputs[0]
            assert x is not None
            assert y is not None
            return at, ActivationStep(activation, x, y)
        return at, self._any(call)

    def _any(self, call: Call) -> PlanStep:
        function = call.function
        if call.name in ("view", "_unsafe_view"):
            function = aten.reshape.default  # what was dense when recorded is channels_last now
        kind = self._formats.forward

        def constant(tensor: Tensor) -> Tensor:
            if not tensor.is_floating_point():
                return tensor.to(self._formats.device)
            return self._store.get(
                ("as it is", kind), (tensor,), lambda: tensor.to(self._formats.device, kind)
            )

        args, kwargs = replace((call.args, call.kwargs), constant, Tensor)
        kwargs = {k: v for k, v in kwargs.items() if not (k == "dtype" and v in FLOATING)}
        reads = {i: self._graph.value(i) for i in call.reads()}
        bound = Call(call.name, function, args, kwargs, call.outputs, call.many)
        return AnyStep(bound, reads, kind)

    def _conv(self, at: int, call: Call) -> tuple[int, PlanStep] | None:
        chain = self._graph.chain(at, call)
        return None if chain is None else self._convolved(chain)

    def _convolved(self, chain: Chain) -> tuple[int, PlanStep]:
        self._graph.taken.update(chain.taken)
        if self._is_points(chain):
            return chain.at, self._points(chain)
        formats, shape, native = self._formats, self._shapes[chain.x], self._formats.native
        early = self._is_early(chain)
        conv = PreparedConv(
            self._in_units(chain),
            shape,
            self._store,
            forward=formats.early if early else formats.forward,
            backward=formats.backward,
            device=formats.device,
            isa=None if native is None else native.early if early else native.forward,
            back_isa=None if native is None else native.backward,
            summed=chain.other is not None,
        )
        self._place_mean(chain)
        end = chain.at if chain.mean is not None else max([chain.at, *chain.taken])
        return end, ConvStep(conv, chain.x, chain.other, chain.y)

    def _in_units(self, chain: Chain) -> ConvSpec:
        """The convolution for what it reads and writes in the units that these are kept in.

        Backward in bf16 wants to know which results were at a limit: see ``Activation.tied``.
        """
        spec, formats = chain.spec, self._formats
        spec = dataclasses.replace(spec, factor=1 / self._units.get(chain.x, 1.0))
        rounds = formats.early == formats.forward == torch.float32 and formats.backward == torch.bfloat16
        alone = chain.other is None and chain.mean is None and self._graph.is_only_convolved(chain.y)
        if not rounds or formats.native is not None or not alone or spec.activation is None:
            return spec
        activation, unit = spec.activation.tied()
        self._units[chain.y] = unit
        bias = None if spec.bias is None else spec.bias.detach().double() * unit
        return dataclasses.replace(spec, factor=spec.factor * unit, bias=bias, activation=activation)

    def _place_mean(self, chain: Chain) -> None:
        """What was before a convolution, behind it."""
        mean = chain.mean
        if mean is not None:
            step = self._box(mean.kernel, chain.y, mean.y, mean.bias, mean.activation)
            self._placed.append((max(chain.taken), step))

    def _box(
        self,
        kernel: tuple[int, int],
        x: int,
        y: int,
        bias: Tensor | None = None,
        activation: Activation | None = None,
    ) -> PlanStep:
        formats = self._formats
        if bias is not None:
            bias = bias.to(formats.device, formats.forward)
        isa = formats.native.early if formats.native and self._in_fp32() else None
        box = PreparedBox(kernel, self._shapes[x], bias=bias, activation=activation, isa=isa)
        return ConvStep(box, x, None, y)

    def _in_fp32(self) -> bool:
        """Whether all maps and gradients are."""
        formats = self._formats
        return formats.early == formats.forward == formats.backward == torch.float32

    def _is_early(self, chain: Chain) -> bool:
        """Whether it is one of the first layers; counts the work."""
        shape = self._shapes[chain.x]
        self._work += chain.spec.work(shape)
        return self._work <= EARLY * self._shapes[0][0] * self._shapes[0][2] * self._shapes[0][3]

    def _is_points(self, chain: Chain) -> bool:
        """Whether the native library takes it together with others that read the same."""
        activation = chain.spec.activation
        return (
            self._formats.native is not None
            and self._in_fp32()
            and chain.other is None
            and (activation is None or gates(activation))
            and is_pointwise(chain.spec, self._shapes[chain.x])
        )

    def _points(self, first: Chain) -> PlanStep:
        chains, activation = [first], first.spec.activation
        for at in self._graph.readers[first.x]:
            chain = self._of_points(at) if at > first.at and at not in self._graph.taken else None
            if chain is None or not self._is_points(chain):
                continue
            own = chain.spec.activation
            if own is not None and activation is not None and own != activation:
                continue
            activation = activation or own
            self._graph.taken.update([at, *chain.taken])
            chains.append(chain)
        for chain in chains:
            self._place_mean(chain)
        native = self._formats.native
        assert native is not None
        early = [self._is_early(chain) for chain in chains]  # each counts its work
        specs, shape = [chain.spec for chain in chains], self._shapes[first.x]
        forth = PointwiseForth(specs, shape, self._store, native.early if all(early) else native.forward)
        back = PointwiseBack(specs, shape, self._store, native.backward)
        return PointwiseStep(forth, back, first.x, tuple(chain.y for chain in chains))

    def _of_points(self, at: int) -> Chain | None:
        """A convolution, with a mean before it or not."""
        call = self._graph.calls[at]
        if call.name in CONVOLUTIONS:
            return self._graph.chain(at, call)
        return self._graph.pooled_chain(at, call) if call.name == "avg_pool2d" else None

    def _with_activation(self, at: int, y: int) -> tuple[Activation | None, int, int]:
        activation, last, y = self._graph.activation_after(at, y)
        if last != at:
            self._graph.taken.add(last)
        return activation, last, y

    def _norm(self, at: int, call: Call) -> tuple[int, PlanStep] | None:
        x = self._graph.ref(call.args[0])
        gain = gain_of(call)
        if gain is None or x is None:
            return None
        y = only_output(call)
        activation, at, y = self._with_activation(at, y)
        shape = (1, -1, *[1] * (len(self._shapes[x]) - 2))
        scale, shift = (t.to(self._formats.device, self._formats.forward).view(shape) for t in gain)
        return at, ScaleStep(scale, shift, activation, x, y)

    def _add(self, at: int, call: Call) -> tuple[int, PlanStep] | None:
        pair = self._graph.sum_of(call)
        if pair is None:
            return None
        activation, at, y = self._with_activation(at, only_output(call))
        return at, AddStep(activation, *pair, y)

    def _cat(self, at: int, call: Call) -> tuple[int, PlanStep] | None:
        xs = [self._graph.ref(leaf) for leaf in call.args[0]]
        values = [x for x in xs if x is not None]
        y = only_output(call)
        axis = int(call.args[1] if len(call.args) > 1 else call.kwargs.get("dim", 0)) % len(self._shapes[y])
        if len(values) != len(xs) or any(len(self._shapes[x]) != len(self._shapes[y]) for x in values):
            return None
        return at, CatStep(axis, [self._shapes[x][axis] for x in values], tuple(values), y)

    def _max_pool(self, at: int, call: Call) -> tuple[int, PlanStep] | None:
        x, y = self._graph.ref(call.args[0]), only_output(call)
        if x is None or len(self._shapes[x]) != 4:
            return None
        kernel, stride, padding, dilation, ceil = filled(call, 1, ([], [], 0, 1, False))
        window = (pair_of(kernel), pair_of(stride or kernel), pair_of(padding), pair_of(dilation), ceil)
        formats = self._formats
        kinds = (formats.early, formats.forward, formats.backward)
        if formats.native and all(kind in POOLED for kind in kinds) and can_pool(window):
            pool = Pool(window, self._shapes[x], self._shapes[y], formats.native.early)
            return at, NativePoolStep(pool, x, y)
        return at, MaxPoolStep(window, self._shapes[x], x, y)

    def _avg_pool(self, at: int, call: Call) -> tuple[int, PlanStep] | None:
        window = self._graph.window(call)
        if window is None:
            return None
        chain = self._graph.pooled_chain(at, call)
        if chain is not None:
            return self._convolved(chain)
        kernel, x = window
        return at, self._box(kernel, x, only_output(call))
