"""Machines with different instruction sets come to the same bytes where that is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reverie import native
from reverie.errors import ResourceError
from reverie.jobs.cluster.connect import OtherKernels, compute_with
from reverie.jobs.cluster.machines import Machine, common_kernels
from reverie.native import Isa
from support.commands import environment
from support.ray_nodes import NODE

AVX2 = Machine("a", "1", "2", "3.12", "avx2", "AVX2")
AVX512 = replace(AVX2, name="b", kernels="avx512", torch_kernels="AVX512")
AMX = replace(AVX512, name="c", kernels="amx")
BARE = replace(AVX512, name="d", kernels="torch")
PLAIN = replace(BARE, name="e", torch_kernels="DEFAULT")


@pytest.mark.parametrize(
    ("machines", "ours", "torchs", "onednn"),
    [
        ((AVX2, AVX512, AMX), "avx2", "avx2", "AVX2"),
        ((AMX, AVX512), "avx512", "avx512", "AVX512_CORE"),
        ((AMX, AMX), "amx", "avx512", "AVX512_CORE_AMX"),
        ((AMX, BARE), "none", "avx512", "AVX512_CORE"),
        ((AVX2, BARE), "none", "avx2", "AVX2"),
        ((PLAIN, AMX), "none", "default", "SSE41"),
    ],
)
def test_all_compute_with_what_the_plainest_has(
    machines: tuple[Machine, ...], ours: str, torchs: str, onednn: str
) -> None:
    assert common_kernels(machines) == {
        "REVERIE_ISA": ours,
        "ATEN_CPU_CAPABILITY": torchs,
        "ONEDNN_MAX_CPU_ISA": onednn,
        "MKL_CBWR": "COMPATIBLE",
    }


def test_a_machine_of_another_kind_is_refused() -> None:
    arm = replace(AVX2, name="phone", torch_kernels="SVE256")
    with pytest.raises(ResourceError, match=r"machine phone has kernels of its own kind \(SVE256\)"):
        common_kernels([AVX2, arm])


@pytest.fixture
def _anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    native.instruction_sets.cache_clear()
    yield
    monkeypatch.undo()
    native.instruction_sets.cache_clear()


@pytest.mark.usefixtures("_anew")
@pytest.mark.parametrize(("most", "left"), [("none", 0), ("avx2", 1), ("amx", 4), ("", 4), ("nonsense", 4)])
def test_kernels_are_limited_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, most: str, left: int
) -> None:
    class Library:
        def reverie_offers(self, isa: int) -> bool:
            return True

    monkeypatch.setattr(native, "library", Library)
    monkeypatch.setenv(native.MOST, most)
    assert native.instruction_sets() == tuple(Isa)[:left]


def test_it_is_said_where_torch_has_chosen_already() -> None:
    import torch  # noqa: F401 (so that it is loaded)

    with pytest.raises(OtherKernels, match="begin the program with REVERIE_ISA=none") as found:
        compute_with({native.MOST: "none"})
    assert found.value.environment == {native.MOST: "none"}
    assert native.MOST not in os.environ


@pytest.mark.soak
@pytest.mark.xdist_group("ray")
@pytest.mark.timeout(900)
def test_a_plainer_machine_decides_for_all(nodes: Any, photographs: Path, tmp_path: Path) -> None:
    """One node begins with plain kernels; the command then computes so too, from its very beginning."""
    plain = {"REVERIE_ISA": "none", "ATEN_CPU_CAPABILITY": "default"}
    nodes.add_node(**NODE, env_vars={**os.environ, **plain})
    words = ["see", "tabby", "block5c:1", "--preset", "sketch", "--size", "64", "--steps", "6"]
    told = common_kernels([PLAIN])

    def ran(out: str, *more: str, **variables: str) -> list[bytes]:
        command = [sys.executable, "-m", "reverie", *words, "-o", out, *more]
        found = subprocess.run(
            command,
            cwd=tmp_path,
            env={**environment(), **variables},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert found.returncode == 0, found.stderr
        return [path.read_bytes() for path in sorted(tmp_path.glob(f"{Path(out).stem}*.png"))]

    many = ran("many.png", "--cluster", nodes.address, "--same-bytes")
    one = ran("one.png", "--threads", "1", **told)
    assert many == one
    assert len(many) == 3
    assert ran("fast.png", "--threads", "1") != one
