"""What a decoder raises on a broken file, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import UnidentifiedImageError

from reverie.errors import BadInput
from reverie.media.picture.detect_format import ACCEPTED


@contextmanager
def decoding(name: str, *, header: bool = False) -> Iterator[None]:
    """Turn whatever a decoder raises on a broken file into one line.

    Decoders of foreign bytes raise a dozen kinds of exceptions, so all of them are taken here, and
    nothing but a decoder is called inside.

    Raises:
        BadInput: The file is cut short, damaged, or of a kind that its decoder does not know.
    """
    try:
        yield
    except (BadInput, MemoryError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:120] or type(error).__name__
        if "text chunk" in said or "MAX_TEXT_CHUNK" in said:
            why = "a text chunk in it is too long to be one; save it without metadata"
        elif "unsupported" in said.lower() or "not supported" in said.lower():
            why = f"of a kind that is not read ({said}); save it as PNG"
        elif isinstance(error, UnidentifiedImageError):
            why = f"the file is cut short or damaged; accepted are {ACCEPTED}"
        elif header:
            why = f"the file is cut short or damaged ({said}); get it again"
        elif isinstance(error, EOFError) or "trunc" in said.lower() or "end of" in said.lower():
            why = "the file is cut short; get it again"
        else:
            why = f"the file is cut short or damaged ({said}); get it again"
        raise BadInput(f"{name}: {why}") from error
