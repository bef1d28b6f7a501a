"""Broken TIFFs by the thousand, read in a process of their own: `python -m support.tiff_fuzz SEED COUNT`.

It ends with 0 and prints how many were read and refused, the most memory it took, and its slowest file. What
is no ReverieError ends it with a traceback, and what kills it with the number of the file it was at.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from reverie.errors import ReverieError
from reverie.media.picture import load_picture
from support.tiff_matrix import cases


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """A file with some bytes changed, mostly where its directory lies, or cut, or with more at its end."""
    out = bytearray(data)
    directory = max(0, len(out) - 300)
    for _ in range(int(random.integers(1, 8))):
        low = directory if random.random() < 0.8 else 0
        at = int(random.integers(low, len(out)))
        out[at] = int(random.choice([0, 1, 2, 255, 127, out[at] ^ 1 << int(random.integers(8))]))
    if random.random() < 0.1:
        del out[int(random.integers(8, len(out))) :]
    if random.random() < 0.1:
        out += random.bytes(64)
    return bytes(out)


def main(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    made = [case.make() for case in cases()]
    read = refused = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "broken.tif"
        for index in range(count):
            print(index, file=sys.stderr)
            path.write_bytes(mutated(made[int(random.integers(len(made)))], random))
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    pixels = load_picture(path).pixels
                    assert np.isfinite(pixels).all()
                    assert pixels.min() >= 0
                    assert pixels.max() <= 1
                    read += 1
                except ReverieError:
                    refused += 1
            slowest = max(slowest, time.perf_counter() - began)
    print(f"{read} read, {refused} refused, {most_memory()} MB, slowest {slowest:.1f} s")


def most_memory() -> int:
    """The most that this process held, in MB; what the system counts for it begins with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return (
            int(next(x for x in status.read_text().splitlines() if x.startswith("VmHWM")).split()[1]) // 1024
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
