"""When a zoom dreams of what."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.motion.zoom.timeline import UPPER_HALF, Timeline, blended, textured
from reverie.objective import parse
from reverie.recipe.zoom import Zoom


def timeline(*scenes: str, **changes) -> Timeline:
    return Timeline.of(Zoom.model_validate({"scenes": scenes, "duration": 12, **changes}), "block4c")


def test_scenes_have_even_shares_and_fade_about_their_beginnings():
    time = timeline("block5a", "block5b", "block5c", crossfade=2)
    assert time.begins == (0, 4, 8)
    assert time.at(0) == (0, 1, 0)
    assert time.at(2.9) == (0, 1, 0)
    assert time.at(4) == (0, 1, 0.5)
    assert time.at(5.1) == (1, 2, 0)
    assert time.at(11.9) == (2, 2, 0)
    assert time.objective(1) == ("block5a",)
    assert time.objective(4) == ("0.5*block5a + 0.5*block5b",)


def test_scenes_begin_where_they_say():
    time = timeline("0s:block5a", "3s:block5b", "10.5s:block5c", crossfade=0)
    assert time.begins == (0, 3, 10.5)
    assert [time.objective(t)[0] for t in (0, 2.99, 3, 10.4, 10.6)] == [
        "block5a",
        "block5a",
        "block5b",
        "block5b",
        "block5c",
    ]
    assert timeline("0:block5a", "50:block5b").begins == (0, 2)  # frames, at 25 a second


def test_a_loop_ends_in_its_first_scene():
    time = timeline("block5a", "block5b", loop=True, crossfade=1)
    assert time.objective(0) == ("block5a",)
    assert time.objective(11) == ("block5b",)
    assert time.objective(12) == ("block5a",)


@given(st.floats(0, 12), st.floats(0, 6), st.booleans())
@settings(max_examples=100, deadline=None)
def test_shares_are_shares(seconds, crossfade, loop):
    here, there, share = timeline("block5a", "block5b", "block5c", crossfade=crossfade, loop=loop).at(seconds)
    assert 0 <= share <= 1
    assert here in range(3)
    assert there in range(3)


def test_halves_hold_two_scenes_at_a_time():
    time = timeline("block5a", "block5b", halves=True, crossfade=0)
    assert time.objective(0) == (f'block5a@outside("{UPPER_HALF}") + block5b@mask("{UPPER_HALF}")',)
    assert time.objective(7) == (f'block5b@outside("{UPPER_HALF}") + block5a@mask("{UPPER_HALF}")',)


def test_classes_are_lent_texture():
    assert textured("block5a", "block5c", 0.35) == "block5a"
    terms = parse(textured('class("pagoda")', "block5c", 0.25)).terms
    assert [(str(term.quantity), term.weight) for term in terms] == [
        ('class("pagoda")', 0.75),
        ("block5c", 0.25),
    ]
    assert textured('class("pagoda")', "block5c", 0) == 'class("pagoda")'
    several = parse(textured('class("pagoda")', "block5c + 0.5*block5a - 0.5*block4c", 0.25)).terms
    assert [term.weight for term in several] == [0.75, 0.125, 0.0625, -0.0625]


def test_a_blend_of_one_is_that_one():
    assert blended("block5a", "block5b", 0) == "block5a"
    assert blended("block5a", "block5b", 1) == "block5b"
    assert blended("block5a", "block5a", 0.3) == "block5a"
