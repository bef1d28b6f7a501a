"""The model card: what a network is, what it learnt from, how good it is, and how to make it again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from reverie._version import __version__
from reverie.plain_words import shown
from reverie.train.fit import Round
from reverie.train.pictures import Data
from reverie.train.settings import TrainSettings

#: Pictures that were left out and are named in a card, at most.
NAMED = 20
KINDS = {
    "scratch": "a small convolutional network that keeps positions, trained from random weights against "
    "worst-case changes of its pictures",
    "lite0": "EfficientNet-Lite0 with a new head, its last stages tuned",
    "lite0 pushed": "EfficientNet-Lite0 with a new head, all its stages tuned against worst-case changes of "
    "its pictures",
    "unsupervised": "two layers of cells that competed for pictures; nobody told it what they show",
}


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Attributes:
        settings: What decided it.
        data: Its pictures.
        best: The round that was kept.
        counts: (kinds, kinds): held-out pictures of each kind, in rows, and what they are called.
        sha256: Of the file.
        command: What was typed, or would be.
        facts: Further lines, such as the accuracy of a linear head.
    """

    settings: TrainSettings
    data: Data
    best: Round
    counts: Tensor
    sha256: str
    command: str
    facts: Sequence[str] = ()


def card(made: Trained, file: str, pictures: Sequence[str]) -> str:
    """The text of a card, in Markdown.

    Args:
        made: What it tells of.
        file: Name of the network's file.
        pictures: Names of the pictures beside it.
    """
    settings, data, name = made.settings, made.data, os.path.basename(file)
    kind = "lite0 pushed" if settings.method == "lite0" and settings.push else settings.method
    lines = [
        f"# {shown(Path(name).stem)}",
        "",
        f"A network of {len(data.kinds)} kinds of pictures: {KINDS[kind]}.",
        "",
        f"- Held-out accuracy: **{made.best.accuracy:.1%}** of {len(data.held_out)} pictures that it never "
        f"learnt from (mean over kinds {_even(made.counts):.1%}), after {made.best.step} steps; "
        f"{_chosen(made)}",
        *(f"- {fact}" for fact in made.facts),
        f"- Pictures: {len(data.learnt)} learnt from, {len(data.held_out)} held out, of {settings.size} px",
        f"- SHA-256 of the pictures as they were read: `{data.sha256}`",
        f"- SHA-256 of `{name}`: `{made.sha256}`",
        f"- Seed: {settings.seed}; made with reverie {__version__}",
        "",
        "It knows these kinds alone, and takes everything for one of them. What it calls right is counted on",
        "pictures like those it learnt from; on others it is worse.",
        "",
        "## Use",
        "",
        f"    reverie see {_quoted(data.kinds[0])} --preset small --network {_quoted(name)} -o portrait.png",
        f"    reverie classify me.jpg --network {_quoted(name)}",
        "",
        "## Made again",
        "",
        f"    {made.command}",
        "",
        "The same bytes come of it on the same machine, with as many threads.",
        "",
        "| setting | value |",
        "|---|---|",
        *(f"| {field} | {value} |" for field, value in settings.model_dump().items()),
        "",
        "## Kinds",
        "",
        "| kind | learnt from | held out | called right |",
        "|---|---|---|---|",
        *_kinds(made),
        "",
        *(f"![{Path(p).stem}]({p})" for p in pictures),
    ]
    return "\n".join([*lines, *_left_out(data), ""])


def _chosen(made: Trained) -> str:
    if made.settings.method == "unsupervised":
        return "each unit stands for the kind that it won most of"
    return "the best round was chosen by the same pictures, which flatters a little"


def _even(counts: Tensor) -> float:
    """The mean of the kinds' own accuracies."""
    return float((counts.diagonal().double() / counts.sum(1).clamp_min(1)).mean())


def _kinds(made: Trained) -> list[str]:
    kinds, right, all_of = made.data.kinds, made.counts.diagonal(), made.counts.sum(1)
    learnt = made.data.learnt.counts(len(kinds))
    return [
        f"| {_cell(kind)} | {learnt[i]} | {int(all_of[i])} | {int(right[i]) / max(1, int(all_of[i])):.0%} |"
        for i, kind in enumerate(kinds)
    ]


def _left_out(data: Data) -> list[str]:
    if not data.failed:
        return []
    more = len(data.failed) - NAMED
    return [
        "",
        "## Left out",
        "",
        *(f"- {shown(line)}" for line in data.failed[:NAMED]),
        *([f"- and {more} more"] if more > 0 else []),
    ]


def _cell(text: str) -> str:
    return shown(text).replace("|", "\\|")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(shown(text))
