"""The page of an evolution: what it holds, whom it shows of a family, and that it comes alone."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import BadInput, ReverieWarning
from reverie.evolve import ancestry, evolve, load_checkpoint
from reverie.jobs.fooling.judge import Arena
from reverie.jobs.fooling.page import POINTS, Entry, PageAncestor, Story, Verdict, data_uri, page, thinned
from reverie.jobs.fooling.page_family import reborn
from reverie.media.picture import Picture
from support.fooling import NAMES, five, fooling, small

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def read(text):
    """The document in a page."""
    (found,) = DATA.findall(text)
    return json.loads(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "f"
    fooling(path, small(generations=60)).carry_out()
    return path


@pytest.mark.slow
def test_the_page_tells_what_the_archive_says(folder):
    found = read((folder / "index.html").read_text("utf-8"))
    archive = json.loads((folder / "archive.json").read_text())
    assert [p["index"] for p in found["pictures"]] == [entry["class"] for entry in archive]
    for shown, entry in zip(found["pictures"], archive, strict=True):
        assert shown["confidence"] == pytest.approx(entry["confidence"], abs=1e-5)
        assert (shown["name"], shown["png"], shown["genome"]) == (
            entry["name"],
            entry["png"],
            entry["genome"],
        )
        assert shown["says"]["five"]["mine"] == shown["confidence"]
        assert found["images"][shown["image"]].startswith("data:image/webp;base64,")
        assert re.fullmatch(r"\d+ nodes, \d+ connections", shown["what"])
    assert found["pictures"][0]["also"] == ["embers"]
    state, _ = load_checkpoint(folder / "checkpoint.npz")
    assert [row[0] for row in found["curve"]] == [row.evaluations for row in state.history]
    assert [row[1] for row in found["curve"]] == pytest.approx(
        [row.median for row in state.history], abs=1e-5
    )
    assert len({json.dumps(image) for image in found["images"]}) == len(found["images"])


def test_a_family_is_the_ancestry(folder):
    found = read((folder / "index.html").read_text("utf-8"))
    state, encoding = load_checkpoint(folder / "checkpoint.npz")
    judge = Arena(small(), net=five()).judge
    longest = max(found["pictures"], key=lambda shown: shown["depth"])
    assert longest["depth"] > 4
    for shown in found["pictures"]:
        line = ancestry(state, encoding, int(state.archive.ids[shown["index"]]))
        assert shown["depth"] == len(line)
        ids = [number for number, _ in shown["line"]]
        assert ids == [a.id for a in line if a.id in ids]
        if ids:
            assert (ids[0], ids[-1]) == (line[0].id, line[-1].id)
            assert shown["born"] == line[-1].generation
            assert shown["line"][-1][1] == pytest.approx(shown["confidence"], abs=1e-5)
        for ancestor in line:
            if ancestor.id in ids:
                node = found["nodes"][str(ancestor.id)]
                assert node["born"] == ancestor.generation
                drawn = np.rint(encoding.render([ancestor.genome], 32) * 255) / np.float32(255)
                shares = judge(torch.from_numpy(drawn.transpose(0, 3, 1, 2).copy()))[0]
                assert node["best"] == int(shares.argmax())
                assert node["name"] == five().classes.name(node["best"])
                assert node["sure"] == pytest.approx(float(shares.max()), abs=2e-5)
                assert dict(map(tuple, shown["line"]))[ancestor.id] == pytest.approx(
                    float(shares[shown["index"]]), abs=2e-5
                )


def test_nothing_comes_from_elsewhere(folder):
    text = (folder / "index.html").read_text("utf-8")
    # XML's namespace of SVG is a name and no address; base 64 is neither.
    rest = re.sub(r"base64,[\w+/=]+", "", text.replace("http://www.w3.org/2000/svg", ""))
    for address in re.findall(r"(?:https?:)?//[a-z][\w.-]+", rest):
        pytest.fail(address)
    assert '<link rel="icon" href="data:,">' in text
    assert "{{" not in DATA.sub("", text)
    assert len(DATA.findall(text)) == 1
    assert "</script><b>" not in text
    assert NAMES[2] in [p["name"] for p in read(text)["pictures"]]
    assert NAMES[3] in [p["name"] for p in read(text)["pictures"]]


def story(**changes):
    """A story of one picture."""
    image = data_uri(Picture(np.full((40, 60, 3), 0.5, np.float32)), 20)
    entry = Entry(
        index=7,
        name="seven",
        also=(),
        confidence=0.9999999,
        png="a.png",
        genome="a.json",
        image=image,
        what="",
        born=1,
        says={"net": Verdict(((7, "seven", 0.9999999),), 0.9999999)},
        line=((1, 0.25), (2, 0.9999999)),
        depth=5,
    )
    ancestors = {i: PageAncestor(i, image, 7, "seven", 0.5) for i in (1, 2)}
    usual = {
        "network": "net",
        "heading": "H & <i>",
        "lead": "L",
        "numbers": [("1", "x")],
        "curve": [(1, 0.5, 1, 1, 0)],
    }
    return Story(**usual | {"total": 1, "entries": [entry], "ancestors": ancestors} | changes)


def test_certainty_is_not_rounded_up_to_in_the_page():
    found = read(page(story()))
    assert found["pictures"][0]["confidence"] == 0.99999
    assert found["pictures"][0]["line"] == [[1, 0.25], [2, 0.99999]]
    assert found["nodes"]["1"] == {"born": 1, "image": 0, "best": 7, "name": "seven", "sure": 0.5}
    assert len(found["images"]) == 1


def test_words_are_escaped_and_the_same_story_is_the_same_page():
    text = page(story())
    assert "<title>H &amp; &lt;i&gt;</title>" in text
    assert text == page(story())
    with pytest.raises(ValueError, match="JSON"):
        page(story(curve=[(1, math.nan, 1, 1, 0)]))


@given(st.integers(1, 5000), st.integers(1, 1000))
def test_a_curve_is_thinned_evenly_and_keeps_its_ends(count, each):
    curve = [(each * (i + 1), i / count, 0, 0, 0) for i in range(count)]
    found = thinned(curve)
    assert len(found) <= POINTS
    assert set(found) <= set(curve)
    assert found == sorted(found)
    assert found[-1] == curve[-1]
    if count <= POINTS:
        assert found == curve
    else:
        assert len(found) > POINTS / 8


def test_ancestors_of_another_version_are_not_invented(folder, tmp_path, monkeypatch):
    state, encoding = load_checkpoint(folder / "checkpoint.npz")
    wanted = {i for number in state.archive.ids for i, _ in state.lineage.chain(int(number))}
    object.__setattr__(state.plan, "seed", 99)
    with pytest.raises(BadInput, match="cannot be born again"):
        list(reborn(state, encoding, wanted))

    def lost(*_):
        raise BadInput("ancestors cannot be born again")
        yield

    monkeypatch.setattr("reverie.jobs.fooling.page_story.reborn", lost)
    with pytest.warns(ReverieWarning, match="no families on the page"):
        fooling(tmp_path / "f").carry_out()
    found = read((tmp_path / "f" / "index.html").read_text("utf-8"))
    assert found["nodes"] == {}
    assert all(shown["line"] == [] for shown in found["pictures"])


def test_random_search_has_no_families(tmp_path):
    fooling(tmp_path / "f", small(encoding="random")).carry_out()
    found = read((tmp_path / "f" / "index.html").read_text("utf-8"))
    assert all((shown["line"], shown["depth"]) == ([], 1) for shown in found["pictures"])


def test_the_state_of_a_search_is_all_that_a_page_needs(folder):
    state, encoding = load_checkpoint(folder / "checkpoint.npz")
    assert (
        list(
            evolve(
                lambda x: x, encoding, size=32, seed=3, population=12, children=8, generations=60, state=state
            )
        )
        == []
    )
