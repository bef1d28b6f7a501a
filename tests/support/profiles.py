"""Small ICC profiles."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np


def profile(
    gamma: float, primaries: np.ndarray | None = None, *, space: bytes = b"RGB ", table: Sequence[int] = ()
) -> bytes:
    """A small ICC profile of curves and a matrix, or of one curve for grey."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    if len(table):
        curve = b"curv\0\0\0\0" + struct.pack(f">I{len(table)}H", len(table), *table)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"wtpt": white}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        assert primaries is not None
        for letter, column in zip((b"r", b"g", b"b"), primaries.T, strict=True):
            fixed = struct.pack(">3i", *(round(v * 65536) for v in column))
            tags[letter + b"XYZ"] = b"XYZ \0\0\0\0" + fixed
            tags[letter + b"TRC"] = curve
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        at = 132 + 12 * len(tags) + len(body)
        table += name + struct.pack(">II", at, len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s4sIIIIQIIII", 132 + len(table) - 4 + len(body), b"lcms", 0x02400000,
        b"mntr", space, b"XYZ ", b"\0" * 12, b"acsp", b"\0" * 4, 0, 0, 0, 0, 0, 0,
        63190, 65536, 54061,
    )  # fmt: skip
    return head.ljust(128, b"\0") + table + body


# Adobe RGB (1998), adapted to D50.
ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
SRGB = np.array([[0.436, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7139]])
