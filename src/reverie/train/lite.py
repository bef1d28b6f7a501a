"""The embedded network with classes of one's own: a new head, and the last stages tuned, or all of them.

The head is first found by itself, as logistic regression on what the network says of the pictures; only then
do the last stages learn with it, slowly, so that what the network knew is not lost (Kumar et al. 2022,
"Fine-tuning can distort pretrained features"). Against worst-case changes of the pictures it has to learn
with all stages: the first ones are what such changes mislead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.errors import NetworkError
from reverie.network.efficientnet_lite import BATCH_NORM_EPS, HEAD, Conv, Lite, plan, state_shapes
from reverie.network.trained import LiteFacts, pack
from reverie.network.weights import open_weights
from reverie.network.zoo import networks
from reverie.train.augment import plain
from reverie.train.learner import Learner
from reverie.train.pictures import Data, Labelled
from reverie.train.settings import TrainSettings

VARIANT: Final = "lite0"
#: Stages that are tuned where pictures are not moved against the network, all of stride 1.
TUNED: Final = ("block6b", "block6c", "block6d", "block7a", "head")
#: Of the logistic regression: how large weights are held back, and its steps at most.
SHRINK, STEPS = 1e-3, 100
AT_ONCE: Final = 64


class LiteLearner(Learner):
    """EfficientNet-Lite0 whose last stages learn; all of them where pictures are moved against it."""

    def __init__(self, kinds: Sequence[str], settings: TrainSettings) -> None:
        """The published weights, and a head that knows nothing.

        Raises:
            NetworkError: They are not installed, or damaged.
        """
        self.classes = tuple(kinds)
        self.side = settings.size
        self.published = _published()
        lite = Lite(VARIANT, self.published)
        head = torch.zeros(len(kinds), HEAD, 1, 1)
        lite.classify = Conv(head, torch.zeros(len(kinds)), activate=False)
        for parameter in lite.parameters():
            parameter.requires_grad_(False)
        self.tuned = tuple(lite.stages) if settings.push else TUNED
        for part in (*(lite.stages[name] for name in self.tuned), lite.classify):
            part.requires_grad_(True)
        for conv in lite.modules():
            if isinstance(conv, Conv) and conv.stride == 2 and conv.weight.requires_grad:
                conv.weight.register_hook(_but_the_padding)  # type: ignore[no-untyped-call]
        self.lite = lite
        self.module: nn.Module = lite

    def logits(self, pictures: Tensor) -> Tensor:
        """See ``Learner.logits``."""
        return self.lite.classify(self._head_map(pictures).mean((2, 3), keepdim=True)).flatten(1)  # type: ignore[no-any-return]

    def _head_map(self, pictures: Tensor) -> Tensor:
        """Maps (N, 1280, h, w) of pictures (N, 3, S, S) in [0, 1]; a gradient reaches the tuned stages."""
        x = ((pictures - 0.5) / 0.5).contiguous(memory_format=torch.channels_last)
        for name, stage in self.lite.stages.items():
            with torch.set_grad_enabled(name in self.tuned and torch.is_grad_enabled()):
                x = stage(x)
        return x

    def _features(self, part: Labelled) -> Tensor:
        """(N, 1280) of pictures as they are."""
        with torch.no_grad():
            pieces = torch.split(part.pictures, AT_ONCE)
            return torch.cat([self._head_map(plain(piece)).mean((2, 3)) for piece in pieces])

    def prepare(self, data: Data) -> float:
        """The best head for what the network says already; see ``Learner.prepare``."""
        weight, bias, loss = regression(self._features(data.learnt), data.learnt.labels, len(data.kinds))
        with torch.no_grad():
            self.lite.classify.weight.copy_(weight[:, :, None, None])
            self.lite.classify.bias.copy_(bias)
        return loss

    def packed(self) -> bytes:
        """See ``Learner.packed``; the batch norms keep what they remember, but for what they add."""
        state = dict(self.published)
        for conv, norm, part in _parts(self.lite, self.tuned):
            state |= _unfolded(self.published, conv, norm, part)
        state["_fc.weight"] = self.lite.classify.weight.flatten(1)
        state["_fc.bias"] = self.lite.classify.bias
        return pack(LiteFacts(classes=self.classes, side=self.side), state)


def regression(features: Tensor, labels: Tensor, kinds: int) -> tuple[Tensor, Tensor, float]:
    """Multinomial logistic regression with a little shrinkage.

    Args:
        features: (N, F).
        labels: (N,) int64.
        kinds: How many there are.

    Returns:
        Weights (kinds, F), biases (kinds,), and the mean cross entropy.
    """
    scale = features.std(0).clamp_min(1e-3)
    x = (features - features.mean(0)) / scale
    weight = torch.zeros(kinds, x.shape[1], requires_grad=True)
    bias = torch.zeros(kinds, requires_grad=True)
    search = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        return F.cross_entropy(F.linear(x, weight, bias), labels)

    def closure() -> Tensor:
        search.zero_grad()
        held_back = loss() + SHRINK * weight.square().sum()
        held_back.backward()  # type: ignore[no-untyped-call]
        return held_back

    search.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        found = float(loss())
        own = weight / scale
        return own, bias - own @ features.mean(0), found


def _published() -> dict[str, Tensor]:
    """The tensors of the published file, checked against its hash."""
    info = next(one for one in networks() if one.name == VARIANT)
    path = info.weights_file()
    if path is None:
        raise NetworkError(f"network {VARIANT}: its weights are not installed; {info.install}")
    with open_weights(path, info.sha256, parameters=info.parameters) as state:
        return {name: state[name] for name in state_shapes(VARIANT)}


def _but_the_padding(slope: Tensor) -> Tensor:
    """The gradient at a kernel of stride 2, whose first row and column of zeros are to stay zeros."""
    return F.pad(slope[..., 1:, 1:], (1, 0, 1, 0))


def _parts(lite: Lite, names: Sequence[str]) -> Iterator[tuple[str, str, Conv]]:
    """Each convolution of some stages, and what it and its batch norm are called in the published file."""
    if "stem" in names:
        yield "_conv_stem", "_bn0", lite.stages["stem"]  # type: ignore[misc]
    for index, block in enumerate(plan(VARIANT)):
        if block.name in names:
            at, convs = f"_blocks.{index}", lite.stages[block.name].convs
            parts = ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")
            # The first block does not expand.
            for (conv, norm), part in zip(parts[-len(convs) :], convs, strict=True):  # type: ignore[arg-type]
                yield f"{at}.{conv}", f"{at}.{norm}", part
    if "head" in names:
        yield "_conv_head", "_bn1", lite.stages["head"]  # type: ignore[misc]


def _unfolded(published: dict[str, Tensor], conv: str, norm: str, part: Conv) -> dict[str, Tensor]:
    """Weight and shift that come to a tuned convolution, once the batch norm is folded in as it was."""
    scale, mean, variance = (
        published[f"{norm}.{name}"].double() for name in ("weight", "running_mean", "running_var")
    )
    gain = scale / torch.sqrt(variance + BATCH_NORM_EPS)
    gain = torch.where(gain.abs() < 1e-9, torch.ones_like(gain), gain)
    weight = part.weight.detach()[..., -part.kernel :, -part.kernel :].double() / gain.view(-1, 1, 1, 1)
    shift = part.bias.detach().double() + mean * gain
    return {f"{conv}.weight": weight.float(), f"{norm}.bias": shift.float()}
