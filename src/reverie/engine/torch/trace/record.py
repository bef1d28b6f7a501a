"""Writes down what a network does to one picture: torch operators, whatever Python decided between them.

The network runs once, for real, while every operator that its input reaches is recorded. So nothing has to be
traced symbolically, and any control flow on shapes is fine; what depends on the pixels themselves is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

#: Operators that read numbers or shapes out of the values themselves.
READS_VALUES = {"item", "_local_scalar_dense", "is_nonzero", "equal", "nonzero", "allclose", "as_strided"}
#: Operators that take no more than shape and number format from the tensor they are given.
VALUELESS = {f"{name}_like" for name in ("zeros", "ones", "full", "empty")} | {
    f"new_{name}" for name in ("zeros", "ones", "full", "empty")
}
#: Operators that draw random numbers only if an argument says so: its position, name and quiet value.
MAYBE_RANDOM = {
    "dropout": (2, "train", False),
    "feature_dropout": (2, "train", False),
    "alpha_dropout": (2, "train", False),
    "feature_alpha_dropout": (2, "train", False),
    "dropout_": (2, "train", False),
    "scaled_dot_product_attention": (4, "dropout_p", 0.0),
    "rrelu": (3, "training", False),
    "rrelu_": (3, "training", False),
}


class Unrecordable(Exception):
    """The network does something that a fixed list of operators cannot repeat."""


@dataclass(frozen=True)
class Ref:
    """The value with this number, in place of a tensor that depends on the input."""

    index: int


@dataclass
class Call:
    """One operator on values and constants.

    Attributes:
        name: As in ``torch.ops.aten``, without the overload and without a trailing underscore.
        function: What to call; never one that changes its arguments.
        args: With ``Ref`` for what depends on the input; other tensors are constants.
        kwargs: Likewise.
        outputs: Numbers of the tensors it returns; None for what is no tensor.
        many: It returns a list or a tuple.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[int | None]
    many: bool

    def reads(self) -> list[int]:
        """Numbers of the values it reads, in order, each once."""
        found: dict[int, None] = {}
        visit((self.args, self.kwargs), lambda leaf: found.setdefault(leaf.index), Ref)
        return list(found)


@dataclass
class Recording:
    """What a network did: value 0 is its input, ``layers`` are the values that were asked for."""

    calls: list[Call]
    layers: dict[str, int]
    shapes: dict[int, torch.Size]


def record(run: Callable[[Tensor], Mapping[str, Tensor]], x: Tensor) -> Recording:
    """Runs ``run(x)``, which returns layers by name, and writes its operators down.

    Raises:
        Unrecordable: With the reason in words.
    """
    with torch.inference_mode():
        x = x.clone()
        recorder = _Recorder(x)
        with _Watched(), recorder:
            found = run(x)
        layers = {name: recorder.index_of(tensor) for name, tensor in found.items()}
    missing = [name for name, index in layers.items() if index is None]
    if missing:
        raise Unrecordable(f"layer {missing[0]} does not depend on the picture")
    return Recording(recorder.calls, {k: v for k, v in layers.items() if v is not None}, recorder.shapes)


class _Watched(TorchFunctionMode):
    """Changes nothing; but while somebody watches, attention does not take its fast path, without derivative.

    A switch of torch's turns that path off too: for the whole process, where another thread may be at work.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return func(*args, **(kwargs or {}))


def thaw(module: nn.Module) -> None:
    """Makes ordinary tensors of what a module has cached while it was recorded: autograd takes no other."""

    def thawed(tree: Any) -> Any:
        return replace(tree, lambda t: t.clone() if t.is_inference() else t, Tensor)

    for part in module.modules():
        for name, value in list(vars(part).items()):
            if isinstance(value, Tensor | list | tuple | dict) and _any_frozen(value):
                vars(part)[name] = thawed(value)


def _any_frozen(tree: Any) -> bool:
    found: list[Tensor] = []
    visit(tree, found.append, Tensor)
    return any(t.is_inference() for t in found)


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, x: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[Call] = []
        self.shapes = {0: x.shape}
        self._known = WeakTensorKeyDictionary()  # tensor -> (number, times its memory had been written)
        self._writes: dict[int, int] = {}  # by storage
        self._constants: list[Tensor] = []  # alive, so that no address is used twice
        self._frozen: set[int] = set()  # storages of constants
        self._known[x] = (0, 0)

    def index_of(self, tensor: Tensor) -> int | None:
        """The number of the value in a tensor, or None for a constant."""
        entry: tuple[int, int] | None = self._known.get(tensor)  # type: ignore[no-untyped-call]
        if entry is None:
            return None
        if entry[1] != self._writes.get(_storage(tensor), 0):
            raise Unrecordable("a view is read after what it shows was changed in place")
        return entry[0]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Torch's compiler is kept away from this, but not imported for it, which takes a second and more."""
        return "torch._dynamo" in sys.modules

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        touched = False

        def look(leaf: Tensor) -> None:
            nonlocal touched
            touched = touched or leaf in self._known

        visit((args, kwargs), look, Tensor)
        name = func.overloadpacket.__name__
        _check_random(func, name, args, kwargs)
        if not touched or name in VALUELESS:
            self._check_untouched(func, args, kwargs)
            return func(*args, **kwargs)
        if name in READS_VALUES or torch.Tag.dynamic_output_shape in func.tags:
            raise Unrecordable(f"{name} reads the values of activations")
        recorded = tuple(self._frozen_argument(a) for a in args)
        named = {k: self._frozen_argument(v) for k, v in kwargs.items()}
        changed = _changed(func, args, kwargs)
        result = func(*args, **kwargs)
        self._note(func, name, recorded, named, changed, result)
        return result

    def _check_untouched(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if any(_storage(t) in self._frozen for t in _changed(func, args, kwargs)):
            raise Unrecordable(f"{func} changes a constant that was read before")

    def _frozen_argument(self, argument: Any) -> Any:
        def one(leaf: Tensor) -> Any:
            index = self.index_of(leaf)
            if index is not None:
                return Ref(index)
            self._constants.append(leaf)
            self._frozen.add(_storage(leaf))
            return leaf

        return replace(argument, one, Tensor)

    def _note(
        self,
        func: Any,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        changed: Sequence[Tensor],
        result: Any,
    ) -> None:
        function: Callable[..., Any] = func
        if changed:
            function, name = _functional(func, name, changed, self._known)
            kwargs = {k: v for k, v in kwargs.items() if k != "out"}
            storage = _storage(changed[0])
            self._writes[storage] = self._writes.get(storage, 0) + 1
        many = isinstance(result, list | tuple)
        outputs: list[int | None] = []
        for leaf in result if many else [result]:
            if not isinstance(leaf, Tensor):
                if leaf is not None:
                    raise Unrecordable(f"{name} reads the values of activations")
                outputs.append(None)
                continue
            index = len(self.shapes)
            self.shapes[index] = leaf.shape
            self._known[leaf] = (index, self._writes.get(_storage(leaf), 0))
            outputs.append(index)
        self.calls.append(Call(name, function, args, kwargs, outputs, many))


def _check_random(func: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    if name in MAYBE_RANDOM:
        position, argument, quiet = MAYBE_RANDOM[name]
        value = args[position] if len(args) > position else kwargs.get(argument, quiet)
        if value == quiet:
            return
    elif torch.Tag.nondeterministic_seeded not in func.tags:
        return
    raise Unrecordable(f"{name} draws random numbers")


def _changed(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Tensor]:
    """The tensors that an operator writes into."""
    found: list[Tensor] = []
    for position, spec in enumerate(func._schema.arguments):
        if spec.alias_info is None or not spec.alias_info.is_write:
            continue
        value = kwargs.get(spec.name) if spec.name in kwargs or position >= len(args) else args[position]
        visit(value, found.append, Tensor)
    return found


def _functional(
    func: Any, name: str, changed: Sequence[Tensor], known: WeakTensorKeyDictionary
) -> tuple[Callable[..., Any], str]:
    """The operator that returns what this one writes."""
    twin = getattr(torch.ops.aten, name.removesuffix("_"), None)
    overload = func._overloadname
    if not name.endswith("_") or twin is None or len(changed) != 1 or changed[0] not in known:
        raise Unrecordable(f"{func} writes in place and has no form that does not")
    if overload not in twin.overloads():
        raise Unrecordable(f"{func} writes in place and has no form that does not")
    return getattr(twin, overload), name.removesuffix("_")


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def visit(tree: Any, action: Callable[[Any], Any], kind: type) -> None:
    """Calls ``action`` on every leaf of a kind in nested tuples, lists and dicts, in order."""
    if isinstance(tree, kind):
        action(tree)
    elif isinstance(tree, Mapping):
        visit(list(tree.values()), action, kind)
    elif isinstance(tree, list | tuple):
        for part in tree:
            visit(part, action, kind)


def replace(tree: Any, action: Callable[[Any], Any], kind: type) -> Any:
    """The same nested tuples, lists and dicts with every leaf of a kind replaced."""
    if isinstance(tree, kind):
        return action(tree)
    if isinstance(tree, Mapping):
        return {k: replace(v, action, kind) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        parts: Iterable[Any] = (replace(part, action, kind) for part in tree)
        return tuple(parts) if isinstance(tree, tuple) else list(parts)
    return tree
