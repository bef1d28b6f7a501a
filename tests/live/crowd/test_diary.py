"""What is written down."""

from __future__ import annotations

import json
from pathlib import Path

from reverie.live.crowd.diary import DiaryFile, TurningFile


def test_a_line_each_of_what_can_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "log" / "crowd.log"
    diary = DiaryFile(path)
    diary.note(0.0, "wish", text="a\nb\x1b[31m\u202ecba", who="\ud800", people=3)
    diary.note(1.5, "skip")
    diary.close()
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines[0]["at"] == "1970-01-01T00:00:00+00:00"
    assert lines[0]["text"] == "a b\\x1b[31m\\u202ecba"
    assert lines[1] == {"at": "1970-01-01T00:00:01+00:00", "what": "skip"}


def test_it_never_fills_the_disk(tmp_path: Path) -> None:
    file = TurningFile(tmp_path / "lines.txt", bytes=1000, kept=2)
    for number in range(500):
        file.write(f"{number:04d} {'x' * 40}")
    file.close()
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == ["lines.txt", "lines.txt.1", "lines.txt.2"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000
    assert "0499" in (tmp_path / "lines.txt").read_text()


def test_a_disk_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    file = TurningFile(tmp_path / "gone" / "lines.txt")
    (tmp_path / "gone").rmdir()
    file.write("x")
    file.close()
    assert not (tmp_path / "gone").exists()
