"""Sound of every kind through `reverie film`, as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import Ran
from support.renders import decoded
from support.sounds import ALL, CODECS, KINDS, LAYOUTS, OUTS, RATES, Case, clicking, pairwise, place_of_click


def check(film: Callable[..., Ran], folder: Path, case: Case, kind: str) -> None:
    """The film is made, with all of its frames and its click where it was."""
    before = place_of_click(folder / f"a.{case.kind}")
    words = ("--steps", "2", "--overwrite", "-q")
    done = film("film", f"a.{case.kind}", "-o", f"z.{kind}", *words)
    assert done.rc == 0, (case, done.stderr)
    after = place_of_click(folder / f"z.{kind}")
    assert before is not None
    assert after is not None, (case, done.stderr)
    assert abs(after - before) <= 0.04, (case, before, after)
    assert len(decoded(folder / f"z.{kind}")) == 6


@pytest.mark.slow
def test_eight_channels_are_heard_in_a_film(tmp_path: Path, reverie: Callable[..., Ran]) -> None:
    assert clicking(tmp_path / "a.mov", Case("s16", "7.1", 48_000, "mov"))
    check(reverie, tmp_path, Case("s16", "7.1", 48_000, "mov"), "mp4")


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_all_pairs_are_heard_in_films(tmp_path: Path, reverie: Callable[..., Ran]) -> None:
    written = {case for case in ALL if clicking(tmp_path / f"a.{case.kind}", case)}
    rows = (tuple(CODECS), LAYOUTS, RATES, KINDS, OUTS)
    pairs = list(pairwise(rows, lambda row: Case(*row[:4]) in written))
    for *each, kind in pairs:
        assert clicking(tmp_path / f"a.{each[3]}", Case(*each))
        check(reverie, tmp_path, Case(*each), kind)
    print(f"{len(pairs)} films have each pair of what can be written; all are heard")
    assert len(pairs) > 40
