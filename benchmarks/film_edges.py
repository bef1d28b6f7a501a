"""What pans and turns bring into a film, measured for streaks: along the motion against across it.

    python -m benchmarks.film_edges [PHOTOS...] [--size 320x208] [--frames 24] [--preset NAME] [--out FOLDER]

Photographs (scikit-image's, unless files are given) are panned, turned and drawn back from by known steps
and dreamt on as a film. Of the last frame's change, where no pixel was in the first frame, it tells the
correlation with itself at two, four and six frames' motion, the mean over the photographs: a dream that is
filled from a mirror at the edge has a period of two. The same distances across the motion say what the
creatures there are like without it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from benchmarks.motion import Played, head, keep, line, size_of
from reverie.ascent.session import Session
from reverie.media.picture import load_picture
from reverie.motion.film.film import film
from reverie.recipe.presets.preset import preset

#: By so much the correlation along the motion may be above that across it.
LIMIT = 0.08
#: Sigma of the blur that is taken off a change, in pixels: of a head, of which there are few.
BROAD = 8.0
#: The least distance, in pixels: nearer than that everything is alike.
LEAST = 6.0


@dataclass(frozen=True)
class Shot:
    """A camera over a photograph, by so much a frame: pixels right and down, degrees, times as near."""

    name: str
    right: float = 0.0
    down: float = 0.0
    turn: float = 0.0
    grow: float = 1.0

    def view(self, k: int, count: int) -> np.ndarray:
        """From places in frame ``k``, counted from its centre, to the photograph, from its own; (3, 3).

        The camera is over the photograph's centre in the middle of ``count`` frames.
        """
        far = k - (count - 1) / 2
        c, s = (f(np.radians(self.turn * far)) * self.grow**-far for f in (np.cos, np.sin))
        return np.array([[c, -s, self.right * far], [s, c, self.down * far], [0, 0, 1.0]])


SHOTS = (
    Shot("3 to the right", right=3),
    Shot("5 to the left", right=-5),
    Shot("2.5 down", down=2.5),
    Shot("4 to the right, 3 up", right=4, down=-3),
    Shot("8 to the right, 2 down", right=8, down=2),
    Shot("a turn of 1.2 degrees", turn=1.2),
    Shot("going back by 1.2 %", grow=1 / 1.012),
)
#: scikit-image's photographs that are seen so: several, none of planks, whose own lines lie along the motion.
PHOTOS = ("rocket", "astronaut", "chelsea")


def frames_of(shot: Shot, photo: np.ndarray, size: tuple[int, int], count: int) -> list[np.ndarray]:
    """What the camera sees, (H, W, 3) uint8 each; the photograph is scaled to be just large enough."""
    width, height = size
    corners = np.array([[x, y, 1] for x in (-width / 2, width / 2) for y in (-height / 2, height / 2)])
    reach = np.abs([corners @ shot.view(k, count).T for k in range(count)]).max((0, 1))[:2] + 2
    factor = max(2 * reach[0] / photo.shape[1], 2 * reach[1] / photo.shape[0])
    whole = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
    scaled = cv2.resize(photo, whole, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    to_centre = _shift(-(width - 1) / 2, -(height - 1) / 2)
    to_pixels = _shift((scaled.shape[1] - 1) / 2, (scaled.shape[0] - 1) / 2)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return [
        cv2.warpAffine(
            scaled,
            (to_pixels @ shot.view(k, count) @ to_centre)[:2],
            size,
            flags=how,
            borderMode=cv2.BORDER_REFLECT,
        )
        for k in range(count)
    ]


def _shift(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def where(shot: Shot, size: tuple[int, int], count: int, before: int) -> np.ndarray:
    """For each pixel of the last of ``count`` frames its (x, y) in an earlier one, (H, W, 2)."""
    width, height = size
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1) - middle
    there = np.linalg.inv(shot.view(before, count)) @ shot.view(count - 1, count)
    return places @ there[:2, :2].T + there[:2, 2] + middle


def brought_in(shot: Shot, size: tuple[int, int], count: int) -> np.ndarray:
    """Which pixels of the last frame the first one did not show, (H, W) bool."""
    field = where(shot, size, count, 0)
    return ((field < 0) | (field > np.array(size) - 1)).any(-1)


def likeness(change: np.ndarray, region: np.ndarray, step: np.ndarray) -> float:
    """The correlation of a plane (H, W) with itself at one, two and three steps (H, W, 2), in a region.

    Steps shorter than ``LEAST`` pixels are taken so many times as to be no shorter.
    """
    height, width = change.shape
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    usual = float(np.median(np.hypot(*step[region].T)))
    first = int(np.ceil(LEAST / usual))
    found = []
    for times in range(first, first + 3):
        there = (places + times * step).astype(np.float32)
        moved = cv2.remap(change.astype(np.float32), there, None, cv2.INTER_LINEAR)
        both = region & (cv2.remap(region.astype(np.float32), there, None, cv2.INTER_LINEAR) > 0.999)
        if both.sum() > 50:
            found.append(float(np.corrcoef(change[both], moved[both])[0, 1]))
    return float(np.mean(found)) if found else float("nan")


def along_and_across(shot: Shot, dream: np.ndarray, source: np.ndarray, count: int) -> tuple[float, float]:
    """Likeness of the last frame's change, where it was brought in, along the motion and across it."""
    size = dream.shape[1], dream.shape[0]
    change = (dream.astype(np.float32) - source).mean(-1)
    change -= cv2.GaussianBlur(change, (0, 0), BROAD)
    region = brought_in(shot, size, count)
    places = np.stack(np.meshgrid(np.arange(size[0]), np.arange(size[1])), -1)
    motion = 2 * (places - where(shot, size, count, count - 2))
    return likeness(change, region, motion), likeness(change, region, motion[..., ::-1] * (1, -1))


def photo_named(name: str) -> np.ndarray:
    """One of scikit-image's, (H, W, 3) uint8."""
    import skimage.data

    return np.ascontiguousarray(getattr(skimage.data, name)()[..., :3])


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    size, recipe = size_of(given), preset(given.preset, seed=given.seed, threads=given.threads, film={})
    session, photos = Session(recipe), [opened(p) for p in given.photos] or [photo_named(n) for n in PHOTOS]
    head(f"{given.size}, {given.frames} frames, {given.preset}", "along", "across", "above", "limit")
    for shot in SHOTS[given.first :][: given.shots]:
        found = []
        for k, photo in enumerate(photos):
            frames = frames_of(shot, photo, size, given.frames)
            movie = Played(frames, Fraction(25))
            dreams = [f.rgb for f in film(recipe, movie, session=session)]  # type: ignore[arg-type]
            keep(given, f"{shot.name}-{k}".replace(" ", "-"), dreams[-1])
            found.append(along_and_across(shot, dreams[-1], frames[-1], given.frames))
        along, across = np.mean(found, 0)
        line(shot.name, f"{along:.3f}", f"{across:.3f}", f"{along - across:+.3f}", f"{LIMIT}")
    return 0


def opened(path: Path) -> np.ndarray:
    """A photograph from a file, (H, W, 3) uint8."""
    return np.rint(load_picture(path).pixels[..., :3] * 255).astype(np.uint8)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.film_edges", description=__doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("photos", nargs="*", type=Path)
    made.add_argument("--size", default="320x208", help="width x height of every frame")
    made.add_argument("--frames", type=int, default=24)
    made.add_argument("--preset", default="film")
    made.add_argument("--first", type=int, default=0, help="of the shots, the number of the first to take")
    made.add_argument("--shots", type=int, default=len(SHOTS), help="how many of them")
    made.add_argument("--threads", type=int, default=0)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--out", type=Path, help="where last frames are kept")
    return made


if __name__ == "__main__":
    sys.exit(main())
