"""Bytes as text for JSON, bounded when they are read again."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

from reverie.errors import BadInput


def as_text(data: bytes) -> str:
    """Compressed and in base 64."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def from_text(text: Any, size: int) -> bytes:
    """The ``size`` bytes that ``as_text`` wrote; BadInput if the text is not theirs."""
    if not isinstance(text, str) or len(text) > 2 * size + 1024:
        raise BadInput("genome: its genes are missing or too many")
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise BadInput(f"genome: its genes are damaged ({error})") from error
    if len(data) != size:
        raise BadInput(f"genome: has not the {size} genes that its settings speak of")
    return data
