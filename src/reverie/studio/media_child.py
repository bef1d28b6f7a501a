"""A process that decodes what strangers sent: with little memory, little time, and nothing to lose.

It is a child of the server, as workers are. What it reads is a file of the store; what it gives back are
facts and pictures that it encoded itself.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from reverie.errors import BadInput, ReverieError
from reverie.jobs.provenance.note import begins_like_a_film, of_picture
from reverie.media.picture import Picture, load_picture, save_picture
from reverie.process.notices import collect_warnings
from reverie.studio.worker import messages
from reverie.web.previews import webp

#: Bytes of memory, of a file that it writes, and files that it may have open at once.
MEMORY, FILE, OPEN = 6 << 30, 4 << 30, 64
#: Endings by the format of a picture's bytes.
_ENDING: Final = {"jpeg": ".jpg", "tiff": ".tif"}


def limit() -> None:
    """Bound what this process may take."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the server's deadline holds there
        return
    limits = ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, FILE), (resource.RLIMIT_CORE, 0))
    for kind, most in (*limits, (resource.RLIMIT_NOFILE, OPEN)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def look(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What a file is: a photograph or a film, its size in pixels, and what is to be said of it."""
    path, most = asked["path"], asked["pixels"]
    with collect_warnings() as said:
        if begins_like_a_film(path):
            from reverie.media.video.read.reader import open_video

            with open_video(path, max_pixels=most) as film:
                width, height = film.info.size
                found = {"kind": "film", "seconds": round(float(film.info.duration), 3), "suffix": ".mp4"}
        else:
            picture = load_picture(path, max_pixels=most)
            width, height = picture.size
            assert picture.source is not None
            kind = picture.source.format
            found = {"kind": "photo", "suffix": _ENDING.get(kind, f".{kind}")}
    name = os.path.basename(path)
    warnings = [text.replace(path, "it").replace(name, "it") for text in said]
    return {**found, "width": width, "height": height, "warnings": warnings}, b""


def view(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """A small picture of a photograph, a film or a result, and how large that is.

    Of a film it is the frame ``at`` so many seconds.
    """
    picture = _still(asked["path"], asked["pixels"], asked["at"])
    data, _ = webp(picture, asked["side"])
    return {"width": picture.size[0], "height": picture.size[1]}, data


def mask(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """A mask as we write it: a grey PNG of 8 bits, white where the picture is opaque and white."""
    picture = load_picture(asked["path"], max_pixels=asked["pixels"])
    grey = picture.pixels.mean(axis=2, keepdims=True, dtype=np.float32)
    if picture.alpha is not None:
        grey = grey * picture.alpha[..., None]
    save_picture(Picture(grey), asked["out"], overwrite=True)
    return {"width": picture.size[0], "height": picture.size[1]}, b""


def convert(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """A result in another format, with what made it, as the job itself would have written it.

    A ``plain`` one has no recipe in it.
    Results are kept with 16 bits a channel. Rounded to 8, that is what rounding to 8 at once gives: a step of
    8 bits is 257 of 16, which is odd, so the bounds between two levels are the same.
    """
    picture, depth = load_picture(asked["path"]), asked["depth"]
    document = None
    if not asked["plain"]:
        note = of_picture(asked["path"])
        output = note.output.model_copy(update={"depth": depth, "quality": None})
        document = note.model_copy(update={"output": output}).document()
    save_picture(picture, asked["out"], depth=depth, provenance=document, overwrite=True)
    return {}, b""


def read(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """How a result was made, as it says itself."""
    return {"note": of_picture(asked["path"]).document()}, b""


_TASKS: Final[dict[str, Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]]] = {
    "look": look,
    "view": view,
    "mask": mask,
    "convert": convert,
    "read": read,
}


def _still(path: str, pixels: int, at: float) -> Picture:
    """A still picture, or a film's frame at a time in seconds."""
    if not begins_like_a_film(path):
        with collect_warnings(lambda text: None):
            return load_picture(path, max_pixels=pixels)
    from reverie.media.video.read.reader import open_video

    with open_video(path, start=at or None, max_pixels=pixels) as film:
        for frame in film.frames():
            return Picture(frame.rgb.astype(np.float32) / np.float32(255))
    raise BadInput("it has no frames")


def main() -> None:
    """Do what the server asks, until it is gone."""
    voice = messages.Voice(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what a library prints is no message
    limit()
    voice.say({"ready": True})
    while (said := messages.read(sys.stdin.buffer)) is not None:
        voice.say(*answered(said[0]))


def answered(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What a task gives; or why it does not, in words without paths, and as an HTTP status."""
    path, name = asked["path"], asked["name"]
    try:
        return _TASKS[asked["do"]](asked)
    except ReverieError as error:
        words = str(error).replace(path, name).replace(os.path.basename(path), name)
        words = words.replace("--max-pixels raises it", "make it smaller")
        return {"error": words, "status": _status(words)}, b""
    except (MemoryError, RecursionError):
        return {"error": f"{name}: takes too much memory; give a smaller one", "status": 413}, b""
    except Exception as error:  # a damaged file may break its decoder in any way
        return {"error": f"{name}: cannot be read ({type(error).__name__})", "status": 422}, b""


def _status(words: str) -> int:
    """413 of what is too large, 415 of what is no picture at all, 422 of all else."""
    if "over the limit of" in words:
        return 413
    return 415 if "accepted" in words or "no film" in words else 422


if __name__ == "__main__":
    main()
