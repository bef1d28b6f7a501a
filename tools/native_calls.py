"""Call everything the native library does, with random numbers: ``python native_calls.py LIBRARY [quick]``.

Made for a sanitizer: all memory is NumPy's, of exactly the size that a function may touch, and torch computes
nothing, for its own threads are none that a sanitizer understands. What is checked beside that: results are
finite, and the same bytes for any number of threads.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

import reverie.native as native
from native_lite_calls import CLASSES, HEAD, PLAN, check_lite, there_and_back, weights_of_plan
from native_numbers import Floats, graphs_of, randoms, surfaces_of


def main(path: str, quick: bool) -> None:
    """Load the library and call it."""
    library = ctypes.CDLL(path)
    library.reverie_abi.restype = ctypes.c_int
    assert library.reverie_abi() == native.ABI
    native._loaded = lambda: (library, "")  # type: ignore[assignment]
    rng = np.random.default_rng(0)
    called = [check_picture(rng, quick), check_lite(rng, quick), check_genomes(rng, quick), check_dense(rng)]
    glides = check_glide(rng)
    print(f"native library: {check_side_by_side(rng, quick)} calls side by side")
    print(
        f"native library: {called[0]} calls of the step's parts, {called[1]} of the network, "
        f"{called[2]} of genomes, {called[3]} of dense convolutions, {glides} of glides"
    )


def check_picture(rng: np.random.Generator, quick: bool) -> int:
    """The parts of a step beside the gradient, at sizes around those of vectors and stretches."""
    from reverie.native import step as picture
    from reverie.native.runtime import Runtime

    sizes = ((9, 17), (64, 70)) if quick else ((1, 1), (8, 8), (9, 17), (33, 31), (64, 70), (257, 300))
    kernels = [name for name in picture.backends() if name != "torch"]
    called = 0
    for name, (height, width), flags in itertools.product(
        kernels, sizes, itertools.product((0, 1), repeat=3)
    ):
        made = []
        seed = int(rng.integers(1 << 30))
        for threads in (1, 3):
            with Runtime(threads, name).use():
                made.append(_one_step(np.random.default_rng(seed), (1, 3, height, width), *map(bool, flags)))
            called += 7
        assert made[0] == made[1], (name, height, width, flags)
    return called


def _one_step(
    rng: np.random.Generator, shape: tuple[int, ...], circular: bool, soft: bool, masked: bool
) -> list[bytes]:
    """Smooth, move, measure and show a picture; the bytes of all results."""
    from reverie.native import step as picture

    gradient, detail = (_plane(randoms(rng, math.prod(shape)), shape) for _ in range(2))
    base = _plane(np.abs(randoms(rng, math.prod(shape))) % 1, shape)
    one = (1, 1, *shape[2:])
    mask = _plane(np.abs(randoms(rng, math.prod(one))) % 1, one) if masked else None
    room = torch.from_numpy(np.zeros(picture.laplacian_room(shape, 4), np.float32))
    picture.laplacian_(gradient, levels=4, tilt=0.2, circular=circular, room=room)
    bands = [_opponent_bands(rng, (1, channels, *shape[2:]), mask, circular) for channels in (2, 3)]
    moved = picture.move_(
        detail, base, mask, gradient, scale=0.9, factor=0.01, offset=0.0, clip=True, soft=soft
    )
    measured = picture.measure(detail, base, mask, soft=soft)
    whole = _plane(np.zeros(math.prod(shape), np.float32), shape)
    picture.show(detail, base, mask, soft=soft, top=0, left=0, out=whole)
    part = (1, shape[1], (shape[2] + 1) // 2, (shape[3] + 1) // 2)
    piece = _plane(np.zeros(math.prod(part), np.float32), part)
    corner = shape[2] - part[2], shape[3] - part[3]
    picture.show(detail, base, mask, soft=soft, top=corner[0], left=corner[1], out=piece)
    planes = [p.numpy() for p in (gradient, detail, whole, piece, *bands)]
    assert all(np.isfinite(p).all() for p in planes)
    np.testing.assert_array_equal(planes[3], planes[2][:, :, corner[0] :, corner[1] :])
    return [*(p.tobytes() for p in planes), np.array([moved, measured.mean, measured.square]).tobytes()]


def _opponent_bands(
    rng: np.random.Generator, shape: tuple[int, ...], attention: Tensor | None, circular: bool
) -> Tensor:
    """A gradient smoothed along axes of colour; with blurs that reach far, and bands one too many."""
    from reverie.native import step as picture
    from reverie.ops.opponent import OpponentNumbers

    gradient = _plane(randoms(rng, math.prod(shape)), shape)
    numbers = OpponentNumbers.of((1, shape[1], 64, 64), 4, 0.2)
    room = torch.from_numpy(np.zeros(picture.opponent_room(shape, 4), np.float32))
    picture.opponent_(gradient, numbers, attention=attention, circular=circular, room=room)
    return gradient


def _plane(values: Floats, shape: tuple[int, ...]) -> Tensor:
    """NumPy's memory as torch sees it."""
    return torch.from_numpy(values.reshape(shape))


def check_genomes(rng: np.random.Generator, quick: bool) -> int:
    """Graphs and surfaces into pictures, in every instruction set, and how rough those are."""
    from reverie.native import cppn, surfaces

    called = 0
    sizes = ((33, 130), (7, 9)) if quick else ((33, 130), (7, 9), (1, 1), (16, 128), (224, 224), (40, 300))
    ways = [0, *(isa for isa in native.instruction_sets() if isa <= native.Isa.AVX512)]
    for (height, width), channels, levels in itertools.product(sizes, (1, 3), (0, 255)):
        graphs = graphs_of(rng, 4, channels)
        places = [rng.uniform(-1, 1, side) for side in (width, height)]
        drawn = [
            cppn.render(*graphs, *places, levels=levels, threads=threads, isa=isa)
            for isa, threads in itertools.product(ways, (1, 3))
        ]
        smooth = surfaces_of(rng, 3, channels, (2, 5, 5, width))
        made = [surfaces.draw(*smooth, levels=levels, threads=threads) for threads in (1, 3)]
        sums = [surfaces.measure(picture, threads=threads) for picture in made for threads in (1, 3)]
        for found in (drawn, made, sums):
            assert all(other.tobytes() == found[0].tobytes() for other in found)
            assert np.isfinite(found[0]).all()
        called += len(drawn) + len(made) + len(sums)
    return called


def check_dense(rng: np.random.Generator) -> int:
    """Convolutions of every kind, with gates and without, and pooling, in every instruction set."""
    from reverie.native import dense

    called = 0
    ways = [isa for isa in native.instruction_sets() if isa <= native.Isa.AVX512_BF16]
    for isa, kind, (inputs, outputs) in itertools.product(
        ways, dense.ConvolutionKind, ((16, 48), (21, 20), (400, 17))
    ):
        rows, columns = (3, 2) if kind is dense.ConvolutionKind.GATHERED else kind.kernel
        taps = rng.standard_normal((rows, columns, inputs, outputs))
        convolution = dense.Convolution(taps, kind, isa)
        for height, width in ((1, 1), (13, 17)):
            seed = int(rng.integers(1 << 30))
            made = [
                _convolved(
                    np.random.default_rng(seed),
                    convolution,
                    (inputs, outputs),
                    (height, width),
                    rows // 2,
                    threads,
                    step=1 if kind is dense.ConvolutionKind.GATHERED or inputs != 21 else 2,
                )
                for threads in (1, 3)
            ]
            assert made[0] == made[1], (isa, kind, inputs, outputs, height, width)
            called += len(made)
        called += _pooled(rng, isa, inputs)
    for isa, channels in itertools.product(ways, (16, 21)):
        box = dense.Box(channels, (3, 5), isa)
        for size, threads in itertools.product(((1, 1), (13, 17)), (1, 3)):
            _convolved(rng, box, (channels, channels), size, 1, threads)
            called += 1
    return called + _into_cells_and_back(rng)


def check_glide(rng: np.random.Generator) -> int:
    """Frames of a live show, seen from within and from beyond the edges; the same bytes from all kernels."""
    from reverie.native import glide

    ways = [0, *(isa for isa in native.instruction_sets() if isa <= native.Isa.AVX2)]
    called = 0
    for height, width in ((1, 1), (3, 5), (17, 33), (61, 130)):
        one, other = (rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(2))
        for factor, offset in (
            (1 + 0j, 0j),
            (0.9 + 0.15j, 3 - 2j),
            (0.26 - 0.05j, -1e6 + 0j),
            (3.9 + 0.7j, 9e5j),
        ):
            parts = [
                glide.GlidePart(one, factor, offset, glide.WHOLE // 3),
                glide.GlidePart(other, 0.98 + 0j, 1 + 1j, glide.WHOLE - glide.WHOLE // 3),
            ]
            drawn = [glide.draw(parts, isa=isa) for isa in ways]
            assert all(picture.tobytes() == drawn[0].tobytes() for picture in drawn)
            called += len(drawn)
    return called


def _convolved(
    rng: np.random.Generator,
    convolution: Any,
    channels: tuple[int, int],
    size: tuple[int, int],
    around: int,
    threads: int,
    *,
    step: int = 1,
) -> tuple[bytes, bytes]:
    """Results and gates of a convolution of two pictures, or their last phase, with all around it."""
    from reverie.native.dense import (
        ActivationKind,
        ConvolutionJob,
        ConvolutionSource,
        ConvolutionTarget,
        padded,
    )

    pixels, (inputs, outputs) = 2 * math.prod(size), channels
    x, other = randoms(rng, step**2 * pixels * inputs), randoms(rng, pixels * outputs)
    bias, y = randoms(rng, padded(outputs)), np.zeros(pixels * outputs, np.float32)
    gate = rng.integers(0, 1 << 16, step**2 * pixels * padded(inputs) // 16).astype(np.uint16)
    opened = np.zeros(pixels * padded(outputs) // 16, np.uint16)
    source = ConvolutionSource(x.ctypes.data, inputs, inputs, 0.5, gate.ctypes.data)
    target = ConvolutionTarget(
        y.ctypes.data, outputs, outputs, opened.ctypes.data, other.ctypes.data, outputs
    )
    job = ConvolutionJob(
        count=2, height=size[0], width=size[1], source_height=step * size[0], source_width=step * size[1],
        source_step_y=step, source_step_x=step, source_y=step - 1, source_x=step - 1,
        out_height=size[0], out_width=size[1], top=around, left=0,
        target_height=size[0], target_width=size[1], target_step_y=1, target_step_x=1,
        activation=ActivationKind.CLAMPED, low=-1.0, high=1.0, threads=threads, sources=1, targets=1,
        source=ctypes.pointer(source), target=ctypes.pointer(target), bias=bias.ctypes.data,
    )  # fmt: skip
    convolution.run(job)
    assert np.isfinite(y).all()
    return y.tobytes(), opened.tobytes()


def _pooled(rng: np.random.Generator, isa: native.Isa, channels: int) -> int:
    """Pool two pictures and go back, with windows that overlap and reach over the edge."""
    from reverie.native import pool

    (height, width), (high, wide) = (9, 12), (5, 6)
    x, y = (
        randoms(rng, 2 * height * width * channels),
        np.zeros(2 * high * wide * channels, np.float32),
    )
    where = np.zeros(y.size, np.uint8)
    shape = {
        **{"count": 2, "channels": channels, "height": height, "width": width},
        **{"out_height": high, "out_width": wide, "kernel_y": 3, "kernel_x": 3, "step_y": 2, "step_x": 2},
        **{"top": 1, "left": 1, "threads": 3, "source_pixel": channels, "where": where.ctypes.data},
    }
    pool.run(pool.PoolJob(**shape, source=x.ctypes.data, target=y.ctypes.data), isa, back=False)
    assert where.max() < 9
    back = np.full(x.size, np.nan, np.float32)
    pool.run(pool.PoolJob(**shape, source=y.ctypes.data, target=back.ctypes.data), isa, back=True)
    assert np.isclose(float(back.sum(dtype=np.float64)), float(y.sum(dtype=np.float64)), atol=1e-2)
    half, made = (x.view(np.uint32) >> 16).astype(np.uint16), np.zeros(y.size, np.uint16)
    shape["half"] = 1
    pool.run(pool.PoolJob(**shape, source=half.ctypes.data, target=made.ctypes.data), isa, back=False)
    found = np.zeros(x.size, np.uint16)
    pool.run(pool.PoolJob(**shape, source=made.ctypes.data, target=found.ctypes.data), isa, back=True)
    given, taken = ((a.astype(np.uint32) << 16).view(np.float32).sum(dtype=np.float64) for a in (made, found))
    assert abs(given - taken) < 0.1 + 0.01 * abs(given)
    return 4


def _into_cells_and_back(rng: np.random.Generator) -> int:
    """Two pictures of odd sizes, planes and cells that are not full."""
    from reverie.native import cells

    for (height, width), (down, across) in itertools.product(((1, 1), (7, 9)), ((1, 1), (2, 2), (2, 3))):
        x, found = (
            randoms(rng, 2 * 3 * height * width),
            np.full(2 * 3 * height * width, np.nan, np.float32),
        )
        held = np.full(2 * 3 * -(-height // down) * down * -(-width // across) * across, np.nan, np.float32)
        shape = {
            **{"count": 2, "channels": 3, "height": height, "width": width, "step_y": down, "step_x": across},
            **{"picture": 3 * height * width, "channel": height * width, "row": width, "column": 1},
            "cells": held.ctypes.data,
        }
        cells.run(cells.CellsJob(**shape, pixels=x.ctypes.data, back=0, threads=3))
        assert np.isfinite(held).all()
        cells.run(cells.CellsJob(**shape, pixels=found.ctypes.data, back=1, threads=2))
        assert np.array_equal(found, x)
    return 12


def check_side_by_side(rng: np.random.Generator, quick: bool) -> int:
    """Everything again from several threads at once, which share networks and filters and nothing else.

    Each makes what it made alone. Calls through ctypes give Python's lock away, so they do run at once.
    """
    works = [*_lite_works(rng), *_dense_works(rng), *_other_works(rng)]
    expected = [work() for work in works]
    rounds, callers = (1, 3) if quick else (6, 4)

    def again(first: int) -> None:
        for i in range(first, first + rounds * len(works)):
            assert works[i % len(works)]() == expected[i % len(works)], i

    with ThreadPoolExecutor(callers) as pool:
        for done in [pool.submit(again, first) for first in range(callers)]:
            done.result()
    return rounds * callers * len(works)


Work = Callable[[], Any]


def _lite_works(rng: np.random.Generator) -> list[Work]:
    """One network, there and back, of pictures of several sizes, with one thread each and with more."""
    from reverie.native.lite import MATHS, LiteNetwork, LiteWork

    forward, backward = MATHS[native.instruction_sets()[-1]]
    weights = weights_of_plan(rng)
    net = LiteNetwork(PLAN, HEAD, CLASSES, weights.ctypes.data, forward, backward)

    def work(count: int, height: int, width: int, threads: int) -> Work:
        pictures = np.abs(randoms(rng, count * 3 * height * width)) % 1
        return lambda: there_and_back(
            net, LiteWork(count, height, width, net.stages, 1, threads, None), pictures.copy()
        )

    return [work(1, 33, 47, 3), work(3, 24, 40, 2), work(1, 32, 32, 1), work(2, 61, 29, 3)]


def _dense_works(rng: np.random.Generator) -> list[Work]:
    """One filter of each of some kinds, with pictures of its own."""
    from reverie.native import dense

    isa = max(isa for isa in native.instruction_sets() if isa <= native.Isa.AVX512_BF16)
    works: list[Work] = []
    for kind in (dense.ConvolutionKind.W4X4_3X3, dense.ConvolutionKind.GATHERED):
        rows, columns = (3, 2) if kind is dense.ConvolutionKind.GATHERED else kind.kernel
        convolution = dense.Convolution(rng.standard_normal((rows, columns, 21, 20)), kind, isa)
        for threads, seed in ((1, 5), (3, 6)):
            works.append(
                lambda c=convolution, n=threads, s=seed, r=rows: _convolved(  # type: ignore[misc]
                    np.random.default_rng(s), c, (21, 20), (13, 17), r // 2, n
                )
            )
    return works


def _other_works(rng: np.random.Generator) -> list[Work]:
    """A step's parts, and genomes."""
    from reverie.native import cppn, surfaces
    from reverie.native import step as picture
    from reverie.native.runtime import Runtime

    graphs, smooth = graphs_of(rng, 4, 3), surfaces_of(rng, 3, 3, (2, 5, 5, 40))
    places = [rng.uniform(-1, 1, side) for side in (40, 33)]

    def step() -> list[bytes]:
        with Runtime(3, picture.backends()[-1]).use():
            return _one_step(np.random.default_rng(8), (1, 3, 64, 70), True, True, True)

    def drawn() -> bytes:
        return cppn.render(*graphs, *places, threads=3).tobytes()

    def made() -> bytes:
        pictures = surfaces.draw(*smooth, threads=3)
        return pictures.tobytes() + surfaces.measure(pictures, threads=2).tobytes()

    return [step, drawn, made]


if __name__ == "__main__":
    main(sys.argv[1], "quick" in sys.argv[2:])
