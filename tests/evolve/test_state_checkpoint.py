"""Checkpoints: the old or the new, whatever happens, and damage is seen."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reverie.errors import BadInput, ResourceError
from reverie.evolve import (
    load_checkpoint,
    save_checkpoint,
)
from reverie.evolve.state import PART
from support import evolution
from support.evolution import arrays, finished


def test_a_write_that_stops_anywhere_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power fails before or after each call that touches the disk."""
    path = tmp_path / "run"
    old, kind = finished(generations=2)
    new, _ = finished(generations=3)
    wanted = {2: arrays(old, kind), 3: arrays(new, kind)}
    calls = ("fsync", "replace", "open")
    found = set()
    for name in calls:
        for after in (False, True):
            save_checkpoint(path, old, kind)
            real = getattr(os, name)

            def fails(*given: Any, real: Any = real, after: bool = after, **options: Any) -> Any:
                if after:
                    real(*given, **options)
                raise SystemExit("the power failed")

            with monkeypatch.context() as patch:
                patch.setattr(os, name, fails)
                with pytest.raises(SystemExit):
                    save_checkpoint(path, new, kind)
            state, again = load_checkpoint(path)
            generation = state.history[-1].generation
            assert arrays(state, again) == wanted[generation]
            found.add(generation)
    assert found == {2, 3}


def test_half_a_part_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "run"
    state, kind = finished(generations=2)
    (tmp_path / f"run{PART}").write_bytes(b"half of a checkp")
    save_checkpoint(path, state, kind)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_full_disk_is_said_and_the_old_checkpoint_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    state, kind = finished(generations=2)
    save_checkpoint(path, state, kind)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="No space left"):
        save_checkpoint(path, finished(generations=3)[0], kind)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run"
    state, kind = finished("direct", generations=2)
    save_checkpoint(path, state, kind)
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    spoilt = [b"", b"text", good[: len(good) // 2], good[:-1]]
    for place in rng.integers(200, len(good) - 2000, 12).tolist():
        spoilt.append(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
    for data in spoilt:
        path.write_bytes(data)
        with pytest.raises(BadInput, match=re.escape(str(path))):
            load_checkpoint(path)
    for gone in ("missing", ""):
        with pytest.raises(BadInput):
            load_checkpoint(tmp_path / gone)
    np.savez(tmp_path / "other.npz", plan=np.arange(3))
    with pytest.raises(BadInput, match="damaged"):
        load_checkpoint(tmp_path / "other.npz")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_ten_times_is_as_unbroken(tmp_path: Path) -> None:
    path = tmp_path / "run"
    command = [sys.executable, evolution.__file__, str(path), "cppn", "40", "10"]
    subprocess.run(command, check=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"})
    state, kind = load_checkpoint(path)
    assert state.generation == 41
    assert arrays(state, kind) == arrays(*finished(generations=40))
