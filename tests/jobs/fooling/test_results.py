"""What an evolution writes."""

from __future__ import annotations

import os

import pytest

from reverie.errors import BadInput
from reverie.jobs.fooling import results as fool_results
from reverie.jobs.fooling.large_print import read_genome
from reverie.media.picture import read_provenance
from support.fooling import unbroken


def test_a_genome_too_long_for_its_picture_is_named_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(fool_results, "INSIDE", 100)
    outcome, _ = unbroken(tmp_path / "f")
    png = tmp_path / "f" / outcome.archive[0]["png"]
    assert read_provenance(png)["genome"]["file"] == os.path.basename(outcome.archive[0]["genome"])
    with pytest.raises(BadInput, match="holds no genome"):
        read_genome(str(png))
