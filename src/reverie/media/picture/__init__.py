"""Still pictures, in and out: files of any common kind to float pixels and back."""

from __future__ import annotations

from reverie.media.picture.picture import Picture, Source
from reverie.media.picture.read import MAX_PIXELS, load_picture, read_provenance
from reverie.media.picture.write import check_save, save_picture

__all__ = [
    "MAX_PIXELS",
    "Picture",
    "Source",
    "check_save",
    "load_picture",
    "read_provenance",
    "save_picture",
]
