"""A genome drawn at any size, and read from wherever it is kept."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from reverie._version import __version__
from reverie.engine.engine import is_out_of_memory
from reverie.errors import BadInput, ResourceError, UsageError
from reverie.evolve import Encoding, genome_from_json
from reverie.jobs.estimate import clock
from reverie.jobs.job import Estimate, ItemFinished, Job, Listener, Result
from reverie.jobs.output import Output
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.picture import Picture, read_provenance, save_picture
from reverie.media.picture.detect_format import read_local
from reverie.native.runtime import Runtime

#: A genome's JSON longer than this is none, in bytes.
LONGEST = 64_000_000
#: A genome whose JSON is longer stays outside of its picture, in characters.
INSIDE = 100_000
#: Sides in pixels that are drawn.
SMALLEST, LARGEST = 1, 65_535
#: Side in pixels of what is tried, and bytes that are held for each pixel, about.
TRIAL_SIDE, BYTES = 256, 48


@dataclass(frozen=True, kw_only=True)
class PrintResult(Result):
    """A genome that was drawn, with sides of ``side`` pixels."""

    side: int
    picture: Picture = field(repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Where the print is, its size and the time."""
        side = self.side
        return {"path": self.files[0], "size": [side, side], "seconds": round(self.seconds, 3)}


class PrintJob(Job[PrintResult]):
    """A genome drawn with sides of ``size`` pixels, and written with the genome inside.

    A drawn genome has any size; one of pixels is enlarged.
    """

    kind: Literal["print"] = "print"
    genome: Reference
    size: int = 1024
    output: Output
    threads: Annotated[int, Field(ge=0, le=1024)] = 0

    @property
    def label(self) -> str:
        return os.path.basename(str(self.genome))

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        encoding, genome, _ = read_genome((workspace or Workspace()).resolver.path(self.genome))
        side = min(self.size, TRIAL_SIDE)
        began = time.perf_counter()
        with Runtime.of(self.threads).use():
            encoding.render([genome], side)
        seconds = (time.perf_counter() - began) * (self.size / side) ** 2
        memory = self.size**2 * BYTES
        text = f"{self.label}: {self.size} x {self.size}, about {clock(seconds)} and {memory / 1e6:.0f} MB"
        return Estimate(seconds, memory, text, {"size": [self.size] * 2, "seconds": seconds, "bytes": memory})

    def _work(self, listener: Listener, workspace: Workspace) -> PrintResult:
        """Draws it.

        Raises:
            BadInput: No genome, or a damaged one.
            UsageError: A size that cannot be, or a file that cannot be so written.
            ResourceError: Memory or disk runs out.
        """
        side, limit = self.size, workspace.max_pixels
        if not SMALLEST <= side <= LARGEST:
            raise UsageError(f"size: {side} is not possible; {SMALLEST} to {LARGEST} are")
        if side * side > limit:
            given = f"{side} x {side}"
            raise UsageError(f"size: {given} is over the limit of {limit} pixels; --max-pixels raises it")
        encoding, genome, document = read_genome(workspace.resolver.path(self.genome))
        self.output.check()
        out = self.output.path
        try:
            with Runtime.of(self.threads).use():
                picture = Picture(np.ascontiguousarray(encoding.render([genome], side)[0]))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise ResourceError(f"{out}: out of memory at {side} x {side}; use a smaller --size") from error
        inside = document if len(json.dumps(document)) < INSIDE else None
        save_picture(
            picture,
            out,
            depth=self.output.depth_for(picture),
            quality=self.output.quality,
            provenance={"reverie": __version__, "size": side, "genome": inside},
            overwrite=self.output.overwrite,
        )
        result = PrintResult(files=(out,), side=side, picture=picture)
        listener.on_event(ItemFinished(self.label, 1, 1, out, result))
        return result


def read_genome(path: str) -> tuple[Encoding[Any], Any, dict[str, Any]]:
    """The encoding and genome in a JSON file or in a picture that reverie evolved, and the document.

    Raises:
        BadInput: It cannot be read, or is neither.
    """
    try:
        encoding, genome = genome_from_json(document := _document(path))
    except BadInput as error:
        said = str(error).replace("give the path of a picture", "give the JSON of a genome")
        raise BadInput(said if said.startswith(path) else f"{path}: {said}") from error
    return encoding, genome, document


def _document(path: str) -> Any:
    data = read_local(path)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        found = (read_provenance(path) or {}).get("genome")
        if not isinstance(found, dict) or "file" in found:
            raise BadInput(f"{path}: holds no genome; give the JSON of one, or a picture with it inside")
        return found
    if len(data) > LONGEST:
        raise BadInput(f"{path}: {len(data)} bytes are too long for a genome; the limit is {LONGEST}")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not JSON ({str(error)[:100]}); give one of genomes/*.json") from error
