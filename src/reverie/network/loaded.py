"""What the files of a network come to: a module, and how pictures are shown to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import nn

from reverie.errors import NetworkError, UsageError
from reverie.media.local_file import NotRegularError, read_regular, unreadable
from reverie.network.class_file import read_classes
from reverie.network.class_names import ClassNames
from reverie.network.description import PictureSettings
from reverie.network.network import Network
from reverie.network.weights import NoWeightsFileError
from reverie.process.notices import warn

#: How the normalisation of ImageNet's pictures is said after a network's name.
SAID: Final = "#mean=0.485,0.456,0.406&std=0.229,0.224,0.225"


@dataclass(frozen=True)
class Loaded:
    """A module, and what its files say of its pictures; arguments as of ``wrap_net``."""

    module: nn.Module
    mean: float | tuple[float, ...] | None = None
    std: float | tuple[float, ...] | None = None
    channels: int = 3
    input_size: tuple[int, int] | None = None
    classes: ClassNames | None = None
    fit: str = "resize"

    def network(self, name: str, pictures: PictureSettings) -> Network:
        """A network that dreams.

        Args:
            name: What to call it.
            pictures: What the user says of its pictures, which counts for more than its files do.

        Raises:
            UsageError: Numbers that do not fit each other, or a number of classes that is not the
                network's.
            NetworkError: It takes no pictures.
            BadInput: The file of classes cannot be read.
        """
        from reverie.network.wrap import wrap_net

        channels = pictures.channels or self.channels
        usual = channels == self.channels
        mean = _each(pictures.mean, self.mean if usual else None)
        std = _each(pictures.std, self.std if usual else None)
        if mean is None and std is None:
            warn(
                f"network {name}: no mean and std are known, so it is shown pixels from 0 to 1 as they are; "
                f"if it was trained with others, say so with --mean and --std, or after its name: {SAID}"
            )
        net = wrap_net(
            self.module,
            mean=0.0 if mean is None else mean,
            std=1.0 if std is None else std,
            channels=channels,
            input_size=pictures.input_size or self.input_size,
            fit=pictures.fit or self.fit,
            classes=self.classes,
            name=name,
        )
        if pictures.classes is not None:
            net.classes = classes_for(net, pictures.classes)
        return net


def _each(
    given: tuple[float, ...] | None, usual: float | tuple[float, ...] | None
) -> float | tuple[float, ...] | None:
    """One number for all channels, or one for each; None where nobody says."""
    if given is None:
        return usual
    return given[0] if len(given) == 1 else given


def classes_for(net: Network, file: str) -> ClassNames:
    """The names in a file, as many as the network has classes; errors as of ``Loaded.network``."""
    classes = read_classes(file)
    outputs = net.channels_of("logits")
    if len(classes) != outputs:
        raise UsageError(
            f"classes {file}: {len(classes)} names, and network {net.name} has {outputs} classes"
        )
    return classes


def read_file(path: Path, most: int, kind: str, expected: str | None = None) -> bytes:
    """All bytes of a file of a network.

    Args:
        path: The file.
        most: The longest that it may be, in bytes.
        kind: What is needed, for errors.
        expected: Its SHA-256 in hexadecimal, or None if any will do.

    Raises:
        NoWeightsFileError: It is no regular file.
        NetworkError: It cannot be read, is longer than any is, or has another hash.
    """
    try:
        data = read_regular(path, most=most)
    except NotRegularError as error:
        raise NoWeightsFileError(
            f"weights {path}: cannot be read ({error.strerror}); give a {kind}"
        ) from error
    except (OSError, ValueError) as error:
        raise NetworkError(f"weights {path}: {unreadable(error)}; give a {kind}") from error
    digest = hashlib.sha256(data).hexdigest() if expected is not None else None
    if digest != expected:
        raise NetworkError(
            f"weights {path.name}: SHA-256 is {digest}, expected {expected}; get the file again"
        )
    return data
