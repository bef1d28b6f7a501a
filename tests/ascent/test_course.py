"""The plan of a dream that is steered: what is done stays, what comes is planned anew, and it always ends."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.api.dreams import dream
from reverie.ascent.course import KEPT, Course, onwards
from reverie.ascent.octaves import Octave, octave_sizes, octaves
from reverie.ascent.session import Session
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import preset
from support import twins

SIZE = (300, 200)


def planned(scale=1.4, count=None, smallest=48, steps=(10,), bend=1.0, size=SIZE):
    return octaves(octave_sizes(size, count=count, scale=scale, smallest=smallest), steps, bend=bend)


plans = st.builds(
    planned,
    scale=st.floats(1.05, 4),
    count=st.none() | st.integers(1, 6),
    smallest=st.integers(32, 180),
    steps=st.lists(st.integers(1, 40), min_size=1, max_size=4).map(tuple),
    bend=st.floats(0.3, 3),
)


def one(index, size, steps, before, share):
    return Octave(index, size, steps, before, share)


def test_more_or_fewer_steps_count_from_the_octave_that_it_is_at():
    plan = planned(steps=(10,))
    wanted = planned(steps=(25,))
    found = onwards(plan[:2], 4, wanted, 1.4)
    assert [o.steps for o in found] == [25] * (len(plan) - 1)
    assert [o.index for o in found] == list(range(1, len(plan)))
    assert [o.size for o in found] == [o.size for o in plan[1:]]
    assert np.allclose([o.share for o in found], [o.share for o in plan[1:]])
    assert onwards(plan[:2], 4, planned(steps=(2,)), 1.4)[0].steps == 4, "what is done is done"


def test_a_finer_ladder_goes_on_from_here_to_the_whole():
    plan = planned(2.0)
    assert [o.size for o in plan] == [(75, 50), (150, 100), (300, 200)]
    here, *rest = onwards(plan[:2], 3, planned(1.25), 1.25)
    assert (here.size, here.index) == ((150, 100), 1)
    assert [o.size for o in rest] == [(192, 128), (240, 160), (300, 200)]
    assert [o.index for o in rest] == [2, 3, 4]
    assert rest[0].before == here.share == plan[1].share
    assert rest[-1].share == pytest.approx(1)


def test_larger_things_lead_back_to_smaller_octaves():
    plan = planned(2.0, count=1)
    assert [o.size for o in plan] == [SIZE]
    here, *rest = onwards(plan, 5, planned(2.0), 2.0)
    assert (here.steps, here.size) == (5, SIZE), "it is over"
    assert [o.size for o in rest] == [(75, 50), (150, 100), (300, 200)]
    assert rest[0].before == KEPT
    assert rest[-1].share == pytest.approx(1)
    early, *_ = onwards(plan, 2, planned(2.0), 2.0)[1:]
    assert early.before == pytest.approx(0.2), "no more than it had used"


@given(plan=plans, wanted=plans, data=st.data())
def test_whatever_changes_it_climbs_to_the_whole_and_uses_all_of_the_movement(plan, wanted, data):
    at = data.draw(st.integers(0, len(plan) - 1))
    step = data.draw(st.integers(0, plan[at].steps))
    scale = data.draw(st.floats(1.05, 4))
    found = onwards(plan[: at + 1], step, wanted, scale)
    assert [o.index for o in found] == list(range(at, at + len(found)))
    assert found[0].size == plan[at].size
    assert found[0].steps >= step
    assert found[-1].size == wanted[-1].size
    assert found[-1].share == pytest.approx(1)
    assert all(o.before < o.share for o in found[1:])
    assert all(a.size[0] <= b.size[0] for a, b in itertools.pairwise(found[1:]))
    assert all(o.before == pytest.approx(p.share) for p, o in itertools.pairwise(found[1:]))


def test_settings_that_no_plan_follows_from_change_none():
    recipe = preset("classic", octaves=2, steps=(3,))
    asked = []
    plan = planned(count=2, steps=(3,))
    state = SimpleNamespace(octave=0, step=1, plan=lambda recipe: asked.append(recipe) or list(plan))
    course = Course(recipe, state)
    assert course.follow(recipe.but(strength=0.9, objective="block4a")) == plan[0]
    assert asked == [recipe]
    assert course.follow(recipe.but(steps=(7,))) == plan[0]
    assert len(asked) == 2


@pytest.fixture(scope="module")
def session():
    return Session(preset("classic"), net=load_net("lite0"))


def course_of(session, first, changes):
    """(size, step, steps) of every frame of a dream that is changed before some of its steps, and its end."""
    now, count = first, itertools.count()

    def ask(state):
        nonlocal now
        if state is not None:
            now = changes.get(next(count), now)
        return now

    frames = [
        (f.octave.size, f.step, f.octave.steps, f.picture.pixels)
        for f in dream(ask, twins.small("coffee", 192), session=session)
    ]
    return [frame[:3] for frame in frames], frames[-1][3]


@pytest.mark.slow
def test_the_loop_follows_and_the_same_course_comes_to_the_same_picture(session):
    first = preset("classic", octaves=2, octave_scale=1.5, steps=(3,), threads=1)
    plain, end = course_of(session, first, {})
    small, whole = plain[0][0], plain[-1][0]
    assert [o[0] for o in plain] == [small] * 3 + [whole] * 3
    longer = {4: first.but(steps=(5,))}
    found, _ = course_of(session, first, longer)
    assert found == [*plain[:4], (whole, 1, 5), (whole, 2, 5), (whole, 3, 5), (whole, 4, 5)]
    shorter, _ = course_of(session, first, {2: first.but(steps=(1,))})
    assert shorter == [*plain[:2], (whole, 0, 1)]
    back = {4: first.but(octaves=4)}
    found, one = course_of(session, first, back)
    assert [size for size, *_ in found[:4]] == [small] * 3 + [whole]
    assert found[4][0] < small, "it goes back to smaller octaves"
    assert found[-1][:2] == (whole, 2)
    again, other = course_of(session, first, back)
    assert again == found
    assert np.array_equal(one, other)
    assert not np.array_equal(one, end)
