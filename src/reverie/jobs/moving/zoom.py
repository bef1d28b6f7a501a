"""The job of an endless zoom, from a photograph or from nothing."""

from __future__ import annotations

import math
import os
from collections.abc import Generator
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from reverie.errors import BadInput, UsageError
from reverie.jobs.moving.film_frames import FrameSource, Kept, Steer, Told
from reverie.jobs.moving.job import MovingJob
from reverie.jobs.provenance.note import begins_like_a_film
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.picture import MAX_PIXELS, Source, load_picture
from reverie.objective import OfClass, parse
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.session import Session
    from reverie.media.video.write.formats import VideoEncoding
    from reverie.motion.frame import MovingFrame

#: From how many frames, and pixels on the short side, on a scene of a class is seen (``docs/zoom.md``).
ENOUGH_FRAMES: Final = 10
ENOUGH_PIXELS: Final = 200


class ZoomJob(MovingJob):
    """An endless zoom, from a photograph or from what ``recipe.start`` says; see ``recipe.zoom``.

    It can be steered: the recipe that a listener gives is that of the next frame's own dream. Where its
    objective or strength is not what it was, it goes before the zoom's scenes or its strength over time.
    """

    kind: Literal["zoom"] = "zoom"
    photo: Reference | None = None

    @property
    def label(self) -> str:
        return _name(str(self.photo) if self.photo else None, self.recipe)

    def open(self, recipe: Recipe, encoding: VideoEncoding, workspace: Workspace) -> ZoomSource:
        photo = workspace.path(self.photo)
        return ZoomSource(recipe, photo, encoding, max_pixels=workspace.max_pixels)


class ZoomSource(FrameSource):
    """The frames of an endless zoom."""

    def __init__(
        self, recipe: Recipe, photo: str | None, encoding: VideoEncoding, *, max_pixels: int = MAX_PIXELS
    ) -> None:
        """Opens the photograph.

        Args:
            recipe: Its size becomes that of the frames; without ``zoom``, that has its defaults.
            photo: The file, or None where the recipe starts from noise or clouds.
            encoding: What the frames will be written as: it may need even sides.
            max_pixels: The most pixels the photograph may have.

        Raises:
            UsageError: There is nothing to begin with, or the size cannot be written.
            BadInput: Of ``load_picture``.
        """
        if photo is not None and begins_like_a_film(photo):
            raise BadInput(f"{photo}: a film and no picture; reverie film takes it")
        self.photo = None if photo is None else load_picture(photo, max_pixels=max_pixels)
        if photo is None and recipe.start == "photo":
            raise UsageError("nothing to begin with: give a photograph, or --from noise or clouds")
        self.size = frame_size(recipe, self.photo.size if self.photo else None, encoding)
        self.recipe = recipe.but(size=self.size, max_size=None, zoom=recipe.zoom or {})
        assert self.recipe.zoom is not None
        self.rate, self.frames = self.recipe.zoom.rate, self.recipe.zoom.frames
        self.name = _name(photo, recipe)
        self.warnings = too_little(self.recipe)

    @property
    def source(self) -> Source | None:
        return self.photo.source if self.photo else None

    def objectives(self, recipe: Recipe) -> tuple[Recipe, ...]:
        scenes = recipe.zoom.objectives if recipe.zoom else ()
        return tuple(recipe.model_copy(update={"objective": (text,)}) for text in scenes) or (recipe,)

    def render(
        self, recipe: Recipe, session: Session, kept: Kept = None, told: Told = None, steer: Steer = None
    ) -> Generator[MovingFrame]:
        from reverie.motion.zoom.zoom import ZoomState, zoom

        state = None if kept is None else ZoomState.from_dict(dict(kept))
        photo = self.photo if state is None else None
        yield from zoom(recipe, photo, session=session, state=state, opening=told, steer=steer)


def too_little(recipe: Recipe) -> tuple[str, ...]:
    """What is to be said of a zoom whose scenes of classes are over, or too small, before they are seen."""
    from reverie.motion.zoom.timeline import Timeline

    settings = recipe.zoom
    if settings is None or recipe.size is None:
        return ()
    begins = Timeline.of(settings, recipe.objective[-1]).begins
    lengths = [end - begin for begin, end in pairwise((*begins, settings.duration))]
    of_classes = [
        (length, text)
        for length, text in zip(lengths, settings.objectives, strict=True)
        if any(isinstance(term.quantity, OfClass) for term in parse(text).terms)
    ]
    found = []
    length, text = min(of_classes, default=(math.inf, ""))
    if length * settings.fps < ENOUGH_FRAMES:
        found.append(
            f"scene {text}: lasts {length:.2g} s ({max(0, round(length * settings.fps))} frames), and until "
            f"a class is seen it takes some {ENOUGH_FRAMES} ({ENOUGH_FRAMES / settings.fps:.2g} s): a "
            "longer --duration, or fewer scenes"
        )
    width, height = recipe.size
    if of_classes and min(recipe.size) < ENOUGH_PIXELS:
        found.append(
            f"{width} x {height} is small for classes: people hardly make them out below {ENOUGH_PIXELS} "
            "pixels on the short side, however long they last; a larger --size, as 640x360"
        )
    return tuple(found)


def _name(photo: str | None, recipe: Recipe) -> str:
    return os.path.basename(photo) if photo else f"zoom from {recipe.start}"


def frame_size(recipe: Recipe, photo: tuple[int, int] | None, encoding: VideoEncoding) -> tuple[int, int]:
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
