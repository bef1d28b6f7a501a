"""The map of a network, and pages of which every text is hostile."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from torch import Tensor, nn

import reverie
from reverie.jobs.microscope.build import Microscope
from reverie.jobs.microscope.contents import choose
from reverie.jobs.microscope.pages import depth_map
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.workspace import Workspace
from reverie.recipe.recipe import make
from support.microscope import waves


def test_the_map_is_whole_and_bounded():
    rooms = [{"channels": c, "stride": s} for c, s in ((32, 2), (24, 4), (112, 16), (1280, None))]
    blocks = depth_map(rooms)
    assert sum(block["width"] for block in blocks) == pytest.approx(100, abs=0.01)
    assert [block["height"] for block in blocks] == [100.0, 70.7, 35.4, 8.0]
    assert blocks[3]["width"] > blocks[2]["width"] > blocks[0]["width"] > blocks[1]["width"]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><b>tags",
    "{{ 7*7 }}",
    "[red]x[/]",
    "a\x1b[31m\u202eb",
    "half \ud800",
    "'; alert(1); //",
)


class Hostile(nn.Module):
    """A layer of a hostile name, and a class of each."""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("<img src=x onerror=alert(1)>", nn.Conv2d(3, 4, 3, 2))
        self.say = nn.Linear(4, len(HOSTILE))

    def forward(self, x: Tensor) -> Tensor:
        first = next(iter(self.children()))
        return self.say(first(x).mean((2, 3)))


class Tags(HTMLParser):
    """Counts what a browser would take for elements, and what they ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def site(folder: Path) -> list[Path]:
    """The pages of a network whose every name is hostile."""
    net = reverie.wrap_net(Hostile(), classes=list(HOSTILE), name="<i>net</i>")
    recipe = make(size=(64, 64), steps=(4,), start="noise", network="<i>net</i>")
    opened = OpenRecipe(recipe, Workspace(networks={"<i>net</i>": net}))
    plan = choose(net, layers=["<img src=x onerror=alert(1)>"])
    Microscope(opened, folder, plan, maker=waves).make()
    return sorted(folder.rglob("*.html"))


@pytest.mark.slow
def test_every_text_is_escaped_and_every_page_has_its_policy(tmp_path: Path) -> None:
    pages = site(tmp_path)
    assert len(pages) > 10
    for page in pages:
        text = page.read_text("utf-8")
        tags = Tags()
        tags.feed(text)
        assert "alert(1)</script>" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not [a for _, attributes in tags.found for a in attributes if a.startswith("on")]
        assert [a["src"] for tag, a in tags.found if tag == "script"] == [f"{depth(page, tmp_path)}site.js"]
        assert "<i>net" not in text
        (policy,) = [a["content"] for _, a in tags.found if a.get("http-equiv") == "Content-Security-Policy"]
        assert policy is not None
        assert policy.startswith("default-src 'none'; script-src 'self' file:; ")
        assert "unsafe-eval" not in policy
        assert "http" not in policy
    index = (tmp_path / "search.js").read_text("utf-8")
    found = json.loads(index.removeprefix("window.MICROSCOPE = ").removesuffix(";\n"))
    assert index.isascii()
    assert [name for _, name in found["classes"]] == list(HOSTILE)


def depth(page: Path, root: Path) -> str:
    """The way from a page to the site's folder."""
    return "../" * (len(page.relative_to(root).parts) - 1)
