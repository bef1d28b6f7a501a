"""The classifiers of torchvision, with its default weights; the ``nets`` extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from reverie.errors import UsageError, did_you_mean
from reverie.network.class_names import class_names
from reverie.network.downloads import fetch, missing_extra
from reverie.network.loaded import Loaded
from reverie.network.weights import open_weights

FIXED_SIZE = ("vit_", "maxvit")  # families that take pictures of one size only


def load_torchvision(name: str, *, offline: bool = False) -> Loaded:
    """A torchvision classifier; its weights are downloaded once, then cached.

    Args:
        name: As in ``torchvision.models.get_model``, such as ``resnet50``.
        offline: Refuse to download.

    Raises:
        UsageError: torchvision has no such classifier.
        NetworkError: torchvision cannot be imported, or the weights cannot be had or trusted.
    """
    models = _models(name)
    known = models.list_models(module=models)
    if name not in known:
        hint = did_you_mean(name, known) or f"it has {len(known)}, such as {', '.join(known[:6])}"
        raise UsageError(f'network "torchvision:{name}" is not known; {hint}')
    weights = models.get_model_weights(name).DEFAULT
    path, _ = fetch(weights.url, f"torchvision:{name}", offline=offline)
    with open_weights(path, parameters=int(weights.meta["num_params"])):
        pass  # torchvision reads the file that was just shown to be plain tensors
    module = models.get_model(name, weights=weights)
    preset = weights.transforms()
    return Loaded(
        module,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        input_size=(preset.crop_size[0],) * 2 if name.startswith(FIXED_SIZE) else None,
        classes=class_names(weights.meta["categories"]),
    )


def _models(name: str) -> Any:
    try:
        return import_module("torchvision.models")
    except Exception as error:  # a build for another torch fails with whatever its operators raise
        raise missing_extra(f"torchvision:{name}", "torchvision", error) from error
