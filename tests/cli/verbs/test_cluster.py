"""``--cluster`` and ``reverie cluster``, from the command line."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from support.slow import mostly_slow

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


@mostly_slow(
    ("words", "code", "said"),
    [
        (
            ("dream", "chelsea.png", "-o", "d.png", "--cluster", "local"),
            2,
            "one dream is made on one machine",
        ),
        (("see", "tabby", "-o", "p.png", "--per-task", "cpu=2"), 2, "--per-task: is for --cluster only"),
        (("see", "tabby", "-o", "p.png", "--cluster", "local", "--per-task", "2"), 2, "as in cpu=2"),
        (
            ("see", "tabby", "-o", "p.png", "--cluster", "local", "--per-task", "cpu=0"),
            2,
            "one core at least",
        ),
        (("see", "tabby", "-o", "p.png", "--cluster", "local", "--per-task", "tpu=1"), 2, "as in cpu=2"),
    ],
    quick=1,
)
def test_what_cannot_be_is_refused(inside, here, words, code, said):
    inside(*words).refused(code, said)
    assert not (here / "d.png").exists()
    assert not (here / "p.png").exists()


@needs_ray
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("ray_ends")
@pytest.mark.xdist_group("ray")
def test_variations_on_a_cluster_are_those_of_one_machine(reverie, tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).save(tmp_path / "a.png")
    words = ("--variations", "2", "--steps", "1", "--octaves", "1")
    for where, more in (("many", ("--cluster", "local")), ("one", ("--threads", "1"))):
        (tmp_path / where).mkdir()
        ran = reverie("dream", "a.png", "-o", f"{where}/v.png", *words, *more, cwd=tmp_path)
        assert ran.rc == 0, ran.stderr
    for name in ("v-seed0.png", "v-seed1.png", "v.png"):
        assert (tmp_path / "many" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


@needs_ray
@pytest.mark.soak
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("ray_ends")
@pytest.mark.xdist_group("ray")
def test_the_machines_are_listed(reverie):
    ran = reverie("cluster", "local", "--json")
    assert ran.rc == 0, ran.stderr
    (machine,) = json.loads(ran.stdout)["machines"]
    assert machine["cores"] >= 1
    assert machine["reverie"]
