"""Lines of a chat as wishes."""

from __future__ import annotations

from reverie.live.chat.wishes import make_chat
from reverie.live.crowd.ballot import Person
from reverie.live.crowd.crowd import Crowd
from reverie.live.show import Moderation, Show
from reverie.live.topics import Topics

TOPICS = Topics.of("lite0")


def test_whole_names_are_wishes_and_nothing_else_is() -> None:
    crowd, woken = Crowd(Show(twitch="#Dream", moderation=Moderation(block=("snake",))), TOPICS), []
    chat = make_chat(crowd, wake=lambda: woken.append(1), note=lambda words: None)
    assert chat is not None
    assert chat.channel == "Dream"
    for number, text in enumerate(
        (
            "volcano",
            "I want a volcano!",
            "volcano + goldfish",
            "Volcano ",
            "snakes",
            "207",
            "",
            "volcano + snake",
        )
    ):
        chat.heard(text, Person(f"chat {number}"))
    assert {one.choice.label: one.votes for one in crowd.queue()} == {"volcano": 2, "volcano + goldfish": 1}
    assert len(woken) == 3
    for _ in range(500):  # nobody is refused for writing much, and nobody has two voices
        chat.heard("goldfish", Person("chat 0"))
    assert {one.choice.label: one.votes for one in crowd.queue()}["goldfish"] == 1


def test_a_show_without_a_chat_has_none() -> None:
    assert make_chat(Crowd(Show(), TOPICS), wake=lambda: None, note=lambda words: None) is None
