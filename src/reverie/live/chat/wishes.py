"""A chat that wishes: each line that is the name of a topic is its writer's voice."""

from __future__ import annotations

import time
from collections.abc import Callable

from reverie.live.chat.client import Chat
from reverie.live.crowd.ballot import Person
from reverie.live.crowd.crowd import Crowd


def make_chat(crowd: Crowd, *, wake: Callable[[], None], note: Callable[[str], None]) -> Chat | None:
    """The chat that a show listens to, or None where it listens to none.

    Args:
        crowd: Who the chat belongs to.
        wake: Is called after each wish.
        note: Is told when the connection is lost, and when there is one.
    """
    show = crowd.show
    if show.twitch is None:
        return None

    def heard(text: str, person: Person) -> None:
        if crowd.hear(text, person, time.time()):
            wake()

    return Chat(show.twitch.removeprefix("#"), heard, show.chat_server, note)
