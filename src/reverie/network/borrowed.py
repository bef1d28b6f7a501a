"""A module of somebody else's, borrowed for a forward pass: held, frozen and read, then as it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor, nn

from reverie.process.turn import Turn

#: Of each module and of each of its parts: whose turn it is.
_turns: WeakKeyDictionary[nn.Module, Turn] = WeakKeyDictionary()
_listing = Turn("the list of networks at work")


class EnoughRead(BaseException):
    """Leaves a forward when every layer asked for has run.

    Not an Exception, so that a module that catches those lets it through.
    """


class Tap:
    """Reads the outputs of some modules while it is on."""

    def __init__(self, stop_after: Mapping[str, int] | None, odd: dict[str, str]) -> None:
        self.stop_after = stop_after
        self.odd = odd
        self.found: dict[str, Tensor] = {}
        self.calls: dict[str, int] = {}
        self._returned: dict[str, ref[Tensor]] = {}  # as they were, not copies

    @contextmanager
    def on(self, modules: Mapping[str, nn.Module]) -> Iterator[None]:
        """Hooks that are closed again whatever happens."""
        handles = []
        left, thread = set(modules), threading.get_ident()

        def opened(name: str) -> None:
            def hook(module: nn.Module, args: object, output: object) -> None:
                if threading.get_ident() != thread:
                    return  # a part that others run too, as one of another network
                tensor = features(output, self.odd, name)
                self.calls[name] = self.calls.get(name, 0) + 1
                if tensor is None:
                    return
                if self.stop_after is not None and self.calls[name] >= self.stop_after[name]:
                    left.discard(name)
                if not left:
                    self.found[name] = tensor
                    raise EnoughRead
                self._returned[name] = ref(tensor)
                # a copy, because an in-place ReLU after this layer would change what it returned
                self.found[name] = tensor.clone()

            handles.append(modules[name].register_forward_hook(hook))

        try:
            for name, module in modules.items():
                if not isinstance(module, torch.jit.ScriptModule):  # which takes no hooks
                    opened(name)
            yield
        finally:
            for handle in handles:
                handle.remove()

    def that_return(self, tensor: Tensor) -> tuple[str, ...]:
        """The modules that returned this very tensor, which nobody has changed since."""
        same = (name for name, one in self._returned.items() if one() is tensor)
        return tuple(name for name in same if torch.equal(self.found[name], tensor))


@contextmanager
def turns_at(module: nn.Module, network: str) -> Iterator[None]:
    """Alone at a module and its parts; networks that share a part wait for each other.

    Args:
        module: It and everything in it is held.
        network: What the network around it is called, for errors.

    Raises:
        ResourceError: In a forked child: another thread was at it when the process was forked.
    """
    with ExitStack() as stack:
        for turn in _turns_of(module, network):
            stack.enter_context(turn)
        yield


def _turns_of(module: nn.Module, name: str) -> list[Turn]:
    """The turns of a module and its parts, in the one order in which all take them."""
    with _listing:
        parts = list(module.modules())
        found = {id(_turns[part]): _turns[part] for part in parts if part in _turns}
        first = next(iter(found.values()), None) or Turn(f"the module of network {name}")
        for part in parts:
            _turns.setdefault(part, first)
        return [turn for _, turn in sorted({**found, id(first): first}.items())]


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Eval mode and no weight gradients inside; every flag as it was afterwards."""
    modes = [(part, part.training) for part in module.modules()]
    flags = [(weight, weight.requires_grad) for weight in module.parameters()]
    try:
        for part, _ in modes:
            part.training = False
        for weight, _ in flags:
            weight.requires_grad_(False)
        yield
    finally:
        for part, training in modes:
            part.training = training
        for weight, flag in flags:
            weight.requires_grad_(flag)


def features(output: object, odd: dict[str, str], *names: str) -> Tensor | None:
    """The first tensor of an output if it is maps, tokens or vectors; one number an item is a vector of one.

    What another output is, in words, is kept in ``odd`` by the names it has.
    """
    parts = list(_parts(output))
    tensor = next((part for part in parts if isinstance(part, Tensor) and not _strangeness(part)), None)
    if tensor is not None and 1 <= tensor.ndim <= 4 and 0 not in tensor.shape:
        return tensor[:, None] if tensor.ndim == 1 else tensor
    odd.update(dict.fromkeys(names, _in_words(parts, tensor)))
    return None


def _parts(output: object) -> Iterator[object]:
    """What lies in nested tuples, lists, tables and dataclasses."""
    if isinstance(output, Mapping):
        output = list(output.values())
    elif hasattr(output, "__dataclass_fields__"):
        output = list(vars(output).values())
    if isinstance(output, list | tuple):
        for part in output:
            yield from _parts(part)
    else:
        yield output


def _strangeness(tensor: Tensor) -> str:
    """Why no gradient comes through a tensor, or none can be taken at it; empty if it does."""
    if tensor.is_nested or tensor.layout != torch.strided:
        return "a nested tensor" if tensor.is_nested else "a sparse tensor"
    if tensor.is_quantized:
        return "a quantised tensor"
    if tensor.is_meta:
        return "a tensor without values (meta)"
    if tensor.is_complex():
        return f"complex numbers ({tensor.dtype})"
    return "" if tensor.is_floating_point() else f"whole numbers ({tensor.dtype})"


def _in_words(parts: list[object], tensor: Tensor | None) -> str:
    """What an output is that nobody can dream at."""
    if tensor is not None:
        empty = "an empty tensor" if 0 in tensor.shape else "a tensor"
        return f"{empty} of shape {tuple(tensor.shape)}"
    for part in parts:
        if isinstance(part, Tensor):
            return _strangeness(part)
    kinds = dict.fromkeys(type(part).__name__ for part in parts if part is not None)
    return f"no tensor ({', '.join(kinds)[:80]})" if kinds else "nothing"
