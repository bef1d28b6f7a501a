"""The job of a film that dreams, with its mask and its music."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput
from reverie.jobs.moving.film_frames import FrameSource, Kept, Steer, Told
from reverie.jobs.moving.job import MovingJob
from reverie.jobs.provenance.note import OWN_SOUND, FileNote, film_files, film_renamed, sha256_of
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.picture import MAX_PIXELS, Source
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.session import Session
    from reverie.jobs.moving.film_pieces import FilmPieces
    from reverie.jobs.moving.film_scene import Shot
    from reverie.jobs.open_recipe import OpenRecipe
    from reverie.media.video.read.audio import Sound
    from reverie.media.video.read.reader import Video
    from reverie.media.video.write.formats import VideoEncoding
    from reverie.media.video.write.render import Render
    from reverie.motion.frame import MovingFrame

#: Samples a second in which music is heard.
SAMPLE_RATE = 22_050


class FilmJob(MovingJob):
    """A film that dreams; see ``recipe.film``. It is not steered: its dream is carried from frame to frame.

    ``video`` is a film, or a sequence of pictures: a folder or a pattern.
    """

    kind: Literal["film"] = "film"
    video: Reference

    @property
    def label(self) -> str:
        return _name(str(self.video))

    def open(self, recipe: Recipe, encoding: VideoEncoding, workspace: Workspace) -> FilmSource:
        path = workspace.resolver.path(self.video)
        return FilmSource(recipe, path, encoding, max_pixels=workspace.max_pixels)


class FilmSource(FrameSource):
    """The frames of a film that dreams, with its mask and its music."""

    def __init__(
        self,
        recipe: Recipe,
        path: str,
        encoding: VideoEncoding,
        *,
        paths: Mapping[str, str] | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        """Opens the film, its mask and its music.

        Args:
            recipe: Its file names are paths; without ``film``, that has its defaults.
            path: A film, or a sequence of pictures: a folder or a pattern.
            encoding: What the frames will be written as.
            paths: Where the mask and the music are, by their names in the recipe.
            max_pixels: The most pixels a frame may have.

        Raises:
            BadInput, UsageError, ResourceError: Of ``open_video`` and ``samples``.
        """
        self.recipe = recipe if recipe.film else recipe.but(film={})
        assert self.recipe.film is not None
        self.settings, self.path, self.name = self.recipe.film, path, _name(path)
        self._paths = dict(paths or {})
        self._limit = max_pixels
        self.movie = self._open(path, recipe.size, recipe.max_size, self.settings.fps)
        self.masks: Video | None = None
        try:
            if recipe.size is None and (even := encoding.fit(self.movie.info.size)) != self.movie.info.size:
                self.movie.close()
                self.movie = self._open(path, even, None, self.settings.fps)
            info = self.movie.info
            self.size, self.rate, self.frames = info.size, info.rate, info.frames
            encoding.check_size(self.size)
            self.aspect = info.aspect
            self.alpha = info.has_alpha and encoding.keeps_alpha
            if info.has_alpha and not encoding.keeps_alpha:
                lost = "its transparency is left out; .apng, .gif and numbered pictures keep it"
                self.warnings = (f"{path}: {lost}",)
            if self.settings.mask is not None:
                from reverie.media.video.read.image_sequence import is_sequence

                mask = self._where(self.settings.mask)
                rate = self.settings.fps if is_sequence(mask) else None  # which is of pictures in a folder
                self.masks = self._open(mask, self.size, None, rate)
            self._beats = self._heard()
        except BaseException:
            self.close()
            raise

    def _open(
        self, path: str, size: tuple[int, int] | None, max_size: int | None, rate: float | None
    ) -> Video:
        from reverie.media.video.read.reader import open_video

        settings = self.settings
        return open_video(
            path,
            start=settings.start or None,
            duration=settings.duration,
            every=settings.every,
            size=size,
            max_size=max_size,
            rate=rate,
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

    def render(
        self, recipe: Recipe, session: Session, kept: Kept = None, told: Told = None, steer: Steer = None
    ) -> Generator[MovingFrame]:
        from reverie.motion.film.film import film
        from reverie.motion.film.state import FilmState

        state = None if kept is None else FilmState.from_dict(dict(kept), recipe)
        masks, pulse = self.masks, self._pulse()
        yield from film(
            recipe, self.movie, session=session, state=state, masks=masks, pulse=pulse, opening=told
        )

    def away(self, opened: OpenRecipe, render: Render) -> FilmPieces | None:
        if opened.workspace.elsewhere is None:
            return None
        from reverie.jobs.moving.film_pieces import Cutting, FilmPieces

        recipe = opened.with_paths(opened.recipe)
        settings = self.settings.model_copy(
            update={"mask": None, "pulse": None}
        )  # which come with the frames
        cutting = Cutting(
            shots=self._shots,
            together=render.reel.together,
            recipe=recipe.model_copy(update={"film": settings}),
            engine=opened.provenance(None, 8, None).engine,
            frames=self.frames,
        )
        return FilmPieces(cutting, opened.workspace, render.folder, lambda: render.done)

    def _shots(self, skip: int, last: NDArray[np.uint8] | None) -> Iterator[tuple[Shot, bool]]:
        """The film's own frames from one on, and whether a scene begins with each, see ``scenes``."""
        from reverie.jobs.moving.film_scene import Shot
        from reverie.motion.film.motion import MaskFilm
        from reverie.motion.film.scenes import scenes

        masks, pulse = MaskFilm(self.masks), self._pulse()
        for frame, begins in scenes(self.movie, self.settings, skip=skip, last=last):
            beat = None if pulse is None else pulse(float(frame.time))
            yield Shot(frame, masks.at(frame.time), beat), begins

    def sound(self) -> Sound | None:
        return self.movie.sound()

    def gone(self) -> str | None:
        folder = os.path.dirname(self.path) if "%" in self.path or "*" in self.path else self.path
        return None if os.path.exists(folder or ".") else self.path

    def close(self) -> None:
        self.movie.close()
        if self.masks is not None:
            self.masks.close()


def _name(path: str) -> str:
    return os.path.basename(path.rstrip("/\\")) or path
