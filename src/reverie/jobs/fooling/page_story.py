"""What the page of an evolution tells: collected from the run, its archive and its families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from reverie._version import __version__
from reverie.errors import BadInput
from reverie.evolve import Evolution
from reverie.jobs.fooling.evolved import Evolved, percent
from reverie.jobs.fooling.judge import best, judged
from reverie.jobs.fooling.page import ANCESTOR_SIDE, Entry, PageAncestor, Story, Verdict, data_uri
from reverie.jobs.fooling.page_family import BUDGET, chosen, reborn
from reverie.jobs.fooling.settings import LEVELS
from reverie.media.picture.picture import Picture
from reverie.process.notices import warn

#: Ancestors drawn and judged at once.
BATCH = 50
#: Ancestors on a page whose pictures are noise, which takes several times the bytes of a drawing.
BUDGET_OF_NOISE = 1500
#: How pictures come about, by encoding.
WAYS = {
    "cppn": "Each is drawn by a small network of mathematical functions that was inherited with mutations, "
    "generation after generation, and never saw a gradient.",
    "smooth": "Each is drawn by a small network of smooth functions that was inherited with mutations, "
    "generation after generation, and never saw a gradient.",
    "direct": "Each pixel was inherited and mutated by itself, for many generations, without any gradient.",
    "natural": "Each was inherited with mutations, generation after generation and without a gradient; those "
    "as smooth as photographs were preferred.",
    "random": "For comparison: each is the best of many drawn by chance, and inherited nothing.",
    "gradient": "For comparison: each climbed along the network's own gradient.",
}


@dataclass
class Told:
    """A class's picture on the way into the page: its entry in the archive, itself small, and verdicts."""

    entry: Mapping[str, Any]
    image: str
    says: dict[str, Verdict]


def story_of(run: Evolved, found: Sequence[Told]) -> Story:
    """Everything that the page of a run tells; the same for the same state."""
    state = run.state
    lines = {told.entry["class"]: _line(state, told.entry["class"]) for told in found}
    born = {i: state.plan.born_in(i)[0] for line in lines.values() for i in line}
    # Births that ask the network need not repeat themselves bit by bit, alone and in a batch.
    told_again = run.arena.encoding.cost == 1
    families = {k: line for k, line in lines.items() if len(line) > 1 and told_again}
    shown = chosen(families, born, budget=BUDGET_OF_NOISE if run.settings.encoding == "direct" else BUDGET)
    ancestors, sure = _ancestors(run, shown)
    if len(ancestors) < len({i for line in shown.values() for i in line}):
        shown = {}
    entries = []
    for told in found:
        index = told.entry["class"]
        line = shown.get(index, [])
        entries.append(
            Entry(
                index=index,
                name=told.entry["name"],
                also=run.arena.net.classes.synonyms(index)[1:] if run.arena.net.classes is not None else (),
                confidence=told.entry["confidence"],
                png=told.entry["png"],
                genome=told.entry["genome"],
                image=told.image,
                what=words_of(state.archive.genomes[index]),
                born=born[lines[index][-1]],
                says=told.says,
                line=tuple((i, sure[i, index]) for i in line),
                depth=len(lines[index]),
            )
        )
    return Story(
        network=run.arena.net.name,
        heading=f"What fools {run.arena.net.name}",
        lead=_lead(run),
        numbers=_numbers([told.entry["confidence"] for told in found], state),
        curve=[(row.evaluations, row.median, row.over50, row.over95, row.over99) for row in state.history],
        total=len(state.archive.classes),
        entries=entries,
        ancestors=ancestors,
        footer=_footer(run),
    )


def words_of(genome: Any) -> str:
    """A few words on how large a genome is; nothing where all are as large."""
    nodes, edges = getattr(genome, "functions", None), getattr(genome, "weights", None)
    if nodes is None or edges is None:
        return ""
    return f"{len(nodes)} nodes, {len(edges)} connections"


def _line(state: Evolution, index: int) -> list[int]:
    """Ids from the first ancestor of a class's picture to itself."""
    return [i for i, _ in state.lineage.chain(int(state.archive.ids[index]))]


def _ancestors(
    run: Evolved, shown: Mapping[int, Sequence[int]]
) -> tuple[dict[int, PageAncestor], dict[tuple[int, int], float]]:
    """Every ancestor that is shown, and its confidence in each class that it led to; none if lost."""
    arena, state = run.arena, run.state
    heirs: dict[int, list[int]] = {}
    for index, line in shown.items():
        for member in line:
            heirs.setdefault(member, []).append(index)
    found: dict[int, PageAncestor] = {}
    sure: dict[tuple[int, int], float] = {}
    genomes = reborn(state, arena.encoding, heirs)
    try:
        while some := list(islice(genomes, BATCH)):
            drawn = arena.draw([genome for _, genome in some])
            for (i, _), pixels, shares in zip(some, drawn, judged(arena.judge, drawn), strict=True):
                image = data_uri(Picture(np.ascontiguousarray(pixels)), ANCESTOR_SIDE)
                top = best(shares, 1)[0]
                born = state.plan.born_in(i)[0]
                found[i] = PageAncestor(born, image, top, arena.class_name(top), float(shares[top]))
                sure |= {(i, index): float(shares[index]) for index in heirs[i]}
    except BadInput as error:
        warn(f"{run.folder}: no families on the page: {error}")
        return {}, {}
    return found, sure


def _lead(run: Evolved) -> str:
    total = len(run.state.archive.classes)
    return (
        f"Pictures of which {run.arena.net.name} is sure, though no person would agree: "
        f"{run.state.evaluations:,} were judged for {total} classes at once, and each class kept the surest. "
        f"{WAYS[run.settings.encoding]} "
        "A picture's family shows what its ancestors were taken for on the way."
    )


def _numbers(sure: Sequence[float], state: Evolution) -> list[tuple[str, str]]:
    """The figures at the top, of the files as they are in fp32."""
    over = [(f"{sum(c > level for c in sure):,}", f"over {100 * level:.0f} %") for level in LEVELS]
    of = f"of {len(sure):,}" if len(sure) > 1 else ""
    return [
        (percent(float(np.median(sure))), "median confidence" if len(sure) > 1 else "confidence"),
        *((value, f"{words} {of}".strip()) for value, words in over if len(sure) > 1),
        (f"{state.evaluations:,}", "pictures judged"),
        (f"{state.generation - 1:,}", "generations"),
    ]


def _footer(run: Evolved) -> str:
    settings = run.settings
    population, children = settings.counts
    net = run.arena.net
    return (
        f"reverie {__version__}; {net.name} (weights {net.weights_sha256[:12]}), encoding "
        f"{settings.encoding}, {settings.size} px, {population} pictures at first and {children} in each of "
        f"{run.done} generations, seed {settings.seed}. The curves are of the search in "
        f"{run.note.precision}; every other figure is read from the saved 8-bit file in fp32, shown whole at "
        "its own size. Other networks see it resized to theirs. "
        "After Nguyen, Yosinski and Clune, Deep neural networks are easily fooled (2015)."
    )
