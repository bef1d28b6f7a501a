"""CPPNs: pixels against a scalar evaluation, bytes on every way of drawing, mutations by their rates."""

from __future__ import annotations

import colorsys
import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.errors import BadInput, UsageError
from reverie.evolve import genome_from_json, genome_json, make_encoding
from reverie.evolve.cppn import FUNCTIONS, INPUTS, RANGE, Cppn, CppnGraph, SmoothCppn
from reverie.evolve.cppn_reference import APPLY, render_one
from reverie.evolve.genome import child_rng
from reverie.native import Isa, instruction_sets
from reverie.native import cppn as native
from support.slow import mostly_slow

SCALAR = {
    "sine": math.sin,
    "sigmoid": lambda p: 2 * (1 / (1 + math.exp(-p)) - 0.5) if p > -700 else -1.0,
    "gaussian": lambda p: math.exp(-(p**2)),
    "linear": lambda p: min(max(p, -3), 3) / 3,
    "steep": lambda p: math.tanh(5 * p),
}


def scalar(data: dict[str, Any], x: float, y: float) -> tuple[float, float, float]:
    """The colour at a place, of a genome as its JSON says it: one number at a time."""
    values = [x, y, math.hypot(x, y), 1.0]
    for function, *edges in data["nodes"]:
        values.append(SCALAR[function](sum(weight * values[source] for source, weight in edges)))
    hue, lightness, saturation = (abs(v) for v in values[-3:])
    return colorsys.hls_to_rgb(hue % 1, lightness, saturation)


def random_json(rng: np.random.Generator, nodes: int, reach: float) -> dict[str, Any]:
    """Any graph of so many nodes; each has up to five edges from anything before it."""
    written = []
    for node in range(nodes):
        count = int(rng.integers(0, 6))
        sources = rng.integers(0, len(INPUTS) + node, count).tolist()
        weights = rng.uniform(-reach, reach, count).round(6).tolist()
        edges = [list(edge) for edge in zip(sources, weights, strict=True)]
        written.append([FUNCTIONS[int(rng.integers(len(FUNCTIONS)))], *edges])
    return {"nodes": written}


def evolved(encoding: Cppn, mutations: int, seed: int = 0) -> CppnGraph:
    graph = encoding.start(child_rng(seed, 0, 0))
    for i in range(mutations):
        graph = encoding.mutate(graph, child_rng(seed, 1 + i, 0))
    return graph


@mostly_slow(("reach", "most"), [(1.0, 60), (3.0, 60), (10.0, 60)])
def test_pixels_are_those_of_a_scalar_evaluation(reach: float, most: int) -> None:
    rng = np.random.default_rng(int(reach))
    cppn, size = Cppn(), 9
    for trial in range(60):
        data = random_json(rng, 3 + trial % (most - 2), reach)
        picture = cppn.render([cppn.decode(json.loads(json.dumps(data)))], size)[0]
        for row in range(size):
            for column in range(size):
                place = [(2 * i + 1) / size - 1 for i in (column, row)]
                assert picture[row, column] == pytest.approx(scalar(data, *place), abs=1e-5)


def test_pixels_of_evolved_graphs_too() -> None:
    for kind in (Cppn, SmoothCppn):
        for seed in range(12):
            cppn = kind()
            graph = evolved(cppn, 10 * seed, seed)
            picture = cppn.render([graph], 8)[0]
            for row, column in ((0, 0), (3, 5), (7, 2)):
                place = [(2 * i + 1) / 8 - 1 for i in (column, row)]
                wanted = scalar(cppn.encode(graph), *place)
                assert picture[row, column] == pytest.approx(wanted, abs=1e-5)


def test_functions_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-40, 40, 9001), np.linspace(-3000, 3000, 9001), [-0.0, 1e-300, 1e4]])
    wanted = {
        "sine": np.sin(x),
        "sigmoid": np.tanh(x / 2),
        "gaussian": np.exp(-(x**2)),
        "linear": np.clip(x, -3, 3) / 3,
        "steep": np.tanh(5 * x),
    }
    for name, apply in zip(FUNCTIONS, APPLY, strict=True):
        assert np.abs(apply(x) - wanted[name]).max() < 2e-15, name


def parts(cppn: Cppn, graphs: list[CppnGraph]) -> tuple[Any, ...]:
    return cppn._program(graphs)


@pytest.mark.slow
@pytest.mark.skipif(not native.available(), reason="no native library on this machine")
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 999),
    size=st.integers(1, 150),
    other=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
    levels=st.sampled_from([0, 255]),
    span=st.sampled_from([1.0, 20.0]),
)
def test_bytes_are_the_same_on_every_way(
    seed: int, size: int, other: int, channels: int, levels: int, span: float
) -> None:
    cppn = Cppn(channels=channels, span=span)
    graphs = [evolved(cppn, 9 * i, seed + i) for i in range(4)]
    xs, ys = cppn.places(size), cppn.places(other)
    wanted = np.stack(
        [
            render_one(g.functions, g.first, g.sources, g.weights, cppn._outputs(g), xs, ys, levels=levels)
            for g in graphs
        ]
    )
    for isa in (0, *(i for i in instruction_sets() if i <= Isa.AVX512)):
        for threads in (1, 3):
            found = native.render(*parts(cppn, graphs), xs, ys, levels=levels, threads=threads, isa=isa)
            np.testing.assert_array_equal(found, wanted)
        alone = native.render(*parts(cppn, graphs[1:2]), xs, ys, levels=levels, isa=isa)
        np.testing.assert_array_equal(alone[0], wanted[1])


def test_without_a_library_the_bytes_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cppn = Cppn()
    graphs = [evolved(cppn, 20, seed) for seed in range(3)]
    before = cppn.render(graphs, 33, eight_bit=True)
    monkeypatch.setattr(native, "available", lambda: False)
    monkeypatch.setattr("reverie.evolve.cppn_reference.BAND", 100)
    np.testing.assert_array_equal(cppn.render(graphs, 33, eight_bit=True), before)
    assert before.shape == (3, 33, 33, 3)
    assert before.dtype == np.float32


def test_eight_bits_are_those_of_a_file() -> None:
    cppn = Cppn()
    graphs = [evolved(cppn, 30, seed) for seed in range(3)]
    smooth, whole = cppn.render(graphs, 40), cppn.render(graphs, 40, eight_bit=True)
    stored = np.rint(smooth * 255).astype(np.uint8)
    np.testing.assert_array_equal(whole, stored.astype(np.float32) / np.float32(255))


def test_a_larger_picture_is_the_same_picture() -> None:
    """Three times the size has every third middle of a pixel in the same place."""
    cppn = Cppn()
    graph = evolved(cppn, 25)
    small, large = cppn.render([graph], 21), cppn.render([graph], 63)
    np.testing.assert_allclose(large[:, 1::3, 1::3], small, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), mutations=st.integers(0, 60), channels=st.sampled_from([1, 3]))
def test_every_graph_is_in_order_within_range_and_survives_its_text(
    seed: int, mutations: int, channels: int
) -> None:
    cppn = Cppn(channels=channels)
    graph = evolved(cppn, mutations, seed)
    nodes = len(graph.functions)
    assert nodes >= channels
    assert graph.first[0] == 0
    assert graph.first[-1] == len(graph.sources) == len(graph.weights)
    for node in range(nodes):
        sources = graph.sources[graph.first[node] : graph.first[node + 1]]
        assert (sources < len(INPUTS) + min(node, nodes - channels)).all()  # nothing comes from an output
    assert (np.abs(graph.weights) <= RANGE).all()
    encoding, again = genome_from_json(json.loads(json.dumps(genome_json(cppn, graph))))
    assert again == graph
    np.testing.assert_array_equal(encoding.render([again], 7), cppn.render([graph], 7))
    assert cppn.unpack(cppn.pack([graph, graph])) == [graph, graph]


def test_the_start_is_fully_connected_and_uniform() -> None:
    cppn = Cppn()
    graphs = [cppn.start(child_rng(3, 0, i)) for i in range(2000)]
    assert all(g.sources.tolist() == [0, 1, 2, 3] * 3 and len(g.functions) == 3 for g in graphs)
    weights = np.concatenate([g.weights for g in graphs])
    counts, _ = np.histogram(weights, bins=10, range=(-RANGE, RANGE))
    assert np.abs(counts / len(weights) - 0.1).max() < 0.01
    functions = np.concatenate([g.functions for g in graphs])
    assert set(functions.tolist()) == {0, 1, 2, 3}
    assert set(SmoothCppn().start(child_rng(0, 0, i)).functions[0] for i in range(60)) == {1, 2, 3, 4}


@pytest.mark.slow
def test_mutations_come_by_their_rates() -> None:
    """One mutation, 4000 times, of a graph with 30 hidden nodes."""
    cppn = Cppn()
    data = random_json(np.random.default_rng(1), 33, 5.0)
    for node in data["nodes"]:
        node[0] = "sine"
        node[1:] = [[0, 1.0], [1, -2.0], [3, 0.5]]
    parent = cppn.decode(data)
    edges, trials = len(parent.weights), 4000
    kept = [cppn.mutate(parent, child_rng(7, 1, i)) for i in range(trials)]
    delta = np.array([len(c.functions) - 33 for c in kept])
    # A node more: .5 * .8; one less: .5 * .2; none: the rest.
    for change, rate in ((1, 0.4), (-1, 0.1), (0, 0.5)):
        assert (delta == change).mean() == pytest.approx(rate, abs=0.03)
    same = [c for c in kept if len(c.functions) == 33 and len(c.weights) == edges]
    still = [c for c in same if np.array_equal(c.sources, parent.sources)]
    assert len(still) > 300
    changed = np.mean([c.weights != parent.weights for c in still])
    assert changed == pytest.approx(0.1, abs=0.01)
    # One function in four is drawn again as it was.
    functions = np.mean([c.functions != parent.functions for c in still])
    assert functions == pytest.approx(0.1 * 3 / 4, abs=0.01)
    steps = np.concatenate([(c.weights - parent.weights)[c.weights != parent.weights] for c in still])
    assert np.abs(steps).mean() == pytest.approx(2 * RANGE / 17, rel=0.05)


def test_a_split_edge_keeps_its_ends_and_weight() -> None:
    cppn = Cppn()
    parent = cppn.start(child_rng(0, 0, 0))
    for i in range(200):
        child = cppn.mutate(parent, child_rng(1, 1, i))
        if len(child.functions) == 4:
            first, last = child.first[0], child.first[1]
            if last - first == 1:  # the new node, with one edge in
                onward = child.weights[child.sources == len(INPUTS)]
                assert child.weights[first] in onward


def test_same_generator_same_child() -> None:
    cppn = Cppn()
    parent = evolved(cppn, 15)
    assert cppn.mutate(parent, child_rng(0, 5, 9)) == cppn.mutate(parent, child_rng(0, 5, 9))
    assert cppn.mutate(parent, child_rng(0, 5, 9)) != cppn.mutate(parent, child_rng(0, 5, 10))


def test_threads_of_torch_do_not_matter() -> None:
    cppn, before = Cppn(), torch.get_num_threads()
    graphs = [evolved(cppn, 20, seed) for seed in range(2)]
    pictures = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            pictures.append(cppn.render(graphs, 64))
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"nodes": []},
        {"nodes": [["sine"], ["sine"]]},
        {"nodes": "sine"},
        {"nodes": [["sine"], ["sine"], ["cosine"]]},
        {"nodes": [["sine"], ["sine"], ["sine", [6, 1.0]]]},
        {"nodes": [["sine"], ["sine"], ["sine", [-1, 1.0]]]},
        {"nodes": [["sine"], ["sine"], ["sine", [0.5, 1.0]]]},
        {"nodes": [["sine"], ["sine"], ["sine", [0, math.nan]]]},
        {"nodes": [["sine"], ["sine"], ["sine", [0, 1e9]]]},
        {"nodes": [["sine"], ["sine"], ["sine", [0]]]},
        {"nodes": [["sine"], ["sine"], ["sine", [True, 1.0]]]},
        {"nodes": [[["sine"]], ["sine"], ["sine"]]},
        {"nodes": [["sine"]] * 20_000},
    ],
)
def test_a_damaged_genome_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="genome"):
        Cppn().decode(data)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"reverie": "recipe"},
        {"reverie": "genome", "version": 99},
        {"reverie": "genome", "version": 1, "encoding": "cppn"},
        {"reverie": "genome", "version": 1, "encoding": "nothing", "settings": {}, "genome": {}},
        {"reverie": "genome", "version": 1, "encoding": "cppn", "settings": {"spam": 1}, "genome": {}},
        {"reverie": "genome", "version": 1, "encoding": "cppn", "settings": {"span": "wide"}, "genome": {}},
        {"reverie": "genome", "version": 1, "encoding": "cppn", "settings": {"channels": 2}, "genome": {}},
    ],
)
def test_a_damaged_file_is_refused(data: Any) -> None:
    with pytest.raises(BadInput):
        genome_from_json(data)


def test_settings_out_of_range() -> None:
    with pytest.raises(UsageError, match="span"):
        make_encoding("cppn", span=0)
    with pytest.raises(UsageError, match="channels"):
        make_encoding("cppn", channels=4)
    with pytest.raises(UsageError, match="cppn"):
        make_encoding("cpn")
    with pytest.raises(UsageError, match="span"):
        make_encoding("cppn", spam=2)
