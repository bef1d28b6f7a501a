"""Forked children of a process that has computed: they compute too, or say why not."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from reverie.native import instruction_sets

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

BEGIN = """
import os, signal, sys, threading, time, warnings
warnings.simplefilter("ignore")
import numpy as np, torch, reverie
torch.set_num_threads(3)

def in_child(work, seconds=60):
    '''The exit status of a child that does some work; a hang ends it by SIGALRM.'''
    child = os.fork()
    if child == 0:
        signal.alarm(seconds)
        try:
            work()
        except reverie.ReverieError as error:
            print(type(error).__name__, error, flush=True)
            os._exit(7)
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def python(code: str, seconds: int = 170) -> str:
    """What a process of its own prints."""
    whole = textwrap.dedent(BEGIN) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", whole], capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout.strip()


FEW = ("a dream, plain",)
ENGINES = ["torch", "plain", *(["native"] if instruction_sets() else [])]
WORKS = {
    **{
        f"a dream, {engine}": f"""
            from reverie.native import step
            recipe = reverie.preset("classic", objective=["block3a"], steps=[2], octaves=1, engine="{engine}")
            session = reverie.Session(recipe, step=step.backends()[-{index} % 2])
            noise = np.random.default_rng(0).random((96, 160, 3), np.float32)
            def work(): return reverie.render(recipe, reverie.Picture(noise), session=session).pixels
        """
        for index, engine in enumerate(ENGINES)
    },
    "a portrait": """
        from reverie.portrait.batch import portraits
        recipe = reverie.preset("portrait", objective=["block3a:3"], size=[96, 96], steps=[2], octaves=1)
        session = reverie.Session(recipe)
        def work(): return portraits([recipe], session)[0].pixels
    """,
    "motion": """
        from reverie.motion.film.flow import between
        from reverie.canvas.moving import FilmCanvas
        from reverie.canvas.detail import DetailCanvas
        frames = np.random.default_rng(0).integers(0, 255, (2, 240, 320, 3), np.uint8)
        canvas = FilmCanvas.of(DetailCanvas(torch.rand(1, 3, 240, 320)))
        canvas.move(torch.rand(1, 3, 240, 320), factor=0.1)
        def work():
            motion = between(*frames)
            return canvas.warped(torch.from_numpy(motion.field)).detail.numpy()
    """,
    "an evolution's judge": """
        from reverie.evolve import NetScore
        score = NetScore(reverie.load_net(), threads=3)
        pictures = torch.rand(4, 3, 64, 64)
        def work(): return score(pictures).numpy()
    """,
    "loading": """
        def work():
            found = reverie.load_net()(torch.full((1, 3, 64, 64), 0.5), ["logits"])
            return found["logits"].detach().numpy()
    """,
}


#: Where OpenMP cannot let its workers go, children compute alone.
STUCK = """
from reverie.process import forks
forks._let_workers_go = lambda: False
"""
EVERY = [
    pytest.param(name, before, marks=() if name in FEW and not before else pytest.mark.soak)
    for name in WORKS
    for before in ("", STUCK)
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "before"), EVERY)
def test_a_child_goes_on_with_what_its_parent_had_used(name: str, before: str) -> None:
    code = (
        before
        + textwrap.dedent(WORKS[name])
        + textwrap.dedent("""
        expected = work()
        def same(): assert np.allclose(work(), expected, atol=0.05), abs(work() - expected).max()
        def and_its_threads():
            thread = threading.Thread(target=same)
            thread.start(); thread.join(); same()
        def grandchild(): assert in_child(same) == 0
        print(in_child(same), in_child(and_its_threads), in_child(grandchild))
        same()
    """)
    )
    assert python(code) == "0 0 0"


@pytest.mark.soak
def test_a_pool_of_forked_processes_dreams() -> None:
    code = textwrap.dedent(WORKS["a dream, plain"]) + textwrap.dedent("""
        import multiprocessing
        expected = work()
        def far(seed): return float(abs(work() - expected).max())
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(max(pool.map_async(far, range(4)).get(100)) < 0.05)
    """)
    assert python(code) == "True"


@pytest.mark.slow
def test_a_child_of_a_session_that_was_at_work_is_told_within_a_second() -> None:
    code = textwrap.dedent(WORKS["a dream, plain"]) + textwrap.dedent("""
        inside, over = threading.Event(), threading.Event()
        def hold():
            with session.turn:
                inside.set(); over.wait()
        thread = threading.Thread(target=hold)
        thread.start(); inside.wait()
        began = time.monotonic()
        print(in_child(work), time.monotonic() - began < 5)
        over.set(); thread.join()
        print(in_child(work))
    """)
    lines = python(code).splitlines()
    assert lines[0].startswith("ResourceError the session: another thread was using it")
    assert lines[1:] == ["7 True", "0"]


@pytest.mark.slow
def test_a_fork_is_seen_before_anything_of_reverie_was_used() -> None:
    code = """
        torch.rand(600, 600) @ torch.rand(600, 600)
        (torch.ones(1 << 21) + 1).sum()
        def work():
            recipe = reverie.preset("classic", objective=["block2a"], steps=[1], octaves=1, engine="plain")
            reverie.render(recipe, torch.rand(3, 64, 64))
            assert torch.get_num_threads() == 3
        print(in_child(work), torch.get_num_threads())
    """
    assert python(code) == "0 3"


@pytest.mark.soak
def test_a_child_that_cannot_have_workers_computes_in_one_thread_and_says_so() -> None:
    code = STUCK + textwrap.dedent("""
        from reverie.native.runtime import Runtime
        def counts():
            assert torch.get_num_threads() == 1
            assert Runtime.of(3).threads == 1
            with Runtime(3, "torch").use():
                assert torch.get_num_threads() == 1
        (torch.ones(1 << 21) + 1).sum()
        print(in_child(counts), Runtime.of(3).threads)
    """)
    assert python(code) == "0 3"
