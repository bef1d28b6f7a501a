"""A genome drawn at any size, and read from wherever it is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from reverie._version import __version__
from reverie.engine.engine import is_out_of_memory
from reverie.engine.runtime import Runtime
from reverie.errors import BadInput, ResourceError, UsageError
from reverie.evolve import genome_from_json
from reverie.jobs.dream import Output
from reverie.media.picture import MAX_PIXELS, Picture, read_provenance, save_picture
from reverie.media.picture.detect_format import read_local

if TYPE_CHECKING:
    from reverie.evolve import Encoding

#: A genome's JSON longer than this is none, in bytes.
LONGEST = 64_000_000
#: A genome whose JSON is longer stays outside of its picture, in characters.
INSIDE = 100_000
#: Sides in pixels that are drawn.
SMALLEST, LARGEST = 1, 65_535


def print_genome(
    path: str,
    out: str,
    side: int,
    output: Output | None = None,
    *,
    threads: int = 0,
    max_pixels: int = MAX_PIXELS,
) -> Picture:
    """Draw a genome with sides of so many pixels, and write it with the genome inside.

    A drawn genome has any size; one of pixels is enlarged.

    Raises:
        BadInput: No genome, or a damaged one.
        UsageError: A size that cannot be, or a file that cannot be so written.
        ResourceError: Memory or disk runs out.
    """
    if not SMALLEST <= side <= LARGEST:
        raise UsageError(f"size: {side} is not possible; {SMALLEST} to {LARGEST} are")
    if side * side > max_pixels:
        given = f"{side} x {side}"
        raise UsageError(f"size: {given} is over the limit of {max_pixels} pixels; --max-pixels raises it")
    output = output or Output()
    encoding, genome, document = read_genome(path)
    output.check(out)
    try:
        with Runtime.of(threads).use():
            picture = Picture(np.ascontiguousarray(encoding.render([genome], side)[0]))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError(f"{out}: out of memory at {side} x {side}; use a smaller --size") from error
    inside = document if len(json.dumps(document)) < INSIDE else None
    save_picture(
        picture,
        out,
        depth=output.depth_for(out, picture),
        quality=output.quality,
        provenance={"reverie": __version__, "size": side, "genome": inside},
        overwrite=output.overwrite,
    )
    return picture


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
