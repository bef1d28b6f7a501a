"""Every frame of animated pictures beside Pillow's: ``python animations.py FOLDER``.

Made for the test pictures in Pillow's source package (``Tests/images``). Where the two differ, the
specification decides: GIF89a with what browsers make of it, and PNG's third edition. What was decided for
those pictures is written down here; any other difference ends this with 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reverie.errors import ReverieError
from reverie.media.picture import detect_format
from reverie.media.video.read import clip
from reverie.media.video.read.reader import open_video
from reverie.process.notices import collect_warnings

Bytes = NDArray[np.uint8]
_OVER = "one half-transparent colour over another has the alpha of both (PNG 13.16); Pillow mixes the alphas"
_BACK = "what was there before comes back, also from under a frame that went itself (PNG 11.3.6.2)"
_CLEAR = "a cleared box shows what lies behind, as browsers have it; Pillow fills it with a colour"
_BEYOND = "a frame beyond the canvas is cut off, as browsers have it; Pillow's canvas grows on the way"
#: The pictures that differ, and why that is right.
DECIDED = {
    "blend_op_over_near_transparent.png": _OVER,
    "mode_16bit.png": _OVER,
    "mode_grayscale_alpha.png": _OVER,
    "mode_palette_1bit_alpha.png": _OVER,
    "dispose_op_previous.png": _BACK,
    "dispose_op_previous_region.png": _BACK,
    "iss634.apng": _BACK,
    "dispose_bgnd.gif": _CLEAR,
    "dispose_bgnd_rgba.gif": _CLEAR,
    "test_extents.gif": _BEYOND,
    "test_extents_transparency.gif": _BEYOND,
    "decompression_bomb_extents.gif": _BEYOND,
    "sequence_repeat_chunk.png": "its two frames are whole, what follows is out of order",
}


def by_pillow(path: Path) -> list[Bytes] | None:
    """(H, W, 4) of each frame as far as Pillow comes; None where it is no animation of these formats."""
    try:
        image = Image.open(path, formats=["GIF", "PNG", "WEBP", "AVIF"])
        first, count = int(bool(image.info.get("default_image"))), getattr(image, "n_frames", 1)
    except Exception:  # whatever a damaged one makes of it
        return None
    if count < 2:
        return None
    found = []
    for number in range(first, count):
        try:
            image.seek(number)
            found.append(np.asarray(image.convert("RGBA")))
        except Exception:
            break
    return found


def by_reverie(path: Path) -> list[Bytes]:
    """(H, W, 4) of each frame; of one that is refused as a film none."""
    with collect_warnings(lambda text: None):
        try:
            with open_video(path) as movie:
                shots = list(movie.frames())
        except ReverieError:
            return []
    full = np.full((*shots[0].rgb.shape[:2], 1), 255, np.uint8)
    return [np.dstack([s.rgb, full if s.alpha is None else s.alpha]) for s in shots]


def difference(ours: list[Bytes], theirs: list[Bytes]) -> str:
    """Where frames differ by more than rounding in what can be seen of them; nothing if they do not."""
    if len(ours) != len(theirs) and not (not ours and len(theirs) < 2):
        return f"{len(ours)} frames, Pillow has {len(theirs)}"
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if one.shape != other.shape:
            return f"frame {number} is {one.shape[:2]}, Pillow's {other.shape[:2]}"
        off = np.abs(one.astype(int) - other)
        off[(one[..., 3] == 0) & (other[..., 3] == 0)] = 0
        if off.max() > 1:
            return f"frame {number} is off by {off.max()}"
    return ""


def main(folder: str) -> int:
    """Compare all there are; how many, and what differs, is printed."""
    # Many are a pixel large; these rules are not what is compared.
    for module in (detect_format, clip):
        module.MIN_SIDE, module.MAX_ASPECT = 1, 1_000_000  # type: ignore[attr-defined]
    same = decided = wrong = 0
    for path in sorted(Path(folder).rglob("*")):
        theirs = by_pillow(path) if path.is_file() else None
        if theirs is None:
            continue
        said = difference(by_reverie(path), theirs)
        same += not said
        if said and path.name in DECIDED:
            decided += 1
            print(f"{path.name}: {said}; {DECIDED[path.name]}")
        elif said:
            wrong += 1
            print(f"{path.name}: {said}, NOT DECIDED")
    print(f"{same} are the same, {decided} differ as was decided, {wrong} otherwise")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
