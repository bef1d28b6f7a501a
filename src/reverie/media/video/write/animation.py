"""Films of pictures that lose nothing on the way: GIF, APNG and folders of numbered PNGs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from reverie.media.disk import settle_folder
from reverie.media.picture import xmp
from reverie.media.video.write import metadata as note
from reverie.media.video.write.formats import sequence_of
from reverie.media.video.write.partial_film import PartialFilm
from reverie.process.notices import warn

if TYPE_CHECKING:
    from av.filter.context import FilterContext
    from av.filter.graph import Graph
    from av.video.frame import VideoFrame

#: The shortest a frame of a GIF may last, in hundredths of a second: browsers show a shorter one for ten.
SHORTEST: Final = 2
#: How colours that are not among the 256 are made of their neighbours.
DITHER: Final = "sierra2_4a"
_HUNDREDTH: Final = Fraction(1, 100)


def write_sequence(film: PartialFilm, whole: Path, out: str, metadata: Mapping[str, Any] | None) -> None:
    """A folder of PNGs, numbered from 1; what made them lies beside them."""
    import cv2

    _, pattern = sequence_of(out)
    whole.mkdir()
    order = [2, 1, 0, 3] if film.reel.alpha else [2, 1, 0]
    for number, (_, _, rgb) in enumerate(film.pictures(), 1):
        done, data = cv2.imencode(".png", np.ascontiguousarray(rgb[..., order]))
        assert done, "a picture of 8 bits can be written"
        (whole / (pattern % number)).write_bytes(data.tobytes())
    if metadata is not None:
        (whole / note.SIDE).write_text(note.text(metadata) + "\n", encoding="ascii")
    settle_folder(whole)


#: The last chunk of a PNG: no data, IEND and its sum.
_END: Final = b"\0\0\0\0IEND\xaeB`\x82"


def write_apng(film: PartialFilm, whole: Path, out: str, metadata: Mapping[str, Any] | None) -> None:
    """An APNG that goes on for ever; what made it stands behind all frames.

    For FFmpeg takes one for a still picture whose pixels do not begin in the first 2 kB.
    """
    import av
    from av import VideoFrame

    tick, kind = Fraction(1, film.reel.clock), "rgba" if film.reel.alpha else "rgb24"
    raw = whole.with_suffix(".new")
    options = {"plays": "0", "fflags": "+bitexact", "final_delay": str((film.end - max(film.begins)) * tick)}
    with av.open(os.fspath(raw), "w", format="apng", options=options) as file:
        stream = file.add_stream("apng", rate=film.reel.rate, options={"pred": "mixed", "threads": "1"})
        stream.width, stream.height = film.reel.stored
        stream.pix_fmt = kind
        stream.codec_context.time_base = stream.time_base = tick
        for begin, _, rgb in film.pictures():
            frame = VideoFrame.from_ndarray(rgb, kind)
            frame.pts, frame.time_base = begin, tick
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    packet = b"" if metadata is None else xmp.png_chunk(xmp.pack(dict(metadata)))
    _insert(raw, whole, raw.stat().st_size - len(_END), packet)


def _insert(raw: Path, whole: Path, place: int, data: bytes) -> None:
    """A file again with some bytes put in at a place."""
    with open(raw, "rb") as old, open(whole, "wb") as new:
        new.write(old.read(place) + data)
        shutil.copyfileobj(old, new, 1 << 20)
    raw.unlink()


def write_gif(film: PartialFilm, whole: Path, out: str, metadata: Mapping[str, Any] | None) -> None:
    """A GIF that goes on for ever, in the 256 colours that fit all of its frames best."""
    import av

    begins = _hundredths(film, out)
    palette = _palette(film, begins)
    end = round(Fraction(film.end * 100, film.reel.clock))
    last = str(max(SHORTEST, end - max(begins.values())))
    raw = whole.with_suffix(".new")
    options = {"loop": "0", "final_delay": last, "fflags": "+bitexact"}
    with av.open(os.fspath(raw), "w", format="gif", options=options) as file:
        stream = file.add_stream("gif", rate=100, options={"threads": "1"})
        stream.width, stream.height = film.reel.stored
        stream.pix_fmt = "pal8"
        stream.codec_context.time_base = stream.time_base = _HUNDREDTH
        for frame in _painted(film, begins, palette):
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    _insert(raw, whole, _after_head(raw), b"" if metadata is None else note.gif_comment(metadata))


def _hundredths(film: PartialFilm, out: str) -> dict[int, int]:
    """Where the frames that are taken begin, in hundredths of a second, by their place in the film.

    Time is rounded at each beginning, so that nothing adds up; what would last too short is left out.
    """
    taken: dict[int, int] = {}
    before = -SHORTEST
    for place, begin in enumerate(film.begins):
        at = round(Fraction(begin * 100, film.reel.clock))
        if at - before >= SHORTEST:
            taken[place] = before = at
    if len(taken) < film.frames:
        warn(
            f"{out}: a GIF shows 50 frames a second at most, {film.frames - len(taken)} of "
            f"{film.frames} are left out; .mp4 and .apng keep them",
            stacklevel=5,
        )
    return taken


def _shown(film: PartialFilm, begins: dict[int, int]) -> Iterator[VideoFrame]:
    """The frames that are taken, with their times."""
    from av import VideoFrame

    kind = "rgba" if film.reel.alpha else "rgb24"
    for place, (_, _, rgb) in enumerate(film.pictures()):
        if place in begins:
            frame = VideoFrame.from_ndarray(rgb, kind).reformat(format="bgra")
            frame.pts, frame.time_base = begins[place], _HUNDREDTH
            yield frame


def _source(graph: Graph, size: tuple[int, int]) -> FilterContext:
    from av import VideoFormat

    kind = VideoFormat("bgra", *size)
    return graph.add_buffer(width=size[0], height=size[1], format=kind, time_base=_HUNDREDTH)


def _palette(film: PartialFilm, begins: dict[int, int]) -> VideoFrame:
    """The colours of all frames by median cut, 16 x 16 of them."""
    from av.filter import Graph

    graph = Graph()
    source = _source(graph, film.reel.stored)
    clear = "1" if film.reel.alpha else "0"
    find = graph.add("palettegen", f"stats_mode=full:reserve_transparent={clear}")
    sink = graph.add("buffersink")
    source.link_to(find)
    find.link_to(sink)
    graph.configure()
    for frame in _shown(film, begins):
        source.push(frame)
    source.push(None)
    return cast("VideoFrame", sink.pull())


def _painted(film: PartialFilm, begins: dict[int, int], palette: VideoFrame) -> Iterator[VideoFrame]:
    """The frames in the palette's colours; errors are spread over neighbours."""
    import av
    from av.filter import Graph

    graph = Graph()
    source, colours = _source(graph, film.reel.stored), _source(graph, (16, 16))
    paint = graph.add("paletteuse", f"dither={DITHER}:diff_mode=rectangle:alpha_threshold=128")
    sink = graph.add("buffersink")
    source.link_to(paint, 0, 0)
    colours.link_to(paint, 0, 1)
    paint.link_to(sink)
    graph.configure()
    palette.pts, palette.time_base = 0, _HUNDREDTH
    colours.push(palette)
    colours.push(None)
    for frame in chain(_shown(film, begins), [None]):
        source.push(frame)
        while True:
            try:
                yield cast("VideoFrame", sink.pull())
            except (av.BlockingIOError, av.EOFError):
                break


def _after_head(path: Path) -> int:
    """Where a GIF's header, its colours and the word that it goes on for ever end (GIF89a, 18 to 26)."""
    with open(path, "rb") as file:
        head = file.read(13 + 768 + 19)
    place = 13 + (3 << ((head[10] & 7) + 1) if head[10] & 128 else 0)
    return place + (19 if head[place : place + 3] == b"\x21\xff\x0b" else 0)
