"""The microscope: what is there is kept, what is not is made, and the pages say what the files do."""

import json
import os
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from reverie.analysis.stimuli import as_input
from reverie.ascent.session import Session
from reverie.errors import BadInput, ReverieWarning, UsageError
from reverie.jobs.microscope import build as make_module
from reverie.jobs.microscope import readings as readings_module
from reverie.jobs.microscope.readings import read_portraits
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.provenance.note import of_picture
from reverie.media.picture import load_picture
from reverie.media.picture import write as write_module
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from support import microscope as help_
from support.commands import environment
from support.endings import lines_of
from support.microscope import CLASSES, LAYERS, opened_of, site_of, tree, waves


@pytest.fixture(scope="module")
def opened():
    return opened_of()


@pytest.fixture(scope="module")
def site(opened, photographs, tmp_path_factory):
    """A whole site, and its folder."""
    folder = tmp_path_factory.mktemp("site")
    microscope = site_of(opened, folder, photos=[str(photographs)])
    microscope.make()
    return microscope


class Links(HTMLParser):
    """Every address a page names, its anchors, and what its pictures are called."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.pictures: list[dict[str, str | None]] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.addresses += [v for k, v in attrs if k in ("href", "src") and v]
        self.addresses += re.findall(r"url\(([^)]+)\)", found.get("style") or "")
        if "id" in found:
            self.anchors.add(found["id"])
        if tag == "img":
            self.pictures.append(found)


@pytest.mark.slow
def test_every_unit_has_its_files_and_its_page(site):
    units = site.plan.units()
    assert len(units) == 2 * 8 + len(CLASSES)
    for unit in units:
        for path in (unit.page, unit.portrait, unit.thumb):
            assert (site.root / path).is_file(), path
        assert (site.root / unit.patches).is_file() == (unit.layer is not None)
        assert load_picture(site.root / unit.portrait).size == (64, 64)
        assert load_picture(site.root / unit.thumb).size == (128, 128)


def test_links_are_relative_and_lead_somewhere(site):
    pages = sorted(site.root.rglob("*.html"))
    assert len(pages) == 2 + 2 + 16 + len(CLASSES)  # index and classes, layers, channels, classes
    for page in pages:
        links = Links(page)
        assert len(links.addresses) > 8
        for address in links.addresses:
            if address.startswith("data:"):
                continue
            assert not re.match(r"[a-z]+:|/", address), address
            file, _, anchor = address.partition("#")
            target = (page.parent / file).resolve() if file else page
            assert target.is_file(), f"{page}: {address}"
            assert not anchor or anchor in Links(target).anchors, address
        for picture in links.pictures:
            assert "alt" in picture
            assert picture["width"]
            assert picture["height"]


def test_every_page_can_be_reached_from_the_first(site):
    seen, left = set(), [(site.root / "index.html").resolve()]
    while left:
        page = left.pop()
        if page in seen:
            continue
        seen.add(page)
        for address in Links(page).addresses:
            if address.partition("#")[0].endswith(".html"):
                left.append((page.parent / address.partition("#")[0]).resolve())
    assert seen == {path.resolve() for path in site.root.rglob("*.html")}


def test_a_portrait_holds_its_recipe(site, opened):
    unit = site.plan.layers["block5c"][3]
    found = of_picture(site.root / unit.portrait)
    assert found.recipe.objective == ("channel(block5c, 3)",) or "block5c" in found.recipe.objective[0]
    assert found.recipe == site.recipe(unit)
    assert found.network.sha256 == opened.session.net.weights_sha256
    assert (
        site.recipe(site.plan.classes[0]).objective == opened.recipe.but(objective=("class(207)",)).objective
    )


def test_what_is_there_is_not_made_again(site, opened, photographs):
    before = tree(site.root)
    times = {path: path.stat().st_mtime_ns for path in site.root.rglob("*") if path.is_file()}
    again = site_of(opened, site.root, maker=refuse, photos=[str(photographs)])
    assert again.missing() == []
    outcome = again.make()
    assert (outcome.made, outcome.there, outcome.wanted) == (0, 20, 20)
    assert tree(site.root) == before
    kept = {p for p, t in times.items() if p.stat().st_mtime_ns == t}
    assert {p.name for p in set(times) - kept} <= {"microscope.json"}


def refuse(recipes, session, **_):
    raise AssertionError(f"{len(recipes)} portraits are made again")


def test_the_engine_may_change_on_the_way(site, photographs):
    other = opened_of(engine="plain", threads=1)
    assert site_of(other, site.root, maker=refuse, photos=[str(photographs)]).missing() == []


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["missing", "cut short", "another", "no recipe"])
def test_what_is_damaged_is_made_again(opened, tmp_path, damage):
    microscope = site_of(opened, tmp_path / "site", classes=["none"], channels="0-3")
    microscope.make()
    whole = tree(microscope.root)
    unit = microscope.plan.units()[5]
    path = microscope.root / unit.portrait
    if damage == "missing":
        path.unlink()
    elif damage == "cut short":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "another":
        path.write_bytes((microscope.root / microscope.plan.units()[6].portrait).read_bytes())
    else:
        load_picture(path).save(path, overwrite=True)
    again = site_of(opened, microscope.root, classes=["none"], channels="0-3")
    assert again.missing() == [unit]
    assert again.make().made == 1
    assert tree(microscope.root) == whole


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 7, 12, 26, 44])
def test_stopped_at_any_write_it_ends_the_same(opened, tmp_path, monkeypatch, at):
    options = {"classes": ["tabby"], "channels": "0-3", "batch": 3}
    whole = site_of(opened, tmp_path / "whole", **options)
    whole.make()
    real, left = write_module.write_whole, at

    def write_until(data, path, **more):
        nonlocal left
        left -= 1
        if left <= 0:
            # As a kill leaves it: a part of a file under another name, and nothing after.
            Path(path).with_name(".reverie-0.part").write_bytes(data[: len(data) // 2])
            raise Killed
        real(data, path, **more)

    with monkeypatch.context() as patch:
        for module in (write_module, make_module, readings_module):
            patch.setattr(module, "write_whole", write_until)
        patch.setattr("reverie.jobs.microscope.pages.write_whole", write_until)
        with pytest.raises(Killed):
            site_of(opened, tmp_path / "site", **options).make()
    for page in (tmp_path / "site").rglob("*.html"):  # what is there is whole
        assert page.read_text("utf-8").endswith("</html>\n")
    site_of(opened, tmp_path / "site", **options).make()
    assert tree(tmp_path / "site") == tree(tmp_path / "whole")


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.slow
def test_killed_half_way_and_restarted_it_ends_the_same(site, photographs, tmp_path):
    script = Path(help_.__file__)
    words = [sys.executable, str(script), str(tmp_path / "site"), str(photographs)]
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in lines_of(process.stdout):
        if line.startswith("block3a 8 of 20"):
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    there = len(list((tmp_path / "site" / "portraits").rglob("*.webp")))
    assert 8 <= there < 20
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=120, check=True)
    assert f"made {20 - there} " in done.stdout
    assert tree(tmp_path / "site") == tree(site.root)


def test_ctrl_c_leaves_a_site_of_what_there_is(opened, tmp_path):
    calls = []

    def maker(recipes, session, **_):
        calls.append(len(recipes))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return waves(recipes, session)

    microscope = site_of(opened, tmp_path, maker=maker, batch=3)
    with pytest.raises(KeyboardInterrupt):
        microscope.make()
    assert calls == [3, 3, 2]
    assert len(microscope.missing()) == 20 - 6
    page = (tmp_path / "layers" / "block3a.html").read_text("utf-8")
    assert page.count('class="thumb"') == 6
    assert page.count("is not made yet") == 2
    assert "Not made yet." in (tmp_path / "index.html").read_text("utf-8")
    for path in tmp_path.rglob("*.html"):
        for address in Links(path).addresses:
            assert address.startswith(("data:", "#")) or (path.parent / address).is_file()


@pytest.mark.slow
def test_pages_no_longer_asked_for_are_removed(opened, tmp_path):
    site_of(opened, tmp_path, channels="0-3").make()
    smaller = site_of(opened, tmp_path, maker=refuse, layers=["block5c"], channels="1,2", classes=["tabby"])
    smaller.make()
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert pages == {
        "index.html",
        "classes.html",
        "classes/281.html",
        "layers/block5c.html",
        "layers/block5c/1.html",
        "layers/block5c/2.html",
    }
    assert len(list((tmp_path / "portraits").rglob("*.webp"))) == 12  # portraits stay


def test_a_folder_of_something_else_is_refused(opened, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty and holds no microscope"):
        site_of(opened, tmp_path).check()
    with pytest.raises(UsageError, match="is a file"):
        site_of(opened, tmp_path / "letter.txt").make()
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_portraits_made_otherwise_are_not_lost_by_accident(opened, tmp_path):
    site_of(opened, tmp_path, classes=["tabby"], layers=["stem"], channels="0").make()
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=r"were made with another seed, steps; .* --overwrite"):
        site_of(opened_of(steps=(5,), seed=3), tmp_path).make()
    assert tree(tmp_path) == before
    other = site_of(
        opened_of(seed=3), tmp_path, overwrite=True, classes=["tabby"], layers=["stem"], channels="0"
    )
    assert len(other.missing()) == 2
    manifest = json.loads((tmp_path / "microscope.json").read_text())
    manifest["network"]["sha256"] = "0" * 64
    (tmp_path / "microscope.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match="holds the microscope of lite0, or of other weights"):
        site_of(opened, tmp_path).make()
    (tmp_path / "microscope.json").write_text("{")
    with pytest.raises(UsageError, match="is damaged"):
        site_of(opened, tmp_path).make()


def test_a_photograph_that_cannot_be_read_is_told(opened, photographs, tmp_path):
    paths = sorted(map(str, photographs.glob("*.png")))
    (tmp_path / "bad.png").write_bytes(b"")
    microscope = site_of(
        opened, tmp_path / "site", photos=[*paths, str(tmp_path / "bad.png")], channels="0", classes=["none"]
    )
    with pytest.warns(ReverieWarning, match="bad.png"):
        outcome = microscope.make()
    assert len(outcome.failed) == 1
    assert outcome.as_json()["failed"] == list(outcome.failed)
    with pytest.warns(ReverieWarning), pytest.raises(BadInput, match="none of 1"):
        site_of(
            opened, tmp_path / "site", photos=[str(tmp_path / "bad.png")], channels="0", classes=["none"]
        ).make()


def test_patches_and_photographs_are_named(site):
    page = (site.root / "layers" / "block5c" / "3.html").read_text("utf-8")
    assert "What really excites it" in page
    assert page.count('class="patch"') == 4
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        assert f"From {name}.png, activation" in page
    assert load_picture(site.root / "patches/layers/block5c/3.webp").size == (3 * 96, 2 * 96)


def test_neighbours_by_weights_are_those_of_numpy(site, opened):
    weights = opened.session.net.module.stages["block5c"].convs[-1].weight.double().flatten(1).numpy()[:8]
    unit = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    table = unit @ unit.T - 2 * np.eye(8)
    at = int(table.max(1).argmax())
    row = table[at]
    wanted = [int(i) for i in np.argsort(-row) if row[i] > 0.05]
    assert wanted
    page = (site.root / "layers" / "block5c" / f"{at}.html").read_text("utf-8")
    section = page[page.index("Made alike") : page.index("</section>", page.index("Made alike"))]
    assert [int(i) for i in re.findall(r'href="[^"]*/(\d+)\.html"', section)] == wanted
    assert f"{row[wanted[0]]:.2f}" in section


def test_readings_are_the_networks(site, opened):
    found = read_portraits(opened.session, site.root, site.plan, site.plan.units())
    unit = site.plan.layers["block3a"][5]
    picture = as_input(load_picture(site.root / unit.portrait), opened.session.net)
    with torch.no_grad():
        plain = opened.session.net.forward(picture, ["block3a", "block5c", "logits"])
    row = found.units.index(unit)
    for layer in LAYERS:
        top = plain[layer][0, :8].amax((1, 2)).numpy()
        assert np.allclose(found.responses[layer][row], top, rtol=2e-3, atol=2e-3)
    assert np.allclose(found.logits[row], plain["logits"][0].numpy(), rtol=2e-3, atol=2e-2)
    best = int(plain["logits"].argmax())
    page = (site.root / unit.page).read_text("utf-8")
    section = page[page.index("What the network calls its portrait") :]
    assert opened.session.net.classes.name(best) in section[: section.index("</li>")]


class Classifier(nn.Module):
    """A network of somebody else: awkward names, a layer without positions, no class names."""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("aux", nn.Conv2d(3, 9, 3, stride=2, padding=1))
        self.add_module("a/b c", nn.Conv2d(9, 12, 3, stride=2, padding=1))
        self.add_module("A_b_c", nn.ReLU())
        self.classify = nn.Linear(12, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = dict(self.named_children())
        x = parts["A_b_c"](parts["a/b c"](parts["aux"](x)))
        return self.classify(x.mean((2, 3)))


@pytest.mark.slow
def test_any_network(tmp_path):
    torch.manual_seed(0)
    opened = OpenRecipe(opened_of().recipe)
    opened.session = Session(opened.recipe, net=wrap_net(Classifier()))
    microscope = site_of(opened, tmp_path, layers=None, channels=None, classes=None)
    assert list(microscope.plan.layers) == ["aux", "a/b c", "A_b_c"]
    assert microscope.plan.folders == {
        "aux": "aux_",
        "a/b c": "a_b_c",
        "A_b_c": "A_b_c~2",
    }
    assert microscope.make().made == 9 + 12 + 12 + 5  # what it returns is told once, as its classes
    assert "class 3" in (tmp_path / "classes" / "3.html").read_text("utf-8")
    assert "What <em>Classifier</em> wants" in (tmp_path / "index.html").read_text("utf-8")
    page = (tmp_path / "layers" / "a_b_c" / "0.html").read_text("utf-8")
    assert "a/b c" in page
    assert "Made alike" in page
    assert "Excited alike" in page
    assert "Made alike" not in (tmp_path / "layers" / "A_b_c~2" / "0.html").read_text("utf-8")
    for path in tmp_path.rglob("*.html"):
        for address in Links(path).addresses:
            assert address.startswith(("data:", "#")) or (path.parent / address).is_file(), address


@pytest.mark.slow
def test_names_are_escaped(tmp_path):
    torch.manual_seed(0)
    opened = OpenRecipe(opened_of().recipe)
    names = ['<script>alert("x")</script>', "b&b", "c", "d", "e"]
    opened.session = Session(opened.recipe, net=wrap_net(Classifier(), classes=names))
    site_of(opened, tmp_path, layers=["aux"], channels="0-1", classes=None).make()
    for path in tmp_path.rglob("*.html"):
        assert "<script>alert" not in path.read_text("utf-8")
    assert "&lt;script&gt;" in (tmp_path / "classes" / "0.html").read_text("utf-8")


def test_a_site_without_classes(tmp_path):
    opened = OpenRecipe(opened_of().recipe)
    opened.session = Session(opened.recipe, net=load_net("lite0"))
    site_of(opened, tmp_path, layers=["stem"], channels="0-1", classes=["none"]).make()
    assert not (tmp_path / "classes.html").exists()
    assert "classes.html" not in (tmp_path / "index.html").read_text("utf-8")
    assert os.listdir(tmp_path / "portraits") == ["layers"]
