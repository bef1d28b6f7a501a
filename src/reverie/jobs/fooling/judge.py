"""Who is fooled and by what: the network that judges, and the encoding of the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reverie.engine.engine import pick_device
from reverie.engine.select import NoEngineError
from reverie.errors import UsageError
from reverie.evolve import Encoding, Evolution, Generation, Jury, NetScore, evolve, make_encoding
from reverie.jobs.fooling.settings import Settings
from reverie.media.picture import Picture
from reverie.native.runtime import Runtime, computes
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.objective.text import MOST_DIGITS

#: Pictures that are drawn and judged at once.
BATCH = 50
#: The word for all classes, where a run would show the surest alone.
ALL = "all"


class Arena:
    """A network and an encoding, as settings ask for them.

    Every class of the network has a cell, whichever are reported: what is evolved on the way to one is a
    step towards others, and a picture is judged for all classes at once anyway. All of it computes with
    ``runtime``.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        net: Network | None = None,
        threads: int = 0,
        engine: str = "auto",
        device: str = "auto",
        offline: bool = False,
        trust: bool = False,
    ) -> None:
        """Loads the network, unless it is given.

        Raises:
            UsageError: It is not known, or has no classes.
            NetworkError: Its weights cannot be used.
        """
        self.runtime = Runtime.of(threads)
        self.settings = settings
        self.engine = engine
        self.device = pick_device(device)
        with self.runtime.use():
            self.net = net or load_net(settings.network, offline=offline, trust=trust)
        if "logits" not in self.net.layers:
            raise UsageError(f"network {self.net.name}: has no classes; choose another with --network")
        if self.net.channels not in (1, 3):
            raise UsageError(
                f"network {self.net.name}: takes {self.net.channels} channels, and what fools is grey or "
                "coloured; choose another with --network"
            )

    @cached_property
    def search(self) -> NetScore:
        """The network as it judges all children: in bf16 where that is faster, unless told otherwise."""
        precision = self.settings.precision
        if precision != "auto":
            return self._score(self.engine, precision)
        if self.engine in ("auto", "native"):
            try:
                return self._score("native", "bf16")
            except NoEngineError:
                pass
        return self.judge

    @cached_property
    def judge(self) -> NetScore:
        """The network as it judges what is reported: in fp32."""
        return self._score(self.engine, "fp32")

    def _score(self, engine: str, precision: str) -> NetScore:
        threads = self.runtime.threads
        return NetScore(self.net, engine=engine, precision=precision, device=self.device, threads=threads)

    @cached_property
    def encoding(self) -> Encoding[Any]:
        """How pictures are inherited."""
        climbs = self.settings.encoding == "gradient"
        return encoding_of(self.settings, self.net, **({"climb": self.judge.gradient} if climbs else {}))

    def evolve(
        self,
        state: Evolution | None = None,
        *,
        population: int,
        children: int,
        generations: int,
        jury: Jury | None = None,
    ) -> Iterator[Generation]:
        """Generation after generation, from ``state`` if there is one; ``jury`` as of ``evolve``."""
        generation = evolve(
            self.search,
            self.encoding,
            size=self.settings.size,
            seed=self.settings.seed,
            population=population,
            children=children,
            generations=generations,
            state=state,
            batch=BATCH,
            jury=jury,
        )
        return self.runtime.over(generation)

    def classes(self, names: Sequence[str]) -> list[int]:
        """Indices of classes by name, synonym, kind or number, each once, in order; all for none or ``all``.

        Raises:
            UsageError: Nothing has that name (the nearest are listed), or several have it.
        """
        total = self.net.channels_of("logits")
        if not names or list(names) == [ALL]:
            return list(range(total))
        if self.net.classes is not None:
            return sorted({index for name in names for index in self.net.classes.members(name)})
        for name in names:
            if not name.isdecimal() or len(name) > MOST_DIGITS or int(name) >= total:
                raise UsageError(f'class "{name}" is not known; there are numbers only, 0 to {total - 1}')
        return sorted({int(name) for name in names})

    def class_name(self, index: int) -> str:
        """The first name of a class."""
        return self.net.classes.name(index) if self.net.classes is not None else f"class {index}"

    @computes
    def draw(self, genomes: Sequence[Any]) -> NDArray[np.float32]:
        """Pictures (N, size, size, 3), bit for bit as they are read from an 8-bit file."""
        drawn = self.encoding.render(genomes, self.settings.size, eight_bit=True)
        exactly: NDArray[np.float32] = np.rint(drawn * np.float32(255)) / np.float32(255)
        return exactly

    def trial(self, count: int) -> dict[str, Any]:
        """How fast it would go, measured on ``count`` first pictures and as many children, twice.

        Returns:
            ``evaluations`` of all, ``rate`` of them a second, ``seconds``; ``network`` and ``outside``, the
            trial's seconds; ``classes``, ``engine``, ``precision``, ``threads``.
        """
        spent = [
            (g.evaluations, g.network_seconds, g.outside_seconds)
            for g in self.evolve(population=count, children=count, generations=2)
        ]
        evaluations = spent[-1][0] - spent[0][0]
        network, outside = (sum(row[k] for row in spent[1:]) for k in (1, 2))  # the first warms up
        rate = evaluations / max(network + outside, 1e-9)
        total = self.settings.evaluations(self.encoding.cost)
        return {
            "evaluations": total,
            "rate": rate,
            "seconds": total / rate,
            "network_seconds": network,
            "outside_seconds": outside,
            "classes": self.net.channels_of("logits"),
            "engine": self.search.engine.name,
            "precision": self.search.engine.precision,
            "threads": self.runtime.threads,
        }


def encoding_of(settings: Settings, net: Network, **more: Any) -> Encoding[Any]:
    """How pictures for a network are inherited; ``more`` are arguments of ``make_encoding``."""
    name = settings.encoding
    if name in ("direct", "gradient"):
        more["side"] = settings.size
    if net.channels != 3:
        more["channels"] = net.channels
    return make_encoding(name, **more)


def judged(judge: NetScore, drawn: NDArray[np.float32], size: int | None = None) -> NDArray[np.float64]:
    """Probabilities (N, classes) of pictures (N, H, W, 3), resized to squares of ``size`` if given."""
    if size is not None and size != drawn.shape[1]:
        drawn = np.stack([Picture(np.ascontiguousarray(p)).resized((size, size)).pixels for p in drawn])
    pictures = torch.from_numpy(np.ascontiguousarray(drawn.transpose(0, 3, 1, 2)))
    return np.asarray(judge(pictures).numpy(), np.float64)


def best(shares: NDArray[np.float64], count: int) -> list[int]:
    """The likeliest classes, best first; of equals the first."""
    return [int(i) for i in np.argsort(-shares, kind="stable")[:count]]


def batches(items: Sequence[int], count: int = BATCH) -> Iterator[Sequence[int]]:
    """So many at a time."""
    for first in range(0, len(items), count):
        yield items[first : first + count]
