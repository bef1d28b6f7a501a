"""What the program writes into the pages of docs/ is fresh, and is what the built site shows."""

import re

import pytest

import docs_pages
import docs_reference
import reverie
from docs_pages import BLOCK, ROOT, filled, on_page_markdown
from docs_tables import TABLES
from reverie.recipe.presets.preset import PRESETS
from reverie.recipe.recipe import Recipe

PAGES = sorted((ROOT / "docs").glob("*.md"))


def empty(what, name):
    return f"<!-- {what} {name}: begin -->\n<!-- {what} {name}: end -->"


def inside(text):
    """What stands in the only block of a text."""
    (found,) = BLOCK.finditer(text)
    return found["inside"].strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_page_is_fresh(page):
    text = page.read_text("utf-8")
    assert filled(text) == text, "run `make docs-tables`"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_comment_is_of_a_block(page):
    begun = re.findall(r"^<!-- (.*): begin -->$", page.read_text("utf-8"), re.MULTILINE)
    ended = re.findall(r"^<!-- (.*): end -->$", page.read_text("utf-8"), re.MULTILINE)
    assert begun == ended
    blocks = [f"{m['what']} {m['name']}" for m in BLOCK.finditer(page.read_text("utf-8"))]
    assert blocks == [name for name in begun if name not in ("benchmarks", "evolution")]


def test_every_table_is_on_a_page():
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert {m["name"] for m in BLOCK.finditer(text) if m["what"] == "table"} == set(TABLES)


def test_a_block_is_written_anew_and_what_is_around_it_stays():
    page = f"before\n\n{empty('table', 'presets')}\n\nafter\n"
    once = filled(page)
    assert once.startswith("before\n\n<!-- table presets: begin -->\n\n|  | reverie | ")
    assert once.endswith(" |\n\n<!-- table presets: end -->\n\nafter\n")
    stale = once.replace("| `steps` |", "| `stops` |")
    assert stale != once
    assert filled(stale) == filled(once) == once


def test_tables_tell_every_setting_and_preset():
    made = filled(empty("table", "settings") + "\n\n" + empty("table", "presets"))
    assert all(f"| `{name}` |" in made for name in Recipe.model_fields if name != "format")
    assert all(name in made for name in PRESETS)
    with pytest.raises(KeyError):
        filled(empty("table", "nonsense"))


def test_a_file_is_shown_as_it_is():
    source = (ROOT / "examples" / "first_dream.py").read_text("utf-8")
    assert inside(filled(empty("file", "examples/first_dream.py"))) == f"```python\n{source}```"
    with pytest.raises(FileNotFoundError):
        filled(empty("file", "examples/nonsense.py"))


def test_a_reference_is_a_sentence_in_the_page_and_a_docstring_on_the_site():
    page = filled(empty("reference", "reverie.jobs.rendered.render"))
    assert "**`reverie.render(recipe, picture=None, *, session=None" in page
    assert "([source](../src/reverie/jobs/rendered.py))" in page
    assert inside(on_page_markdown(page)) == "::: reverie.jobs.rendered.render"
    assert reverie.render.__doc__.partition("\n")[0].split("``")[0].strip() in page


def test_a_reference_tells_of_the_members_named():
    page = filled(empty("reference", "reverie.recipe.curve.Curve[parse,at]"))
    assert re.findall(r"^- `(\w+)", page, re.MULTILINE) == ["parse", "at"]
    assert on_page_markdown(page).count("members: [parse, at]") == 1


def test_a_module_is_told_by_what_it_defines():
    page = docs_reference.plain_reference("reverie.errors")
    assert "- `BadInput`: " in page
    assert "- `did_you_mean(name, known, *, most=3)`: " in page
    assert "show_root_heading: false" in docs_reference.site_reference("reverie.errors")
    with pytest.raises(AttributeError):
        docs_reference.plain_reference("reverie.errors.Nonsense")


def test_what_only_the_site_shows_is_said_otherwise_in_the_page():
    page = (ROOT / "docs" / "changelog.md").read_text("utf-8")
    assert "(../CHANGELOG.md)" in page
    assert inside(on_page_markdown(page)) == (ROOT / "CHANGELOG.md").read_text("utf-8").strip()


def test_only_stale_pages_are_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    for name, text in {"a.md": "words\n", "b.md": empty("table", "layers") + "\n"}.items():
        (tmp_path / "docs" / name).write_text(text, "utf-8")
    monkeypatch.setattr(docs_pages, "ROOT", tmp_path)
    docs_pages.main()
    assert capsys.readouterr().out == "wrote docs/b.md\n"
    assert "| `block5c` |" in (tmp_path / "docs" / "b.md").read_text("utf-8")
    docs_pages.main()
    assert capsys.readouterr().out == ""
