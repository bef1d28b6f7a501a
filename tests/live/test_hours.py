"""What lies beside a film of an hour: the show, and each topic with its time."""

from __future__ import annotations

import json
from pathlib import Path

from reverie.live import hours
from reverie.live.dreamer.protocol import PlacedTopic, SetTopics
from reverie.live.hours import HourNotes
from reverie.live.show import Show


def order(name: str) -> SetTopics:
    return SetTopics(topics=(PlacedTopic(objective=f'class("{name}")', label=name),), fade=1.0)


def test_topics_are_there_with_their_times(tmp_path: Path) -> None:
    show = Show(title="Zoo", rtmp="rtmp://live.example/app", twitch="mine", record=tmp_path)
    notes = HourNotes(tmp_path, show)
    notes.write()
    assert not list(tmp_path.iterdir())
    (tmp_path / "reverie-1.mp4").write_bytes(b"")
    notes.begin("reverie-1.mp4", 1_800_000_000.0, order("volcano"))
    notes.note(order("goldfish"), 1_800_000_012.25)
    notes.write()
    document = json.loads((tmp_path / "reverie-1.json").read_text("utf-8"))
    assert document["film"] == "reverie-1.mp4"
    assert document["began"] == "2027-01-15T08:00:00Z"
    assert [(one["at"], one["topics"][0]["label"]) for one in document["topics"]] == [
        (0.0, "volcano"),
        (12.25, "goldfish"),
    ]
    assert document["topics"][1]["topics"][0]["objective"] == 'class("goldfish")'
    assert document["show"]["title"] == "Zoo"
    assert not {"rtmp", "twitch", "record", "music"} & set(document["show"])
    again = Show.model_validate(document["show"])  # it can be shown again
    assert again.title == "Zoo"
    notes.begin("reverie-2.mp4", 1_800_003_600.0, order("goldfish"))
    notes.write()  # of a film that is gone nothing is written
    assert not (tmp_path / "reverie-2.json").exists()


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    notes = HourNotes(tmp_path, Show())
    notes.begin("a.mp4", 0.0, None)
    for number in range(hours.MOST + 10):
        notes.note(order("volcano"), float(number))
    assert len(notes._topics) == hours.MOST
