"""Words on genomes."""

from __future__ import annotations

import numpy as np

from reverie.evolve import make_encoding
from reverie.jobs.fooling.page_story import words_of


def test_words_on_a_genome():
    rng = np.random.default_rng(0)
    assert words_of(make_encoding("cppn").start(rng)) == "3 nodes, 12 connections"
    assert words_of(make_encoding("direct", side=8).start(rng)) == ""
