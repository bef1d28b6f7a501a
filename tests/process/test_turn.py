"""A lock that threads take turns at."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reverie.errors import ResourceError
from reverie.process.turn import Turn


def test_one_thread_at_a_time_and_again_inside() -> None:
    turn, inside, most = Turn("it"), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with turn, turn:
                inside += 1
                most = max(most, inside)
                inside -= 1

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result()
    assert most == 1


def test_what_fails_inside_gives_the_turn_back() -> None:
    turn = Turn("it")
    with pytest.raises(ZeroDivisionError), turn:
        raise ZeroDivisionError
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(turn.__enter__).result(timeout=10) is None


@pytest.mark.slow
def test_a_turn_that_a_lost_thread_had_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a forked child: another number of the process, and nobody who would give it back."""
    turn, held, over = Turn("the session"), threading.Event(), threading.Event()

    def hold() -> None:
        with turn:
            held.set()
            over.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(ResourceError, match="the session: another thread was using it"), turn:
        pass
    over.set()
    thread.join()
    with turn, turn:
        assert turn._process == -1
