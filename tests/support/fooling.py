"""Small evolutions: a network of five classes that takes no time, and folders compared byte by byte."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import reverie
from reverie.jobs.fooling.folder import Folder
from reverie.jobs.fooling.large_print import PrintJob
from reverie.jobs.fooling.run import EvolutionRun
from reverie.jobs.fooling.settings import Settings, make_settings
from reverie.jobs.job import Event, Listener, Step
from reverie.jobs.output import Output
from reverie.media.picture import Picture
from reverie.network.network import Network

NAMES = (("red things", "embers"), "stripes", "</script><b>tags", "{{data}}", "crane")
#: Written at each sitting, with its time in it.
CLOCKED = "checkpoint.npz"


class Five(nn.Module):
    """Two layers with weights from a generator of their own."""

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(5)
        self.see = nn.Conv2d(3, 12, 5, 2, 2)
        self.say = nn.Linear(12, 5)
        for part in (self.see, self.say):
            part.weight.data = torch.from_numpy(rng.normal(0, 1.5, part.weight.shape)).float()
            part.bias.data = torch.from_numpy(rng.normal(0, 0.2, part.bias.shape)).float()

    def forward(self, x: Tensor) -> Tensor:
        return self.say(torch.tanh(self.see(x)).mean((2, 3)))


def five() -> Network:
    """The network."""
    return reverie.wrap_net(Five(), mean=0.5, std=0.5, classes=list(NAMES), name="five")


def small(**changes: Any) -> Settings:
    """Settings of an evolution that takes no time."""
    usual = {"network": "five", "size": 32, "population": 12, "children": 8, "generations": 5, "seed": 3}
    return make_settings(**usual | changes)


def fooling(folder: Path, settings: Settings | None = None, **more: Any) -> EvolutionRun:
    """An evolution without a sheet on the way."""
    usual = {"net": five(), "checkpoint_every": 0.0, "sheet_every": math.inf}
    return EvolutionRun(folder, settings or small(), **usual | more)


def eager(folder: Path) -> None:
    """Evolve, and leave a checkpoint and a sheet at each generation, so that a kill may fall anywhere."""
    settings = make_settings(size=32, population=6, children=6, generations=40, seed=2)
    again = Folder(folder).note.exists()
    run = EvolutionRun(folder, settings, resume=again, threads=1, checkpoint_every=0, sheet_every=0)
    print("begun", flush=True)
    run.carry_out(["zebra", "tabby"], Aloud())


class Aloud(Listener):
    """Prints the number of each generation."""

    def on_event(self, event: Event) -> None:
        if isinstance(event, Step) and event.source is not None:
            print(event.source.index, flush=True)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file by its path, but for the one with a clock in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != CLOCKED
    }


def unbroken(folder, **more):
    """A whole small evolution, and the files of it."""
    outcome = fooling(folder, **more).carry_out()
    assert not outcome.stopped
    return outcome, tree(folder)


def printed(genome: Path, out: Path, side: int) -> Picture:
    """The picture of a genome, drawn with so many pixels a side."""
    return PrintJob(genome=genome, size=side, output=Output(path=str(out), overwrite=True)).run().picture
