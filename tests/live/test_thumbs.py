"""Small pictures of what was dreamt."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.live import thumbs as module
from reverie.live.thumbs import SHIPPED, SIDE, TopicPictures, name_of
from reverie.live.topics import Topics

TOPICS = Topics.of("lite0")


def test_a_frame_is_kept_small_and_is_there_again(tmp_path: Path) -> None:
    topic = TOPICS.find("accordion")
    assert topic is not None
    pictures = TopicPictures(tmp_path / "small")
    assert pictures.name(topic) is None
    assert pictures.read(name_of(topic)) is None
    frame = np.zeros((288, 512, 3), np.uint8)
    frame[:, :, 0] = 200
    pictures.take(topic, frame)
    name = TopicPictures(tmp_path / "small").name(topic)
    assert name == name_of(topic)
    data = pictures.read(name)
    assert data is not None
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (SIDE, SIDE * 9 // 16)
    red, green, blue = picture.convert("RGB").getpixel((50, 50))
    assert abs(red - 200) < 12
    assert max(green, blue) < 20
    assert [path.name for path in (tmp_path / "small").iterdir()] == [f"{name}.webp"]


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "x" * 500, "\x00"])
def test_a_name_that_is_none_opens_nothing(tmp_path: Path, name: str) -> None:
    assert TopicPictures(tmp_path).read(name) is None


def test_they_do_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    pictures = TopicPictures(tmp_path)
    for topic in list(TOPICS)[:5]:
        pictures.take(topic, np.zeros((36, 64, 3), np.uint8))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_disk_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    pictures = TopicPictures(tmp_path / "small")
    (tmp_path / "small").rmdir()
    (topic, *_) = TOPICS
    pictures.take(topic, np.zeros((36, 64, 3), np.uint8))
    assert pictures.name(topic) in (None, name_of(topic))


def test_portraits_come_along_for_topics_that_there_are(tmp_path: Path) -> None:
    there = {path.stem for path in Path(SHIPPED).glob("*.webp")}
    known = {name_of(topic): topic for topic in TOPICS}
    assert there
    assert there <= known.keys()
    pictures = TopicPictures(tmp_path)
    for name in there:
        assert pictures.name(known[name]) == name
        data = pictures.read(name)
        assert data is not None
        assert len(data) < 8000
        assert Image.open(io.BytesIO(data)).size == (96, 96)
