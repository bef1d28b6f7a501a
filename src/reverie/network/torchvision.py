"""The classifiers of torchvision, with its default weights; the ``nets`` extra."""

from __future__ import annotations

import hashlib
import re
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from reverie.errors import NetworkError, UsageError, did_you_mean
from reverie.media.local_file import read_regular
from reverie.network.network import Network
from reverie.network.weights import check_plain

EXTRA = 'pip install "reverie[nets]"'
#: The longest file of weights, in bytes.
LONGEST = 1 << 33
FIXED_SIZE = ("vit_", "maxvit")  # families that take pictures of one size only


def load_torchvision(name: str, *, offline: bool = False) -> Network:
    """A torchvision classifier as a ``Network``; its weights are downloaded once, then cached.

    Args:
        name: As in ``torchvision.models.get_model``, such as ``resnet50``.
        offline: Refuse to download.

    Raises:
        UsageError: torchvision has no such classifier.
        NetworkError: torchvision cannot be imported, or the weights cannot be had or trusted.
    """
    from reverie.network.wrap import wrap_net

    models = _models(name)
    known = models.list_models(module=models)
    if name not in known:
        hint = did_you_mean(name, known) or f"it has {len(known)}, such as {', '.join(known[:6])}"
        raise UsageError(f'network "torchvision:{name}" is not known; {hint}')
    weights = models.get_model_weights(name).DEFAULT
    _fetch(weights.url, name, offline=offline)
    # torchvision reads the file that was just shown to be plain tensors
    module = models.get_model(name, weights=weights)
    preset = weights.transforms()
    return wrap_net(
        module,
        mean=preset.mean,
        std=preset.std,
        input_size=preset.crop_size[0] if name.startswith(FIXED_SIZE) else None,
        classes=weights.meta["categories"],
        name=f"torchvision:{name}",
    )


def _models(name: str) -> Any:
    try:
        return import_module("torchvision.models")
    except Exception as error:  # a build for another torch fails with whatever its operators raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NetworkError(
            f"network torchvision:{name}: torchvision cannot be imported ({reason}); {EXTRA}"
        ) from error


def _fetch(url: str, name: str, *, offline: bool) -> None:
    """Puts the weights in torch's cache, and checks their hash and that they hold no code."""
    import torch

    file = Path(urlparse(url).path).name
    path = Path(torch.hub.get_dir(), "checkpoints", file)
    named = re.search(r"-([0-9a-f]{8,})\.", file)
    prefix = named[1] if named else ""
    if not path.is_file():
        if offline:
            raise NetworkError(
                f"network torchvision:{name}: needs a download of {file}, which --offline forbids; "
                "run once without it"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path), hash_prefix=prefix or None)
        except (OSError, RuntimeError) as error:
            raise NetworkError(
                f"network torchvision:{name}: {file} could not be downloaded ({error})"
            ) from error
    try:
        data = read_regular(path, most=LONGEST)
    except OSError as error:
        raise NetworkError(f"weights {file}: cannot be read ({error.strerror or error})") from error
    digest = hashlib.sha256(data).hexdigest()
    if not digest.startswith(prefix):
        raise NetworkError(
            f"weights {file}: SHA-256 is {digest}, expected {prefix}…; delete it from torch's cache"
        )
    check_plain(data, file)
