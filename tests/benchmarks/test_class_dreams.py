"""The benchmark of class dreams: which pairs it makes, and that names tell nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks import class_dreams

from reverie.media.picture import Picture


def test_every_class_is_dreamt_on_other_photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grey = Picture(np.full((40, 40, 3), 0.5, np.float32))
    for k in range(3):
        grey.save(tmp_path / f"p{k}.png")
    asked: list[str] = []

    def rendered(recipe: object, picture: Picture, session: object) -> Picture:
        asked.append(recipe.objective[0])  # type: ignore[attr-defined]
        return picture

    monkeypatch.setattr(class_dreams, "render", rendered)
    monkeypatch.setattr(class_dreams, "sure", lambda picture, name: {"lite1": 0.7, "lite2": 0.5, "both": 0.5})
    photos = [str(tmp_path / f"p{k}.png") for k in range(3)]
    out = tmp_path / "out"
    assert class_dreams.main([*photos, "--classes", "tabby", "castle", "--out", str(out)]) == 0
    rows = json.loads((out / "figures.json").read_text())
    assert len({(row["photo"], row["class"]) for row in rows}) == 4
    assert sorted(row["picture"] for row in rows) == ["00", "01", "02", "03"]
    assert asked == ['class("tabby")', 'class("castle")'] * 2
    assert json.loads((out / "key.json").read_text()) == {row["picture"]: row["class"] for row in rows}


def test_the_old_way_is_the_usual_preset() -> None:
    assert class_dreams.recipe_of("tabby", 64).sites is not None
    assert class_dreams.recipe_of("tabby", 64, old=True).sites is None
