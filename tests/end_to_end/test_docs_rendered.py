"""On the repository's web page, which is CommonMark with tables, nothing is left for a site to fill."""

import re

import pytest
from markdown_it import MarkdownIt

from support.paths import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
#: What a reader would see of what only one program can show (snippets, docstrings, admonitions, definitions,
#: attributes), and of what none can: links, tables and blocks that are written wrongly.
HOLES = re.compile(r"--8<--|^:::|^!!! |^: {3}|\{ *[.#:]?\w+=|\]\(|^\|[ :-]|^```", re.MULTILINE)


def ident(path):
    return path.relative_to(ROOT).as_posix()


def rendered(text):
    return MarkdownIt("commonmark").enable("table").parse(text)


def words(tokens):
    """What is read as plain words: not code, not comments; one string a paragraph, heading or cell."""
    for token in tokens:
        if token.type == "inline":
            yield "".join(
                "\n" if t.type == "softbreak" else t.content for t in token.children if t.tag != "code"
            )


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_a_page_has_no_holes(page):
    tokens = rendered(page.read_text("utf-8"))
    assert [hole for text in words(tokens) for hole in HOLES.findall(text)] == []
    comments = [t.content.strip() for t in tokens if t.type == "html_block"]
    assert [c for c in comments if not re.fullmatch(r"<!-- [^:]+: (begin|end) -->", c)] == []


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_a_page_has_one_title_and_says_something(page):
    tokens = rendered(page.read_text("utf-8"))
    assert [t.tag for t in tokens if t.type == "heading_open"].count("h1") == 1
    assert tokens[0].tag == "h1" or tokens[0].type == "html_block"
    assert sum(len(text) for text in words(tokens)) > 50


@pytest.mark.parametrize(
    "hole",
    [
        '--8<-- "examples/zoom.py"',
        "::: reverie.api.dreams.dream",
        '!!! note "Careful"',
        "word\n:   what it means",
        "![A tile](tile.jpg){ width=480 }",
        "[a link] (x.md) and [another](two words.md)",
        "| a | b |\n| 1 | 2 |",
    ],
)
def test_a_hole_is_found(hole):
    assert any(HOLES.search(text) for text in words(rendered(f"# Title\n\n{hole}\n")))
