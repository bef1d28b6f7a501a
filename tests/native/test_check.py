"""Every way into the native library, told what cannot be: an error each time, and the process lives."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from reverie.errors import UsageError
from reverie.native import Isa, cells, cppn, instruction_sets, pool, step, surfaces
from reverie.native.check import check_range, check_threads
from reverie.native.lite import MATHS, LiteNetwork, LiteWork, Pictures, Seed
from reverie.ops.opponent import OpponentNumbers

pytestmark = pytest.mark.skipif(not instruction_sets(), reason="no native library on this machine")


def refused(call: Callable[[], Any]) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.exit_code == 2
    assert "native kernel" in str(caught.value)


@pytest.mark.parametrize("threads", [0, -1, -(2**31), 1025, 2**31, 2**40])
def test_numbers_of_threads(threads: int) -> None:
    refused(lambda: check_threads(threads))
    refused(lambda: surfaces.measure(np.zeros((1, 3, 4, 4), np.float32), threads=threads))


def test_ranges_hold_their_ends() -> None:
    check_range("it", 1, 1, 3)
    check_range("it", 3, 1, 3)
    for value in (0, 4, -(2**70), 2**70):
        refused(lambda v=value: check_range("it", v, 1, 3))  # type: ignore[misc]


# -- a step's parts ------------------------------------------------------------------------------------

SHAPE = (1, 3, 12, 20)
#: Planes that kernels cannot take beside one of SHAPE.
PLANES: dict[str, Callable[[], Tensor]] = {
    "no rows": lambda: torch.rand(1, 3, 0, 20),
    "no columns": lambda: torch.rand(1, 3, 12, 0),
    "no channels": lambda: torch.rand(1, 0, 12, 20),
    "none": lambda: torch.rand(0, 3, 12, 20),
    "two": lambda: torch.rand(2, 3, 12, 20),
    "fewer dimensions": lambda: torch.rand(3, 12, 20),
    "more dimensions": lambda: torch.rand(1, 1, 3, 12, 20),
    "smaller": lambda: torch.rand(1, 3, 12, 19),
    "float64": lambda: torch.rand(SHAPE, dtype=torch.float64),
    "float16": lambda: torch.rand(SHAPE).half(),
    "whole numbers": lambda: torch.ones(SHAPE, dtype=torch.int32),
    "not contiguous": lambda: torch.rand(1, 3, 12, 40)[..., ::2],
    "turned": lambda: torch.rand(1, 3, 20, 12).transpose(2, 3),
    "channels last": lambda: torch.rand(SHAPE).contiguous(memory_format=torch.channels_last),
    "all one number": lambda: torch.rand(1, 1, 1, 1).expand(SHAPE),
    "under autograd": lambda: torch.rand(SHAPE, requires_grad=True),
    "nowhere": lambda: torch.empty(SHAPE, device="meta"),
}
#: Of them, those that are wrong beside others only.
ONLY_BESIDE = ("smaller",)
NUMBERS = OpponentNumbers.of(SHAPE, 3, 0.4)
MOVED: dict[str, Any] = {"scale": 1.0, "factor": 0.1, "offset": 0.0, "clip": True, "soft": False}


def right() -> Tensor:
    return torch.rand(SHAPE)


@pytest.mark.parametrize("name", PLANES)
def test_planes_of_a_step(name: str) -> None:
    wrong = PLANES[name]()
    for place in range(3):
        planes = [wrong if i == place else right() for i in range(3)]
        refused(partial(step.move_, *planes[:2], None, planes[2], **MOVED))
        if place < 2:
            refused(partial(step.measure, *planes[:2], None, soft=True))
            refused(partial(step.show, *planes[:2], None, soft=True, top=0, left=0, out=right()))
    refused(lambda: step.move_(right(), right(), wrong, right(), **MOVED))
    refused(lambda: step.measure(right(), right(), wrong, soft=True))
    refused(lambda: step.opponent_(right(), NUMBERS, attention=wrong))
    if name not in ONLY_BESIDE:
        refused(lambda: step.laplacian_(wrong, levels=3, tilt=0.0, circular=True))
        refused(lambda: step.opponent_(wrong, NUMBERS))


@pytest.mark.parametrize("levels", [0, -1, 33, 2**31, -(2**40)])
def test_levels_of_a_pyramid(levels: int) -> None:
    refused(lambda: step.laplacian_(right(), levels=levels, tilt=0.0, circular=False))
    refused(lambda: step.laplacian_room(SHAPE, levels or -1))
    refused(lambda: step.opponent_room(SHAPE, levels or -1))


@pytest.mark.parametrize(
    "room", [torch.rand(3), torch.rand(1000).double(), torch.rand(2000)[::2], torch.rand(0)]
)
def test_room_of_a_pyramid(room: Tensor) -> None:
    refused(lambda: step.laplacian_(right(), levels=3, tilt=0.0, circular=False, room=room))
    refused(lambda: step.opponent_(right(), NUMBERS, room=room))


@pytest.mark.parametrize(
    ("top", "left", "shape"),
    [
        *((-1, 0, (1, 3, 4, 4)), (0, -1, (1, 3, 4, 4)), (9, 0, (1, 3, 4, 4)), (0, 17, (1, 3, 4, 4))),
        *((0, 0, (1, 3, 13, 4)), (0, 0, (1, 3, 4, 21)), (0, 0, (1, 4, 4, 4)), (0, 0, (2, 3, 4, 4))),
        *((2**40, 0, (1, 3, 4, 4)), (0, 0, (3, 4, 4))),
    ],
)
def test_rectangles_of_a_picture(top: int, left: int, shape: tuple[int, ...]) -> None:
    out = torch.zeros(shape)
    refused(lambda: step.show(right(), right(), None, soft=False, top=top, left=left, out=out))


def test_nan_is_computed_with_and_comes_out() -> None:
    bad = right()
    bad[0, 1, 2, 3] = float("nan")
    assert np.isnan(step.measure(bad, right(), None, soft=False).mean)
    assert step.opponent_(bad.clone(), NUMBERS) is not None
    assert step.opponent_(right(), NUMBERS, attention=bad[:, 1:2].contiguous()) is not None
    assert step.laplacian_(bad, levels=2, tilt=0.0, circular=False) is not None


# -- genomes -------------------------------------------------------------------------------------------


def graphs(**changes: Any) -> dict[str, Any]:
    """One graph of two nodes: the first of two inputs, the output of it."""
    made = {
        "nodes": np.array([0, 2], np.int32),
        "functions": np.array([0, 2], np.int32),
        "first": np.array([0, 2, 3], np.int32),
        "sources": np.array([0, 3, 4], np.int32),
        "weights": np.array([1.0, -2.0, 3.0]),
        "outputs": np.array([[1]], np.int32),
        "xs": np.linspace(-1, 1, 7),
        "ys": np.linspace(-1, 1, 5),
    }
    return made | changes


def test_graphs() -> None:
    assert cppn.render(**graphs()).shape == (1, 1, 5, 7)
    whole = lambda *values: np.array(values, np.int32)  # noqa: E731
    wrong: list[dict[str, Any]] = [
        *({"nodes": whole(0, 3)}, {"nodes": whole(1, 2)}, {"nodes": whole(0)}, {"nodes": whole(0, 0, 2)}),
        *({"functions": whole(0, 5)}, {"functions": whole(-1, 0)}, {"functions": whole(0)}),
        *(
            {"first": whole(0, 2, 4)},
            {"first": whole(0, 4, 3)},
            {"first": whole(0, -1, 3)},
            {"first": whole(3)},
        ),
        *({"sources": whole(4, 3, 4)}, {"sources": whole(0, 3, 5)}, {"sources": whole(0, -1, 4)}),
        *({"sources": whole(0, 3)}, {"weights": np.zeros(2)}, {"outputs": whole(1)}),
        *({"outputs": whole(2)[None]}, {"outputs": whole(-1)[None]}, {"outputs": whole(1, 1)[None]}),
        *({"xs": np.zeros(0)}, {"ys": np.zeros(0)}, {"xs": np.zeros((2, 2))}),
        *({"threads": 0}, {"threads": -5}, {"levels": -1}, {"isa": 9}, {"isa": -1}, {"threads": 10**6}),
    ]
    for changes in wrong:
        refused(lambda c=changes: cppn.render(**graphs(**c)))  # type: ignore[misc]
    nan = graphs(weights=np.array([np.nan, np.inf, -np.inf]))
    assert cppn.render(**nan).shape == (1, 1, 5, 7)
    read_only = graphs()
    for array in read_only.values():
        array.setflags(write=False)
    assert np.isfinite(cppn.render(**read_only)).all()


def smooth(**changes: Any) -> dict[str, Any]:
    """Two surfaces of 2 and 3 knots a side, into pictures of 5 x 5."""
    made = {
        "genes": np.zeros((2, 3, 13), np.uint8),
        "strengths": np.linspace(-1, 1, 256).astype(np.float32),
        "sides": [2, 3, 5],
        "first": [np.array([0, 0, 1], np.int32), np.array([0, 0, 1, 1, 1], np.int32)],
        "weights": [np.ones((1, 3), np.float32), np.ones((2, 5), np.float32)],
    }
    return made | changes


def test_surfaces() -> None:
    assert surfaces.draw(**smooth()).shape == (2, 3, 5, 5)
    first, weights = smooth()["first"], smooth()["weights"]
    wrong: list[dict[str, Any]] = [
        *({"genes": np.zeros((2, 3, 12), np.uint8)}, {"genes": np.zeros((2, 3, 13), np.float32)}),
        *({"genes": np.zeros((2, 13), np.uint8)}, {"genes": np.zeros((2, 0, 13), np.uint8)}),
        *({"strengths": np.zeros(255, np.float32)}, {"sides": [2, 3]}, {"sides": [5]}, {"sides": []}),
        *({"sides": [2, 0, 5]}, {"sides": [-2, 3, 5]}, {"sides": [2, 3, 2**20]}),
        *({"first": [first[0] + 2, first[1]]}, {"first": [first[0] - 1, first[1]]}, {"first": first[:1]}),
        *({"weights": [weights[0], np.ones((3, 5), np.float32)]}, {"weights": weights[::-1]}),
        *({"weights": [weights[0], np.ones((0, 5), np.float32)]}, {"levels": -1}, {"threads": 0}),
    ]
    for changes in wrong:
        refused(lambda c=changes: surfaces.draw(**smooth(**c)))  # type: ignore[misc]
    assert surfaces.draw(**smooth(genes=np.zeros((0, 3, 13), np.uint8))).shape == (0, 3, 5, 5)


@pytest.mark.parametrize(
    "pictures",
    [
        *(np.zeros((1, 3, 0, 4)), np.zeros((1, 3, 4, 0)), np.zeros((1, 0, 4, 4)), np.zeros((3, 4, 4))),
        *(np.zeros((1, 65, 4, 4)), np.full((1, 3, 4, 4), np.nan), np.full((1, 3, 4, 4), 1.5)),
        np.full((1, 3, 4, 4), -np.inf),
    ],
)
def test_roughness(pictures: Any) -> None:
    refused(lambda: surfaces.measure(pictures))


# -- jobs: numbers and addresses -------------------------------------------------------------------------

SIDES = ("count", "channels", "height", "width", "step_y", "step_x")


def into_cells() -> tuple[cells.CellsJob, Any]:
    held = np.zeros(4096, np.float32)
    numbers = {"count": 1, "channels": 3, "height": 4, "width": 4, "step_y": 2, "step_x": 2, "threads": 1}
    strides = {"picture": 48, "channel": 16, "row": 4, "column": 1}
    return cells.CellsJob(**numbers, **strides, pixels=held.ctypes.data, cells=held[1024:].ctypes.data), held


@pytest.mark.parametrize("name", [*SIDES, "threads", "pixels", "cells"])
def test_cells(name: str) -> None:
    for value in (0, None) if name in ("pixels", "cells") else (0, -1, -(2**31)):
        job, held = into_cells()
        cells.run(job)
        setattr(job, name, value)
        refused(lambda j=job: cells.run(j))  # type: ignore[misc]
        del held


def pooling(**changes: Any) -> tuple[pool.PoolJob, Any]:
    held = np.zeros(4096, np.float32)
    numbers = {
        **{"count": 1, "channels": 16, "height": 4, "width": 4, "out_height": 2, "out_width": 2},
        **{"kernel_y": 3, "kernel_x": 3, "step_y": 2, "step_x": 2, "top": 1, "left": 1, "threads": 1},
        **{"source_pixel": 16, "source": held.ctypes.data, "target": held[1024:].ctypes.data},
        "where": held[2048:].ctypes.data,
    }
    return pool.PoolJob(**{**numbers, **changes}), held


def test_pooling() -> None:
    sides = ("count", "channels", "height", "width", "out_height", "out_width")
    small = (*sides, "kernel_y", "kernel_x", "step_y", "step_x", "threads", "source", "target", "where")
    wrong: list[dict[str, Any]] = [{name: 0} for name in small]
    wrong += [{name: -1} for name in small if name not in ("source", "target", "where")]
    wrong += [
        {"kernel_y": 17, "kernel_x": 16},
        {"out_height": 4},
        {"out_width": 100},
        {"top": 3},
        {"left": -1},
    ]
    wrong += [{"source_pixel": 15}, {"step_y": 6}]
    for back in (False, True):
        job, held = pooling()
        pool.run(job, Isa.AVX2, back=back)
        for changes in wrong:
            job, held = pooling(**changes)
            refused(lambda j=job, b=back: pool.run(j, Isa.AVX2, back=b))  # type: ignore[misc]
        del held


BLOCK = (32, 32, 16, 3, 1, 0)


def network() -> LiteNetwork:
    weights = np.zeros(200_000, np.float32)
    forward, backward = MATHS[instruction_sets()[0]]
    return LiteNetwork([BLOCK], 64, 10, weights.ctypes.data, forward, backward)


def test_plans_of_a_network() -> None:
    forward, backward = MATHS[instruction_sets()[0]]
    weights = np.zeros(200_000, np.float32)
    wrong = [[], [BLOCK[:5]], [(32, 32, 0, 3, 1, 0)], [(32, -32, 16, 3, 1, 0)], [(32, 32, 16, 4, 1, 0)]]
    wrong += [[(32, 32, 16, 3, 3, 0)], [(32, 32, 16, 3, 1, 1)]]
    for plan in wrong:
        refused(lambda p=plan: LiteNetwork(p, 64, 10, weights.ctypes.data, forward, backward))  # type: ignore[misc]
    for head, classes, at in ((0, 10, 1), (64, 0, 1), (64, 10, 0)):
        address = at * weights.ctypes.data
        refused(lambda h=head, c=classes, a=address: LiteNetwork([BLOCK], h, c, a, forward, backward))  # type: ignore[misc]


@pytest.mark.parametrize("name", ["count", "height", "width", "stages", "threads"])
@pytest.mark.parametrize("value", [0, -1, -(2**31)])
def test_work_of_a_network(name: str, value: int) -> None:
    net = network()
    work = LiteWork(1, 8, 8, net.stages, 1, 1, None)
    memory = np.zeros(net.bytes_for(work), np.uint8)
    work.memory = memory.ctypes.data
    picture = np.zeros(192, np.float32)
    ones = (ctypes.c_float * 3)(1, 1, 1)
    shown = Pictures(picture.ctypes.data, 192, 64, 8, ones, ones)
    net.forward(work, shown, {}, None)
    for stages in (-1, net.stages):
        refused(lambda s=stages: net.forward(work, shown, {s: memory.ctypes.data}, None))  # type: ignore[misc]
        refused(lambda s=stages: net.backward(work, {s: Seed()}, None, shown))  # type: ignore[misc]
    setattr(work, name, value)
    refused(lambda: net.bytes_for(work))
    refused(lambda: net.forward(work, shown, {}, None))
    refused(lambda: net.backward(work, {}, None, shown))


@pytest.mark.parametrize("missing", ["memory", "keep", "data"])
def test_memory_of_a_network(missing: str) -> None:
    net = network()
    work, picture = LiteWork(1, 8, 8, 1, 1, 1, None), np.zeros(192, np.float32)
    memory = np.zeros(net.bytes_for(work), np.uint8)
    work.memory = None if missing == "memory" else memory.ctypes.data
    work.keep = missing != "keep"
    ones = (ctypes.c_float * 3)(1, 1, 1)
    shown = Pictures(None if missing == "data" else picture.ctypes.data, 192, 64, 8, ones, ones)
    refused(lambda: net.backward(work, {}, None, shown))
    if missing != "keep":
        refused(lambda: net.forward(work, shown, {}, None))
