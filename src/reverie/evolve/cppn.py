"""Compositional pattern-producing networks (Stanley 2007): graphs from a place to its colour.

A graph has the inputs x, y, distance from the centre and 1, any number of hidden nodes and, as its last
nodes, the outputs: hue, lightness and saturation, each the absolute value of its node. Node functions,
mutations and rates are those of Nguyen, Yosinski & Clune (2015, "Deep neural networks are easily fooled").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from reverie.errors import BadInput, UsageError
from reverie.evolve.cppn_reference import render_one
from reverie.evolve.genome import Arrays, Brood, Floats, polynomial_steps
from reverie.native import cppn as native

#: What nodes compute, in the order of the native interface: sin(p), 2 (sigmoid(p) - 0.5), exp(-p^2),
#: clip(p, -3, 3) / 3, tanh(5 p).
FUNCTIONS = ("sine", "sigmoid", "gaussian", "linear", "steep")
#: The paper's.
PAPER = ("sine", "sigmoid", "gaussian", "linear")
#: The same authors' of the follow-up (2015, "Innovation engines"), in its runs without sine: nothing repeats.
SMOOTH = ("steep", "sigmoid", "gaussian", "linear")
INPUTS = ("x", "y", "distance", "bias")
#: Weights lie within; they begin uniform.
RANGE = 10.0
#: Weights are kept to so many decimals, so that their text is short and exact.
DECIMALS = 6
RATE_WEIGHT = RATE_FUNCTION = 0.1
ADD_EDGE, DELETE_EDGE, ADD_NODE, DELETE_NODE = 0.5, 0.3, 0.5, 0.2
#: What a file may ask for, so that none takes the machine away.
MOST_NODES, MOST_EDGES = 10_000, 100_000

Whole = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class CppnGraph:
    """A network without cycles; nodes are in an order in which sources come first, outputs last.

    Attributes:
        functions: (N,) of the hidden nodes, then of the outputs; places in ``FUNCTIONS``.
        first: (N + 1,): the edges into node i are first[i] to first[i + 1].
        sources: (E,): 0 to 3 an input, 4 + i node i.
        weights: (E,).
    """

    functions: Whole
    first: Whole
    sources: Whole
    weights: NDArray[np.float64]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CppnGraph):
            return NotImplemented
        pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]] = zip(self.parts(), other.parts(), strict=True)
        return all(np.array_equal(a, b) for a, b in pairs)

    def __hash__(self) -> int:
        return hash(tuple(part.tobytes() for part in self.parts()))

    def parts(self) -> tuple[Whole, Whole, Whole, NDArray[np.float64]]:
        return self.functions, self.first, self.sources, self.weights


class Cppn:
    """Pictures as graphs of the place; of one (grey) or three channels.

    Args:
        functions: What nodes may compute.
        channels: 3, or 1 for grey: then the only output is lightness.
        span: x and y go from -span to span over the picture, however many pixels that is.
    """

    name: ClassVar[str] = "cppn"
    orphans: ClassVar[bool] = False
    functions: ClassVar[tuple[str, ...]] = PAPER

    def __init__(self, *, channels: int = 3, span: float = 1.0) -> None:
        if channels not in (1, 3):
            raise UsageError(f"channels {channels}: a CPPN draws 1 (grey) or 3 (colour)")
        if not 0 < span <= 1000:
            raise UsageError(f"span {span}: must be more than 0 and at most 1000")
        self.channels, self.span = channels, float(span)
        self._choice = tuple(FUNCTIONS.index(name) for name in self.functions)

    @property
    def cost(self) -> int:
        """One evaluation each."""
        return 1

    def settings(self) -> dict[str, Any]:
        """See ``Encoding.settings``."""
        return {"channels": self.channels, "span": self.span}

    def start(self, rng: np.random.Generator) -> CppnGraph:
        """All inputs to all outputs, no hidden nodes, everything uniform."""
        edges = len(INPUTS) * self.channels
        weights = np.round((2 * rng.random(edges) - 1) * RANGE, DECIMALS)
        chosen = [self._choice[int(u * len(self._choice))] for u in rng.random(self.channels)]
        return _graph(
            chosen,
            [
                [(s, float(weights[len(INPUTS) * c + s])) for s in range(len(INPUTS))]
                for c in range(self.channels)
            ],
        )

    def mutate(self, genome: CppnGraph, rng: np.random.Generator, *, generation: int = 0) -> CppnGraph:
        """A child: weights and functions changed, an edge and a node added or deleted, each by its rate."""
        return self.mutated(genome, rng, 1)

    def mutated(self, genome: CppnGraph, rng: np.random.Generator, times: int) -> CppnGraph:
        """A descendant after so many mutations that nobody judged."""
        functions, into = genome.functions.tolist(), _edges_into(genome)
        for _ in range(times):
            self._mutate(functions, into, rng)
        return _graph(functions, into)

    def _mutate(self, functions: list[int], into: Into, rng: np.random.Generator) -> None:
        """``mutate`` in place."""
        edges, nodes, choice = sum(map(len, into)), len(functions), self._choice
        draws = rng.random(2 * edges + 2 * nodes + 12)
        _change_weights(into, draws[:edges], draws[edges : 2 * edges])
        draw = iter(draws[2 * edges :].tolist())
        for node in range(nodes):
            now, another = next(draw), next(draw)
            if now < RATE_FUNCTION:
                functions[node] = choice[int(another * len(choice))]
        if next(draw) < ADD_EDGE:
            _add_edge(into, self.channels, next(draw), next(draw), next(draw))
        if next(draw) < DELETE_EDGE:
            _delete_edge(into, next(draw))
        if next(draw) < ADD_NODE:
            _add_node(into, functions, self.channels, next(draw), choice, next(draw))
        if next(draw) < DELETE_NODE:
            _delete_node(into, functions, self.channels, next(draw))

    def breed(self, brood: Brood[CppnGraph]) -> list[CppnGraph]:
        """See ``Encoding.breed``."""
        pairs = zip(brood.parents, brood.rngs, strict=True)
        return [self.mutate(graph, rng, generation=brood.generation) for graph, rng in pairs]

    def render(self, genomes: Sequence[CppnGraph], size: int, *, eight_bit: bool = False) -> Floats:
        """See ``Encoding.render``. A picture's bytes depend on its genome and size alone."""
        places, levels = self.places(size), 255 if eight_bit else 0
        if not genomes:
            return np.empty((0, size, size, self.channels), np.float32)
        if native.available():
            planes = native.render(
                *self._program(genomes), places, places, levels=levels, threads=torch.get_num_threads()
            )
        else:
            planes = np.stack(
                [render_one(*g.parts(), self._outputs(g), places, places, levels=levels) for g in genomes]
            )
        return np.moveaxis(planes, 1, 3)

    def places(self, size: int) -> NDArray[np.float64]:
        """Middles of the pixels, (size,): x of the columns, or y of the rows, within -span to span."""
        return ((2 * np.arange(size, dtype=np.float64) + 1) / size - 1) * self.span

    def penalty(self, pictures: Floats) -> None:
        """None."""

    def _outputs(self, graph: CppnGraph) -> list[int]:
        nodes = len(graph.functions)
        return list(range(nodes - self.channels, nodes))

    def _program(
        self, genomes: Sequence[CppnGraph]
    ) -> tuple[Whole, Whole, Whole, Whole, NDArray[np.float64], Whole]:
        """The arguments of ``native.cppn.render``."""
        nodes = np.cumsum([0, *(len(g.functions) for g in genomes)], dtype=np.int32)
        edges = np.cumsum([0, *(len(g.weights) for g in genomes)], dtype=np.int32)
        first = np.concatenate(
            [*(g.first[:-1] + e for g, e in zip(genomes, edges, strict=False)), edges[-1:]]
        )
        functions = np.concatenate([g.functions for g in genomes])
        sources = np.concatenate([g.sources for g in genomes])
        weights = np.concatenate([g.weights for g in genomes])
        outputs = np.array([self._outputs(g) for g in genomes], np.int32)
        return nodes, functions, first, sources, weights, outputs

    def encode(self, genome: CppnGraph) -> dict[str, Any]:
        """{"nodes": [[function, [source, weight], ...], ...]}: nodes in order, outputs last.

        Sources 0 to 3 are x, y, the distance and 1; 4 is the first node.
        """
        into = _edges_into(genome)
        return {
            "nodes": [
                [FUNCTIONS[function], *([source, weight] for source, weight in edges)]
                for function, edges in zip(genome.functions.tolist(), into, strict=True)
            ]
        }

    def decode(self, data: Mapping[str, Any]) -> CppnGraph:
        """See ``Encoding.decode``."""
        nodes = data.get("nodes")
        if not isinstance(nodes, list) or not self.channels <= len(nodes) <= MOST_NODES:
            raise BadInput(f"genome: needs a list of {self.channels} to {MOST_NODES} nodes")
        functions, into = [], []
        for place, node in enumerate(nodes):
            if not isinstance(node, list) or not node or node[0] not in FUNCTIONS:
                raise BadInput(f"genome: node {place} needs a function, one of {', '.join(FUNCTIONS)}")
            functions.append(FUNCTIONS.index(node[0]))
            into.append([_edge(edge, place) for edge in node[1:]])
        if sum(map(len, into)) > MOST_EDGES:
            raise BadInput(f"genome: has more than {MOST_EDGES} connections")
        return _graph(functions, into)

    def pack(self, genomes: Sequence[CppnGraph]) -> Arrays:
        """See ``Encoding.pack``."""
        parts = (("nodes", [len(g.functions) for g in genomes]), ("edges", [len(g.weights) for g in genomes]))
        counts = {name: np.array(count, np.int32) for name, count in parts}
        empty = CppnGraph(*(np.empty(0, np.int32),) * 3, np.empty(0))
        every = [empty, *genomes]
        return {
            **counts,
            "functions": np.concatenate([g.functions for g in every]).astype(np.int8),
            "first": np.concatenate([g.first for g in every]),
            "sources": np.concatenate([g.sources for g in every]),
            "weights": np.concatenate([g.weights for g in every]),
        }

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> list[CppnGraph]:
        """See ``Encoding.unpack``."""
        nodes, edges = (np.cumsum([0, *arrays[name].tolist()]) for name in ("nodes", "edges"))
        graphs = []
        for i in range(len(nodes) - 1):
            mine, ours = slice(nodes[i], nodes[i + 1]), slice(edges[i], edges[i + 1])
            graphs.append(
                CppnGraph(
                    arrays["functions"][mine].astype(np.int32),
                    arrays["first"][nodes[i] + i : nodes[i + 1] + i + 1].astype(np.int32),
                    arrays["sources"][ours].astype(np.int32),
                    arrays["weights"][ours].astype(np.float64),
                )
            )
        return graphs


class SmoothCppn(Cppn):
    """As ``Cppn``, with the follow-up's smoother functions: tanh(5 p) in the place of the sine."""

    name: ClassVar[str] = "smooth"
    functions: ClassVar[tuple[str, ...]] = SMOOTH


Into = list[list[tuple[int, float]]]  # of each node: the sources and weights of its edges


def _graph(functions: Sequence[int], into: Into) -> CppnGraph:
    edges = [edge for each in into for edge in each]
    return CppnGraph(
        np.array(functions, np.int32),
        np.cumsum([0, *map(len, into)], dtype=np.int32),
        np.array([source for source, _ in edges], np.int32),
        np.array([weight for _, weight in edges], np.float64),
    )


def _edges_into(graph: CppnGraph) -> Into:
    edges = list(zip(graph.sources.tolist(), graph.weights.tolist(), strict=True))
    return [edges[a:b] for a, b in pairwise(graph.first.tolist())]


def _change_weights(into: Into, now: NDArray[np.float64], step: NDArray[np.float64]) -> None:
    """Each of all edges by its rate; chance is in [0, 1), two numbers for each."""
    changed = np.flatnonzero(now < RATE_WEIGHT)
    if not len(changed):
        return
    flat = [weight for edges in into for _, weight in edges]
    places = changed.tolist()
    moved = np.array([flat[i] for i in places]) + 2 * RANGE * polynomial_steps(step[changed])
    for place, weight in zip(places, np.clip(moved, -RANGE, RANGE).round(DECIMALS).tolist(), strict=True):
        flat[place] = weight
    fresh = iter(flat)
    for edges in into:
        edges[:] = [(source, next(fresh)) for source, _ in edges]


def _edge(edge: Any, place: int) -> tuple[int, float]:
    """An edge into node ``place`` as it stands in a file."""
    if isinstance(edge, list) and len(edge) == 2:
        source, weight = edge
        numbers = type(source) is int and type(weight) in (int, float)
        if numbers and 0 <= source < len(INPUTS) + place and abs(weight) <= 1e6:
            return source, float(weight)
    raise BadInput(f"genome: node {place} has a connection that is not [an earlier node, a weight]")


def _add_edge(into: Into, outputs: int, from_where: float, to_where: float, weight: float) -> None:
    """From any input or hidden node to any later node, hidden or output."""
    hidden = len(into) - outputs
    source = int(from_where * (len(INPUTS) + hidden))
    least = max(0, source - len(INPUTS) + 1)
    target = least + int(to_where * (len(into) - least))
    into[target].append((source, round((2 * weight - 1) * RANGE, DECIMALS)))


def _nth_edge(into: Into, which: float) -> tuple[int, int] | None:
    """(node, place among the edges into it) of one of all edges."""
    total = sum(map(len, into))
    index = int(which * total)
    for node, edges in enumerate(into):
        if index < len(edges):
            return node, index
        index -= len(edges)
    return None


def _delete_edge(into: Into, which: float) -> None:
    found = _nth_edge(into, which)
    if found:
        del into[found[0]][found[1]]


def _add_node(
    into: Into, functions: list[int], outputs: int, which: float, choice: Sequence[int], function: float
) -> None:
    """A new node in the middle of an edge; both halves have the weight of the whole, as the authors' have."""
    found = _nth_edge(into, which)
    if not found:
        return
    target, place = found
    source, weight = into[target].pop(place)
    node = min(
        target, len(into) - outputs
    )  # where the new one stands: before its target, and before all outputs
    _renumber(into, node, 1)
    into[target].append((len(INPUTS) + node, weight))
    into.insert(node, [(source, weight)])
    functions.insert(node, choice[int(function * len(choice))])


def _delete_node(into: Into, functions: list[int], outputs: int, which: float) -> None:
    """A hidden node, and all edges from and to it."""
    hidden = len(into) - outputs
    if not hidden:
        return
    node = int(which * hidden)
    del into[node], functions[node]
    for edges in into:
        edges[:] = [edge for edge in edges if edge[0] != len(INPUTS) + node]
    _renumber(into, node + 1, -1)


def _renumber(into: Into, node: int, by: int) -> None:
    """Sources that are nodes from ``node`` on are called by another number."""
    for edges in into:
        edges[:] = [(s + by if s >= len(INPUTS) + node else s, w) for s, w in edges]
