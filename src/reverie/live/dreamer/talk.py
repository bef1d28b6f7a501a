"""A child's side of the talk with the server: its options, its ears and its voice."""

from __future__ import annotations

import argparse
import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reverie.errors import ReverieError
from reverie.live.dreamer.protocol import EndShow, LineVoice, Order, Pace, ShowError, lines, read_order


@dataclass(frozen=True)
class ChildOptions:
    """What a child is begun with.

    Attributes:
        ring: Name of the ring of frames that it makes.
        data: The show's folder, where its state is.
        size: (width, height) of the frames.
        fps: Frames a second.
        pace: "calm" or "eager".
        network: The network that dreams.
        seed: Where chance begins.
        offline: Never download weights.
        film: A film to show instead of a dream, for the recorded source.
    """

    ring: str
    data: Path
    size: tuple[int, int]
    fps: float
    pace: Pace
    network: str
    seed: int
    offline: bool
    film: Path | None

    @classmethod
    def of(cls, arguments: Sequence[str] | None = None) -> ChildOptions:
        """Those of a command line; it ends with status 2 where they cannot be."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--ring", required=True)
        parser.add_argument("--data", type=Path, required=True)
        parser.add_argument("--size", type=_size, default=(1024, 576))
        parser.add_argument("--fps", type=float, default=25.0)
        parser.add_argument("--pace", choices=("calm", "eager"), default="calm")
        parser.add_argument("--network", default="lite0")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--offline", action="store_true")
        parser.add_argument("--film", type=Path)
        return cls(**vars(parser.parse_args(arguments)))


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if not found or min(int(found[1]), int(found[2])) < 64:
        raise argparse.ArgumentTypeError(f"{text} is no size; write one as 1024x576, of 64 pixels or more")
    return int(found[1]), int(found[2])


class Talk:
    """Standard input and output as orders and reports.

    What a library prints goes to standard error; standard output has reports alone.

    Args:
        obey: Called with each order but ``end``, in a thread of its own; a ``ReverieError`` of it is told to
            the server.
    """

    def __init__(self, obey: Callable[[Order], None]) -> None:
        self._obey = obey
        self.voice = LineVoice(os.fdopen(os.dup(1), "wb"))
        os.dup2(2, 1)
        #: Set when the server said ``end`` or is gone.
        self.over = threading.Event()

    def listen(self) -> None:
        """Begin to take orders."""
        threading.Thread(target=self._hear, daemon=True, name="hear").start()

    def _hear(self) -> None:
        for text in lines(sys.stdin.buffer):
            try:
                order = read_order(text)
                if isinstance(order, EndShow):
                    break
                self._obey(order)
            except ReverieError as error:
                self.voice.say(ShowError(words=str(error)))
            except Exception as error:  # whatever an order does, the next one is heard
                self.voice.say(ShowError(words=f"{type(error).__name__}: {error}"[:500]))
        self.over.set()
