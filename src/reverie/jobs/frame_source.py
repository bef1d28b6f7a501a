"""Where the frames of a zoom or a film come from, before any is dreamt: sizes, times, and what was read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from reverie.jobs.provenance import FileNote
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame
    from reverie.ascent.session import Session
    from reverie.media.picture import Source
    from reverie.media.video.read.audio import Sound
    from reverie.motion.frame import MovingFrame

Kept: TypeAlias = Mapping[str, Any] | None
Told: TypeAlias = "Callable[[Frame], None] | None"
Steer: TypeAlias = Callable[[int], Recipe] | None


class FrameSource(ABC):
    """A zoom or a film before it is begun: what it reads, and how large and long it will be.

    Attributes:
        recipe: With the size that was found, and file names that are paths.
        size: (width, height) in pixels of what is made.
        rate: Frames a second, nominal where they vary.
        frames: How many there will be, or None where nobody knows.
        aspect: Width of a pixel over its height.
        alpha: Whether frames have an alpha channel.
        warnings: What is to be said of it before it begins.
        name: What it is called when progress is told.
    """

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
    def render(
        self, recipe: Recipe, session: Session, kept: Kept = None, told: Told = None, steer: Steer = None
    ) -> Generator[MovingFrame]:
        """The frames, one after the other.

        Args:
            recipe: With bare file names.
            session: The network.
            kept: The state of the last frame that is there already; None to begin.
            told: Called after each step of the dreams that scenes open with.
            steer: Asked before each frame, by its number, for the recipe; where a source can be steered.
        """

    def sound(self) -> Sound | None:
        """The sound that is kept, if there is any."""
        return None

    def gone(self) -> str | None:
        """The name of the source if it is no longer there."""
        return None

    def close(self) -> None:  # noqa: B027 (a zoom has nothing open)
        """Close every file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
