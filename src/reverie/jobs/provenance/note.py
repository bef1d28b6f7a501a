"""The document that travels inside a picture: what made it, checked field by field when it is read again."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from reverie.errors import BadInput, ReverieError, UsageError
from reverie.media.local_file import open_regular, reason, unreadable
from reverie.network.description import describe
from reverie.recipe.recipe import Recipe, Stop, read

#: A recipe file longer than this, in bytes, is none.
LONGEST = 1_000_000
#: Pictures called after one without a recipe that are looked at for one.
MOST_TRIED = 3
#: How films begin: MP4 and MOV (but not AVIF and HEIC, which begin so too), Matroska and WebM, AVI ...
_FILM = re.compile(
    rb"....ftyp(?!avi[fs]|mif1|msf1|he[iv][cmsx])|....(?:moov|mdat|wide|free)|\x1aE\xdf\xa3|RIFF....AVI ",
    re.DOTALL,
)
#: ... and what may be a picture or an animation.
_EITHER = re.compile(rb"GIF8[79]a|\x89PNG\r\n\x1a\n")
#: What ``film.pulse`` says where the film's own sound is meant.
OWN_SOUND = "film"


def _bare(name: str) -> str:
    if name in ("", ".", "..") or len(name) > 255 or any(c in name for c in "/\\\0"):
        raise ValueError("a file name without a folder is needed")
    return name


BareName = Annotated[str, AfterValidator(_bare)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Note(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class FileNote(_Note):
    """A file the dream read: its bare name and the SHA-256 of all of it."""

    name: BareName
    sha256: Sha256


class NetworkNote(_Note):
    """The network that dreamed, the SHA-256 of its weights, and the files that its name names."""

    name: str
    sha256: str
    files: tuple[FileNote, ...] = ()

    @model_serializer(mode="wrap")
    def _short(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without files where there are none."""
        found: dict[str, Any] = usual(self)
        return found if self.files else {name: value for name, value in found.items() if name != "files"}


class EngineNote(_Note):
    """What ran: enough to run the same arithmetic again."""

    engine: Literal["native", "torch", "plain"]
    device: Literal["cpu", "cuda", "mps"]
    precision: Annotated[str, Field(pattern=r"^[a-z0-9+-]{4,20}$")]
    threads: Annotated[int, Field(ge=1, le=1024)]
    isa: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,20}$")] | None = None
    tile: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    tile_width: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    halo: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    step: Literal["torch", "plain", "avx2", "avx512"] = "torch"
    torch: str = ""


class OutputNote(_Note):
    """How the file was written."""

    depth: Literal[8, 16] = 8
    quality: Annotated[int, Field(ge=1, le=100)] | None = None


class Steered(_Note):
    """Settings that were changed before a step of a dream or a frame of a zoom; as in the recipe, as JSON."""

    octave: Annotated[int, Field(ge=0)] | None = None
    step: Annotated[int, Field(ge=0)] | None = None
    frame: Annotated[int, Field(ge=0)] | None = None
    changes: dict[str, Any]

    @property
    def place(self) -> tuple[int | None, ...]:
        """Octave, step and frame: where it is."""
        return self.octave, self.step, self.frame

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.frame is None) == (self.octave is None) or (self.octave is None) != (self.step is None):
            raise ValueError("an octave and a step are needed, or a frame")
        return self


class MovingNote(_Note):
    """How a zoom or a film was written: (width, height) in pixels, frames a second, and what of its light."""

    size: tuple[Annotated[int, Field(ge=1, le=100_000)], Annotated[int, Field(ge=1, le=100_000)]]
    rate: Annotated[str, Field(pattern=r"^\d{1,12}(/\d{1,12})?$")]
    container: Annotated[str, Field(pattern=r"^[a-z0-9]{1,10}$")]
    codec: Annotated[str, Field(pattern=r"^[a-z0-9]{1,10}$")]
    allow_flashes: bool = False


class Provenance(_Note):
    """Everything known of how a picture, a zoom or a film was made."""

    reverie: str
    recipe: Recipe
    source: FileNote | None
    files: tuple[FileNote, ...]
    network: NetworkNote
    engine: EngineNote
    output: OutputNote
    stopped: Stop | None = None
    steered: tuple[Steered, ...] = ()
    moving: MovingNote | None = None
    flashes: dict[Annotated[str, Field(max_length=40)], float] | None = None
    unrepeatable: Annotated[str, Field(max_length=100)] | None = None

    def document(self) -> dict[str, Any]:
        """As JSON, without what does not apply: that it was stopped or steered, and what moves."""
        document = self.model_dump(mode="json")
        for one in document["steered"]:
            for name in ("octave", "step", "frame"):
                if one[name] is None:
                    del one[name]
        for name in ("stopped", "steered", "moving", "flashes", "unrepeatable"):
            if not document[name]:
                del document[name]
        return document


def read_document(document: Mapping[str, Any], where: str) -> Provenance:
    """A provenance from JSON that is trusted in nothing.

    Raises:
        UsageError: Field by field what is wrong, naming ``where`` it stands; or a newer recipe.
        BadInput: It was evolved, not climbed.
    """
    if "recipe" not in document and "genome" in document:
        raise BadInput(
            f"{where}: was evolved and has no recipe; reverie fool --render {where} -o OUT draws it again"
        )
    if "recipe" not in document:
        raise UsageError(f"{where}: holds no recipe; it was not dreamed, or saved without metadata")
    recipe = read(document["recipe"], where)
    try:
        found = Provenance(**{**document, "recipe": recipe})
    except ValidationError as error:
        lines = (
            f"{'.'.join(map(str, e['loc']))}: {e['msg'][0].lower()}{e['msg'][1:]}" for e in error.errors()
        )
        raise UsageError(f"{where}: its recipe was damaged or edited: {'; '.join(lines)}") from error
    noted = {note.name for note in found.files}
    for name in (*recipe.files(), *film_files(recipe)):
        if name not in noted:
            raise UsageError(f'{where}: its recipe needs "{name[:80]}", which is not among its files')
    if bare_network(recipe.network) != recipe.network:
        raise UsageError(f"{where}: network: a file name without a folder is needed")
    return found


def of_picture(path: str | os.PathLike[str]) -> Provenance:
    """The provenance in a picture or a film; only the metadata is read, never the pixels.

    Raises:
        BadInput: No such file, neither a picture nor a film, or one without a recipe.
        UsageError: The recipe in it is from a newer version or makes no sense.
    """
    name = os.fspath(path)
    document = _document_in(name)
    if document is None:
        one = _made_beside(name)
        wanted = f"{one} does" if one else "give a picture or film that reverie made with its metadata"
        raise BadInput(f"{name}: holds no recipe; {wanted}")
    return read_document(document, name)


def _made_beside(name: str) -> str | None:
    """The first picture called after another that holds a recipe: one of a sheet, or a photograph's dream."""
    stem, ending = os.path.splitext(name)
    for one in sorted(glob.glob(f"{glob.escape(stem)}-*{glob.escape(ending)}"))[:MOST_TRIED]:
        with suppress(ReverieError, OSError):
            if _document_in(one) is not None:
                return one
    return None


def _document_in(name: str) -> dict[str, Any] | None:
    """What a picture, a film or a folder of pictures says of how it was made."""
    from reverie.media.picture import read_provenance

    if os.path.isdir(name) or begins_like_a_film(name):
        from reverie.media.video.write.metadata import read_metadata

        return read_metadata(name)
    document = read_provenance(name)
    if document is None and _EITHER.match(_head(name)):
        from reverie.media.video.write.metadata import read_metadata

        try:
            return read_metadata(name)
        except BadInput:  # a still picture, and it was read already
            return None
    return document


def begins_like_a_film(name: str) -> bool:
    """Whether a file's first bytes are those of MP4, MOV, Matroska, WebM or AVI."""
    return bool(_FILM.match(_head(name)))


def _head(name: str) -> bytes:
    """The first bytes of a regular file; none of anything else, whose reader says what is wrong."""
    try:
        with open_regular(name) as file:
            return file.read(16)
    except (OSError, ValueError):
        pass
    return b""


def film_files(recipe: Recipe) -> tuple[str, ...]:
    """Names of the mask and the music of a film."""
    film = recipe.film
    names = (film.mask, None if film.pulse == OWN_SOUND else film.pulse) if film else ()
    return tuple(name for name in names if name is not None)


def film_renamed(recipe: Recipe, names: Mapping[str, str]) -> Recipe:
    """The same recipe with names of the film's mask and music replaced."""
    film = recipe.film
    if film is None:
        return recipe
    changes = {"mask": names.get(film.mask or "", film.mask)}
    if film.pulse != OWN_SOUND:
        changes["pulse"] = names.get(film.pulse or "", film.pulse)
    return recipe.model_copy(update={"film": film.model_copy(update=changes)})


def recipe_in(path: str) -> Recipe:
    """The recipe in a file: JSON (a recipe, or a provenance) or a picture or film that reverie made.

    Raises:
        BadInput: The file cannot be read, or is neither.
        UsageError: The recipe makes no sense.
    """
    if os.path.isdir(path) or begins_like_a_film(path):
        return of_picture(path).recipe
    try:
        with open_regular(path) as file:
            text = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path}: {reason(error)}; give the path of a recipe or a picture that reverie made"
        ) from error
    if text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return of_picture(path).recipe
    if len(text) > LONGEST:
        raise UsageError(f"{path}: over {LONGEST} bytes are too long for a recipe")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{path}: not JSON ({str(error)[:100]}); `reverie show --json` writes one"
        ) from error
    if isinstance(document, dict) and "recipe" in document:
        document = document["recipe"]
    return read(document, path)


def bare_network(name: str) -> str:
    """A network's name with its files, if it names any, as bare file names, and without their hash."""
    return str(describe(name).bare())


def sha256_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file in hexadecimal; BadInput if it cannot be read."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise BadInput(f"{os.fspath(path)}: {unreadable(error)}; give a file that can be read") from error


def find(
    note: FileNote, folders: Iterable[Path], result: str, *, hint: str, allowed: Callable[[str, Path], None]
) -> Path:
    """The file of a note, by its name and content, in the first folder that has it.

    Args:
        note: The file.
        folders: Where it may be.
        result: What was made from it, for errors.
        hint: What to do where it is not.
        allowed: Raises where this name in this folder may not be opened.

    Raises:
        BadInput: It is in none, or the file of that name is another one.
    """
    other = ""
    for folder in folders:
        path = folder / note.name
        if os.path.lexists(path):
            allowed(note.name, folder)
            digest = sha256_of(path)
            if digest == note.sha256:
                return path
            other = other or f"{path}: not the file {result} was made from: SHA-256 is {digest}"
    if other:
        raise BadInput(f"{other}, expected {note.sha256}; {hint}")
    raise BadInput(f"{note.name}: not found beside {result} nor in the current folder; {hint}")
