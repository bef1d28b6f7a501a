"""Networks of timm (R. Wightman, "PyTorch Image Models"): by name, on the hub, with weights of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from torch import nn

from reverie.errors import NetworkError, UsageError, did_you_mean
from reverie.network.class_names import ClassNames, class_names, imagenet
from reverie.network.downloads import fetch, fetch_from_hub, missing_extra
from reverie.network.loaded import Loaded, read_file
from reverie.network.state import classes_in, fill, random_weights
from reverie.network.weights import open_weights

#: Files of weights on the hub, the safer first.
_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
#: The option of vision transformers that lets them take other pictures than they were made for.
ANY_SIZE: Final = "dynamic_img_size"
_LONGEST_CONFIG: Final = 4_000_000
_REPOSITORY: Final = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


def load_timm(
    name: str,
    weights: Path | None = None,
    *,
    expected: str | None = None,
    offline: bool,
    random: int | None = None,
) -> Loaded:
    """A network of timm, with its own trained weights or those of a file.

    Args:
        name: As in ``timm.list_models``, such as ``resnet18`` or ``resnet18.a1_in1k``.
        weights: A state_dict, whose last layer may have another number of classes; None takes the trained
            ones.
        expected: The SHA-256 of the file in hexadecimal, or None if any will do.
        offline: Never download anything.
        random: The seed of random weights, instead of trained ones; needs no download.

    Raises:
        UsageError: timm has no such network, or is not installed.
        NetworkError: Its weights cannot be had or trusted, or do not fit.
    """
    timm = _timm(f"timm:{name}")
    config = _configuration(timm, name)
    if random is not None:
        with random_weights(f"timm:{name}", random):
            return _loaded(_built(timm, name, f"timm:{name}", {}), config)
    if weights is None:
        weights, expected = _trained(name, config, offline=offline)
    return _filled(timm, name, config, weights, expected, f"timm:{name}", {})


def load_hub(repository: str, *, expected: str | None = None, offline: bool) -> Loaded:
    """A network of timm in a repository of the Hugging Face Hub.

    Args:
        repository: ``OWNER/NAME``, or ``OWNER/NAME@REVISION``.
        expected: The SHA-256 of its weights in hexadecimal, or None for what the hub says of them.
        offline: Take it from the hub's cache.

    Raises:
        UsageError: That is no repository's name, or timm is not installed.
        NetworkError: It cannot be had, or is not one of timm.
    """
    title = f"hf:{repository}"
    place, _, revision = repository.partition("@")
    if not _REPOSITORY.fullmatch(place):
        raise UsageError(f'network "{title}": a repository is needed, as in hf:timm/resnet18.a1_in1k')
    path, _ = fetch_from_hub(place, ("config.json",), title, revision=revision or None, offline=offline)
    config = _config(path, title)
    architecture = config.get("architecture")
    timm = _timm(title)
    if not isinstance(architecture, str) or not timm.is_model(architecture):
        other = config.get("architectures") or config.get("model_type") or architecture
        raise NetworkError(
            f"network {title}: its configuration names no architecture of timm ({str(other)[:80]}); load it "
            "in a function of your own: py:FILE.py:FUNCTION"
        )
    weights, digest = fetch_from_hub(place, _WEIGHTS, title, revision=revision or None, offline=offline)
    settings = config.get("pretrained_cfg")
    settings = {**config, **(settings if isinstance(settings, dict) else {})}
    options = config.get("model_args")
    options = dict(options) if isinstance(options, dict) else {}
    return _filled(timm, architecture, settings, weights, expected or digest, title, options)


def _timm(network: str) -> Any:
    try:
        return import_module("timm")
    except Exception as error:  # a torchvision for another torch fails with whatever its operators raise
        raise missing_extra(network, "timm", error) from error


def _configuration(timm: Any, name: str) -> dict[str, Any]:
    """What timm says of a network; UsageError where it knows none of that name."""
    architecture, _, tag = name.partition(".")
    known = (
        timm.list_models() if not timm.is_model(architecture) else timm.list_pretrained(f"{architecture}.*")
    )
    if not timm.is_model(architecture) or (tag and name not in known):
        hint = did_you_mean(name, known) or f"timm has {len(known)}, such as {', '.join(known[:6])}"
        raise UsageError(f'network "timm:{name}" is not known; {hint}')
    config = timm.models.get_pretrained_cfg(name)
    return {} if config is None else dict(config.to_dict())


def _trained(name: str, config: Mapping[str, Any], *, offline: bool) -> tuple[Path, str | None]:
    """Where the published weights of a network are, downloaded if they are not here."""
    title = f"timm:{name}"
    custom = config.get("custom_load")
    if config.get("hf_hub_id") and custom != "hf":
        file = config.get("hf_hub_filename")
        return fetch_from_hub(str(config["hf_hub_id"]), (file,) if file else _WEIGHTS, title, offline=offline)
    if config.get("url") and not custom:
        return fetch(str(config["url"]), title, offline=offline)
    raise NetworkError(
        f"network {title}: timm has no trained weights of it as a state_dict; give a file, {title}:FILE, "
        f"or try it without what it learnt, {title}#weights=random"
    )


def _config(path: Path, title: str) -> dict[str, Any]:
    try:
        found = json.loads(read_file(path, _LONGEST_CONFIG, "config.json"))
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"network {title}: its config.json is no JSON ({str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise NetworkError(f"network {title}: its config.json is no table")
    return found


def _filled(
    timm: Any,
    name: str,
    config: Mapping[str, Any],
    weights: Path,
    expected: str | None,
    title: str,
    options: Mapping[str, Any],
) -> Loaded:
    """The module with the weights of a file in it, and what its configuration says of pictures."""
    options = {key: value for key, value in options.items() if _is_plain(key, value)}
    module = _built(timm, name, title, options)
    parameters = sum(p.numel() for p in module.parameters())
    with open_weights(weights, expected, parameters=parameters) as state:
        heads = config.get("classifier")
        heads = heads if isinstance(heads, list | tuple) else (heads,)
        classes = classes_in(state, [str(head) for head in heads], module)
        if classes is not None:
            module = _built(timm, name, title, {**options, "num_classes": classes})
        fill(module, state, title)
    return _loaded(module, config)


def _is_plain(key: str, value: object) -> bool:
    """Whether an option is one of the architecture, and none of where weights come from."""
    numbers = isinstance(value, list) and all(isinstance(one, int | float | str) for one in value)
    return (numbers or isinstance(value, int | float | str)) and not re.search(
        r"pretrained|path|file|script", key
    )


def _built(timm: Any, name: str, title: str, options: Mapping[str, Any]) -> nn.Module:
    """An architecture, for pictures of any size where it can be: its positions are then drawn out."""
    try:
        module: nn.Module
        try:
            module = timm.create_model(name, pretrained=False, **{ANY_SIZE: True, **options})
        except TypeError as error:
            if ANY_SIZE not in str(error):
                raise
            module = timm.create_model(name, pretrained=False, **options)
    except MemoryError:
        raise
    except Exception as error:  # options that do not fit fail with whatever the architecture raises
        reason = str(error).partition("\n")[0]
        raise NetworkError(
            f"network {title}: timm cannot build it ({type(error).__name__}: {reason})"
        ) from error
    return module


def _loaded(module: nn.Module, config: Mapping[str, Any]) -> Loaded:
    channels, height, width = (int(side) for side in config.get("input_size") or (3, 224, 224))
    mean, std = config.get("mean") or (0.0,) * channels, config.get("std") or (1.0,) * channels
    outputs = int(getattr(module, "num_classes", 0) or 0)
    cuts = getattr(module, "patch_embed", None)
    any_size = bool(getattr(cuts, ANY_SIZE, False)) or not getattr(cuts, "strict_img_size", True)
    return Loaded(
        module,
        mean=tuple(map(float, mean)),
        std=tuple(map(float, std)),
        channels=channels,
        input_size=(height, width) if config.get("fixed_input_size") and not any_size else None,
        classes=_names(config, outputs),
    )


def _names(config: Mapping[str, Any], outputs: int) -> ClassNames | None:
    """The names of the classes: as the configuration lists them, or ImageNet's where there are as many."""
    labels = config.get("label_names")
    if (
        isinstance(labels, list | tuple)
        and len(labels) == outputs
        and all(isinstance(n, str) for n in labels)
    ):
        words = config.get("label_descriptions")
        words = words if isinstance(words, dict) else {}
        return class_names([str(words.get(name, name)).split(", ") for name in labels])
    return imagenet() if outputs == len(imagenet()) else None
