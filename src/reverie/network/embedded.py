"""The embedded networks from files of weights, with their own classes or others."""

from __future__ import annotations

from reverie.errors import NetworkError
from reverie.network.class_names import ClassNames, imagenet
from reverie.network.efficientnet_lite import Lite, lite_layers, lite_statistics, state_shapes
from reverie.network.network import Network
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
    net = Network(
        name or variant,
        Lite(variant, state),
        layers=lite_layers(variant, len(known)),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        classes=known,
        class_map="logit_map",
        weights_sha256=state.sha256,
        min_size=32,
        statistics=lite_statistics(variant, state),
    )
    net.check_weights()  # folding the batch norms may have overflowed
    return net
