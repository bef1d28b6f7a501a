"""``reverie see``: what a user types, what there is afterwards, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from reverie.jobs.provenance.note import of_picture
from reverie.media.picture import load_picture
from support.commands import Ran
from support.portraits import QUICK, repeats, same
from support.slow import mostly_slow

pytestmark = pytest.mark.usefixtures("here")
Inside = Callable[..., Ran]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("tabby",),
        ("logits:281", "--canvas", "cppn", "--print-size", "96", "--depth", "16"),
        ("block5c:17@1,2", "--canvas", "maco", "--transparency"),
        ("block3b", "--from", "chelsea.png"),
        ("--rate", "0.1..0.01", "--transform", "jitter(4)", "--", "-block3b:2"),
        ("block3b:2 + 0.5*block2a:1", "--preset", "simonyan2013", "--seed", "7"),
        ("block3b:2", "--canvas", "pixels", "--optimiser", "momentum"),
    ],
)
def test_every_kind_repeats(inside: Inside, words: tuple[str, ...]) -> None:
    assert inside("see", "-o", "a.png", *QUICK, *words).rc == 0
    repeats(inside, "a.png")


@pytest.mark.slow
def test_several_targets_make_a_sheet_in_their_order(inside: Inside) -> None:
    ran = inside("see", "block3b:1", "tabby", "block3b:0-1", "-o", "s.png", *QUICK, "-v", "--json")
    assert ran.rc == 0, ran.stderr
    assert ran.json == {"path": "s.png", "sheet": ["s-block3b-1.png", "s-tabby.png", "s-block3b-0.png"]}
    assert "1-2 of 3: block3b:1, ...: 64 x 64" in ran.stderr
    assert "3 of 3: tabby: 64 x 64" in ran.stderr
    assert inside("see", "block3b:0", "-o", "alone.png", *QUICK).rc == 0
    assert same("alone.png", "s-block3b-0.png")
    inside("see", "tabby", "block3b:0", "-o", "s.png", *QUICK).refused(2, "s-tabby.png: exists already")


@pytest.mark.slow
def test_a_folder_is_filled_and_what_is_there_skipped(inside: Inside) -> None:
    assert inside("see", "block1a:0-2", "-o", "f/", *QUICK).rc == 0
    before = {p.name: p.stat().st_mtime_ns for p in Path("f").iterdir()}
    assert sorted(before) == ["block1a-0.png", "block1a-1.png", "block1a-2.png"]
    Path("f/block1a-1.png").unlink()
    again = inside("see", "block1a:0-2", "-o", "f", *QUICK, "-v")
    assert again.stdout == "f/block1a-1.png\n"
    assert again.stderr.count("finished already, skipped") == 2
    assert Path("f/block1a-0.png").stat().st_mtime_ns == before["block1a-0.png"]
    assert inside("see", "block1a:0-2", "-o", "f", *QUICK).stdout == ""
    other = inside("see", "block1a:0", "-o", "f", *QUICK, "--seed", "3")
    other.refused(2, "f/block1a-0.png: exists already")
    from_photo = inside("see", "block1a:0", "-o", "f", *QUICK, "--from", "chelsea.png")
    from_photo.refused(2, "exists already")


@pytest.mark.slow
def test_facets_differ_and_each_repeats(inside: Inside) -> None:
    assert inside("see", "block3b:2", "-o", "d.png", *QUICK, "--diversity", "2").rc == 0
    assert not same("d-block3b-2-1.png", "d-block3b-2-2.png")
    assert of_picture("d-block3b-2-2.png").recipe.objective == ("block3b:2 + 19*diversity(block3b)",)
    repeats(inside, "d-block3b-2-2.png")
    assert inside("see", "--recipe", "d-block3b-2-2.png", "-o", "all/").rc == 0
    assert len(list(Path("all").iterdir())) == 2


@pytest.mark.slow
def test_a_recipe_is_taken_from_a_picture(inside: Inside) -> None:
    assert inside("see", "block1a:2", "-o", "a.png", *QUICK, "--canvas", "pixels").rc == 0
    assert inside("see", "--recipe", "a.png", "-o", "b.png").rc == 0
    assert same("a.png", "b.png")
    assert inside("see", "block1a:3", "--recipe", "a.png", "-o", "c.png", "--canvas", "maco").rc == 0
    recipe = of_picture("c.png").recipe
    assert recipe.portrait is not None
    assert (recipe.portrait.canvas, recipe.portrait.standardise) == ("maco", True)


@pytest.mark.slow
def test_from_a_photograph_keeps_its_shape(inside: Inside) -> None:
    width, height = load_picture("chelsea.png").size
    small = ("--steps", "1", "--views", "1", "--max-size", "80")
    assert inside("see", "block1a:2", "-o", "a.png", "--from", "chelsea.png", *small).rc == 0
    assert load_picture("a.png").size == (80, round(80 * height / width))
    assert of_picture("a.png").source is not None
    assert inside("see", "block1a:2", "-o", "b.png", *small).rc == 0
    assert load_picture("b.png").size == (80, 80)


@pytest.mark.slow
def test_a_preview_and_a_plan(inside: Inside) -> None:
    plan = inside("see", "tabby", "block3b", "--dry-run", "--json", *QUICK).json
    assert (plan["portraits"], plan["size"], plan["views"]) == (2, [64, 64], 1)
    assert plan["seconds"] > 0
    assert plan["bytes"] > 0
    assert not list(Path().glob("*tabby*"))
    plan = inside("see", "tabby", "--dry-run", *QUICK)
    assert "about" in plan.stdout
    assert "--preset sketch takes about a tenth" in plan.stderr
    assert not inside("see", "tabby", "--preset", "sketch", "--dry-run", *QUICK).stderr
    assert inside("see", "block1a", "-o", "a.png", "--preview", "p.png", *QUICK).rc == 0
    assert Image.open("p.png").size == (64, 64)
    inside("see", "block1a", "-o", "b.png", "--preview", "b.png", *QUICK).refused(2, "is the output too")


@mostly_slow(
    ("code", "says", "words"),
    [
        (2, 'did you mean "golden retriever"', ["golden retreiver", "-o", "x.png"]),
        (2, 'did you mean "block5c"', ["block5z:3", "-o", "x.png"]),
        (2, "block5c has channels 0 to 111", ["block5c:9999", "-o", "x.png"]),
        (2, "block5c has channels 0 to 111", ["block5c:100-200", "-o", "x.png"]),
        (2, "the smaller one first", ["block5c:5-3", "-o", "x.png"]),
        (2, "no cell 99,0", ["block5c:17@99,0", "-o", "x.png"]),
        (2, "means several", ["crane", "-o", "x.png"]),
        (2, "at column", ["block5c +", "-o", "x.png"]),
        (2, "what to look for", ["-o", "x.png"]),
        (2, "exists already", ["tabby", "-o", "chelsea.png"]),
        (2, "no format that can be written", ["tabby", "-o", "x.bmp"]),
        (2, "a folder: noext/", ["tabby", "block3b", "-o", "noext"]),
        (2, "--size", ["tabby", "-o", "x.png", "--size", "20"]),
        (2, "--rate nan", ["tabby", "-o", "x.png", "--rate", "nan"]),
        (2, "--views", ["tabby", "-o", "x.png", "--views", "0"]),
        (2, "--canvas", ["tabby", "-o", "x.png", "--canvas", "fourrier"]),
        (2, "over the limit", ["tabby", "-o", "x.png", "--print-size", "30000"]),
        (
            2,
            "only for the pixels canvas",
            ["tabby", "-o", "x.png", "--preset", "erhan2009", "--canvas", "maco"],
        ),
        (2, 'did you mean "lucid2017"', ["tabby", "-o", "x.png", "--preset", "lucid"]),
        (2, "makes dreams", ["tabby", "-o", "x.png", "--preset", "google2015"]),
        (2, 'did you mean "jitter"', ["tabby", "-o", "x.png", "--transform", "jiter(3)"]),
        (2, "nothing to differ from", ["tabby", "-o", "x.png", "--diversity", "1"]),
        (2, "--diversity N", ["diversity(block3b)", "-o", "x.png"]),
        (2, "no facets", ["tv", "-o", "x.png", "--diversity", "2"]),
        (3, "nothere.png: no such file", ["tabby", "-o", "x.png", "--from", "nothere.png"]),
        (6, "there is no folder nodir", ["tabby", "-o", "nodir/x.png"]),
        (6, "cannot make folder", ["tabby", "-o", "nodir/deeper/"]),
        (5, "lite9", ["tabby", "-o", "x.png", "--network", "lite0:lite9.pth"]),
    ],
    quick=3,
)
def test_what_is_refused(inside: Inside, code: int, says: str, words: list[str]) -> None:
    inside("see", *(() if "--size" in words else ("--size", "64")), "--steps", "1", *words).refused(
        code, says
    )
    assert not list(Path().glob("x*"))
    assert not list(Path().glob(".reverie*"))
