"""Write one of scikit-image's free photographs to a file: ``python tools/sample.py chelsea cat.png``."""

from __future__ import annotations

import sys
from pathlib import Path

import skimage.data
from PIL import Image


def main(name: str, path: str) -> None:
    """Save the photograph ``name`` (chelsea, coffee, rocket, astronaut ...) as ``path``."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(getattr(skimage.data, name)()).save(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
