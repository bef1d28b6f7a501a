"""Whose turn it is: visitors take turns, and each one's own jobs keep their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

#: A job that waits, and its visitor.
Waiting = tuple[str, str]


def in_turn(
    waiting: Iterable[Waiting], at_work: Mapping[str, int], served: Mapping[str, float]
) -> Iterator[Waiting]:
    """The jobs in the order in which they will be begun.

    Next is always a job of the visitor who has the fewest at work, of those the one whose last turn is
    longest ago, and of those the one whose first job is first in the line.

    Args:
        waiting: In the order of the line.
        at_work: How many of each visitor's jobs are at work.
        served: When each visitor last had a turn; whoever never had one is missing.
    """
    queues: dict[str, list[tuple[int, str]]] = {}
    for place, (id, owner) in enumerate(waiting):
        queues.setdefault(owner, []).append((place, id))
    busy, last = dict(at_work), dict(served)
    clock = max(last.values(), default=0.0)
    while queues:
        owner = min(queues, key=lambda o: (busy.get(o, 0), last.get(o, float("-inf")), queues[o][0][0]))
        yield queues[owner].pop(0)[1], owner
        busy[owner] = busy.get(owner, 0) + 1
        clock += 1
        last[owner] = clock
        if not queues[owner]:
            del queues[owner]
