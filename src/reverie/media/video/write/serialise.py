"""A state as bytes and back: tensors and arrays in safetensors, all else in the JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from reverie.errors import BadInput

#: Marks what JSON has no word for.
_MARK = "~"


def pack(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document; the same for equal ones. What it holds is copied.

    Args:
        document: A dict with names of text. Its values are tensors, arrays, numbers, texts, fractions, truth
            values, None, and dicts, lists and tuples of those.

    Raises:
        TypeError: It holds something else.
    """
    from safetensors.torch import save

    tensors: dict[str, Any] = {}
    text = json.dumps(_put(document, tensors), ensure_ascii=True, separators=(",", ":"))
    return save(tensors, {"document": text})


def unpack(data: bytes) -> dict[str, Any]:
    """The document of ``pack``; tuples come back as lists, tensors on the processor.

    Raises:
        BadInput: It is not one, or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(data)
        size = int.from_bytes(data[:8], "little")
        text = json.loads(data[8 : 8 + size])["__metadata__"]["document"]
        found = _take(json.loads(text), tensors)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"not a state, or damaged ({str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise BadInput("not a state, or damaged (it is no document)")
    return found


def _put(value: Any, tensors: dict[str, Any]) -> Any:
    import torch

    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    if isinstance(value, Fraction):
        return {_MARK: "fraction", "is": str(value)}
    if isinstance(value, list | tuple):
        return [_put(each, tensors) for each in value]
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value) or _MARK in value:
            raise TypeError(f"a state's names are texts other than {_MARK!r}, got {list(value)[:5]}")
        return {name: _put(each, tensors) for name, each in value.items()}
    if isinstance(value, torch.Tensor | np.ndarray):
        kind = "tensor" if isinstance(value, torch.Tensor) else "array"
        tensor = value if isinstance(value, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(value))
        name = f"{len(tensors):06d}"
        tensors[name] = tensor.detach().to("cpu", copy=True).reshape(value.shape).contiguous()
        return {_MARK: kind, "is": name}
    raise TypeError(f"a state cannot hold a {type(value).__name__}")


def _take(value: Any, tensors: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_take(each, tensors) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(_MARK)
    if kind is None:
        return {name: _take(each, tensors) for name, each in value.items()}
    if kind == "fraction":
        return Fraction(value["is"])
    tensor = tensors[value["is"]]
    return tensor if kind == "tensor" else tensor.numpy()
