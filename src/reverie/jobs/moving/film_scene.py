"""A piece of a scene of a film: frames that follow each other, dreamt by themselves from the state before.

A film that is made elsewhere cuts itself into such jobs; what travels are the film's own frames, as they are
shown, so that nobody else has to read the film.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ResourceError
from reverie.jobs.job import ItemFinished, Listener, PartJob, Result, Step
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import Written
from reverie.jobs.provenance.note import EngineNote
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.local_file import read_regular, unreadable
from reverie.media.picture.write import write_whole
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.session import Session
    from reverie.media.video.read.frame import VideoFrame
    from reverie.media.video.read.reader import Video
    from reverie.motion.film.film import FilmFrame

Bytes = NDArray[np.uint8]
#: A piece is never longer than this, in bytes.
LONGEST = 1 << 32


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame of the film, and what holds for it.

    Attributes:
        frame: It.
        mask: (H, W, 3), where dreams may be; None: everywhere.
        beat: The music's pulse, 0..1; None without music.
    """

    frame: VideoFrame
    mask: Bytes | None = None
    beat: float | None = None


@dataclass(frozen=True, eq=False)
class Dreamt:
    """A frame that was dreamt: (H, W, 3), its transparency (H, W), its score and how far it moved."""

    rgb: Bytes
    alpha: Bytes | None
    score: float
    moved: float


def pack_shots(shots: Sequence[Shot], frames: int | None) -> bytes:
    """A piece of a film of so many frames as it travels."""
    from reverie.media.video.write.serialise import pack

    rows = [
        {
            "index": shot.frame.index,
            "time": shot.frame.time,
            "duration": shot.frame.duration,
            "rgb": shot.frame.rgb,
            "alpha": shot.frame.alpha,
            "mask": shot.mask,
            "beat": shot.beat,
        }
        for shot in shots
    ]
    return pack({"shots": rows, "frames": frames})


def read_dreamt(path: str) -> tuple[list[Dreamt], dict[str, Any]]:
    """The frames that a piece became, and the state that it left; BadInput where it is damaged."""
    document = _read(path)
    try:
        return [Dreamt(**row) for row in document["frames"]], dict(document["state"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: is no piece of a film ({error})") from error


@dataclass(frozen=True, kw_only=True)
class SceneResult(Result):
    """A piece that was dreamt: so many frames."""

    frames: int


class SceneJob(PartJob[SceneResult]):
    """Frames of one scene that follow each other; ``frames`` are as ``pack_shots`` wrote them.

    ``state`` is what the piece of the scene before it left, packed; None where it begins here. ``engine``
    says what computes, exactly. The output is a file that ``read_dreamt`` reads.
    """

    part_of = "its film says what it costs"
    kind: Literal["scene"] = "scene"
    recipe: Recipe
    engine: EngineNote
    frames: Reference
    state: Reference | None = None
    output: Written

    @property
    def label(self) -> str:
        return "a piece of a film"

    def _work(self, listener: Listener, workspace: Workspace) -> SceneResult:
        from reverie.media.video.write.serialise import pack

        document = _read(workspace.resolver.path(self.frames))
        try:
            movie = Pieces(document["shots"], document["frames"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BadInput(f"{self.frames}: is no piece of a film ({error})") from error
        net = workspace.network(self.recipe.network)
        key = (id(net), self.recipe.model_dump_json(), self.engine)
        session = workspace.warm(key, lambda: self._opened(workspace).session)
        recipe = self._opened(workspace).recipe
        rows: list[dict[str, Any]] = []
        before, state = session.shrunk, self._state(workspace)
        frame: FilmFrame | None = None
        for frame in movie.dream(recipe, session, state):
            if session.shrunk != before:
                raise ResourceError("out of memory; give each part more of a machine, or use --max-size")
            alpha = frame.picture.alpha
            seen = None if alpha is None else np.rint(alpha.clip(0, 1) * 255).astype(np.uint8)
            rows.append({"rgb": frame.rgb, "alpha": seen, "score": frame.score, "moved": frame.moved})
            listener.on_event(Step(self.label, f"{len(rows)} of {len(movie.shots)} frames"))
        assert frame is not None
        made = pack({"frames": rows, "state": frame.state.state_dict()})
        write_whole(made, self.output.path, overwrite=self.output.overwrite)
        result = SceneResult(files=(self.output.path,), frames=len(rows))
        listener.on_event(ItemFinished(self.label, 1, 1, self.output.path, result))
        return result

    def _state(self, workspace: Workspace) -> dict[str, Any] | None:
        path = workspace.path(self.state)
        return None if path is None else _read(path)

    def _opened(self, workspace: Workspace) -> OpenRecipe:
        return OpenRecipe(self.recipe, workspace, engine=self.engine)


class Pieces:
    """The frames of a piece, as a film that is read."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], frames: int | None) -> None:
        """From the rows of ``pack_shots``; the film has so many frames in all."""
        from reverie.media.video.read.frame import VideoFrame

        names = ("index", "time", "duration", "rgb", "alpha")
        self.shots = [VideoFrame(**{name: row[name] for name in names}) for row in rows]
        self.first = self.shots[0].index
        self.info = SimpleNamespace(frames=frames)
        self._masks = [None if row["mask"] is None else np.asarray(row["mask"]) for row in rows]
        self._beats = {shot.time: row["beat"] for shot, row in zip(self.shots, rows, strict=True)}

    def frames(self, skip: int = 0) -> _Frames:
        """Those after the first ``skip`` of the film."""
        return _Frames(shot for shot in self.shots if shot.index >= skip)

    def dream(self, recipe: Recipe, session: Session, state: Mapping[str, Any] | None) -> Iterator[FilmFrame]:
        """Dream them, from the state that the piece before left."""
        from reverie.motion.film.film import film
        from reverie.motion.film.state import FilmState

        masks = None if self._masks[0] is None else _MaskPieces(self)
        beats = {float(time): beat for time, beat in self._beats.items() if beat is not None}
        return film(
            recipe,
            cast("Video", self),
            session=session,
            state=None if state is None else FilmState.from_dict(dict(state), recipe),
            first=self.first,
            masks=cast("Video | None", masks),
            pulse=beats.__getitem__ if beats else None,
        )

    def masks(self) -> Iterator[VideoFrame]:
        """The mask of each frame."""
        from reverie.media.video.read.frame import VideoFrame

        for shot, mask in zip(self.shots, self._masks, strict=True):
            assert mask is not None
            yield VideoFrame(shot.index, shot.time, shot.duration, mask)


class _Frames:
    """An iterator that can be closed, as of a film that is read ahead."""

    def __init__(self, items: Iterator[VideoFrame]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[VideoFrame]:
        return self._items

    def close(self) -> None:
        """Nothing is open."""


class _MaskPieces:
    """The masks of a piece, as a film of them."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    def frames(self, skip: int = 0) -> Iterator[VideoFrame]:
        """All of them."""
        return self._pieces.masks()


def _read(path: str) -> dict[str, Any]:
    from reverie.media.video.write.serialise import unpack

    try:
        return unpack(read_regular(path, most=LONGEST))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {unreadable(error)}; give a piece of a film") from error
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
