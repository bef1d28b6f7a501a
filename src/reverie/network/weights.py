"""Weights in: the checks that a file passes before a network is made of it.

Weights are hashed before they are read, and read without running anything in them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reverie.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from torch import Tensor


def split_hash(file: str) -> tuple[Path, str | None]:
    """The path and the SHA-256 of ``FILE`` or ``FILE#sha256=HEX``.

    Raises:
        UsageError: There is no file in it, or its SHA-256 is none.
    """
    path, mark, digest = file.partition("#sha256=")
    if not path:
        raise UsageError("a weights file is missing after the colon, as in lite0:weights.pth")
    if mark and not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise UsageError(f'"{digest}" is not a SHA-256: it takes 64 hexadecimal digits')
    return Path(path).expanduser(), digest.lower() or None


def read_weights(path: Path) -> bytes:
    """The bytes of a weights file; NetworkError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NetworkError(f"weights {path}: cannot be read ({error.strerror or error})") from error


def verify(data: bytes, expected: str | None, file: str) -> str:
    """The SHA-256 of the bytes; NetworkError where another one was expected."""
    digest = hashlib.sha256(data).hexdigest()
    if expected is not None and digest != expected:
        raise NetworkError(
            f"weights {file}: SHA-256 is {digest}, expected {expected}; nothing was loaded, "
            "get the file again"
        )
    return digest


def read_state(data: bytes, file: str) -> dict[str, Tensor]:
    """Tensors by name from the bytes of a .safetensors or .pth file; nothing in it is executed.

    Raises:
        NetworkError: It is something else, damaged, or a pickle with code in it.
    """
    import pickle
    import warnings

    import torch

    if file.lower().endswith(".safetensors"):
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            return load(data)
        except (SafetensorError, ValueError, KeyError) as error:
            raise NetworkError(f"weights {file}: not a safetensors file ({error})") from error
    try:
        with warnings.catch_warnings():  # on the pickle's protocol, which is nothing to the user
            warnings.simplefilter("ignore")
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


def check_state(
    state: dict[str, Tensor], shapes: Mapping[str, tuple[int, ...]], variant: str, file: str
) -> None:
    """NetworkError unless the tensors are those of a variant: their names, shapes and kinds of number."""
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
