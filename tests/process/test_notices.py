"""Who hears what is said: the collector of here and now, those outside of it, and Python's warnings."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from PIL import Image

from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.errors import NetworkError, ReverieWarning
from reverie.jobs.open_recipe import OpenRecipe
from reverie.media.picture import load_picture
from reverie.media.video.read.image_sequence import look_at_sequence
from reverie.media.video.read.prefetch import Ahead, Said
from reverie.native.runtime import carried
from reverie.network.weights import WeightsFile
from reverie.process.notices import collect_warnings, warn
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support.dreams import dreamt


def speak(*texts: str) -> None:
    for text in texts:
        warn(text)


def test_nobody_listening_it_is_a_warning_of_pythons_at_the_callers_line() -> None:
    with pytest.warns(ReverieWarning, match="over here") as passed:
        speak("over here")
    assert [w.filename for w in passed] == [__file__]


def test_each_text_is_collected_once_and_passed_on() -> None:
    with pytest.warns(ReverieWarning) as passed, collect_warnings() as said:
        speak("over here", "over here", "something else")
    assert said == ["over here", "something else"]
    assert [str(w.message) for w in passed] == said
    assert {w.filename for w in passed} == {__file__}


def test_what_was_heard_once_is_passed_on_again_from_another_collector() -> None:
    """Python says a warning of one line once, unless it is told otherwise; two photographs are two."""
    with warnings.catch_warnings(record=True) as passed:
        warnings.simplefilter("default")
        for _ in range(2):
            with collect_warnings():
                speak("of each photograph")
    assert len(passed) == 2


def test_pythons_filters_are_the_users() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ReverieWarning), collect_warnings():
            speak("no")
        warnings.simplefilter("ignore")
        with collect_warnings() as said:
            speak("no")
    assert said == ["no"]


def test_a_listener_is_told_and_nobody_else_unless_it_says_so() -> None:
    told: list[str] = []

    def listener(text: str) -> None:
        told.append(text)
        if text.startswith("!"):
            warn(text[1:])

    with warnings.catch_warnings(record=True) as passed, collect_warnings() as outer:
        with collect_warnings(listener) as inner:
            speak("a", "!b", "a")
        speak("c")
    assert told == inner == ["a", "!b"]
    assert outer == ["b", "c"] == [str(w.message) for w in passed]


def test_it_ends_where_it_ends() -> None:
    with pytest.raises(ZeroDivisionError), collect_warnings(lambda text: None):
        raise ZeroDivisionError
    with pytest.warns(ReverieWarning, match="later"):
        speak("later")


def test_two_threads_hear_their_own() -> None:
    ready = threading.Barrier(2)

    def work(name: str) -> list[str]:
        with collect_warnings(lambda text: None) as said:
            for index in range(50):
                ready.wait(60)
                speak(f"{name} {index}")
        return said

    with warnings.catch_warnings(), ThreadPoolExecutor(2) as pool:
        warnings.simplefilter("error")
        found = list(pool.map(work, ("one", "two")))
    assert found == [[f"{name} {index}" for index in range(50)] for name in ("one", "two")]


def test_threads_that_work_for_somebody_are_heard_by_whom_they_work_for() -> None:
    def items() -> Iterator[str | Said]:
        yield Said("in its place")
        warn("at once")
        yield "item"

    with collect_warnings(lambda text: None) as said:
        assert list(Ahead(items, 1, "test")) == ["item"]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(carried(speak), ("pool 1", "pool 2")))
    assert set(said) == {"in its place", "at once", "pool 1", "pool 2"}


def test_a_plan_is_silent_and_the_loop_says_what_it_drops_once() -> None:
    recipe = preset("classic", start="noise", size=(64, 64), octaves=9, steps=(1,), engine="plain")
    run = OpenRecipe(recipe)
    with collect_warnings(lambda text: None) as said:
        state = run.begin(None)
        state.plan(recipe)
    assert said == []
    with collect_warnings(lambda text: None) as said:
        next(dream(recipe, session=run.session, state=state))
    assert said == list(state.remarks(recipe))
    assert len(said) == 1
    assert said[0].endswith("of 9 octaves dropped: they would be under 32 px")


def test_a_result_has_the_warnings_of_its_own_picture(tmp_path: Path) -> None:
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    for path, side in ((small, 40), (large, 90)):
        Image.linear_gradient("L").resize((side, side)).convert("RGB").save(path)
    recipe = preset("classic", octaves=3, octave_scale=1.3, steps=(1,), engine="plain")
    run = OpenRecipe(recipe)
    with warnings.catch_warnings(record=True) as passed:
        for name in ("first", "second"):
            made = dreamt(run, str(small), str(tmp_path / f"{name}.png"))
            assert len(made.warnings) == 1
            assert not dreamt(run, str(large), str(tmp_path / f"{name}-large.png")).warnings
    assert ["dropped" in str(w.message) for w in passed] == [True, True]


def test_what_pictures_of_a_sequence_say_is_said_as_of_the_film(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "0.gif", save_all=True, append_images=frames[1:])
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        look_at_sequence(str(tmp_path), 25, 1000_000, said.append)  # type: ignore[arg-type]
    assert len(said) == 1
    assert "an animation" in said[0]
    with pytest.warns(ReverieWarning, match="an animation"):
        load_picture(tmp_path / "0.gif")


def test_a_pickles_protocol_is_nothing_to_the_user(tmp_path: Path) -> None:
    for protocol in (3, 4):
        torch.save({"a": torch.ones(2)}, tmp_path / f"{protocol}.pth", pickle_protocol=protocol)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert WeightsFile(io.BytesIO((tmp_path / "3.pth").read_bytes()), "3.pth")["a"].tolist() == [1, 1]
        with pytest.raises(NetworkError, match=r"4\.pth"):  # which torch does not read
            WeightsFile(io.BytesIO((tmp_path / "4.pth").read_bytes()), "4.pth")


def test_a_session_says_once_what_falls_back() -> None:
    recipe = Recipe(network="lite0", objective=("block2a",), engine="plain", size=(48, 48), start="noise")
    session = Session(recipe.but(octaves=1, steps=(2,)))
    session.engine.note = "falls back"
    with collect_warnings(lambda text: None) as said:
        list(dream(recipe.but(octaves=1, steps=(2,)), session=session))
    assert said == ["falls back"]
