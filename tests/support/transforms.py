"""Transforms to draw from, and the generators that draw."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from reverie.ops.transform.parse import Ramp, Transform
from reverie.ops.transform.view import KINDS

EVERYTHING = (
    "pad(6), jitter(4), scale(0.8, 1.2), rotate(-25, 25), crop(0.3, 1), flip(0.5)",
    "brightness(0.1), contrast(0.8, 1.2), saturation(0.5, 1.5), blur(0, 1.5), noise(0.05)",
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@st.composite
def transforms(draw):
    name = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[name]
    word = draw(st.sampled_from(("", *kind.words)))
    count = 2 if word == "normal" else draw(st.sampled_from(kind.counts))

    def value(index: int) -> float:
        least, most = kind.limits[0 if kind.between and not word and index == 1 else index]
        if index in kind.whole:
            return float(draw(st.integers(int(least), int(most))))
        return draw(st.floats(least, most))

    numbers = [[value(i), value(i)] for i in range(count)]
    if kind.between and not word and count > 1:
        for end in (0, 1):
            numbers[0][end], numbers[1][end] = sorted((numbers[0][end], numbers[1][end]))
    first = draw(st.integers(1, 9))
    last = draw(st.none() | st.integers(first, 12))
    return Transform(name, tuple(Ramp(a, b) for a, b in numbers), word, first, last)
