"""Many who watch and many who wait: nobody starves, the server stays quick and no larger than it was."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.studio import RunningStudio, User, studio
from support.watchers import Watchers

pytestmark = pytest.mark.slow

TINY = {"max_size": 64, "octaves": 1, "steps": [2], "smallest": 32}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with studio(tmp_path_factory.mktemp("many") / "data", "--workers", "2") as one:
        yield one


@pytest.fixture
def photo(running: RunningStudio, photographs: Path) -> str:
    return str(running.user().give((photographs / "chelsea.png").read_bytes())["id"])


@pytest.mark.parametrize("count", [12, pytest.param(200, marks=pytest.mark.soak)])
def test_all_who_watch_a_dream_see_it(running: RunningStudio, photo: str, count: int) -> None:
    """While two workers compute, the other one for nobody's eyes."""
    one = running
    with closing(one.user()) as user:
        other = user.ask(kind="dream", photo=photo, recipe={"max_size": 160, "octaves": 1, "steps": [5000]})
        user.wait(user.ask(kind="dream", photo=photo, recipe=TINY))
        pages = Watchers(one.address, count)
        id = user.ask(kind="dream", photo=photo, recipe={"max_size": 160, "octaves": 1, "steps": [40]})
        began, spent = time.monotonic(), seconds_of(one)
        times = asked_meanwhile(user, id)
        share = (seconds_of(one) - spent) / (time.monotonic() - began)
        assert user.job(id)["state"] == "done"
        time.sleep(1.0)
        steps, previews = zip(*pages.seen(), strict=True)
        calls = f"median {1000 * statistics.median(times):.0f} ms, p95 {1000 * p95(times):.0f} ms"
        print(
            f"{count} pages: steps {spread(steps)}, previews {spread(previews)}; calls {calls}; "
            f"{share:.2f} of a core"
        )
        assert min(steps) >= 5
        assert min(previews) >= 5
        assert times
        user.post(f"/api/jobs/{other}/cancel")


def asked_meanwhile(user: User, id: str) -> list[float]:
    """Seconds that calls take while a job is at work."""
    times: list[float] = []
    while user.job(id)["state"] in ("waiting", "running"):
        for path in ("/api/jobs", "/api/pictures", "/api/me", "/api/schema"):
            began = time.perf_counter()
            user.get(path)
            times.append(time.perf_counter() - began)
        time.sleep(0.02)
    return times


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[18] if len(times) > 1 else max(times)


def spread(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}"


@pytest.mark.soak
@pytest.mark.parametrize(("people", "each"), [(20, 5)])
def test_nobody_waits_twice_as_long_as_is_fair(
    tmp_path: Path, photographs: Path, people: int, each: int
) -> None:
    """One asks for all of theirs first, the others come later; then all have their turns."""
    data = (photographs / "chelsea.png").read_bytes()
    with studio(tmp_path / "data", "--share", "--host", "127.0.0.1") as one:
        users = [one.user() for _ in range(people)]
        for user in users:
            user.http.get(one.link)
        photos = [user.give(data)["id"] for user in users]
        warm = users[0].ask(kind="dream", photo=photos[0], recipe=TINY)
        users[0].wait(warm)
        began = time.time()
        ids: list[list[str]] = [[] for _ in users]
        for index in range(each * 3):  # the greedy one asks for three times as many, and first
            ids[0].append(users[0].ask(kind="dream", photo=photos[0], recipe={**TINY, "seed": index}))
        for _ in range(each):
            for place, user in enumerate(users[1:], 1):
                ids[place].append(user.ask(kind="dream", photo=photos[place], recipe=TINY))
        ends = [[over(user, id) - began for id in mine] for user, mine in zip(users, ids, strict=True)]
        order = sorted((end, place) for place, mine in enumerate(ends) for end in mine)
        turns: dict[int, list[int]] = {}
        for position, (_, place) in enumerate(order):
            turns.setdefault(place, []).append(position)
        # The nth job of a visitor is fair at n rounds of all; who asked first may have a few before that.
        for place in range(1, people):
            for nth, position in enumerate(turns[place]):
                assert position <= 2 * (nth + 1) * people, (place, nth, position)
        print(f"{people} people: waits of their last jobs {[round(max(mine), 1) for mine in ends]}")


def over(user: User, id: str) -> float:
    """When a job was over, by the time of its picture."""
    job: dict[str, Any] = user.wait(id)
    assert job["state"] == "done", job
    return float(job["pictures"][0]["created"])


@pytest.mark.parametrize("jobs", [30, pytest.param(1000, marks=pytest.mark.soak)])
def test_the_server_stays_as_large_as_it_was(running: RunningStudio, photo: str, jobs: int) -> None:
    one = running
    with closing(one.user()) as user:
        pages = Watchers(one.address, 1)
        done, before = 0, user.get("/api/pictures")["count"]
        sizes: list[int] = []
        while done < jobs:
            wish = {"kind": "dream", "photo": photo, "recipe": TINY, "variations": 10}
            for id in user.http.post("/api/jobs", json=wish).json()["jobs"]:
                assert user.wait(id)["state"] == "done"
                done += 1
            sizes.append(memory(one))
        pages.seen()
        grown = (sizes[-1] - sizes[0]) / 1e6
        print(f"{jobs} jobs: the server has {sizes[-1] / 1e6:.0f} MB, {grown:+.1f} MB since the tenth")
        assert grown < 50
        assert user.get("/api/pictures")["count"] == before + jobs


def seconds_of(one: RunningStudio) -> float:
    """Seconds of a core that the server itself has used."""
    times = psutil.Process(one.process.pid).cpu_times()
    return float(times.user + times.system)


def memory(one: RunningStudio) -> int:
    """Bytes that the server itself takes."""
    return int(psutil.Process(one.process.pid).memory_info().rss)
