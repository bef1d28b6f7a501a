"""Pages for those who begin: the glossary is linked where its words are first met, the lesson is whole."""

import re

import pytest

from reverie.cli.app import command
from support.paths import ROOT

DOCS = ROOT / "docs"
GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")
LESSON = (DOCS / "lesson.md").read_text("utf-8")
ENTRIES = re.findall(r"^## (.+)\n\n((?:.|\n)+?)(?=\n## |\Z)", GLOSSARY, re.MULTILINE)
#: Pages for the curious; each links a word of the glossary where it is first met.
LINKING = (
    *(
        "index",
        "how-it-works",
        "lesson",
        "beauty",
        "portraits",
        "stimuli",
        "microscope",
        "fooling",
        "presets",
    ),
    *("zoom", "film", "recipes", "objectives", "classes", "settings"),
)


def test_the_glossary_is_in_order_and_short():
    titles = [title for title, _ in ENTRIES]
    assert titles == sorted(titles, key=str.lower)
    assert len(titles) >= 25
    for title, text in ENTRIES:
        prose = " ".join(line for line in text.splitlines() if not line.startswith("    "))
        assert 20 < len(prose) < 320, title


@pytest.mark.parametrize("page", LINKING)
def test_words_are_linked_where_they_are_first_met(page):
    text = (DOCS / f"{page}.md").read_text("utf-8")
    links = re.findall(r"\[\**([^\]*]+)\**\]\(glossary\.md#([\w-]+)\)", text)
    assert links
    assert len({anchor for _, anchor in links}) == len(links), "a word is linked once on a page"
    known = {title.lower().replace(" ", "-") for title, _ in ENTRIES}
    assert {anchor for _, anchor in links} <= known


def test_every_way_in_leads_to_the_glossary_and_the_lesson():
    for page in (ROOT / "README.md", DOCS / "index.md"):
        text = page.read_text("utf-8")
        assert "glossary.md)" in text
        assert "lesson.md)" in text


def test_the_readme_shows_then_tells_what_to_type_then_what_it_can_do():
    text = (ROOT / "README.md").read_text("utf-8")
    parts = ("![", "\n    make dream", "\n## What it does", "\n## Speed", "\n## Documentation")
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    verbs = re.findall(r"^\| `reverie (\w+)[^`]*` \| [^|]+ \|$", text, re.MULTILINE)
    assert sorted(verbs) == sorted(command().commands)


def test_every_question_has_what_to_type_what_to_look_for_and_what_it_means():
    questions = re.findall(r"^## (\d)\. .+\?\n((?:.|\n)+?)(?=^## )", LESSON, re.MULTILINE)
    assert [number for number, _ in questions] == list("123456")
    for _, text in questions:
        command, look, means = (
            text.index(words) for words in ("\n    reverie ", "**Look for**", "**What it means.**")
        )
        assert command < look < means
        assert re.search(r"(?<!\*)\*[A-Z][^*]+\*(?!\*)", text), "something to ask or try further"


def test_what_the_lesson_reads_is_made_before():
    """Photographs and pictures of a command are fetched or made by a line above it."""
    made = set(re.findall(r"tools/sample\.py \w+ (\S+)", LESSON))
    for line in re.findall(r"^    reverie (.+)$", LESSON, re.MULTILINE):
        before, _, out = line.partition(" -o ")
        read = {word for word in before.split() if word.endswith(".png")}
        assert read <= made, line
        made |= {out.strip()} - {""}
