"""Frames to be written: drawn from a state that has to be taken up again, or they are other ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import torch

from reverie.media.video.write.formats import encoding_for
from reverie.media.video.write.render import Render

SIZE = (96, 64)


def frames(state: dict[str, Any] | None, count: int) -> Iterator[tuple[int, Any, dict[str, Any]]]:
    """Pictures that each depend on all before them: (index, (H, W, 3) uint8, state after it)."""
    generator = torch.Generator().manual_seed(5)
    picture = torch.full((SIZE[1], SIZE[0], 3), 128.0)
    begin = 0
    if state is not None:
        generator.set_state(state["generator"])
        picture, begin = state["picture"].clone(), state["index"] + 1
    for index in range(begin, count):
        coarse = torch.randn(1, 3, 4, 6, generator=generator) * 12
        smooth = torch.nn.functional.interpolate(coarse, SIZE[::-1], mode="bicubic")[0].permute(1, 2, 0)
        picture = (picture * 0.95 + 6 + smooth).clamp(0, 255)
        kept = {"generator": generator.get_state(), "picture": picture.clone(), "index": index}
        yield index, picture.to(torch.uint8).numpy(), kept


def render(
    out: Path | str,
    count: int = 12,
    *,
    rate: Fraction | int = 5,
    key: dict[str, Any] | None = None,
    codec: str | None = None,
    **more: Any,
) -> Render:
    """A film that is begun, or gone on with, and not written yet."""
    return Render(
        out,
        key or {"count": count},
        size=SIZE,
        rate=Fraction(rate),
        encoding=encoding_for(out, codec=codec),
        **more,
    )


def fill(film: Render, count: int = 12, until: int | None = None) -> None:
    """Add the frames that are missing, up to one."""
    rate = film.reel.rate
    for index, rgb, state in frames(film.state, count):
        if film.complete or index == until:
            break
        film.add(rgb, index / rate, 1 / rate, lambda state=state: state)


def make(out: Path | str, count: int = 12, **more: Any) -> bytes:
    """A film from its beginning, or from what is safe, to its end."""
    with render(out, count, **more) as film:
        fill(film, count)
        film.finish(metadata={"reverie": "test", "count": count})
    return Path(out).read_bytes() if Path(out).is_file() else b""


def decoded(path: Path | str, kind: str | None = None) -> list[tuple[Fraction, Any]]:
    """(seconds, (H, W, 3)) of all frames, by PyAV."""
    with av.open(str(path), format=kind) as file:
        stream = file.streams.video[0]
        tick = stream.time_base
        return [(frame.pts * tick, frame.to_ndarray(format="rgb24")) for frame in file.decode(stream)]


def played(path: Path | str) -> int:
    """Frames that a player shows of a film whose end is torn: it leaves out what cannot be decoded."""
    shown = 0
    with av.open(str(path)) as file, contextlib.suppress(av.error.InvalidDataError):
        for packet in file.demux(video=0):
            with contextlib.suppress(av.error.InvalidDataError):
                shown += len(packet.decode())
    return shown


def write_film(out: str, count: int, patience: float, told: Any) -> None:
    """A process's work: a film to its end. It tells how many frames were safe, then each that is added."""
    with render(out, count, patience=patience) as film:
        told.send(film.done)
        for index, rgb, state in frames(film.state, count):
            if film.complete:
                break
            film.add(rgb, index / film.reel.rate, 1 / film.reel.rate, lambda state=state: state)
            told.send(index)
        film.finish(metadata={"reverie": "test", "count": count})
