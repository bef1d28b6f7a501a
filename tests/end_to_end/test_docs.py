"""The documentation is true: links lead somewhere, commands parse, tables are made, the site builds."""

import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from PIL import Image

import gallery
from reverie.cli.app import command
from reverie.cli.meant import meant
from reverie.cli.recipe_options import recipe_from_options
from reverie.cli.verbs.dream import usual_look
from reverie.jobs.provenance.note import of_picture
from reverie.recipe.presets.preset import PRESETS
from reverie.recipe.presets.sites import SITES
from reverie.recipe.recipe import Recipe
from support.paths import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
SHOWN = re.compile(r"^<!-- file (\S+): begin -->$", re.MULTILINE)
COMMAND = re.compile(r"^ {4}(reverie .+)$|`(reverie [^`\n]+)`", re.MULTILINE)


def ident(path):
    return path.relative_to(ROOT).as_posix()


def anchors(text):
    """What headings can be linked to, as mkdocs and most sites name them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", title.lower())).strip("-") for title in titles}


def commands():
    """Every line of the documentation that starts with the command, with the page it stands on."""
    found = []
    for page in PAGES:
        for match in COMMAND.finditer(page.read_text("utf-8")):
            line = match[1] or match[2]
            found.append(pytest.param(line, id=f"{page.name}: {line[:60]}"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_links_and_pictures_exist(page):
    for target in LINK.findall(page.read_text("utf-8")):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text("utf-8")), target


def test_every_example_is_shown():
    shown = {target for page in PAGES for target in SHOWN.findall(page.read_text("utf-8"))}
    assert {ident(path) for path in (ROOT / "examples").glob("*.py")} <= shown


def test_the_readme_shows_the_first_example_as_it_is():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert blocks == [(ROOT / "examples" / "first_dream.py").read_text("utf-8")]
    assert len(blocks[0].splitlines()) <= 10


def test_pictures_are_small_and_all_are_used():
    text = "".join(page.read_text("utf-8") for page in PAGES)
    pictures = sorted((DOCS / "images").iterdir())
    assert len(pictures) > 8
    for path in pictures:
        assert path.stat().st_size < 450_000, path.name
        assert path.name in text, path.name
        with Image.open(path) as image:
            assert min(image.size) >= 200


@pytest.mark.slow
def test_pictures_of_the_gallery_tell_the_command_that_made_them():
    text = (DOCS / "gallery.md").read_text("utf-8")
    made = re.findall(r"^    reverie dream .* -o (\S+\.jpg) ?.*$", text, re.MULTILINE)
    assert len(made) >= 7
    for name in made:
        line = next(line for line in text.splitlines() if f"-o {name}" in line)
        note = of_picture(DOCS / "images" / name)
        assert note.stopped is None
        parsed = parsed_dream(shlex.split(line)[1:])
        told = recipe_from_options(parsed, default=look_of(parsed))
        assert note.recipe.objective == told.objective
        assert note.recipe.seed == told.seed
        assert note.recipe.preset == told.preset
        assert (note.recipe.start == "photo") == (note.source is not None)


def test_the_gallery_shows_the_commands_of_its_script():
    text = (DOCS / "gallery.md").read_text("utf-8")
    shown = re.findall(r"^    (reverie .*)$", text, re.MULTILINE)
    assert sorted(shown) == sorted([*gallery.COMMANDS.values(), *gallery.FIRST.values()])


def parsed_dream(words):
    """The options of a `dream` as its function gets them; click's errors are the test's."""
    context = command().commands["dream"].make_context("dream", words[1:])
    return context.params


def look_of(params):
    """The preset of a `dream` that names none, by its options."""
    return usual_look(*(params[name] for name in ("photos", "class_", "sites")))


@pytest.mark.slow
@pytest.mark.parametrize("line", commands())
def test_commands_parse(line):
    # What is in brackets or in capitals stands for something of the reader's.
    words = [word for word in shlex.split(line) if not word.startswith("[")]
    verbs = command().commands
    if words[1] in ("--install-completion", "--help"):
        return
    words[1:] = meant(words[1:], verbs)[0]
    assert words[1] in verbs
    if len(words) == 2 or {"--help", "--help-all"} & {*words}:  # only mentioned
        return
    context = verbs[words[1]].make_context(words[1], words[2:])
    if words[1] == "dream" and not context.params["recipe"]:
        usual = look_of(context.params)
        assert isinstance(recipe_from_options(context.params, usual), Recipe)


def test_there_are_commands_to_parse():
    assert len(commands()) > 40


def test_the_navigation_is_complete():
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))

    def leaves(node):
        if isinstance(node, str):
            return [node]
        parts = node.values() if isinstance(node, dict) else node
        return [leaf for part in parts for leaf in leaves(part)]

    assert sorted(leaves(config["nav"])) == sorted(path.name for path in DOCS.glob("*.md"))


def test_every_preset_is_explained():
    for page in (DOCS / "presets.md", ROOT / "README.md"):
        text = page.read_text("utf-8")
        assert all(f"`{name}`" in text for name in (*PRESETS, *SITES))


def tracked():
    """Every text file of the repository, the ignored ones left out."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        paths = [ROOT / os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    else:  # a copy without its history
        kept = ("src", "tests", "docs", "examples", "tools", ".ci")
        paths = [*ROOT.glob("*.*"), *(p for name in kept for p in (ROOT / name).rglob("*"))]
    for path in paths:
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            yield path, data.decode("utf-8")


@pytest.mark.slow
def test_no_file_names_a_place_on_someones_machine():
    # Written in parts, so that this file does not name them itself.
    homes = [f"/{name}/" for name in ("root", "home", "Users", "work", "opt")]
    hosts = [
        "pypi" + ".org",
        "python" + "hosted",
        "download." + "pytorch",
        "npm" + "js",
        "conda" + ".anaconda",
    ]
    forbidden = re.compile(
        "|".join(rf"(?<![\w.]){re.escape(home)}\w" for home in homes) + "|" + "|".join(hosts)
    )
    files = list(tracked())
    assert len(files) > 50
    found = [f"{ident(path)}: {match[0]}" for path, text in files for match in forbidden.finditer(text)]
    assert not found


@pytest.mark.slow
def test_the_site_builds(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reference = (tmp_path / "site" / "reference.html").read_text("utf-8")
    assert "wrap_net" in reference
    assert "picture_gradient" in reference
    design = (tmp_path / "site" / "design.html").read_text("utf-8")
    assert "Gradient ascent on what a state holds" in design
    assert "(unreleased)" in (tmp_path / "site" / "changelog.html").read_text("utf-8")
