"""The channels of sound: counted, and put into an order that has a name, before anything else looks at them.

PyAV frees a layout twice that is none of FFmpeg's own, and reads past the planes of eight or more channels.
So a decoder is given a plain count where its layout is its own, frames are put in order here by FFmpeg's
filters, and what leaves is packed and has a layout of at most eight channels that goes by a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.filter.graph import Graph

#: What so many channels are where nothing is said: the order of WAV.
USUAL: Final = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")
#: Layouts whose channels may stand in any order.
_NAMED: Final = (*USUAL, "2.1", "3.1", "4.0", "4.1", "quad(side)", "5.0(side)", "5.1(side)", "7.1(wide)")
_UNNAMED: Final = re.compile(r"\d+ channels( \(.*\))?|ambisonic \d+.*")


@dataclass(frozen=True)
class Channels:
    """The channels of a stream.

    Attributes:
        count: How many.
        names: "FL", "FR" ... in their own order where that goes by no name, else nothing.
    """

    count: int
    names: tuple[str, ...] = ()


def channels_of(context: AudioCodecContext) -> Channels:
    """The channels of a decoder that has not begun; from here on it counts them where they have no name.

    Ask once for each decoder, and never for its ``layout`` or ``channels`` before.
    """
    layout = context.layout  # owns the decoder's own list of channels, until that has another
    count, name = layout.nb_channels, layout.name
    if count < 1 or not _UNNAMED.fullmatch(name):
        return Channels(count)
    names = tuple(channel.name for channel in layout.channels) if "(" in name else ()
    context.layout = f"{count}C"
    return Channels(count, names)


class InOrder:
    """Frames of sound on their way into an order of channels that goes by a name; most are in one already."""

    def __init__(self, channels: Channels) -> None:
        """``channels`` is what their decoder was said to give."""
        self._channels = channels
        self._graph: Graph | None = None
        self._kind: tuple[str, str, int] | None = None

    def put(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """The same sound, with its times; packed and of eight channels at most where it was changed."""
        for frame in frames:
            count, name = frame.layout.nb_channels, frame.layout.name
            if count <= 8 and not _UNNAMED.fullmatch(name) and not (frame.format.is_planar and count == 8):
                yield frame
                continue
            kind = (frame.format.name, name, frame.sample_rate)
            if self._graph is None or self._kind != kind:
                self._graph, self._kind = self._filters(frame), kind
            self._graph.push(frame)
            yield from _pulled(self._graph)

    def _filters(self, frame: AudioFrame) -> Graph:
        from av.filter import Graph

        graph, name, count = Graph(), frame.layout.name, frame.layout.nb_channels
        clock = {} if frame.time_base is None else {"time_base": str(frame.time_base)}
        chain = [
            graph.add(
                "abuffer",
                sample_rate=str(frame.sample_rate),
                sample_fmt=frame.format.name,
                channel_layout=name,
                **clock,
            )
        ]
        if name.startswith("ambisonic"):
            layout = "mono"
            chain.append(graph.add("pan", "mono|c0=c0"))  # the first of them hears all around
        elif count > 8:
            layout = "mono"
            chain.append(graph.add("pan", "mono|c0=" + "+".join(f"{1 / count}*c{i}" for i in range(count))))
        elif _UNNAMED.fullmatch(name):
            layout, map_ = order_of(self._channels, count)
            chain.append(graph.add("channelmap", map=map_, channel_layout=layout))
        else:
            layout = name
        chain.append(graph.add("aformat", sample_fmts=frame.format.packed.name, channel_layouts=layout))
        chain.append(graph.add("abuffersink"))
        graph.link_nodes(*chain).configure()
        return graph


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    from av.error import BlockingIOError, EOFError

    while True:
        try:
            yield cast("AudioFrame", graph.pull())
        except (BlockingIOError, EOFError):
            return


def order_of(channels: Channels, count: int) -> tuple[str, str]:
    """(layout, which channel goes where, as FFmpeg's ``channelmap`` takes it) of up to eight channels."""
    names = channels.names if len(channels.names) == count else ()
    layout = _layouts().get(frozenset(names)) if len(set(names)) == count else None
    if layout is None:
        layout = USUAL[count - 1]
        names = _names(layout)
    return layout, "|".join(f"{place}-{name}" for place, name in enumerate(names))


def _names(layout: str) -> tuple[str, ...]:
    from av import AudioLayout

    return tuple(channel.name for channel in AudioLayout(layout).channels)


@cache
def _layouts() -> dict[frozenset[str], str]:
    """Each layout by its channels."""
    return {frozenset(_names(layout)): layout for layout in _NAMED}
