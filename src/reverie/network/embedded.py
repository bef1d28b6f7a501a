"""The embedded networks from files of weights, with their own classes or others."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from reverie.errors import NetworkError
from reverie.network.class_names import ClassNames, imagenet
from reverie.network.efficientnet_lite import Lite, lite_layers, lite_statistics, state_shapes
from reverie.network.network import Network
from reverie.network.state import random_weights
from reverie.network.weights import WeightsFile, check_state
from reverie.ops.finite import is_finite


def lite_network(
    variant: str, state: WeightsFile, *, classes: ClassNames | None = None, name: str = ""
) -> Network:
    """An EfficientNet-Lite from an open file of weights.

    Args:
        variant: ``lite0``, ``lite1`` or ``lite2``.
        state: The file.
        classes: Names of its classes, if they are not those of ImageNet.
        name: What to call it; the variant if nothing is said.

    Raises:
        NetworkError: Tensors that are not the variant's, or not finite.
    """
    known = imagenet() if classes is None else classes
    check_state(state.notes, state_shapes(variant, len(known)), variant, state.name)
    bad = next((key for key in state if not is_finite(state[key])), None)
    if bad is not None:
        raise NetworkError(f'weights {state.name}: "{bad}" holds NaN or infinite values; get the file again')
    return _of(variant, state, known, name or variant, state.sha256)


def untrained_lite(variant: str, seed: int, name: str) -> Network:
    """An EfficientNet-Lite that has learnt nothing, of which is warned.

    Its convolutions are drawn as He et al. (2015) do, so that signals stay as loud from layer to layer, and
    its batch norms change nothing yet.

    Args:
        variant: ``lite0``, ``lite1`` or ``lite2``.
        seed: The same one gives the same weights.
        name: What to call it.
    """
    state: dict[str, Tensor] = {}
    with random_weights(name, seed):
        for key, shape in state_shapes(variant).items():
            if len(shape) > 1:
                state[key] = torch.randn(shape) * math.sqrt(2 / math.prod(shape[1:]))
            else:
                ones = key.endswith(("weight", "running_var"))
                state[key] = torch.ones(shape) if ones else torch.zeros(shape)
    sha256 = hashlib.sha256()
    for key in sorted(state):
        sha256.update(state[key].numpy().tobytes())
    return _of(variant, state, imagenet(), name, sha256.hexdigest())


def _of(variant: str, state: Mapping[str, Tensor], known: ClassNames, name: str, sha256: str) -> Network:
    """The network of tensors that are known to be right."""
    net = Network(
        name,
        Lite(variant, state),
        layers=lite_layers(variant, len(known)),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        classes=known,
        class_map="logit_map",
        weights_sha256=sha256,
        min_size=32,
        statistics=lite_statistics(variant, state),
    )
    net.check_weights()  # folding the batch norms may have overflowed
    return net
