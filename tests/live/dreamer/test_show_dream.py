"""The dream of the show, small and with its clock speeded."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reverie.ascent.session import Session
from reverie.errors import UsageError
from reverie.live.dreamer.glide import Bytes
from reverie.live.dreamer.kept_dream import keep, kept
from reverie.live.dreamer.keyframe import live_recipe, live_session
from reverie.live.dreamer.protocol import (
    CalmDown,
    GoOn,
    MoveCamera,
    PauseDream,
    PlacedTopic,
    SetPace,
    SetTopics,
)
from reverie.live.dreamer.show_dream import ShowDream
from reverie.live.dreamer.speeded import speeded

SIZE = (128, 72)


@pytest.fixture(scope="module")
def session() -> Session:
    return live_session(live_recipe(SIZE))


def begun(session: Session, **changes: object) -> ShowDream:
    return ShowDream(live_recipe(SIZE, seed=int(str(changes.pop("seed", 0)))), session, **changes)  # type: ignore[arg-type]


def frames(dream: ShowDream, count: int, seconds: float = 0.3) -> list[Bytes]:
    return [rgb for _, rgb, _ in speeded(dream, count, seconds)]


def topic(objective: str) -> SetTopics:
    return SetTopics(topics=(PlacedTopic(objective=objective),))


def change(here: Bytes, there: Bytes) -> float:
    return float(np.abs(here.astype(int) - there).mean())


@pytest.mark.slow
def test_frames_follow_each_other_without_a_jump(session: Session) -> None:
    dream = begun(session)
    shown = frames(dream, 60)
    assert all(rgb.shape == (72, 128, 3) and rgb.dtype == np.uint8 for rgb in shown)
    steps = [change(here, there) for here, there in pairwise(shown[25:])]
    assert max(steps) < 2.5 * np.median(steps)
    assert dream.tally.dreamt >= 60 / 25 * 2 - 2


@pytest.mark.slow
def test_the_same_seed_is_the_same_show(session: Session) -> None:
    one, other, third = (frames(begun(session, seed=seed), 15)[-1] for seed in (1, 1, 2))
    assert (one == other).all()
    assert change(one, third) > 1


@pytest.mark.slow
def test_a_dream_that_was_kept_goes_on(session: Session, tmp_path: Path) -> None:
    dream = begun(session)
    dream.order(topic('class("goldfish")'))
    dream.order(MoveCamera.model_validate({"turn": 3}))
    dream.order(CalmDown(factor=0.5))
    before = frames(dream, 40)
    keep(tmp_path, dream.state_dict())
    twin = begun(session, kept=kept(tmp_path, SIZE))
    assert twin.next == 40
    assert twin.wishes.order == dream.wishes.order
    assert twin.wishes.factor == 0.5
    assert twin.tally.shown == 40
    after = frames(twin, 25)
    assert change(before[-1], after[0]) < 25  # the same picture, seen a little earlier or later
    assert change(before[0], after[0]) > change(before[-1], after[0])
    assert twin.tally.dreamt > dream.tally.dreamt


@pytest.mark.slow
def test_paused_it_comes_to_rest_and_goes_on(session: Session) -> None:
    dream = begun(session)
    frames(dream, 15)
    dream.order(PauseDream())
    shown = frames(dream, 130)
    assert change(shown[-1], shown[-2]) < 0.01
    count = dream.tally.dreamt
    frames(dream, 25)
    assert dream.tally.dreamt == count
    dream.order(GoOn())
    shown = frames(dream, 40)
    assert change(shown[-1], shown[-2]) > 0.1
    assert dream.tally.dreamt > count


@pytest.mark.slow
def test_eager_dreams_for_every_frame(session: Session) -> None:
    dream = begun(session, pace="eager")
    shown = list(speeded(dream, 24, 0.3))
    assert all(dreamt for _, _, dreamt in shown)
    assert dream.tally.dreamt == 24
    dream.order(SetPace(pace="calm"))
    steps = [change(here, there) for (_, here, _), (_, there, _) in pairwise(shown[10:])]
    assert max(steps) < 2.5 * np.median(steps)
    calm = list(speeded(dream, 12, 0.3))
    assert not any(dreamt for _, _, dreamt in calm)
    assert change(shown[-1][1], calm[0][1]) < 2.5 * np.median(steps)  # its layer fades and is not cut off


@pytest.mark.slow
def test_a_late_look_is_carried_and_not_waited_for(session: Session) -> None:
    dream = begun(session, pace="eager")
    list(speeded(dream, 4, 0.3))
    for _ in range(10):
        while dream.ready():
            dream.shown()
    assert dream.shown()[1] is False


@pytest.mark.slow
def test_nothing_grows_with_the_number_of_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reverie.ascent.session.MOST_GOALS", 5)
    session = live_session(live_recipe(SIZE))
    dream = begun(session)
    for k in range(8):
        dream.order(topic(f"class({k})"))
        frames(dream, 3, 0.04)
    assert len(session._goals) == len(session._partners_goals) == 5


def test_what_cannot_be_dreamt_is_said_before(session: Session) -> None:
    dream = begun(session)
    for text in ('class("no such thing")', "standard(block99)", "block5c:9999"):
        with pytest.raises(UsageError):
            dream.check(topic(text))
    with pytest.raises(UsageError, match="region"):
        dream.check(
            SetTopics(topics=(PlacedTopic(objective='logprob("volcano")', place="upper"),), layout="halves")
        )
    dream.check(topic('class("volcano")'))


@pytest.mark.soak
def test_a_day_of_frames_holds_still_and_takes_no_memory(session: Session) -> None:
    """86,400 frames with a topic a minute: memory, mean, deviation and sharpness stay where they are."""
    import psutil
    from benchmarks.live import TOPICS
    from benchmarks.motion_measures import look

    dream, looks, memory = begun(session), [], []
    process = psutil.Process()
    for k, (_, rgb, _) in enumerate(speeded(dream, 86_400, 0.33)):
        if k % 1500 == 0:
            dream.order(topic(f'class("{TOPICS[k // 1500 % len(TOPICS)]}")'))
        if k % 25 == 0:
            looks.append(look(rgb))
        if k % 500 == 0:
            memory.append(process.memory_info().rss)
    settled = len(memory) // 4
    assert max(memory[settled:]) - memory[settled] < 20e6
    for name in ("mean", "deviation", "sharp"):
        values = np.array([getattr(one, name) for one in looks[60:]])
        hours = np.array_split(values, 24)
        means = np.array([part.mean() for part in hours])
        assert np.abs(means / np.median(values) - 1).max() < 0.1, name
