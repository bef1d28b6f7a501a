"""Options that say how a network's pictures are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reverie.errors import UsageError
from support.recipes import recipe_for


@pytest.mark.slow
def test_they_stand_in_the_networks_name() -> None:
    words = ("--network", "onnx:net.onnx", "--mean", "0.5", "--std", "1/255", "--fit", "window")
    assert recipe_for("me.png", *words).network == "onnx:net.onnx#mean=0.5&std=1/255&fit=window"
    words = ("--network", "py:n.py:f#mean=0.1", "--mean", "0.2", "--input-size", "320x240")
    assert recipe_for("me.png", *words).network == "py:n.py:f#mean=0.2&size=320x240"
    assert recipe_for("me.png", "--classes", "a&b.txt").network == "lite0#classes=a%26b.txt"
    assert recipe_for("me.png", "--channels", "1", "--network", "timm:x").network == "timm:x#channels=1"
    assert recipe_for("me.png").network == "lite0"


def test_those_of_a_recipe_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.json").write_text(json.dumps({"network": "onnx:net.onnx#mean=0.5"}))
    assert recipe_for("me.png", "--recipe", "r.json", "--std", "2").network == "onnx:net.onnx#mean=0.5&std=2"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mean", "red"], "--mean: red is no number"),
        (["--std", "0"], "--std: 0 is no number above 0"),
        (["--input-size", "0"], "--input-size: 0 is none of 1 to 4096"),
        (["--channels", "65"], "--channels: 65 is none of 1 to 64"),
        (["--fit", "crop"], "--fit: crop is no way"),
    ],
)
def test_what_cannot_be_is_called_as_it_is_typed(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=f"^{said}"):
        recipe_for("me.png", *words)
