"""Recipes that change on the way: who is asked, what is recorded, and what may not change."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.jobs.job import Listener
from reverie.jobs.provenance.note import Steered
from reverie.jobs.steering import STEERABLE, Steering
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

FIRST = preset("classic", strength=0.5)


class Says(Listener):
    """Gives one recipe after the other."""

    def __init__(self, *recipes):
        self.recipes = list(recipes)
        self.given = []

    def steer(self, recipe):
        self.given.append(recipe)
        return self.recipes.pop(0)


def begun(listener, **more):
    steering = Steering(listener, **more)
    steering.begin(FIRST)
    return steering


def test_the_recipe_holds_until_it_is_changed_again():
    stronger = FIRST.but(strength=0.7)
    listener = Says(None, stronger, None, FIRST)
    steering = begun(listener)
    assert [steering.at(frame=i) for i in range(4)] == [FIRST, stronger, stronger, FIRST]
    assert listener.given == [FIRST, FIRST, stronger, stronger]
    assert [(one.frame, one.changes) for one in steering.steered] == [(1, {"strength": 0.7}), (3, {})]


def test_what_was_recorded_is_made_again_and_nobody_is_asked():
    steered = [Steered(octave=0, step=1, changes={"strength": 0.7}), Steered(octave=1, step=0, changes={})]
    listener = Says()
    steering = begun(listener, replay=steered)
    places = [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert [steering.at(octave=o, step=s).strength for o, s in places] == [0.5, 0.7, 0.7, 0.5]
    assert steering.steered == steered
    assert listener.given == []


def test_the_last_word_on_a_place_counts():
    """The loop asks for the first step twice."""
    steering = begun(Says(FIRST.but(strength=0.7), FIRST.but(jitter=3)))
    for _ in range(2):
        steering.at(octave=0, step=0)
    assert [one.changes for one in steering.steered] == [{"jitter": 3}]


def test_it_goes_on_where_it_was():
    steering = Steering(Says(None))
    steering.begin(FIRST, [Steered(frame=2, changes={"objective": ["block4a"]})])
    assert steering.at(frame=3).objective == ("block4a",)


def test_only_settings_that_are_read_anew_at_each_step_may_change():
    assert {*STEERABLE} < {*Recipe.model_fields}
    steering = begun(Says(FIRST.but(seed=1, jitter=3)))
    with pytest.raises(UsageError, match=r"^seed: cannot change while a dream runs; objective, "):
        steering.at(frame=0)
    with pytest.raises(UsageError, match="only files of the recipe it began with are open"):
        begun(Says(FIRST.but(objective=['guide("new.png", block4a)']))).at(frame=0)


def test_of_a_zoom_all_may_change_but_what_its_first_frame_was_made_with():
    first = preset("zoom")
    zoom = first.zoom.model_dump()
    faster = first.but(zoom={**zoom, "zoom": 1.5, "octaves": 2, "steps": (1, 2)})
    longer = first.but(zoom={**zoom, "duration": 99.0, "loop": True})
    steering = Steering(Says(faster, longer))
    steering.begin(first)
    assert steering.at(frame=4).zoom.octaves == 2
    (one,) = steering.steered
    assert first.but(**one.changes) == faster
    with pytest.raises(UsageError, match=r"^zoom\.duration, zoom\.loop: cannot change while a dream runs; "):
        steering.at(frame=5)
    with pytest.raises(UsageError, match=r"^zoom: cannot change"):
        begun(Says(FIRST.but(zoom={}))).at(frame=0)


@pytest.mark.parametrize("change", [{"octaves": 2}, {"octave_scale": 2.0}, {"smallest": 48}, {"steps": (9,)}])
def test_octaves_and_steps_are_those_of_a_dream_all_over(change):
    steering = begun(Says(FIRST.but(**change)))
    assert steering.at(octave=0, step=1) == FIRST.but(**change)
    (name,) = change
    for first, place in ((FIRST, {"frame": 1}), (preset("apparition"), {"octave": 0, "step": 1})):
        steering = Steering(Says(first.but(**change)))
        steering.begin(first)
        with pytest.raises(UsageError, match=f"^{name}: cannot change while a dream runs; objective, "):
            steering.at(**place)


@pytest.mark.parametrize("place", [{}, {"octave": 1}, {"step": 1}, {"octave": 0, "step": 0, "frame": 0}])
def test_a_place_is_a_step_or_a_frame(place):
    with pytest.raises(ValueError, match="an octave and a step are needed, or a frame"):
        Steered(**place, changes={})
