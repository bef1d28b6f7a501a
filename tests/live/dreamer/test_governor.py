"""How much is dreamt on a machine that is pretended."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.live.dreamer.governor import AHEAD, HURRY, LATEST, MOST_STEPS, SMALLEST, SOON, Governor, work_of

FPS = 25


@dataclass
class Machine:
    """Cores that show frames first and dream with what is left, tick by tick.

    ``show`` and ``keyframe`` are core-seconds of a frame and of a keyframe of the largest look; a keyframe is
    one thread's work, done in steps, and waits between them while too few frames lie ready.
    """

    show: float = 0.012
    keyframe: float = 0.46
    governor: Governor = field(default_factory=Governor)
    ready: float = AHEAD
    left: float = 0.0  # of the keyframe that is being dreamt
    ticks: int = 0
    work: float = 1.0
    repeated: int = 0
    keyframes: int = 0
    too_early: int = 0  # repeats while looks could have been smaller

    def tick(self, power: float) -> None:
        """One frame's time on a machine of so many cores like the usual one's."""
        governor = self.governor
        work = power / FPS
        can = min(AHEAD - self.ready + 1, work / self.show)
        self.ready += can
        work -= can * self.show
        governor.ahead(int(self.ready))
        if self.ready >= 1:
            self.ready -= 1
        else:
            self.repeated += 1
            self.too_early += not governor.smallest
        if self.left <= 0:
            self.work = work_of(governor.look, governor.steps)
            self.left = self.keyframe * self.work
            self.ticks = 0
        self.ticks += 1
        if self.ready > HURRY:
            self.left -= min(work, power / FPS, 1 / FPS)
        if self.left <= 0:
            self.keyframes += 1
            governor.dreamt(self.ticks / FPS, self.work)


@given(
    st.lists(st.tuples(st.floats(0.05, 4), st.integers(1, 60)), min_size=1, max_size=12),
    st.floats(0.005, 0.05),
    st.floats(0.1, 3),
)
@settings(max_examples=150)
def test_no_frame_is_repeated_before_looks_are_smallest(
    life: list[tuple[float, int]], show: float, keyframe: float
) -> None:
    machine = Machine(show, keyframe)
    for power, ticks in life:
        for _ in range(ticks):
            machine.tick(power)
            assert SMALLEST <= machine.governor.look <= 1
            assert machine.governor.least <= machine.governor.steps <= MOST_STEPS
    assert machine.too_early == 0


@given(st.floats(0.1, 0.9), st.integers(5, 300))
@settings(max_examples=50)
def test_it_recovers(power: float, ticks: int) -> None:
    """However bad it was, on two idle cores looks are whole again, and nothing is repeated."""
    machine = Machine()
    for _ in range(ticks):
        machine.tick(power * 0.3)
    for _ in range(30 * FPS):
        machine.tick(1.8)
    repeated = machine.repeated
    for _ in range(10 * FPS):
        machine.tick(1.8)
    assert machine.repeated == repeated
    assert machine.governor.look == 1


@given(st.floats(0.2, 6))
@settings(max_examples=50)
def test_a_slow_machine_still_dreams_a_keyframe_a_second(keyframe: float) -> None:
    """Looks get smaller until it does; where even the smallest would not, they are the smallest."""
    machine = Machine(keyframe=keyframe)
    for _ in range(60 * FPS):
        machine.tick(1.8)
    before = machine.keyframes
    for _ in range(30 * FPS):
        machine.tick(1.8)
    assert machine.keyframes - before >= 30 or machine.governor.smallest


def test_a_fast_machine_takes_more_steps_not_more_keyframes() -> None:
    governor = Governor()
    for _ in range(30):
        governor.dreamt(0.02 * governor.steps, work_of(governor.look, governor.steps))
    assert governor.steps == MOST_STEPS
    assert governor.gap == SOON
    for _ in range(30):
        governor.dreamt(0.22 * governor.steps, work_of(governor.look, governor.steps))
    assert governor.steps == governor.least


def test_looks_hold_still_on_a_machine_that_does() -> None:
    """It does not swing to and fro between two sizes for ever."""
    governor, looks = Governor(), []
    for _ in range(100):
        governor.dreamt(1.6 * governor.look**2, work_of(governor.look, governor.steps))
        looks.append(governor.look)
    assert max(looks[30:]) / min(looks[30:]) < 1.01
    assert 1.6 * looks[-1] ** 2 <= LATEST
