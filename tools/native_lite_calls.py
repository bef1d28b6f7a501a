"""Calls of the native library's network, for ``native_calls.py``: forward and back, at any size."""

from __future__ import annotations

import ctypes
import itertools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import reverie.native as native
from native_numbers import Floats, randoms

#: inputs, expanded, outputs, kernel, stride, residual of each block: every shape of Lite0, only fewer.
PLAN = (
    (32, 32, 16, 3, 1, 0),
    (16, 96, 24, 3, 2, 0),
    (24, 144, 24, 3, 1, 1),
    (24, 144, 40, 5, 2, 0),
    (40, 240, 40, 5, 1, 1),
    (40, 240, 80, 3, 2, 0),
    (80, 480, 112, 5, 1, 0),
    (112, 672, 192, 5, 2, 0),
    (192, 1152, 320, 3, 1, 0),
)
HEAD, CLASSES = 200, 37
SIZES = ((32, 32), (33, 47), (64, 40), (61, 129), (1, 1), (5, 3), (224, 224))


def check_lite(rng: np.random.Generator, quick: bool) -> int:
    """The network: every kernel, sizes odd and even, batches, threads, seeds anywhere."""
    from reverie.native.lite import MATHS, LiteNetwork, LiteWork, Math

    weights = weights_of_plan(rng)
    sizes, counts, numbers = (SIZES[1:3], (1, 3), (1, 3)) if quick else (SIZES, (1, 2, 5), (1, 2, 3))
    pairs = dict.fromkeys([*MATHS.values(), (Math.BF16_AVX512, Math.BF16_AVX512)])
    called = 0
    for forward, backward in pairs:
        try:
            net = LiteNetwork(PLAN, HEAD, CLASSES, weights.ctypes.data, forward, backward)
        except native.Unavailable:
            print(f"{forward.name} and {backward.name}: not on this processor", file=sys.stderr)
            continue
        depths: Iterator[int] = itertools.cycle(range(1, net.stages + 1))
        for (height, width), count in itertools.product(sizes, counts):
            pictures = np.abs(randoms(rng, count * 3 * height * width)) % 1
            stages = net.stages if count == 1 else next(depths)
            made = []
            for threads in numbers:
                work = LiteWork(count, height, width, stages, 1, threads, None)
                made.append(there_and_back(net, work, pictures))
                called += 2
            assert all(found == made[0] for found in made), (forward, height, width, count, stages)
            work = LiteWork(count, height, width, stages, 0, 2, None)
            _forward(net, work, pictures, range(stages))
            called += 1
    return called


def there_and_back(net: Any, work: Any, pictures: Floats) -> list[bytes]:
    """Forward with every map handed out, backward with a seed at every one; bytes of maps and gradient."""
    from reverie.native.lite import Seed

    maps, logits, memory = _forward(net, work, pictures, range(work.stages))
    whole = work.stages == net.stages
    seeds = {}
    for stage, (found, (rows, columns, channels)) in maps.items():
        # As maps lie: channels side by side. The classifier's is left out where the logits have a seed.
        if stage == net.stages - 1 and whole:
            continue
        strides = (rows * columns * channels, 1, columns * channels, channels)
        seeds[stage] = Seed(found.ctypes.data, *strides)
    gradient = np.zeros_like(pictures)
    seed = logits.ctypes.data if whole else None
    net.backward(work, seeds, seed, _pictures(gradient, work))
    assert np.isfinite(gradient).all()
    assert gradient.any()
    del memory
    return [
        *(bytes(found[: -_slack(shape)]) for found, shape in maps.values()),
        bytes(logits),
        bytes(gradient),
    ]


def _forward(net: Any, work: Any, pictures: Floats, wanted: range) -> tuple[dict[int, Any], Floats, Any]:
    """Maps by stage with their (rows, columns, padded channels); logits; and the memory, to keep."""
    from reverie.native.dense import padded

    memory = np.zeros(net.bytes_for(work), np.uint8)
    work.memory = memory.ctypes.data
    maps = {}
    for stage in wanted:
        shape = (*_size(stage, work.height, work.width), padded(_channels(stage)))
        maps[stage] = np.zeros(work.count * int(np.prod(shape)) + _slack(shape), np.float32), shape
    whole = work.stages == net.stages
    logits = np.zeros((work.count + _slack_positions()) * padded(CLASSES), np.float32)
    addresses = {stage: found.ctypes.data for stage, (found, _) in maps.items()}
    net.forward(work, _pictures(pictures, work), addresses, logits.ctypes.data if whole else None)
    for stage, (found, _) in maps.items():
        assert np.isfinite(found).all(), stage
    return maps, logits, memory


def _slack_positions() -> int:
    from reverie.native.lite import SLACK

    return SLACK


def _slack(shape: tuple[int, int, int]) -> int:
    """Floats behind a map that may be read."""
    return _slack_positions() * shape[2]


def _pictures(planes: Floats, work: Any) -> Any:
    from reverie.native.lite import Pictures

    plane = work.height * work.width
    halves, ones = (ctypes.c_float * 3)(2, 2, 2), (ctypes.c_float * 3)(-1, -1, -1)
    return Pictures(planes.ctypes.data, 3 * plane, plane, work.width, halves, ones)


def _size(stage: int, height: int, width: int) -> tuple[int, int]:
    """Rows and columns of a stage's map: "same" padding rounds up."""
    strides = [2, *(block[4] for block in PLAN)][: stage + 1]
    for stride in strides:
        height, width = -(-height // stride), -(-width // stride)
    return height, width


def _channels(stage: int) -> int:
    return [PLAN[0][0], *(block[2] for block in PLAN), HEAD, CLASSES][stage]


def weights_of_plan(rng: np.random.Generator) -> Floats:
    """Folded weights in the order that the library takes them, scaled so that activations stay alive."""

    def layer(outputs: int, seen: int) -> list[Floats]:
        """Weights and biases of outputs that each see so many numbers."""
        return [randoms(rng, outputs * seen) * np.float32(seen**-0.5), randoms(rng, outputs)]

    parts = layer(PLAN[0][0], 27)
    for number, (inputs, expanded, outputs, kernel, _stride, _residual) in enumerate(PLAN):
        if number:
            parts += layer(expanded, inputs)
        parts += layer(expanded, kernel**2) + layer(outputs, expanded)
    parts += layer(HEAD, PLAN[-1][2]) + layer(CLASSES, HEAD)
    return np.concatenate(parts)
