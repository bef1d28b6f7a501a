"""What moves: a zoom from a photograph or from nothing, or a film that dreams; as one kind of work.

A work knows its sizes and times before anything is dreamt, says what it read, and gives frame after frame.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ResourceError, UsageError
from reverie.jobs.provenance import (
    OWN_SOUND,
    FileNote,
    begins_like_a_film,
    film_files,
    film_renamed,
    sha256_of,
)
from reverie.media.picture import MAX_PIXELS, Picture, Source, load_picture
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame
    from reverie.ascent.session import Session
    from reverie.media.video.read.audio import Sound
    from reverie.media.video.read.reader import Movie
    from reverie.media.video.write.formats import Encoding
    from reverie.motion.film.film import FilmFrame
    from reverie.motion.frame import MovingFrame

Bytes = NDArray[np.uint8]
Kept: TypeAlias = Mapping[str, Any] | None
Told: TypeAlias = "Callable[[Frame], None] | None"
#: Samples a second in which music is heard.
SAMPLE_RATE = 22_050


@dataclass(frozen=True)
class Made:
    """One finished frame: (H, W, 3) bytes, when it is shown, and the state to go on from."""

    index: int
    time: Fraction
    duration: Fraction
    rgb: Bytes
    alpha: Bytes | None
    score: float
    moved: float
    state: Any


class Work(ABC):
    """A zoom or a film before it is begun: what it reads, and how large and long it will be.

    Attributes:
        verb: ``zoom`` or ``film``.
        recipe: With the size that was found, and file names that are paths.
        size: (width, height) in pixels of what is made.
        rate: Frames a second, nominal where they vary.
        frames: How many there will be, or None where nobody knows.
        aspect: Width of a pixel over its height.
        alpha: Whether frames have an alpha channel.
        warnings: What is to be said of it before it begins.
        name: What it is called when progress is told.
    """

    verb: str
    recipe: Recipe
    size: tuple[int, int]
    rate: Fraction
    frames: int | None
    aspect: Fraction = Fraction(1)
    alpha: bool = False
    warnings: tuple[str, ...] = ()
    name: str

    @property
    @abstractmethod
    def source(self) -> Source | None:
        """Name and SHA-256 of the photograph or film, if there is one."""

    def notes(self) -> tuple[FileNote, ...]:
        """Files that were read besides the source and the pictures that the recipe names."""
        return ()

    def bare(self, recipe: Recipe) -> Recipe:
        """The recipe with names of such files without their folders."""
        return recipe

    def objectives(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """The recipe with each of the objectives that will be climbed: they are bound before the work."""
        return (recipe,)

    @abstractmethod
    def make(self, recipe: Recipe, session: Session, kept: Kept, told: Told = None) -> Generator[Made]:
        """The frames, from the first or from the one after ``kept``, a state that an earlier one left.

        ``told`` is called after each step of the dreams that scenes open with.
        """

    def sound(self) -> Sound | None:
        """The sound that is kept, if there is any."""
        return None

    def gone(self) -> str | None:
        """The name of the source if it is no longer there."""
        return None

    def close(self) -> None:  # noqa: B027 (a zoom has nothing open)
        """Close every file."""

    def __enter__(self) -> Work:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Zoom(Work):
    """An endless zoom, from a photograph or from nothing."""

    verb = "zoom"

    def __init__(
        self, recipe: Recipe, photo: str | None, encoding: Encoding, *, max_pixels: int = MAX_PIXELS
    ) -> None:
        """Opens the photograph.

        Args:
            recipe: With ``zoom``; its size becomes that of the frames.
            photo: The file, or None where the recipe starts from noise or clouds.
            encoding: What the frames will be written as: it may need even sides.
            max_pixels: The most pixels the photograph may have.

        Raises:
            UsageError: There is nothing to begin with, or the size cannot be written.
            BadInput: Of ``load_picture``.
        """
        assert recipe.zoom is not None
        if photo is not None and begins_like_a_film(photo):
            raise BadInput(f"{photo}: a film and no picture; reverie film takes it")
        self.photo = None if photo is None else load_picture(photo, max_pixels=max_pixels)
        if photo is None and recipe.start == "photo":
            raise UsageError("nothing to begin with: give a photograph, or --from noise or clouds")
        self.size = frame_size(recipe, self.photo.size if self.photo else None, encoding)
        self.recipe = recipe.but(size=self.size, max_size=None)
        self.rate, self.frames = recipe.zoom.rate, recipe.zoom.frames
        self.name = os.path.basename(photo) if photo else f"zoom from {recipe.start}"

    @property
    def source(self) -> Source | None:
        return self.photo.source if self.photo else None

    def objectives(self, recipe: Recipe) -> tuple[Recipe, ...]:
        scenes = recipe.zoom.objectives if recipe.zoom else ()
        return tuple(recipe.model_copy(update={"objective": (text,)}) for text in scenes) or (recipe,)

    def make(self, recipe: Recipe, session: Session, kept: Kept, told: Told = None) -> Generator[Made]:
        from reverie.motion.zoom.zoom import ZoomState, zoom

        state = None if kept is None else ZoomState.from_dict(dict(kept))
        photo = self.photo if state is None else None
        for frame in zoom(recipe, photo, session=session, state=state, opening=told):
            yield _made(frame)


class Film(Work):
    """A film that dreams, with its mask and its music."""

    verb = "film"

    def __init__(
        self,
        recipe: Recipe,
        path: str,
        encoding: Encoding,
        *,
        paths: Mapping[str, str] | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        """Opens the film, its mask and its music.

        Args:
            recipe: With ``film``; its file names are paths.
            path: A film, or a sequence of pictures: a folder or a pattern.
            encoding: What the frames will be written as.
            paths: Where the mask and the music are, by their names in the recipe.
            max_pixels: The most pixels a frame may have.

        Raises:
            BadInput, UsageError, ResourceError: Of ``open_movie`` and ``samples``.
        """
        assert recipe.film is not None
        self.recipe, self.path, self.name = recipe, path, os.path.basename(path.rstrip("/\\")) or path
        self.settings = recipe.film
        self._paths = dict(paths or {})
        self._limit = max_pixels
        self.movie = self._open(path, recipe.size, recipe.max_size)
        self.masks: Movie | None = None
        try:
            if recipe.size is None and (even := encoding.fit(self.movie.info.size)) != self.movie.info.size:
                self.movie.close()
                self.movie = self._open(path, even, None)
            info = self.movie.info
            self.size, self.rate, self.frames = info.size, info.rate, info.frames
            encoding.check_size(self.size)
            self.aspect = info.aspect
            self.alpha = info.has_alpha and encoding.keeps_alpha
            if info.has_alpha and not encoding.keeps_alpha:
                lost = "its transparency is left out; .apng, .gif and numbered pictures keep it"
                self.warnings = (f"{path}: {lost}",)
            if self.settings.mask is not None:
                self.masks = self._open(self._where(self.settings.mask), self.size, None)
            self._beats = self._heard()
        except BaseException:
            self.close()
            raise

    def _open(self, path: str, size: tuple[int, int] | None, max_size: int | None) -> Movie:
        from reverie.media.video.read.reader import open_movie

        settings = self.settings
        return open_movie(
            path,
            start=settings.start or None,
            duration=settings.duration,
            every=settings.every,
            size=size,
            max_size=max_size,
            rate=settings.fps,
            max_pixels=self._limit,
        )

    def _where(self, name: str) -> str:
        return self._paths.get(name, name)

    def _heard(self) -> NDArray[np.float32] | None:
        """The pulse of the music, a value in [0, 1] for each tick of the film's rate; None without music."""
        from reverie.media.video.read.audio import samples
        from reverie.motion.film.pulse import pulse

        name = self.settings.pulse
        if name is None:
            return None
        length = self.movie.info.duration
        music = self.movie.sound() if name == OWN_SOUND else self._where(name)
        if music is None:
            raise BadInput(f"{self.movie.path}: no sound in it; give a music file instead")
        sound = samples(music, SAMPLE_RATE, duration=length)
        count = math.ceil(length * self.rate) + 1
        return pulse(sound, SAMPLE_RATE, np.arange(count) / float(self.rate))

    def _pulse(self) -> Callable[[float], float] | None:
        """The music's pulse as a function of seconds, or None without music."""
        values, rate = self._beats, float(self.rate)
        if values is None:
            return None
        return lambda seconds: float(values[min(max(0, round(seconds * rate)), len(values) - 1)])

    @property
    def source(self) -> Source | None:
        return self.movie.source

    def notes(self) -> tuple[FileNote, ...]:
        found = []
        if self.masks is not None:
            found.append(FileNote(name=self.masks.source.name, sha256=self.masks.source.sha256))
        music = self.settings.pulse
        if music is not None and music != OWN_SOUND:
            found.append(FileNote(name=os.path.basename(music), sha256=sha256_of(self._where(music))))
        return tuple(found)

    def bare(self, recipe: Recipe) -> Recipe:
        return film_renamed(recipe, {name: os.path.basename(name) for name in film_files(recipe)})

    def make(self, recipe: Recipe, session: Session, kept: Kept, told: Told = None) -> Generator[Made]:
        from reverie.motion.film.film import film
        from reverie.motion.film.state import FilmState

        state = None if kept is None else FilmState.from_dict(dict(kept), recipe)
        frames = film(
            recipe,
            self.movie,
            session=session,
            state=state,
            masks=self.masks,
            pulse=self._pulse(),
            opening=told,
        )
        for frame in frames:
            yield _made(frame, alpha=self.alpha)

    def sound(self) -> Sound | None:
        return self.movie.sound()

    def gone(self) -> str | None:
        folder = os.path.dirname(self.path) if "%" in self.path or "*" in self.path else self.path
        return None if os.path.exists(folder or ".") else self.path

    def close(self) -> None:
        self.movie.close()
        if self.masks is not None:
            self.masks.close()


def _made(frame: MovingFrame | FilmFrame, *, alpha: bool = False) -> Made:
    """A frame as it is written."""
    rgb, opacity = as_bytes(frame.picture)
    return Made(
        frame.index,
        frame.time,
        frame.duration,
        rgb,
        opacity if alpha else None,
        frame.score,
        frame.moved,
        frame.state,
    )


def as_bytes(picture: Picture) -> tuple[Bytes, Bytes | None]:
    """A picture as (H, W, 3) bytes, and its alpha (H, W), rounded to the nearest."""
    pixels = picture.pixels if picture.pixels.shape[2] == 3 else picture.pixels[..., :1].repeat(3, axis=2)
    alpha = picture.alpha
    return _rounded(pixels), None if alpha is None else _rounded(alpha)


def _rounded(values: NDArray[np.float32]) -> Bytes:
    rounded: Bytes = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
    return rounded


def frame_size(recipe: Recipe, photo: tuple[int, int] | None, encoding: Encoding) -> tuple[int, int]:
    """(width, height) of a zoom's frames; an even one near it where nobody asked for an odd one.

    Raises:
        UsageError: The size that was asked for cannot be written.
    """
    from reverie.ascent.start import DEFAULT_SIZE

    if recipe.size is not None and recipe.max_size is None:
        encoding.check_size(recipe.size)
        return recipe.size
    width, height = recipe.size or photo or DEFAULT_SIZE
    factor = min(1.0, recipe.max_size / max(width, height)) if recipe.max_size else 1.0
    size: tuple[int, int] = encoding.fit((max(32, round(width * factor)), max(32, round(height * factor))))
    encoding.check_size(size)
    return size


def vanished(work: Work, error: BadInput | ResourceError | OSError) -> ResourceError | None:
    """The error to tell where a file went away while it was read; None where it is still there."""
    name = work.gone()
    if name is None:
        return None
    return ResourceError(f"{name}: is no longer there; put it back ({error})")
