"""What an engine is given, looked at before it computes: kernels read memory by its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from reverie.errors import BadInput, UsageError
from reverie.network.network import Network
from reverie.ops.finite import is_finite


def check_pixels(picture: Tensor, what: str = "picture") -> None:
    """BadInput unless all pixels of a picture, mask or batch of them are finite."""
    if not is_finite(picture):
        raise BadInput(f"{what}: pixels are not finite (NaN or infinite); give numbers from 0 to 1")


def check_shown(picture: Tensor, net: Network) -> None:
    """See that a network can be shown a tensor; pixels are looked at where they lie on the CPU.

    Raises:
        UsageError: As ``Network.check_picture`` says.
        BadInput: Pixels that are not finite.
    """
    net.check_picture(picture)
    if picture.device.type == "cpu":
        check_pixels(picture)


def check_seeds(seeds: Mapping[str, Tensor], shapes: Mapping[str, Sequence[int]]) -> None:
    """UsageError unless each seed is of the shape that its layer's activation had."""
    for name, seed in seeds.items():
        if name not in shapes:
            raise UsageError(
                f'seed of layer "{name}": that layer was not read; forward read {", ".join(shapes)}'
            )
        if tuple(seed.shape) != tuple(shapes[name]):
            found, wanted = tuple(seed.shape), tuple(shapes[name])
            raise UsageError(f'seed of layer "{name}": its shape is {found}, and the activation\'s {wanted}')
