"""A network of your own for `--network py:network_in_a_file.py:make`."""

from typing import Any

from torch import Tensor, nn


class Mine(nn.Module):
    """Anything that takes pictures (N, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 7, 2, 3)
        self.body = nn.Sequential(*(nn.Sequential(nn.Conv2d(16, 16, 3, 1, 1), nn.ReLU()) for _ in range(4)))

    def forward(self, x: Tensor) -> Any:
        return self.body(self.stem(x))


def make() -> tuple[nn.Module, dict[str, Any]]:
    """The network, and how pictures from 0 to 1 are shown to it."""
    network = Mine()
    return network, {"mean": 0.5, "std": 0.25}
