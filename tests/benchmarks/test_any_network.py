"""Thirty networks of other people: what the documentation says of them, and a sample measured again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.any_network import CANDIDATES, LEAST, measured

from support.paths import ROOT

ROWS = json.loads((ROOT / "docs" / "any-network.json").read_text("utf-8"))["networks"]


def test_the_documentation_has_all_of_them() -> None:
    assert [row["network"] for row in ROWS] == [one.title for one in CANDIDATES]
    assert len(ROWS) >= 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["network"])
def test_every_one_dreamt_as_it_should(row: dict[str, object]) -> None:
    assert row["cosine"] >= LEAST
    assert row["note"] == ""
    assert row["climbed"]
    assert row["engine"] in ("native", "torch")


@pytest.mark.slow
@pytest.mark.parametrize(
    "title",
    [
        "torchvision squeezenet1_1",
        "timm deit_tiny_distilled_patch16_224",
        "ONNX, groups and residuals",
        "torch.export, any size",
        "code of one's own",
        "Lite0, weights of one's own",
        "faces (dlib)",
    ],
)
def test_a_sample(tmp_path: Path, title: str) -> None:
    one = next(one for one in CANDIDATES if one.title == title)
    row = measured(one, tmp_path)
    assert row["cosine"] >= LEAST
    assert row["note"] == ""
    assert row["climbed"]
