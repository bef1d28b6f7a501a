"""The state of a dream in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from reverie.errors import BadInput, ResourceError
from reverie.live.dreamer.kept_dream import WHERE, keep, kept

SIZE = (128, 72)


def state(value: float = 0.5) -> dict[str, Any]:
    return {"frame": 7, "picture": torch.full((1, 3, 72, 128), value), "camera": {"since": 3}}


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = keep(tmp_path, state())
    assert file == tmp_path / WHERE
    found = kept(tmp_path, SIZE)
    assert found is not None
    assert found["frame"] == 7
    assert found["camera"] == {"since": 3}
    assert torch.equal(found["picture"].float(), state()["picture"])
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_there_may_be_none(tmp_path: Path) -> None:
    assert kept(tmp_path, SIZE) is None


def test_what_was_cut_off_in_the_middle_is_not_the_state(tmp_path: Path) -> None:
    file = keep(tmp_path, state(0.25))
    (file.parent / (file.name + ".part")).write_bytes(file.read_bytes()[:1000])
    found = kept(tmp_path, SIZE)
    assert found is not None
    assert float(found["picture"].mean()) == 0.25


@pytest.mark.parametrize("damage", ["cut", "flipped", "pickle", "empty", "other"])
def test_a_damaged_file_is_said_in_one_sentence(tmp_path: Path, damage: str) -> None:
    file = keep(tmp_path, state())
    whole = file.read_bytes()
    if damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "flipped":
        file.write_bytes(whole[:100] + bytes(b ^ 255 for b in whole[100:300]) + whole[300:])
    elif damage == "pickle":
        torch.save({"kind": Path("code")}, file)
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        torch.save({"kind": "something else"}, file)
    with pytest.raises(BadInput, match="the dream begins anew"):
        kept(tmp_path, SIZE)


def test_one_of_another_size_is_left_aside(tmp_path: Path) -> None:
    keep(tmp_path, state())
    with pytest.raises(BadInput, match="another size"):
        kept(tmp_path, (256, 144))


def test_a_picture_that_is_not_finite_does_not_take_the_place_of_one_that_is(tmp_path: Path) -> None:
    keep(tmp_path, state(0.25))
    with pytest.raises(ResourceError, match="not finite"):
        keep(tmp_path, state(float("nan")))
    found = kept(tmp_path, SIZE)
    assert found is not None
    assert float(found["picture"].mean()) == 0.25


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the folder's place")
    with pytest.raises(ResourceError, match="cannot be kept"):
        keep(tmp_path, state())
