"""Evolution: pictures that a network is ever surer of, found without its gradient.

score = NetScore(load_net("lite0"))
for generation in evolve(score, make_encoding("cppn"), generations=100):
    say(generation.evaluations, generation.median)
encoding.render(generation.state.archive.genomes, 224)
"""

from __future__ import annotations

from reverie.evolve.archive import Archive, Lineage
from reverie.evolve.encodings import ENCODINGS, genome_from_json, genome_json, make_encoding
from reverie.evolve.genome import Encoding
from reverie.evolve.score import NetScore
from reverie.evolve.search import Generation, Judged, Jury, Score, evolve, judge
from reverie.evolve.state import (
    Ancestor,
    Evolution,
    EvolutionPlan,
    HistoryRow,
    ancestry,
    load_checkpoint,
    read_arrays,
    save_checkpoint,
)

__all__ = [
    "ENCODINGS",
    "Ancestor",
    "Archive",
    "Encoding",
    "Evolution",
    "EvolutionPlan",
    "Generation",
    "HistoryRow",
    "Judged",
    "Jury",
    "Lineage",
    "NetScore",
    "Score",
    "ancestry",
    "evolve",
    "genome_from_json",
    "genome_json",
    "judge",
    "load_checkpoint",
    "make_encoding",
    "read_arrays",
    "save_checkpoint",
]
