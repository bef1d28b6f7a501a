"""A picture that is looked at left to right: what else has to be turned with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor

from reverie.gradient.attention import Attention


@contextmanager
def turned(attention: Attention | None, *, mirrored: bool) -> Iterator[None]:
    """Turn attention left to right for as long as the picture is looked at so."""
    if attention is None or not mirrored:
        yield
        return
    attention.flip()
    try:
        yield
    finally:
        attention.flip()


def flipped(fields: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Masks as they lie on a picture that is looked at left to right."""
    return {name: mask.flip(3) for name, mask in fields.items()}
