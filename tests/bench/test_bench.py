"""Measuring: statistics, processes in turn, the naive loop, the command, and the tools of benchmarks/."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from benchmarks.job import Job
from benchmarks.parts import dream, gpu, networks, precision, sizes, step
from benchmarks.plan import Plan
from benchmarks.report import BEGIN, END, Report, between
from benchmarks.tables import markdown
from benchmarks.tools import networks as tools_networks
from benchmarks.tools.reference import activations

from reverie.bench.bench import NAIVE, Row, cosine, trial_picture
from reverie.bench.bench import Job as Line
from reverie.bench.bench import measure as measure_rows
from reverie.bench.machine import describe, in_words
from reverie.bench.naive import naive_network, naive_step
from reverie.bench.timing import Child, ChildFailed, Runs, Spread, alternate, clock
from reverie.cli import complete
from reverie.cli.verbs.bench import cells
from reverie.engine.select import ENGINES
from reverie.errors import UsageError
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from support.paths import ROOT
from support.twins import photo, twin_network

# -- timing ----------------------------------------------------------------------------------------


def test_quartiles_are_numpys():
    values = list(np.random.default_rng(0).random(37))
    found = Spread.of(values)
    np.testing.assert_allclose((found.low, found.middle, found.high), np.percentile(values, (25, 50, 75)))
    assert Spread.of([2.0]) == Spread(2.0, 2.0, 2.0)


def test_ratios_are_taken_within_a_round():
    # The machine is four times slower in the second round, for both.
    runs = Runs(
        {"a": [{"times": [1.0, 1.0, 1.0]}, {"times": [4.0]}], "b": [{"times": [3.0]}, {"times": [12.0]}]}
    )
    assert runs.ratio("a", "b") == Spread(3.0, 3.0, 3.0)


def test_a_clock_times_what_it_was_told_to():
    calls = []
    assert len(clock(lambda: calls.append(1), seconds=0, warm=2)) == 3
    assert len(calls) == 5
    assert len(clock(lambda: None, seconds=0, warm=0, most=1)) == 1
    assert len(clock(lambda: None, seconds=60, most=7)) == 7


def row(code: str, **settings: str) -> Child:
    return Child(["-c", f"import os, sys\nfrom reverie.bench.timing import tell\n{code}"], settings)


def test_rows_run_in_turn_and_one_that_fails_drops_out(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    told = []
    rows = {
        "a": row("print('noise'); tell(times=[1.0], seen=dict(os.environ))", EXTRA="yes"),
        "bad": row("sys.exit('no such thing')"),
        "b": row("tell(times=[2.0], seen=dict(os.environ))"),
    }
    runs = alternate(rows, 2, threads=3, each=lambda number, name, _: told.append((number, name)))
    assert told == [(0, "a"), (0, "bad"), (0, "b"), (1, "a"), (1, "b")]
    assert runs.failed == {"bad": "no such thing"}
    assert runs.ratio("a", "b").middle == 2.0
    first, other = runs.done["a"][0]["seen"], runs.done["b"][0]["seen"]
    assert first["EXTRA"] == "yes"
    assert "EXTRA" not in other
    assert first["OMP_NUM_THREADS"] == other["OMP_NUM_THREADS"] == "3"
    assert "MALLOC_ARENA_MAX" not in first  # nobody's tuning goes with it


def test_a_process_that_tells_nothing_or_hangs_has_failed(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    with pytest.raises(ChildFailed, match="code 0"):
        row("pass").run()
    with pytest.raises(ChildFailed, match="no result after 1 s"):
        row("import time; time.sleep(60)").run(timeout=1)


# -- machine ---------------------------------------------------------------------------------------


def test_the_machine_is_described():
    found = describe()
    assert found["torch"] == torch.__version__
    assert found["cores"] <= (os.cpu_count() or 1)
    json.dumps(found)
    words = in_words(found, 1)
    assert "1 thread;" in words
    assert found["processor"] in words


def test_the_peak_counts_what_was_given_back():
    code = """
import numpy as np
from reverie.bench.machine import peak, resident
before = resident()
block = np.ones(peak() - before + 200_000_000, np.uint8)  # more than this process ever held
most = block.nbytes
del block
assert peak() > before + 0.9 * most
assert resident() < before + 0.5 * most
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # engines keep what they are given


# -- the naive loop --------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["stem", "block3a", "block5c", "head", "logits"])
def test_the_naive_loop_is_the_published_network(layer):
    net = load_net("lite0")
    picture = photo("chelsea", 70, 97)
    module, target = naive_network(net, layer)
    assert any(isinstance(part, torch.nn.BatchNorm2d) for part in module.modules())
    gradient = naive_step(net, layer, picture)()
    assert all(p.requires_grad for p in target.parameters())  # gradients at the weights are part of it

    twin = twin_network().double()
    leaf = picture.double().requires_grad_(True)
    found = twin_layers(twin, leaf)[layer]
    (right,) = torch.autograd.grad(found.square().mean(), leaf)
    assert cosine(gradient.numpy(), right.numpy()) > 0.9999


def twin_layers(module, leaf):
    """Every layer of another author's network by our names, of a picture in [0, 1]."""
    return activations(module, tools_networks.normalised(leaf, "lite0"))


def test_the_naive_loop_of_a_network_of_ones_own():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 5, 3))
    picture = torch.rand(1, 3, 16, 16)
    gradient = naive_step(wrap_net(module, mean=0.5, std=0.25), "1", picture)()
    leaf = picture.clone().requires_grad_(True)
    module[:2]((leaf - 0.5) / 0.25).square().mean().backward()
    torch.testing.assert_close(gradient, leaf.grad)


def test_layers_that_exist_in_reverie_alone_are_refused():
    with pytest.raises(UsageError, match="logits"):
        naive_network(load_net("lite0"), "logit_map")


# -- the command -----------------------------------------------------------------------------------


def test_completion_knows_the_engines():
    assert complete.ENGINES == ENGINES
    assert complete.engines("n") == ["native"]


def test_cosine_is_right_for_tiny_gradients():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 500))
    right = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert cosine(a * 1e-200, b * 1e-150) == pytest.approx(right, rel=1e-12)
    assert cosine(np.zeros(3), np.ones(3)) == 0.0


def test_the_trial_picture_is_the_same_every_time_and_in_range():
    picture = trial_picture(3, 65, 47)
    assert picture.shape == (1, 3, 47, 65)
    assert 0 <= float(picture.min()) < float(picture.max()) <= 1
    assert torch.equal(picture, trial_picture(3, 65, 47))


def test_a_row_that_failed_says_why():
    assert cells(Row("native", failed="not here"))[-1] == "not here"


@pytest.mark.slow
def test_rows_are_measured_side_by_side(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    job = Line(what="", network="lite0", layer="block2a", size=(64, 48), device="cpu", threads=1)
    said = []
    rows = {
        r.name: r for r in measure_rows(job, [NAIVE, "plain", "x"], seconds=1, settings={}, each=said.append)
    }
    assert rows[NAIVE].ratio == Spread(1.0, 1.0, 1.0)
    assert rows[NAIVE].cosine == pytest.approx(1, abs=1e-4)
    assert rows["plain"].cosine == pytest.approx(1, abs=1e-12)
    assert rows["plain"].memory > 1e6
    assert "fp32" in rows["plain"].ran
    assert "x" in rows["x"].failed
    assert len(said) == 3


@pytest.mark.slow
def test_the_command_prints_a_table_or_json(reverie):
    words = (
        "bench",
        "--seconds",
        "1",
        "--size",
        "64x48",
        "--layer",
        "block2a",
        "--engine",
        "plain",
        "--threads",
        "1",
    )
    found = reverie(*words, "--json").json
    assert [r["name"] for r in found["rows"]] == ["naive loop", "plain"]
    assert found["machine"]["torch"] == torch.__version__
    assert found["size"] == [64, 48]
    assert all(r["seconds"]["middle"] > 0 for r in found["rows"])
    done = reverie(*words)
    assert done.rc == 0, done.stderr
    assert done.stderr == ""
    assert "x naive" in done.stdout
    assert len([line for line in done.stdout.splitlines() if "fp32" in line]) == 2


def test_the_command_refuses_what_cannot_be(reverie):
    reverie("bench", "--engine", "nativ").refused(2, "--engine nativ", "native")
    reverie("bench", "--layer", "block9z").refused(2, "block9z")
    reverie("bench", "--size", "8x8").refused(2, "32")


# -- benchmarks/ -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("how", ["usual", "bare", "loop", "large"])
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
    parts = {
        "step": step,
        "dream": dream,
        "sizes": sizes,
        "networks": networks,
        "precision": precision,
        "gpu": gpu,
    }
    report = Report(ROOT / "docs")
    page = (ROOT / "docs" / "speed.md").read_text("utf-8")
    plotted = (ROOT / "docs" / "images" / "speed.png").exists()
    assert between(page, report.markdown(parts, plotted)) == page


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
