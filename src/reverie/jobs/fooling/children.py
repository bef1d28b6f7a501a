"""The children of a generation judged elsewhere, some at a time: each batch is a job of its own."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from reverie.errors import ReverieError
from reverie.evolve import Encoding, Judged, Jury, NetScore, judge, read_arrays
from reverie.jobs.fooling.judge import BATCH, Arena, encoding_of
from reverie.jobs.fooling.settings import make_settings
from reverie.jobs.job import ItemFinished, Listener, PartJob, Result, Stopped
from reverie.jobs.workspace import JobPart, Reference, Workspace

if TYPE_CHECKING:
    from reverie.network.network import Network


@dataclass(frozen=True, kw_only=True)
class JudgeResult(Result):
    """How sure the network is of each picture, and what is taken off for how it looks."""

    confidence: NDArray[np.float32] = field(repr=False, compare=False)
    penalty: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    network_seconds: float = 0.0

    @property
    def judged(self) -> Judged:
        """As an evolution takes it."""
        return Judged(self.confidence.astype(np.float64), self.penalty, self.network_seconds)

    def as_json(self) -> dict[str, Any]:
        """The likeliest class of each picture, and how sure the network is of it."""
        best = self.confidence.argmax(1)
        sure = self.confidence[np.arange(len(best)), best]
        return {
            "pictures": [
                {"class": int(index), "confidence": float(share)}
                for index, share in zip(best, sure, strict=True)
            ]
        }


class JudgeJob(PartJob[JudgeResult]):
    """Genomes that are drawn and judged at once, as an evolution does with each batch of its children.

    ``settings`` are those of the evolution, ``genomes`` as ``packed`` wrote them. ``engine``, ``precision``,
    ``device`` and ``threads`` say what judges, exactly.
    """

    part_of = "a part of an evolution"
    kind: Literal["judge"] = "judge"
    settings: dict[str, Any] = Field(default_factory=dict)
    genomes: Reference
    engine: Literal["native", "torch", "plain"]
    precision: Annotated[str, Field(pattern=r"^[a-z0-9+-]{4,20}$")]
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    threads: Annotated[int, Field(ge=0, le=1024)] = 0

    @property
    def label(self) -> str:
        return "children"

    def _work(self, listener: Listener, workspace: Workspace) -> JudgeResult:
        settings = make_settings(**self.settings)
        net = workspace.network(settings.network)
        key = (id(net), self.engine, self.precision, self.device, self.threads)
        score = workspace.warm(key, lambda: self._score(net))
        encoding = encoding_of(settings, net)
        genomes = encoding.unpack(read_arrays(workspace.resolver.path(self.genomes)))
        with score.runtime.use():
            found = judge(score, encoding, genomes, settings.size)
        result = JudgeResult(
            confidence=found.confidence.astype(np.float32),
            penalty=found.penalty,
            network_seconds=found.seconds,
        )
        listener.on_event(ItemFinished(self.label, 1, 1, None, result))
        return result

    def _score(self, net: Network) -> NetScore:
        return NetScore(
            net, engine=self.engine, precision=self.precision, device=self.device, threads=self.threads
        )


def packed(encoding: Encoding[Any], genomes: Sequence[Any]) -> bytes:
    """Genomes as the bytes of a file of arrays."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **encoding.pack(genomes))
    return file.getvalue()


def jury_of(arena: Arena, network: str, workspace: Workspace, stop: Callable[[], bool]) -> Jury | None:
    """Who judges the children where parts are carried out elsewhere; None: this process.

    ``network`` is the arena's, with paths of its files.

    The batches are those of one machine, for what else is in a batch may decide the last bits of a score. It
    raises Stopped where it was stopped, and the error that a batch ended with.
    """
    elsewhere = workspace.elsewhere
    if elsewhere is None:
        return None
    search = arena.search
    job = JudgeJob(
        settings={**arena.settings.model_dump(exclude_defaults=True), "network": network},
        genomes=Reference(sha256="0" * 64),
        engine=search.engine.name,
        precision=search.engine.precision,
        device=arena.device,
        threads=search.runtime.threads,
    )

    def parts(genomes: Sequence[Any]) -> Iterator[JobPart]:
        for place, first in enumerate(range(0, len(genomes), BATCH)):
            data = packed(arena.encoding, genomes[first : first + BATCH])
            digest = hashlib.sha256(data).hexdigest()
            named = Reference(sha256=digest, name="genomes.npz")
            yield JobPart(job.model_copy(update={"genomes": named}), key=place, data={digest: data})

    def jury(genomes: Sequence[Any]) -> list[Judged]:
        began = time.perf_counter()
        found: dict[int, Judged] = {}
        for part, results in elsewhere.carry_out(parts(genomes), workspace, stop):
            if isinstance(results, ReverieError):
                raise results
            found[part.key] = replace(results[0].judged, seconds=0.0)
        if len(found) * BATCH < len(genomes):
            raise Stopped("a generation")
        found[0] = replace(found[0], seconds=time.perf_counter() - began)
        return [found[place] for place in sorted(found)]

    return jury
