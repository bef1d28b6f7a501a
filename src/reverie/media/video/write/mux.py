"""A film that is whole: its packets in their final container, with sound and with what made it."""

from __future__ import annotations

import errno
import heapq
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reverie.errors import ReverieError
from reverie.media.disk import settle
from reverie.media.video.write import metadata as note
from reverie.media.video.write.audio import heard
from reverie.media.video.write.partial_film import PartialFilm
from reverie.media.video.write.sound_plan import plan_sound, voice_for
from reverie.process.notices import warn

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

    from reverie.media.video.read.audio import Sound
    from reverie.media.video.write.sound_plan import Track

#: What a disk says that holds no more, with or without sound.
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.ENOENT}


def finish(
    film: PartialFilm, whole: Path, out: str, *, sound: Sound | None, metadata: Mapping[str, Any] | None
) -> None:
    """Write the final file, or folder, and have it on the disk.

    Args:
        film: What was encoded.
        whole: Where to write.
        out: What to call it in a warning.
        sound: Its sound, or None.
        metadata: A JSON document to put inside, or None.

    Raises:
        OSError: It cannot be written.
    """
    container = film.reel.encoding.container
    if sound is not None and not film.reel.encoding.keeps_sound:
        lost = "has no sound, it is left out; .mp4, .mov, .mkv and .webm keep it"
        warn(f"{out}: .{container} {lost}", stacklevel=3)
    if container in ("gif", "apng", "png"):
        from reverie.media.video.write.animation import write_apng, write_gif, write_sequence

        {"gif": write_gif, "apng": write_apng, "png": write_sequence}[container](film, whole, out, metadata)
    else:
        _mux_somehow(film, whole, out, sound, metadata)
    if whole.is_file():
        with open(whole, "r+b") as file:
            settle(file)


def _mux_somehow(
    film: PartialFilm, whole: Path, out: str, sound: Sound | None, metadata: Mapping[str, Any] | None
) -> None:
    """With its sound; without it where that is what fails: the pictures were the work."""
    if sound is None:
        return _mux(film, whole, out, None, metadata)
    try:
        return _mux(film, whole, out, sound, metadata)
    except ReverieError:
        raise  # the film that it comes from has gone, and may come back
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise
        said = " ".join(str(error).split())[:120] or type(error).__name__
    whole.unlink(missing_ok=True)
    _mux(film, whole, out, None, metadata)
    warn(f"{out}: its sound cannot be written ({said}); the film is finished without it", stacklevel=4)


def _mux(
    film: PartialFilm, whole: Path, out: str, sound: Sound | None, metadata: Mapping[str, Any] | None
) -> None:
    """Copy the film's packets, and its sound, into one container."""
    import av

    kind = film.reel.encoding.container
    options = {"fflags": "+bitexact"}
    if kind in ("mp4", "mov"):
        options |= {"movflags": "+faststart+use_metadata_tags", "movie_timescale": str(film.reel.clock)}
    name = {"mkv": "matroska"}.get(kind, kind)
    with film.opened() as source, av.open(os.fspath(whole), "w", format=name, options=options) as file:
        stream = file.add_stream_from_template(source.streams.video[0], opaque=True)
        stream.time_base = Fraction(1, film.reel.clock)
        stream.codec_context.sample_aspect_ratio = film.reel.aspect if film.reel.oblong else Fraction(1)
        if film.even:
            stream.codec_context.framerate = film.reel.rate
        if film.reel.encoding.codec == "h265" and kind in ("mp4", "mov"):
            stream.codec_context.codec_tag = "hvc1"  # the only one that Apple's players take
        if metadata is not None:
            file.metadata["comment"] = note.text(metadata)
        tracks = [_on(stream, film.packets(source))]
        if sound is not None:
            plan = _planned(sound, kind, out)
            found = [
                voice_for(file, sound, place, track, kind) if track.kept else None
                for place, track in enumerate(plan)
            ]
            tracks.append(heard(sound, found, out))
        for packet in heapq.merge(*tracks, key=_when):
            file.mux(packet)


def _planned(sound: Sound, kind: str, out: str) -> tuple[Track, ...]:
    with sound.again() as trial:
        return plan_sound(trial, kind, out)


def _on(stream: VideoStream, packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[Any]]:
    for packet in packets:
        packet.stream = stream
        yield packet


def _when(packet: Packet[Any]) -> Fraction:
    """The second at which a packet is due."""
    ticks = packet.dts if packet.dts is not None else packet.pts or 0
    return ticks * (packet.time_base or Fraction(0))
