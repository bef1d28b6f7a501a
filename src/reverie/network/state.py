"""A file of weights into a module of a known architecture: names matched, everything else said by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import torch
from torch import nn

from reverie.errors import NetworkError
from reverie.network.tensor_files import TensorNote
from reverie.network.weights import WeightsFile, check_state
from reverie.ops.finite import is_finite
from reverie.process.notices import warn

#: What training puts before the names of weights: data parallel, ``torch.compile``, Lightning.
PREFIXES: Final = ("module.", "_orig_mod.", "model.")


def own_names(names: Collection[str], wanted: Collection[str]) -> dict[str, str]:
    """By the names in a file what they are without such prefixes; a name that is wanted as it is stays.

    Args:
        names: Of the tensors of a file.
        wanted: Of the weights of a module.
    """
    found = {}
    for name in names:
        short = name
        while short not in wanted:
            prefix = next((p for p in PREFIXES if short.startswith(p)), None)
            if prefix is None:
                break
            short = short.removeprefix(prefix)
        found[name] = short
    return found


def classes_in(file: WeightsFile, heads: Collection[str], module: nn.Module) -> int | None:
    """How many classes the last layer in a file tells apart; None where that is as many as the module's.

    Args:
        file: Open; its tensors are called as the module's, but for ``PREFIXES``.
        heads: What the layer that tells classes apart may be called.
        module: Of this architecture.
    """
    own = module.state_dict()
    names = own_names(tuple(file), own)
    for head in heads:
        for name, short in names.items():
            shape = file.notes[name].shape
            if short == f"{head}.weight" and short in own and shape and shape[0] != own[short].shape[0]:
                return int(shape[0])
    return None


def fill(module: nn.Module, file: WeightsFile, title: str) -> None:
    """Read every weight of a module from an open file, one after the other.

    Args:
        module: Its weights are replaced.
        file: Its tensors are called as the module's, but for ``PREFIXES``.
        title: What the module is called, for errors.

    Raises:
        NetworkError: Tensors that are missing, of other names, shapes or kinds, damaged, or not finite.
    """
    state = module.state_dict()
    shapes = {n: tuple(t.shape) for n, t in state.items() if t.is_floating_point()}
    names = own_names(tuple(file), state)
    _check_once(names, file.name)
    notes: dict[str, TensorNote] = {short: file.notes[name] for name, short in names.items()}
    counts = [n for n, t in state.items() if not t.is_floating_point()]
    check_state({n: note for n, note in notes.items() if n not in counts}, shapes, title, file.name)
    with torch.no_grad():
        for name, short in names.items():
            if short in shapes:
                tensor = file[name]
                if not is_finite(tensor):
                    raise NetworkError(
                        f'weights {file.name}: "{short}" holds NaN or infinite values; get the file again'
                    )
                state[short].copy_(tensor)


def _check_once(names: Mapping[str, str], file: str) -> None:
    """NetworkError where two names of a file are one without their prefixes."""
    seen: dict[str, str] = {}
    for name, short in names.items():
        if short in seen:
            raise NetworkError(f'weights {file}: "{seen[short]}" and "{name}" are the same weight twice')
        seen[short] = name


@contextmanager
def random_weights(title: str, seed: int) -> Iterator[None]:
    """What is made in here has the random weights of a seed, of which is warned; torch's own numbers go on.

    Args:
        title: What the network is called.
        seed: The same seed, architecture and versions give the same weights.
    """
    warn(
        f"network {title}: its weights are random (seed {seed}): it has learnt nothing, and neither what it "
        "dreams nor what it says of a picture means anything"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
