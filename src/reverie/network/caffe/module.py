"""A network of Caffe as one torch module, with a part for each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from reverie.network.caffe.layers import Blob, CaffeDescription, CaffeError, CaffeLayer
from reverie.network.caffe.parts import Inner, module_of

#: What feeds a network, measures or compares: no part of it where it dreams.
LEFT_OUT: Final = frozenset(
    (
        "Accuracy",
        "ArgMax",
        "Data",
        "DummyData",
        "HDF5Data",
        "ImageData",
        "Input",
        "MemoryData",
        "Silence",
        "SoftmaxWithLoss",
        "WindowData",
    )
)
#: The picture that a network was trained on, where the files do not tell: (channels, height, width).
USUAL: Final = (3, 224, 224)
#: The largest side of that picture, and the most numbers that all layers together may make of it.
MOST_SIDE, MOST_NUMBERS = 1024, 100_000_000


class CaffeStep(NamedTuple):
    """A part, and the blobs that it reads and writes."""

    part: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]


class CaffeNet(nn.Module):
    """Takes pictures (N, C, H, W) with channels in the file's order; gives what the final softmax is made of.

    Parts are called as the layers, with ``_`` for a dot. Of a layer that an in-place ReLU follows, its
    part gives what comes before the ReLU; the blob of that name in Caffe is what the ReLU's part gives.
    """

    def __init__(self, described: CaffeDescription, blobs: Mapping[str, Sequence[Blob]]) -> None:
        """Builds what leads to the last output.

        Args:
            described: All layers in order.
            blobs: The weights of each layer by its name.

        Raises:
            CaffeError: It cannot be built, says at which layer.
        """
        super().__init__()
        layers, self.input = _used(described)
        self.steps: list[CaffeStep] = []
        self.shape = _shape(described)
        self.output = layers[-1].tops[0] if layers else ""
        same: dict[str, str] = {}  # blobs that are others under a second name
        for layer in layers:
            bottoms = tuple(same.get(name, name) for name in layer.bottoms)
            if layer.type == "Split":
                same.update(dict.fromkeys(layer.tops, bottoms[0]))
                continue
            for top in layer.tops:
                same.pop(top, None)
            part = layer.name.replace(".", "_")
            if not part or hasattr(self, part):
                part = f"{part or layer.type}_{len(self.steps)}"
            self.add_module(part, module_of(layer, blobs.get(layer.name, ())))
            self.steps.append(CaffeStep(part, bottoms, tuple(layer.tops)))
        if not self.steps:
            raise CaffeError("has no layers that can dream")
        self.eval()
        self._measure()

    def forward(self, x: Tensor) -> Tensor:
        blobs = {self.input: x}
        for part, bottoms, tops in self.steps:
            found = self._modules[part](*(blobs[name] for name in bottoms))  # type: ignore[misc]
            blobs.update(zip(tops, found if isinstance(found, tuple) else (found,) * len(tops), strict=True))
        return blobs[self.output]

    def _measure(self) -> None:
        """Which maps fully connected layers were made for, by a pass that computes nothing.

        Raises:
            CaffeError: Layers do not fit each other, or make more numbers than any network does.
        """
        numbers = 0
        reached = ""

        def before(part: nn.Module, given: tuple[Tensor, ...]) -> None:
            if isinstance(part, Inner):
                part.side = (given[0].shape[2], given[0].shape[3]) if given[0].ndim == 4 else None

        def after(name: str, found: Tensor | tuple[Tensor, ...]) -> None:
            nonlocal numbers, reached
            reached = name
            numbers += sum(one.numel() for one in (found if isinstance(found, tuple) else (found,)))
            if numbers > MOST_NUMBERS:
                raise CaffeError(f'layer "{name}" makes too much of a picture of {self.shape}')

        hooks = []
        for name, part in self.named_children():
            hooks.append(part.register_forward_pre_hook(before))
            hooks.append(part.register_forward_hook(lambda _, __, found, name=name: after(name, found)))
        state = {name: tensor.to("meta") for name, tensor in self.state_dict(keep_vars=True).items()}
        try:
            with torch.no_grad():
                torch.func.functional_call(self, state, (torch.empty(1, *self.shape, device="meta"),))
        except CaffeError:
            raise
        except Exception as error:  # shapes that do not fit have many names in torch
            behind = f' behind "{reached}"' if reached else ""
            reason = str(error).partition("\n")[0]
            raise CaffeError(f"its layers do not fit each other{behind}: {reason}") from error
        finally:
            for hook in hooks:
                hook.remove()


def _used(described: CaffeDescription) -> tuple[list[CaffeLayer], str]:
    """The layers that lead from the picture to the last output, and the name of the picture's blob."""
    made: dict[str, int] = {}
    source = described.inputs[0] if described.inputs else ""
    kept: list[CaffeLayer] = []
    for layer in described.layers:
        if layer.trains and layer.type not in LEFT_OUT:
            continue
        if layer.type in LEFT_OUT:
            if not layer.bottoms and layer.tops:
                source = source or layer.tops[0]
            continue
        if not layer.tops or not layer.bottoms:
            raise CaffeError(f'layer "{layer.name[:60]}" ({layer.type[:30]}) reads or writes nothing')
        if not kept and not source:
            source = layer.bottoms[0]
        known = {source, *made}
        if not set(layer.bottoms) <= known:
            continue  # hangs on labels and the like
        kept.append(layer)
        made.update(dict.fromkeys(layer.tops, len(kept)))
    while kept and (kept[-1].type == "Softmax" or _is_aside(kept)):
        kept.pop()
    return _leading_to_the_last(kept), source


def _is_aside(kept: Sequence[CaffeLayer]) -> bool:
    """Whether the last layer only measures what others made, such as a copy of a split that nobody reads."""
    return kept[-1].type == "Split"


def _leading_to_the_last(kept: Sequence[CaffeLayer]) -> list[CaffeLayer]:
    """Layers that the last one depends on, in their order."""
    needed: set[str] = set(kept[-1].tops) if kept else set()
    found = []
    for layer in reversed(kept):
        if needed.isdisjoint(layer.tops):
            continue
        if not set(layer.bottoms) & set(layer.tops):  # one in place still needs what was there before
            needed -= set(layer.tops)
        needed |= set(layer.bottoms)
        found.append(layer)
    return found[::-1]


def _shape(described: CaffeDescription) -> tuple[int, int, int]:
    sides = described.shape[-3:] if described.shape else list(USUAL)
    if len(sides) != 3 or not 1 <= sides[0] <= 64 or not all(1 <= side <= MOST_SIDE for side in sides[1:]):
        raise CaffeError(
            f"takes pictures of {sides}; channels, height and width up to {MOST_SIDE} are possible"
        )
    return sides[0], sides[1], sides[2]
