"""Moving pictures, in and out: films of any common kind to frames and back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reverie.movie.base import Colour, Info, Shot, SoundInfo

if TYPE_CHECKING:
    from reverie.movie.formats import Encoding, encoding_for
    from reverie.movie.note import read_metadata
    from reverie.movie.part import even_size
    from reverie.movie.read import Movie, open_movie
    from reverie.movie.render import Render, key_of
    from reverie.movie.sound_in import Sound, samples

# Where each name lives; FFmpeg is loaded with the first of them.
_HOMES = {
    "Encoding": "formats",
    "Movie": "read",
    "Render": "render",
    "Sound": "sound_in",
    "encoding_for": "formats",
    "even_size": "part",
    "key_of": "render",
    "open_movie": "read",
    "read_metadata": "note",
    "samples": "sound_in",
}

__all__ = [
    "Colour",
    "Encoding",
    "Info",
    "Movie",
    "Render",
    "Shot",
    "Sound",
    "SoundInfo",
    "encoding_for",
    "even_size",
    "key_of",
    "open_movie",
    "read_metadata",
    "samples",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
