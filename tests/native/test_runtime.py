"""Threads and kernels are a session's own: two of them side by side make what each makes alone."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from reverie.api.dreams import dream, render
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.engine.select import NoEngineError, make_engine
from reverie.errors import UsageError
from reverie.evolve import NetScore
from reverie.jobs.fooling.judge import Arena
from reverie.jobs.fooling.settings import make_settings
from reverie.motion.film.film import film
from reverie.motion.zoom.zoom import zoom
from reverie.native import Unavailable, instruction_sets, step, threads
from reverie.native.runtime import Runtime, carried
from reverie.network.zoo import load_net
from reverie.portrait.batch import portraits
from reverie.recipe.film import Film
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

Bytes = bytes
FEW, MANY = 2, 20


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Nothing of the process is otherwise after a test, nor what a new thread begins with."""
    before = torch.get_num_threads(), in_a_new_thread(torch.get_num_threads), step.backend()
    yield
    after = torch.get_num_threads(), in_a_new_thread(torch.get_num_threads), step.backend()
    torch.set_num_threads(before[0])
    assert after == before


def in_a_new_thread(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


# -- work that is done ------------------------------------------------------------------------------


def a_dream(engine: str, count: int, backend: str) -> Bytes:
    """The sums of the torch backend go by the number of threads, so its bytes tell what it computed with."""
    recipe = small(engine=engine, threads=count)
    return render(recipe, session=Session(recipe, step=backend)).pixels.tobytes()


def small(**changes: Any) -> Recipe:
    settings = {"start": "clouds", "size": (176, 130), "octaves": 2, "steps": (2,)}
    return preset("classic", objective=("block3a",), **settings, **changes)


def a_portrait(count: int) -> Bytes:
    views = {"canvas": "fourier", "views": 2, "view_size": (96,)}
    recipe = preset(
        "portrait",
        size=(160, 120),
        steps=(3,),
        octaves=1,
        objective=("block3a:3 - 0.1*tv",),
        threads=count,
        portrait=views,
    )
    return portraits([recipe], Session(recipe))[0].pixels.tobytes()


def a_zoom(count: int) -> Bytes:
    settings = {"duration": 0.25, "fps": 8, "steps": 2, "warm_up": 1, "loop": True}
    recipe = small(engine="torch", threads=count, zoom=settings)
    frames = zoom(recipe, session=Session(recipe, step="torch"))
    return b"".join(frame.picture.pixels.tobytes() for frame in frames)


def a_film(count: int) -> Bytes:
    recipe = preset("classic", octaves=2, steps=(2,), threads=count, film=Film(steps=2))
    frames = film(recipe, Reel(), session=Session(recipe, step="torch"))  # type: ignore[arg-type]
    return b"".join(frame.picture.pixels.tobytes() for frame in frames)


class Reel:
    """A film of three frames, noise that moves to the right."""

    def __init__(self) -> None:
        noise = np.random.default_rng(3).integers(0, 256, (24, 44, 3), np.uint8).repeat(4, 0).repeat(4, 1)
        times = [(i, Fraction(i, 25), Fraction(1, 25)) for i in range(3)]
        moved = [np.ascontiguousarray(noise[:, 3 * i : 3 * i + 160]) for i in range(3)]
        self.shots = [
            SimpleNamespace(index=i, time=at, duration=length, rgb=rgb, alpha=None)
            for (i, at, length), rgb in zip(times, moved, strict=True)
        ]
        self.info = SimpleNamespace(frames=3)

    def frames(self, skip: int = 0) -> Iterator[Any]:
        yield from self.shots[skip:]


#: What works side by side: numbers of threads and kernels that differ, on engines that differ.
WORKS: dict[str, Callable[[], Bytes]] = {
    "torch engine, 1 thread": functools.partial(a_dream, "torch", 1, "torch"),
    "torch engine, 2 threads": functools.partial(a_dream, "torch", 2, "torch"),
    "portrait, 1 thread": functools.partial(a_portrait, 1),
    "portrait, 2 threads": functools.partial(a_portrait, 2),
    "zoom, 1 thread": functools.partial(a_zoom, 1),
    "zoom, 3 threads": functools.partial(a_zoom, 3),
    "film, 1 thread": functools.partial(a_film, 1),
    "film, 2 threads": functools.partial(a_film, 2),
}
PAIRS = [
    ("torch engine, 1 thread", "torch engine, 2 threads"),
    ("portrait, 1 thread", "portrait, 2 threads"),
    ("zoom, 3 threads", "film, 1 thread"),
    ("zoom, 1 thread", "film, 2 threads"),
]
if instruction_sets():
    WORKS |= {
        "native engine, 1 thread": functools.partial(a_dream, "native", 1, "torch"),
        "native engine, 2 threads": functools.partial(a_dream, "native", 2, "torch"),
        "plain kernels": functools.partial(a_dream, "native", 2, "plain"),
        "fastest kernels": functools.partial(a_dream, "native", 1, step.backends()[-1]),
    }
    PAIRS += [
        ("native engine, 1 thread", "native engine, 2 threads"),
        ("plain kernels", "fastest kernels"),
        ("native engine, 2 threads", "torch engine, 1 thread"),
        ("plain kernels", "portrait, 1 thread"),
    ]


@functools.cache
def alone(name: str) -> Bytes:
    """What a work makes when nothing else is done in the process."""
    return WORKS[name]()


@dataclass
class Together:
    """Works that are done at the same time, each in a thread, again and again until all have done enough."""

    names: tuple[str, ...]
    times: int

    def made(self) -> dict[str, list[Bytes]]:
        """What each made each time."""
        made: dict[str, list[Bytes]] = {name: [] for name in self.names}
        ready = threading.Barrier(len(self.names))

        def work(name: str) -> None:
            ready.wait()
            while any(len(found) < self.times for found in made.values()):
                made[name].append(WORKS[name]())

        with ThreadPoolExecutor(len(self.names)) as pool:
            for done in [pool.submit(work, name) for name in self.names]:
                done.result()
        return made


# -- side by side -----------------------------------------------------------------------------------


# More threads than cores wait for each other by spinning: beside other work this takes many minutes.
@pytest.mark.soak
@pytest.mark.parametrize("times", [FEW, MANY])
@pytest.mark.parametrize("names", PAIRS, ids=" + ".join)
def test_two_sessions_at_once_make_what_each_makes_alone(names: tuple[str, str], times: int) -> None:
    expected = {name: alone(name) for name in names}
    for name, found in Together(names, times).made().items():
        assert len(found) >= times
        assert set(found) == {expected[name]}, name


@pytest.mark.soak
def test_the_number_of_threads_decides_the_bytes() -> None:
    """Else the test above would show nothing."""
    if threads._openmp() is None:
        pytest.skip("another torch than the one that is meant here")
    for one, two in (PAIRS[0], ("zoom, 1 thread", "zoom, 3 threads"), ("film, 1 thread", "film, 2 threads")):
        assert alone(one) != alone(two)


@pytest.mark.soak
@pytest.mark.parametrize("name", WORKS)
def test_what_is_set_around_it_does_not_matter(name: str) -> None:
    """All that a session computes, it computes with its own: nothing is left to what the process has."""
    before = torch.get_num_threads()
    made = []
    try:
        for count, backend in ((1, step.backends()[-1]), (5, "torch"), (2, step.backends()[0])):
            torch.set_num_threads(count)
            with Runtime.of(backend=backend).use():
                made.append(WORKS[name]())
    finally:
        torch.set_num_threads(before)
    assert made[0] == made[1] == made[2]


@pytest.mark.slow
def test_dreams_in_turn_in_one_thread_make_what_each_makes_alone() -> None:
    settings = [("torch", 1, "torch"), ("torch", 2, "torch")]
    if instruction_sets():
        settings += [("native", 1, "plain"), ("native", 2, step.backends()[-1])]
    here = Runtime.here()
    recipes = [small(engine=engine, threads=count) for engine, count, _ in settings]
    sessions = [Session(r, step=backend) for r, (_, _, backend) in zip(recipes, settings, strict=True)]
    states = [State.begin(r, None, s) for r, s in zip(recipes, sessions, strict=True)]
    dreams = [dream(r, session=s, state=q) for r, s, q in zip(recipes, sessions, states, strict=True)]
    for frames in itertools.zip_longest(*dreams):
        assert Runtime.here() == here
        assert len({frame.score for frame in frames}) > 1 or len(frames) < 3
    pictures = [state.finished(recipe) for state, recipe in zip(states, recipes, strict=True)]
    assert [p.pixels.tobytes() for p in pictures] == [a_dream(*which) for which in settings]


# -- where it holds ---------------------------------------------------------------------------------


class Listening:
    """A session whose engine notes what each forward pass is computed with, and may fail."""

    def __init__(self, recipe: Recipe, *, fail: bool = False, **settings: Any) -> None:
        self.session = Session(recipe, **settings)
        self.seen: list[Runtime] = []
        self.new_threads: list[int] = []
        forward = self.session.engine.forward

        def noted(*args: Any, **kwargs: Any) -> Any:
            self.seen.append(Runtime.here())
            self.new_threads.append(in_a_new_thread(torch.get_num_threads))
            if fail:
                raise RuntimeError("on purpose")
            return forward(*args, **kwargs)

        self.session.engine.forward = noted  # type: ignore[method-assign]


@pytest.mark.slow
def test_it_holds_while_the_session_computes_and_not_between_its_frames() -> None:
    here, fresh = Runtime.here(), in_a_new_thread(torch.get_num_threads)
    recipe = small(engine="plain", threads=here.threads + 2)
    listening = Listening(recipe, step="torch")
    told: list[Runtime] = []

    def steered(state: Any) -> Recipe:
        told.append(Runtime.here())
        return recipe

    for frame in dream(steered, session=listening.session):
        assert Runtime.here() == here
        assert frame.picture.size == (176, 130)
    assert set(listening.seen) == {Runtime(here.threads + 2, "torch")} == {listening.session.runtime}
    assert set(told) == {here}
    if threads._openmp() is not None:  # past torch, so that no thread of anybody else's is touched
        assert set(listening.new_threads) == {fresh}


def test_a_dream_that_is_left_or_fails_leaves_nothing_behind() -> None:
    here = Runtime.here()
    recipe = small(engine="plain", threads=here.threads + 1)
    frames = dream(recipe, session=Session(recipe, step="torch"))
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert Runtime.here() == here
    failing = Listening(recipe, step="torch", fail=True)
    with pytest.raises(RuntimeError, match="on purpose"):
        next(dream(recipe, session=failing.session))
    assert failing.seen == [Runtime(here.threads + 1, "torch")]
    assert Runtime.here() == here
    with pytest.raises(NoEngineError, match="no avx9000 kernels"):
        Session(recipe, step="avx9000")
    assert Runtime.here() == here


def test_without_a_number_it_is_the_processs_when_the_session_is_made() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        session = Session(small(engine="plain"))
    finally:
        torch.set_num_threads(before)
    path = session.record()
    assert (path.threads, path.step) == (3, step.backends()[-1])
    assert session.runtime == Runtime(3, step.backends()[-1])


@pytest.mark.skipif(not instruction_sets(), reason="no native library on this machine")
def test_the_native_engine_takes_its_number_when_it_is_made() -> None:
    before, net = torch.get_num_threads(), load_net("lite0")
    with Runtime(3, "torch").use():
        engine: Any = make_engine("native", net)
    assert (engine._threads, make_engine("native", net)._threads) == (3, before)  # type: ignore[attr-defined]


def test_a_state_goes_on_with_the_session_that_takes_it_up() -> None:
    recipe = small(engine="plain", threads=1)
    first, second = Session(recipe, step="torch"), Session(recipe.but(threads=2), step="torch")
    state = State.begin(recipe, None, first)
    assert state.runtime == first.runtime
    next(dream(recipe, session=second, state=state))
    assert state.runtime == second.runtime
    kept = State.from_dict(state.state_dict(), recipe)
    assert kept.runtime == Runtime.here()


# -- the value itself -------------------------------------------------------------------------------


def test_it_may_be_entered_again_inside_of_itself_and_of_others() -> None:
    here, one, two = Runtime.here(), Runtime(5, "torch"), Runtime(6, step.backends()[-1])
    with one.use():
        with two.use():
            with one.use(), one.use():
                assert Runtime.here() == one
            assert Runtime.here() == two
            with pytest.raises(ZeroDivisionError), one.use():
                raise ZeroDivisionError
            assert Runtime.here() == two
        assert Runtime.here() == one
    assert Runtime.here() == here


def test_it_is_of_one_thread_alone() -> None:
    inside, outside = threading.Event(), threading.Event()
    here = Runtime.here()

    def entered() -> None:
        with Runtime(7, "torch").use():
            inside.set()
            assert outside.wait(60)
            assert Runtime.here() == Runtime(7, "torch")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(entered)
        assert inside.wait(60)
        assert Runtime.here() == here
        with Runtime(4, "torch").use():
            outside.set()
            done.result()
            assert Runtime.here() == Runtime(4, "torch")


def test_where_it_has_to_go_through_torch_numbers_are_right_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where OpenMP is not found."""
    monkeypatch.setattr(threads, "_openmp", lambda: None)
    here = Runtime.here()
    with Runtime(3, "torch").use():
        assert torch.get_num_threads() == 3
        with Runtime(2, "torch").use():
            assert torch.get_num_threads() == 2
        with pytest.raises(ZeroDivisionError), Runtime(2, "torch").use():
            raise ZeroDivisionError
        assert torch.get_num_threads() == 3
    assert Runtime.here() == here


def test_items_are_made_inside_and_used_outside() -> None:
    here, made, closed = Runtime.here(), [], []

    def items() -> Iterator[int]:
        try:
            for index in range(5):
                made.append(Runtime.here())
                yield index
        finally:
            closed.append(True)

    inside = Runtime(here.threads + 1, "torch")
    given = inside.over(items())
    for index in given:
        assert Runtime.here() == here
        if index == 3:
            break
    given.close()  # type: ignore[attr-defined]
    assert (made, closed) == ([inside] * 4, [True])
    assert list(inside.over(iter("abc"))) == ["a", "b", "c"]


def test_it_goes_along_into_a_pool() -> None:
    inside = Runtime(3, "torch")
    with ThreadPoolExecutor(2) as pool:
        with inside.use():
            there = list(pool.map(carried(lambda _: Runtime.here()), range(4)))
        assert there == [inside] * 4
        assert pool.submit(step.backend).result() == step.backends()[-1]


@pytest.mark.parametrize("threads", [-1, -(2**31), 1025, 10**9, 2**40])
def test_a_number_that_is_none_of_threads_is_refused(threads: int) -> None:
    """OpenMP would end the process where it cannot begin as many."""
    here = Runtime.here()
    for call in (lambda: Runtime(threads, "torch"), lambda: Runtime.of(threads)):
        with pytest.raises(UsageError, match="threads"):
            call()
    assert Runtime.here() == here


def test_a_backend_that_is_not_here_is_refused() -> None:
    here = Runtime.here()
    with pytest.raises(Unavailable, match="no avx9000 kernels"):
        Runtime.of(0, "avx9000")
    with pytest.raises(Unavailable), Runtime(1, "avx9000").use():
        pass
    assert Runtime.here() == here
    assert Runtime.of() == here


# -- who judges -------------------------------------------------------------------------------------


def test_judges_have_a_number_of_their_own() -> None:
    here, seen = Runtime.here(), []
    net = load_net("lite0")
    arena = Arena(make_settings(size=32, generations=1), net=net, threads=here.threads + 1, engine="torch")
    assert arena.trial(2)["threads"] == here.threads + 1
    score = NetScore(net, engine="torch", threads=here.threads + 2)
    forward = score.net.forward
    score.net.forward = lambda *args: seen.append(torch.get_num_threads()) or forward(*args)  # type: ignore
    score(torch.rand(1, 3, 64, 64))
    assert seen == [here.threads + 2]
    assert Runtime.here() == here
