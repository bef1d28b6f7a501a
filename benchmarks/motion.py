"""Zooms and films measured: ``python -m benchmarks.motion zoom|film|flicker|throughput``.

    zoom         what a zoom keeps: brightness, contrast, colour, sharpness, motion as asked, memory
    film         how strong each frame of a film dreams, beside its source
    flicker      how far dreams swim on what they lie on, beside the film itself and frames dreamt alone
    throughput   frames a second with 6 steps each, the share outside the gradient, and frames from scratch

Films are ``--video FILE``, or one that is drawn: a photograph that is panned, zoomed and turned, and a part
of another that moves before it. ``--out FOLDER`` keeps frames to look at.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import psutil

from benchmarks.motion_measures import Seen, look, path, steadiness
from benchmarks.motion_measures import flicker as flicker_of
from benchmarks.one_part import part_parser, run_part
from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.ascent.tensors import as_tensor
from reverie.canvas.detail import DetailCanvas
from reverie.media.picture import Picture, save_picture
from reverie.media.video.read.frame import VideoFrame
from reverie.media.video.read.reader import open_video
from reverie.motion.film.film import FilmFrame, film
from reverie.motion.flashing.guard import FlashGuard
from reverie.motion.zoom.zoom import zoom
from reverie.ops.transform.roll import Roll
from reverie.recipe.film import Film
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from reverie.recipe.zoom import Zoom

#: Frames at which the strength of frames dreamt alone is brought to the film's.
SAMPLED = 4
#: Limits of warping errors: times the source's, times the change from the source, times frames alone.
OF_SOURCE, OF_CHANGE, OF_ALONE = 1.5, 0.15, 0.4


def main(arguments: Sequence[str] | None = None) -> int:
    return run_part(parser(), PARTS, arguments)


def parser() -> argparse.ArgumentParser:
    made = part_parser("benchmarks.motion", __doc__, PARTS)
    made.add_argument("--size", default="640x360", help="width x height of every frame")
    made.add_argument("--frames", type=int, default=0, help="how many (default: 200, films 50)")
    made.add_argument("--classes", nargs="*", default=["pagoda", "golden retriever"], help="of a zoom")
    made.add_argument("--rotate", type=float, default=0.0, help="degrees a second of a zoom")
    made.add_argument("--video", type=Path, help="a film, instead of one that is drawn")
    made.add_argument("--start", type=float, default=0.0, help="where in it to begin, in seconds")
    made.add_argument("--steps", type=int, default=6, help="a frame of a film")
    made.add_argument("--preset", default="film", help="of films; classic has its own zoom, others the usual")
    made.add_argument("--threads", type=int, default=0, help="default: every core")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--out", type=Path, help="where frames are kept")
    return made


def size_of(given: argparse.Namespace) -> tuple[int, int]:
    width, height = given.size.split("x")
    return int(width), int(height)


def line(*cells: str) -> None:
    """A line of a table."""
    print("| " + " | ".join(cells) + " |", flush=True)


def head(*cells: str) -> None:
    line(*cells)
    line("---", *["---:"] * (len(cells) - 1))


def keep(given: argparse.Namespace, name: str, rgb: np.ndarray) -> None:
    """A frame as PNG in the folder asked for, if one was."""
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        save_picture(Picture(rgb.astype(np.float32) / 255), given.out / f"{name}.png", overwrite=True)


class Clock:
    """How long the gradients of a session take, of all that goes on."""

    def __init__(self, session: Session) -> None:
        self.seconds = 0.0
        self.began = time.perf_counter()
        inner = session.gradient

        def timed(*arguments: Any) -> Any:
            before = time.perf_counter()
            found = inner(*arguments)
            self.seconds += time.perf_counter() - before
            return found

        session.gradient = timed  # type: ignore[method-assign]

    def restart(self) -> None:
        self.seconds, self.began = 0.0, time.perf_counter()

    @property
    def whole(self) -> float:
        return time.perf_counter() - self.began


# -- zooms -----------------------------------------------------------------------------------------------


def zooms(given: argparse.Namespace) -> None:
    """A zoom of several classes: everything that must hold over its frames, and its speed."""
    count = given.frames or 200
    recipe = zoom_recipe(given, count)
    settings = recipe.zoom or Zoom()
    rate = round(settings.fps)
    session = Session(recipe)
    clock, looks, seen, memory = Clock(session), [], Seen(), []
    guard = FlashGuard(size_of(given), rate)
    for frame in zoom(recipe, session=session):
        rgb = frame.rgb
        if frame.index == 0:
            clock.restart()
        looks.append(look(rgb))
        guard(rgb, frame.time)
        if count // 2 <= frame.index <= count // 2 + rate:
            seen.add(rgb)
        memory.append(psutil.Process().memory_info().rss / 2**20)
        if frame.index + 1 in (1, 50, 100, 200, 500, 1000, count):
            keep(given, f"zoom-{frame.index + 1:04d}", rgb)
    speed = (count - 1) / clock.whole
    found, report = steadiness(looks, rate, looks[0]), guard.report()
    steps, grown, turned = seen.steps, seen.grown, seen.turned
    asked = settings.zoom.at(0, settings.fps) ** (steps / (settings.fps if settings.per == "second" else 1))
    turn = settings.rotate.at(0, settings.fps) * steps / (settings.fps if settings.per == "second" else 1)
    head("zoom", "measured", "limit")
    line("mean, farthest from the median", f"{100 * found.mean:.1f} %", "10 %")
    line("deviation, farthest from the median", f"{100 * found.deviation:.1f} %", "10 %")
    line("saturated, over the first frame's", f"{found.saturated:.1f} points", "4")
    line("sharpness, last second over second", f"{found.sharp:.3f}", "0.85 to 1.15")
    line(f"growth over {steps} frames, registered", f"{grown:.4f}", f"{asked:.4f}, excess within 5 %")
    line("excess, of what was asked", f"{(grown - 1) / (asked - 1):.3f}", "0.95 to 1.05")
    line("turn, registered", f"{turned:.3f} degrees", f"{turn:.3f}, within 10 %")
    line("flashes a second, general and red", f"{report.general:g}, {report.red:g}", "3")
    line("frames damped", str(report.damped), "0")
    grew = np.mean(memory[-20:]) - np.mean(memory[len(memory) // 4 :][:20])
    line("memory at the end", f"{memory[-1]:.0f} MiB", "")
    line("memory grown since a quarter", f"{grew:+.1f} MiB", "0")
    line("frames a second", f"{speed:.2f}", "")
    line("outside the gradient", f"{100 * (1 - clock.seconds / clock.whole):.0f} %", "")


def zoom_recipe(given: argparse.Namespace, count: int) -> Recipe:
    """What the command dreams without any option but these."""
    size, scenes = size_of(given), tuple(f'logit("{name}")' for name in given.classes)
    changes: dict[str, Any] = {"duration": count / 25, "scenes": scenes}
    if given.rotate:
        changes["rotate"] = given.rotate
    usual = "classic-zoom" if given.preset == "classic" else "zoom"
    return preset(usual, size=size, seed=given.seed, threads=given.threads, zoom=changes)


# -- films -----------------------------------------------------------------------------------------------


class Played:
    """Frames that are there, as a movie gives them."""

    def __init__(self, frames: Sequence[np.ndarray], rate: Fraction) -> None:
        self.info = SimpleNamespace(frames=len(frames), rate=rate)
        self._frames, self._rate = frames, rate

    def frames(self, skip: int = 0) -> Iterator[VideoFrame]:
        for index, rgb in list(enumerate(self._frames))[skip:]:
            yield VideoFrame(index=index, time=index / self._rate, duration=1 / self._rate, rgb=rgb)


def source(given: argparse.Namespace) -> Played:
    """The film that is asked for, at its size, or one that is drawn."""
    size, count = size_of(given), given.frames or 50
    if given.video:
        with open_video(given.video, start=given.start or None, size=size) as movie:
            return Played([shot.rgb for shot in islice(movie.frames(), count)], movie.info.rate)
    return Played([drawn(k, size) for k in range(count)], Fraction(25))


def drawn(k: int, size: tuple[int, int]) -> np.ndarray:
    """A photograph that is panned, zoomed and turned, and a round part of another that crosses it."""
    import skimage.data

    width, height = size
    behind = cv2.resize(skimage.data.rocket(), (2 * width, 2 * height), interpolation=cv2.INTER_AREA)
    before = cv2.resize(skimage.data.chelsea(), (width, height), interpolation=cv2.INTER_AREA)
    matrix = cv2.getRotationMatrix2D((width + 1.5 * k, height), 0.1 * k, 1.004**k)
    matrix[:, 2] -= (width / 2 + 1.5 * k, height / 2)
    frame = cv2.warpAffine(behind, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    middle = width * 0.15 + 2.5 * k
    inside = np.clip(height * 0.22 - np.hypot(x - middle, y - height / 2), 0, 1)[..., None]
    moved = cv2.warpAffine(before, np.float32([[1, 0, middle - width / 2], [0, 1, 0]]), size)
    return np.rint(frame * (1 - inside) + moved * inside).astype(np.uint8)


def film_recipe(given: argparse.Namespace) -> Recipe:
    return preset(given.preset, seed=given.seed, threads=given.threads, film=Film(steps=given.steps))


def dreamt(given: argparse.Namespace, recipe: Recipe, movie: Played, session: Session) -> list[FilmFrame]:
    """Every frame of a film that dreams; they are kept."""
    frames = []
    for frame in film(recipe, movie, session=session):  # type: ignore[arg-type]
        frames.append(frame)
        if frame.index % 10 == 0:
            keep(given, f"film-{frame.index:04d}", frame.rgb)
    return frames


def score(session: Session, recipe: Recipe, rgb: np.ndarray) -> float:
    """What the objective makes of a frame."""
    picture = as_tensor(Picture(rgb.astype(np.float32) / 255)).to(session.device)
    (found,), _ = session.gradient(session.goal(recipe, 0), DetailCanvas(picture), Roll(0, 0))
    return found


def films(given: argparse.Namespace) -> None:
    """How strong each frame dreams."""
    movie, recipe = source(given), film_recipe(given)
    session = Session(recipe)
    frames = dreamt(given, recipe, movie, session)
    sources = [shot.rgb for shot in movie.frames()]
    scores = np.array([score(session, recipe, frame.rgb) for frame in frames])
    before = np.array([score(session, recipe, rgb) for rgb in sources])
    fresh = {frame.index for frame in frames if frame.fresh}
    steps = [b / a for k, (a, b) in enumerate(pairwise(scores), 1) if k not in fresh]
    guard = FlashGuard(size_of(given), movie.info.rate)
    for frame in frames:
        guard(frame.rgb, frame.time)
    report = guard.report()
    head("film", "measured", "limit")
    line("score over the source's, least", f"{(scores / before).min():.2f}", "2")
    line("score over the source's, median", f"{np.median(scores / before):.2f}", "")
    line("score from frame to frame", f"{min(steps):.3f} to {max(steps):.3f}", "0.9 to 1.1")
    line("change from the source, least to most", extent([frame.moved for frame in frames]), "")
    line("scenes begun", str(len(fresh)), "")
    line("flashes a second, general and red", f"{report.general:g}, {report.red:g}", "3")
    line("frames that pass the guard untouched", f"{len(frames) - report.damped} of {len(frames)}", "")


def extent(values: Sequence[float]) -> str:
    return f"{min(values):.4f} to {max(values):.4f}"


# -- flicker -----------------------------------------------------------------------------------------------


def flickers(given: argparse.Namespace) -> None:
    """Warping errors of the film, of its dream, and of its frames dreamt alone at equal strength."""
    movie, recipe = source(given), film_recipe(given)
    session = Session(recipe)
    sources = [shot.rgb for shot in movie.frames()]
    frames = dreamt(given, recipe, movie, session)
    film_frames = [frame.rgb for frame in frames]
    single, strength, ratio = alone(session, recipe, sources, film_frames)
    by = [path(earlier, later) for earlier, later in pairwise(sources)]
    kept = [k for k, frame in enumerate(frames[1:]) if not frame.fresh]
    errors = [flicker_of(some, by)[kept] for some in (sources, film_frames, single)]
    change = np.mean(
        [np.abs(a.astype(np.float32) - b).mean() / 255 for a, b in zip(film_frames, sources, strict=True)]
    )
    plain, carried, each = (float(error.mean()) for error in errors)
    limit = max(OF_SOURCE * plain, OF_CHANGE * float(change))
    head("flicker", "warping error", "limit")
    line("the film itself", f"{plain:.5f}", "")
    line("its dream", f"{carried:.5f}", f"{limit:.5f}")
    line("each frame dreamt alone", f"{each:.5f}", "")
    line("dream over alone", f"{carried / each:.3f}", f"{OF_ALONE}")
    line("mean change from the source", f"{change:.5f}", "")
    line(f"score, film over alone (at strength {strength:.2f})", f"{ratio:.3f}", "0.9 to 1.1")
    for k in range(0, len(single), 10):
        keep(given, f"alone-{k:04d}", single[k])


def alone(
    session: Session, recipe: Recipe, sources: Sequence[np.ndarray], wanted: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], float, float]:
    """Each frame dreamt from scratch, as strong as the film's: frames, strength, film's score over theirs."""
    places = np.linspace(0, len(sources) - 1, SAMPLED).round().astype(int)
    strength = equal_strength(session, recipe, [sources[k] for k in places], [wanted[k] for k in places])
    single = [scratch(session, recipe, rgb, strength) for rgb in sources]
    scores = [np.mean([score(session, recipe, rgb) for rgb in some]) for some in (wanted, single)]
    return single, strength, float(scores[0] / scores[1])


def scratch(session: Session, recipe: Recipe, rgb: np.ndarray, strength: float) -> np.ndarray:
    """A frame's own whole dream."""
    full = recipe.but(film=None, strength=strength)
    made = render(full, Picture(rgb.astype(np.float32) / 255), session=session)
    return np.rint(np.clip(made.pixels, 0, 1) * 255).astype(np.uint8)


def equal_strength(
    session: Session, recipe: Recipe, sources: Sequence[np.ndarray], wanted: Sequence[np.ndarray]
) -> float:
    """The strength at which whole dreams of these frames score as much as those: halving, six times."""
    aim = np.mean([score(session, recipe, rgb) for rgb in wanted])
    low, high = 0.02, 1.0
    for _ in range(6):
        middle = (low * high) ** 0.5
        made = [scratch(session, recipe, rgb, middle) for rgb in sources]
        if np.mean([score(session, recipe, rgb) for rgb in made]) < aim:
            low = middle
        else:
            high = middle
    return (low * high) ** 0.5


# -- speed -----------------------------------------------------------------------------------------------


def throughput(given: argparse.Namespace) -> None:
    """Frames a second of films and zooms, and the share of the time that is not the gradient's."""
    movie, recipe = source(given), film_recipe(given)
    session = Session(recipe)
    clock = Clock(session)
    head(f"{given.size}, {given.steps} steps a frame", "frames a second", "outside the gradient", "times")
    frames = []
    for frame in film(recipe, movie, session=session):  # type: ignore[arg-type]
        if not frames:
            clock.restart()  # the first frame is a whole dream
        frames.append(frame)
    rate, share = (len(frames) - 1) / clock.whole, 1 - clock.seconds / clock.whole
    wanted, sources = [frame.rgb for frame in frames], [shot.rgb for shot in movie.frames()]
    places = np.linspace(0, len(sources) - 1, SAMPLED).round().astype(int)
    some, aims = [sources[k] for k in places], [wanted[k] for k in places]
    strength = equal_strength(session, recipe, some, aims)
    clock.restart()
    for rgb in some:
        scratch(session, recipe, rgb, strength)
    slow = len(some) / clock.whole
    line("film", f"{rate:.2f}", f"{100 * share:.0f} %", f"{rate / slow:.1f}")
    line(
        f"each frame from scratch, strength {strength:.2f}",
        f"{slow:.2f}",
        f"{100 * (1 - clock.seconds / clock.whole):.0f} %",
        "1",
    )
    one = argparse.Namespace(
        **{**vars(given), "classes": given.classes[:1]}
    )  # no cross-fade, which takes two
    moving = zoom_recipe(one, max(10, (given.frames or 50) // 2))
    moving = moving.but(zoom={**(moving.zoom or Zoom()).model_dump(), "steps": given.steps})
    session = Session(moving)
    clock, count = Clock(session), 0
    for frame in zoom(moving, session=session):
        if frame.index == 0:
            clock.restart()
        count = frame.index
    share = 1 - clock.seconds / clock.whole
    line("zoom", f"{count / clock.whole:.2f}", f"{100 * share:.0f} %", "")


PARTS = {"zoom": zooms, "film": films, "flicker": flickers, "throughput": throughput}

if __name__ == "__main__":
    sys.exit(main())
