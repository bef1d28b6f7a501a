"""``reverie look`` refuses what cannot be, and says what it found."""

import json

import pytest
from PIL import Image

from support.slow import mostly_slow


@mostly_slow(
    ("words", "code", "said"),
    [
        (("--unit", "block5c:9999"), 2, "0 to 111"),
        (("--unit", "block5z:1"), 2, "did you mean"),
        (("--unit", "logits"), 2, "a channel, a layer or a class"),
        (("--unit", "golden retreiver"), 2, "golden retriever"),
        (("--unit", "crane"), 2, "several"),
        (("--strongest", "0"), 2, "1 to 100"),
        (("--layer", "nope"), 2, "nope"),
        (("--layer", "logits"), 2, "no positions"),
        (("--layer", "block5c", "--unit", "cat"), 2, "--unit block5c"),
        (("--portraits", "--preset", "keras"), 2, "keras"),
    ],
    quick=4,
)
def test_bad_requests_of_look(inside, here, words, code, said):
    inside("look", "chelsea.png", *words, "-o", "s.png").refused(code, said)
    assert not (here / "s.png").exists()


def test_a_photograph_that_is_too_small(inside, here):
    Image.new("RGB", (32, 32), (90, 120, 60)).save(here / "tiny.png")
    inside("look", "tiny.png", "-o", "s.png").refused(2, "too few to say where", "32 x 32")
    assert not (here / "s.png").exists()


@pytest.mark.slow
def test_what_was_found_is_told_as_json(inside, here):
    done = inside("look", "chelsea.png", "--unit", "cat", "--json", "--threads", "1")
    told = json.loads(done.stdout)
    assert told["path"].endswith("chelsea-look.png")
    assert [unit["unit"] for unit in told["units"]] == ["cat"]
    assert told["units"][0]["fires"]
    assert (here / "chelsea-look.png").exists()
