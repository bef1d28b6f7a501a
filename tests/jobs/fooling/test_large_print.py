"""Genomes drawn large, and genomes that are none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from reverie.errors import BadInput, UsageError
from reverie.evolve import genome_from_json
from reverie.jobs.fooling.large_print import read_genome
from reverie.media.picture import read_provenance
from support.fooling import printed, small, unbroken


@pytest.mark.slow
def test_a_genome_and_a_picture_draw_the_same_pixels_again(tmp_path):
    outcome, _ = unbroken(tmp_path / "f")
    for entry in outcome.archive:
        png = tmp_path / "f" / entry["png"]
        shown = np.asarray(Image.open(png))
        for source in (png, tmp_path / "f" / entry["genome"]):
            printed(source, tmp_path / "again.png", 32)
            assert np.array_equal(np.asarray(Image.open(tmp_path / "again.png")), shown)
        inside = read_provenance(png)
        assert inside["class"] == {"index": entry["class"], "name": entry["name"]}
        assert inside["fooling"]["settings"] == small().model_dump()
        encoding, genome = genome_from_json(inside["genome"])
        assert encoding.encode(genome) == json.loads((tmp_path / "f" / entry["genome"]).read_text())["genome"]


def test_a_print_is_the_picture_drawn_finer(tmp_path):
    outcome, _ = unbroken(tmp_path / "f")
    entry = outcome.archive[0]
    large = printed(tmp_path / "f" / entry["genome"], tmp_path / "large.png", 512)
    assert large.size == (512, 512)
    shown = np.asarray(Image.open(tmp_path / "f" / entry["png"])).astype(float) / 255
    middles = large.pixels.reshape(32, 16, 32, 16, 3)[:, 7:9, :, 7:9].mean((1, 3))
    assert np.median(np.abs(middles - shown)) < 0.03
    assert read_genome(str(tmp_path / "large.png"))[2] == read_genome(str(tmp_path / "f" / entry["png"]))[2]


def written(**changes):
    """A genome as a file has it, with something in it changed."""
    whole = {"reverie": "genome", "version": 1, "encoding": "cppn", "settings": {}, "genome": {}}
    return json.dumps(whole | changes)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1, 2]",
        "{}",
        json.dumps({"reverie": "genome", "version": 99}),
        written(encoding="none"),
        written(genome={"nodes": [["sine"]]}),
        written(genome={"nodes": [["sine", [0, float("nan")]], ["sine"], ["sine"]]}),
        written(genome={"nodes": [["sine", [9, 1.0]], ["sine"], ["sine"]]}),
        written(encoding="direct", settings={"side": 8}, genome={"genes": "x"}),
        written(settings={"channels": 10**9}),
        written(settings=3),
        "[" * 50_000,
    ],
)
def test_a_damaged_genome_is_bad_input(tmp_path, text):
    (tmp_path / "g.json").write_text(text)
    with pytest.raises(BadInput, match=r"g\.json: "):
        printed(tmp_path / "g.json", tmp_path / "out.png", 64)
    assert not (tmp_path / "out.png").exists()


def test_a_genome_that_is_no_file(tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "plain.png")
    for name, words in (
        ("missing.json", "no such file"),
        (".", "is a folder"),
        ("plain.png", "holds no genome"),
    ):
        with pytest.raises(BadInput, match=words):
            read_genome(str(tmp_path / name))


@pytest.mark.parametrize("side", [0, -1, 10_000, 10**7])
def test_a_size_that_cannot_be_printed(tmp_path, side):
    outcome, _ = unbroken(tmp_path / "f")
    with pytest.raises(UsageError, match="size: "):
        printed(tmp_path / "f" / outcome.archive[0]["genome"], tmp_path / "o.png", side)
