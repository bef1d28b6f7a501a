"""The classifiers of torchvision, with its weights or those of a file; the ``nets`` extra."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Final

from reverie.errors import UsageError, did_you_mean
from reverie.network.class_names import class_names
from reverie.network.downloads import fetch, missing_extra
from reverie.network.loaded import Loaded
from reverie.network.state import classes_in, fill, random_weights
from reverie.network.weights import WeightsFile, open_weights

FIXED_SIZE = ("vit_", "maxvit")  # families that take pictures of one size only
#: Old networks with classifiers at their sides, which only training needs.
_WITH_SIDES: Final = ("googlenet", "inception_v3")
#: What the layer that tells classes apart is called; the first of them that a network has.
_HEADS: Final = ("fc", "head", "heads.head", "classifier", *(f"classifier.{n}" for n in range(6, 0, -1)))


def load_torchvision(
    name: str,
    weights: Path | None = None,
    *,
    expected: str | None = None,
    offline: bool = False,
    random: int | None = None,
) -> Loaded:
    """A torchvision classifier, with its trained weights, which are downloaded once, or those of a file.

    Args:
        name: As in ``torchvision.models.get_model``, such as ``resnet50``.
        weights: A state_dict, whose last layer may have another number of classes.
        expected: The SHA-256 of that file in hexadecimal, or None if any will do.
        offline: Refuse to download.
        random: The seed of random weights, instead of trained ones; needs no download.

    Raises:
        UsageError: torchvision has no such classifier.
        NetworkError: torchvision cannot be imported, or the weights cannot be had or trusted, or do not fit.
    """
    models = _models(name)
    known = models.list_models(module=models)
    if name not in known:
        hint = did_you_mean(name, known) or f"it has {len(known)}, such as {', '.join(known[:6])}"
        raise UsageError(f'network "torchvision:{name}" is not known; {hint}')
    published = models.get_model_weights(name).DEFAULT
    parameters, categories = int(published.meta["num_params"]), published.meta["categories"]
    if random is not None:
        with random_weights(f"torchvision:{name}", random):
            module = models.get_model(name, **_untrained(name))
    elif weights is None:
        path, _ = fetch(published.url, f"torchvision:{name}", offline=offline)
        with open_weights(path, parameters=parameters):
            pass  # torchvision reads the file that was just shown to be plain tensors
        module = models.get_model(name, weights=published)
    else:
        with open_weights(weights, expected, parameters=parameters) as state:
            options = _options(name, state)
            module = models.get_model(name, **options)
            classes = classes_in(state, _HEADS, module)
            if classes is not None:
                module, categories = models.get_model(name, num_classes=classes, **options), None
            fill(module, state, f"torchvision:{name}")
    preset = published.transforms()
    return Loaded(
        module,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        input_size=(preset.crop_size[0],) * 2 if name.startswith(FIXED_SIZE) else None,
        classes=None if categories is None else class_names(categories),
    )


def _untrained(name: str) -> dict[str, bool]:
    """Of two old networks: that they are drawn at random, as all others are by themselves."""
    return {"init_weights": True, "aux_logits": False} if name in _WITH_SIDES else {}


def _options(name: str, state: WeightsFile) -> dict[str, bool]:
    """Of two old networks: whether the file has the classifiers at their sides, which only training needs."""
    if name not in _WITH_SIDES:
        return {}
    aside = any("aux" in weight.lower() for weight in state)
    return {"init_weights": False, "aux_logits": aside}


def _models(name: str) -> Any:
    try:
        return import_module("torchvision.models")
    except Exception as error:  # a build for another torch fails with whatever its operators raise
        raise missing_extra(f"torchvision:{name}", "torchvision", error) from error
