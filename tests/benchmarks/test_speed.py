"""The tools of benchmarks/: jobs, networks, tables, pages."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from benchmarks.__main__ import PARTS
from benchmarks.job import Job
from benchmarks.parts import dream, gpu, networks, precision, sizes, step
from benchmarks.plan import Plan
from benchmarks.report import BEGIN, END, Report, between
from benchmarks.tables import markdown
from benchmarks.tools import networks as tools_networks
from benchmarks.tools.reference import activations

from reverie.jobs.bench.bench import cosine
from reverie.jobs.bench.machine import describe
from reverie.jobs.bench.timing import Child, ChildFailed
from support.paths import ROOT
from support.slow import mostly_slow
from support.twins import photo


def twin_layers(module, leaf):
    """Every layer of another author's network by our names, of a picture in [0, 1]."""
    return activations(module, tools_networks.normalised(leaf, "lite0"))


def test_a_job_survives_its_process():
    job = Job("native", "bare", isa="avx2", size=(65, 33), more={"tile": 256})
    assert Job.read(job.child().words[-1]) == job
    assert job.child().settings
    assert not Job("naive").child().settings


def test_the_network_cut_by_hand_gives_the_same_layers():
    module = tools_networks.lite0().requires_grad_(False)
    layers = ["block3a", "block5c"]
    cut = tools_networks.Cut(module, "lite0", layers)
    x = tools_networks.normalised(photo("coffee", 64, 96), "lite0")
    whole = twin_layers(module, photo("coffee", 64, 96))
    for name, found in zip(layers, cut(x), strict=True):
        torch.testing.assert_close(found, whole[name])
    assert len(cut.parts) < len(list(module.children())) + 16


@mostly_slow("how", ["usual", "bare", "loop", "large"])
def test_a_row_of_ours_takes_the_gradient_it_says(how, tmp_path, monkeypatch):
    from benchmarks.tools import naive, ours

    monkeypatch.chdir(tmp_path)
    size = (96, 64)
    exact = Job("naive", "float64", size=size, seconds=0, threads=1, gradient=str(tmp_path / "exact.npy"))
    mine = Job("plain", how, size=size, seconds=0, threads=1, gradient=str(tmp_path / "mine.npy"))
    assert len(naive.measure(exact)["times"]) == 1
    found = ours.measure(mine)
    assert len(found["times"]) >= 3
    assert "plain" in found["ran"]
    if how in ("usual", "bare"):
        assert cosine(np.load(exact.gradient), np.load(mine.gradient)) > 0.9999


def test_the_page_keeps_what_is_around_the_figures():
    page = f"before\n{BEGIN}\nold\n{END}\nafter"
    new = between(page, "new \\1")
    assert new == f"before\n{BEGIN}\n\nnew \\1\n\n{END}\nafter"
    assert between(new, "x").count(BEGIN) == 1
    with pytest.raises(ValueError, match="the page has no"):
        between("nothing to replace", "x")


def test_the_documentation_is_what_the_results_say(tmp_path):
    report = Report(ROOT / "docs")
    page = (ROOT / "docs" / "speed.md").read_text("utf-8")
    plotted = (ROOT / "docs" / "images" / "speed.png").exists()
    assert between(page, report.markdown(PARTS, plotted)) == page


def test_a_result_becomes_a_page(tmp_path):
    found = {
        "rows": {
            "naive loop": {"ms": [9.0, 10.0, 11.0], "to_base": [1.0, 1.0, 1.0], "memory": 3e8, "ran": "fp32"},
            "reverie, native": {
                "ms": [0.9, 1.0, 1.1],
                "to_base": [9.0, 10.0, 11.0],
                "memory": 3e7,
                "ran": "AMX",
            },
            "horama": {"failed": "No module named 'horama'"},
        },
        "base": "naive loop",
        "best_other": None,
    }
    report = Report(tmp_path)
    report.add("step", found, describe(), 2)
    report.write({"step": step})
    page = (tmp_path / "speed.md").read_text("utf-8")
    assert "| reverie, native | 1.0 (0.9-1.1) | 10.0 (9.0-11.0) | 30 | AMX |" in page
    assert "not measured: No module named 'horama'" in page
    assert Report(tmp_path).parts["step"]["found"] == found


@pytest.mark.parametrize("part", [step, dream, sizes, networks, precision], ids=lambda part: part.__name__)
def test_a_part_whose_rows_all_fail_says_so_and_goes_on(part, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Child, "run", lambda *_, **__: failing())
    monkeypatch.setattr(sizes, "dream", lambda *_: {"failed": "no room"})
    found = json.loads(json.dumps(part.measure(Plan(1, quick=True))))
    assert "no room" in part.markdown(found)


def failing():
    raise ChildFailed("no room")


def test_tables_escape_what_would_break_them():
    assert markdown(["a", "b"], [["x|y", "1"]]).splitlines()[-1] == "| x\\|y | 1 |"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so():
    assert "no CUDA GPU" in gpu.missing()
