"""Read every picture of Pillow's source package: `python tools/pillow_pictures.py FOLDER [FOLDER ...]`.

Each has to be read, or refused in one line; anything else raised is a defect, and so is a picture that takes
too long. A line is printed for each defect, and one at the end with the counts. It ends with 1 if any was.

The folder is `Tests/images` of the package, which `pip download --no-binary :all: pillow` fetches.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from reverie.errors import ReverieError
from reverie.media.picture import detect_format, load_picture

LONGEST = 20.0  # seconds


def answer(path: Path, *, any_size: bool) -> tuple[str, str]:
    """("read", "refused", "defect" or "slow", and why) of one file.

    Args:
        path: Of a picture, or of what only looks like one.
        any_size: Whether pictures too small to dream on are read as well.
    """
    least, aspect = 1 if any_size else detect_format.MIN_SIDE, detect_format.MAX_ASPECT
    if any_size:
        detect_format.MAX_ASPECT = 1_000_000
    began = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = load_picture(path, min_side=least)
    except ReverieError as error:
        said = str(error)
        return ("refused", said) if "\n" not in said else ("defect", f"more than a line: {said!r}")
    except Exception:
        return "defect", traceback.format_exc().strip().splitlines()[-1]
    finally:
        detect_format.MAX_ASPECT = aspect
    if not np.isfinite(picture.pixels).all() or picture.pixels.min() < 0 or picture.pixels.max() > 1:
        return "defect", "pixels outside of 0 to 1"
    took = time.monotonic() - began
    return ("read", "") if took < LONGEST else ("slow", f"{took:.0f} s")


def main() -> int:
    """Answer for all files below the folders."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="where the pictures lie")
    parser.add_argument("--any-size", action="store_true", help="read those too small to dream on as well")
    parser.add_argument("--refusals", action="store_true", help="print why others are refused")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    for folder in given.folders:
        for root, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = Path(root) / name
                kind, why = answer(path, any_size=given.any_size)
                counts[kind] += 1
                if kind in ("defect", "slow") or (given.refusals and kind == "refused"):
                    print(f"{kind}: {path.relative_to(folder)}: {why}", flush=True)
    print(", ".join(f"{counts[kind]} {kind}" for kind in ("read", "refused", "slow", "defect")))
    return 1 if counts["defect"] or counts["slow"] or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
