"""The measuring of evolution: what a report says is what the files and the state say."""

from __future__ import annotations

import csv
import re
import statistics

import numpy as np
import pytest
import torch
from benchmarks import evolve
from benchmarks import evolve_report as page
from PIL import Image

from reverie.evolve import load_checkpoint
from reverie.jobs.fooling.run import EvolutionRun
from reverie.jobs.fooling.settings import make_settings
from support import twins


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of three classes of lite0."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("cppn", "direct"):
        settings = make_settings(encoding=name, size=32, population=8, children=8, generations=2)
        outcome = EvolutionRun(folder / name, settings).carry_out(["0", "1", "2"])
        assert len(outcome.archive) == 3
    return folder


@pytest.mark.slow
def test_a_report_is_read_from_the_files(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(page, "photographs", lambda network: [("cat", "tabby", 0.5)])
    (tmp_path / "fooling.md").write_text(f"# Before\n\n{page.BEGIN}\nold\n{page.END}\n\nAfter\n")
    assert evolve.main(["report", "--out", str(runs), "--docs", str(tmp_path)]) == 0
    text = (tmp_path / "fooling.md").read_text()
    assert text.startswith("# Before\n\n")
    assert text.endswith("\n\nAfter\n")
    assert "old" not in text
    for name in ("cppn", "direct"):
        state, _ = load_checkpoint(runs / name / "checkpoint.npz")
        rows = list(csv.DictReader((tmp_path / f"fooling-{name}.csv").open()))
        assert [row["class"] for row in rows] == ["0", "1", "2"]
        for row, png in zip(rows, sorted((runs / name / "pictures").iterdir()), strict=True):
            pixels = torch.from_numpy(np.asarray(Image.open(png)).copy()).double() / 255
            with torch.no_grad():
                shares = twins.twin_network()(pixels.permute(2, 0, 1)[None] * 2 - 1).softmax(1)
            assert float(row["lite0"]) == pytest.approx(float(shares[0, int(row["class"])]), abs=2e-5)
        middle = statistics.median(float(row["lite0"]) for row in rows)
        assert f"| {name} | {state.evaluations:,} | {middle:.4f} | 0 | 0 | 0 |" in text
        with Image.open(tmp_path / "images" / f"fooling-{name}.jpg") as image:
            assert image.size == (page.ACROSS * page.CELL, page.CELL)
    assert "| cat | tabby | 50.0 % |" in text
    assert "times that of `direct`" in text


def test_a_report_of_nothing_says_so(tmp_path):
    with pytest.raises(SystemExit, match="no finished run"):
        evolve.main(["report", "--out", str(tmp_path)])


@pytest.mark.slow
def test_speed_is_told_for_each_encoding(monkeypatch, capsys):
    monkeypatch.setattr(evolve, "GROWN", 1)
    monkeypatch.setattr(evolve, "MEASURED", 3)
    evolve.main(["speed", "cppn", "random", "--size", "32", "--threads", "1"])
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[-3:]]
    assert [row[0] for row in rows] == ["`cppn`", "`random`", "the network alone"]
    assert all(re.fullmatch(r"\d+ \(\d+-\d+\)", row[1]) for row in rows)
    assert all(re.fullmatch(r"\d+ %", row[2]) for row in rows[:2])


@pytest.mark.slow
def test_runs_are_compared_at_equal_evaluations(tmp_path):
    for name in evolve.COMPARED:
        given = evolve.parser().parse_args(["run", name, "--out", str(tmp_path), "--threads", "1"])
        settings = evolve.taken_up(given, name).settings
        assert settings.evaluations() == evolve.EVALUATIONS == 200_000
        assert settings.size == 224
