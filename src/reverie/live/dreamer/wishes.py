"""What the dream is about at each moment: the topics that are on, those that give way, and how strongly."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, Final

from reverie.live.dreamer.places import placed
from reverie.live.dreamer.protocol import SetTopics
from reverie.objective import Objective, OfClass, Term, parse
from reverie.objective.quantity import Quantity, Region

#: A mixture of old and new goes in so many steps; each is bound to the network once.
MIXTURES: Final = 4
#: After a change the dream is so much stronger for a while (seconds), which then fades for as long again.
BOOST, STRONG = 0.6, 3.0
#: For so many seconds what was dreamt before is dreamt away, with this weight.
AWAY, AWAY_SECONDS = 0.35, 4.0
#: Share of the ground in a class that is new: none at first, so that it is soon clear.
FIRST_GROUND, FIRST_SECONDS = 0.0, 6.0
#: With the layout "blend" the two topics take turns in waves of so many seconds, from one share to the other.
WAVE, LEAST_SHARE = 30.0, 0.15
#: The most by which a loud pulse makes the dream stronger.
PULSE: Final = 0.5

#: A quantity and where it counts.
_What = tuple[Quantity, Region | None]


class Wishes:
    """What is wanted, and since when.

    Args:
        ground: The objective of the zoom, which lends classes its texture and is dreamt while nobody wishes.
        undertone: Its share in classes, 0 to 1.
    """

    def __init__(self, ground: str, undertone: float) -> None:
        self._ground, self._undertone = ground, undertone
        self._order: SetTopics | None = None
        self._before: SetTopics | None = None
        self._since = -math.inf
        self.factor = 1.0  # of the moderator
        self.pulse = 0.0
        self.paused = False

    @property
    def order(self) -> SetTopics | None:
        """The topics that are on."""
        return self._order

    def ask(self, order: SetTopics, seconds: float) -> bool:
        """Dream of these from a moment on, unless they are dreamt of already; whether they are new."""
        if self._order is not None and _same(order, self._order):
            return False
        self._before, self._order, self._since = self._order, order, seconds
        return True

    def objective(self, seconds: float) -> str:
        """What is dreamt of at a moment."""
        order, age = self._order, seconds - self._since
        if order is None:
            return self._ground
        parts: defaultdict[_What, float] = defaultdict(float)
        share = 1.0 if order.fade <= 0 else min(1.0, max(1 / MIXTURES, age / order.fade))
        share = math.ceil(share * MIXTURES) / MIXTURES
        self._add(parts, order, share, seconds)
        if share < 1:
            self._add(parts, self._before, 1 - share, seconds)
        elif age < AWAY_SECONDS:
            for what in self._gone():
                parts[what] -= AWAY
        return str(
            Objective(tuple(Term(round(weight, 4), *what) for what, weight in parts.items() if weight))
        )

    def strength(self, seconds: float) -> float:
        """By how much the usual strength is multiplied at a moment."""
        return self.factor * (1 + BOOST * self.fresh(seconds)) * (1 + PULSE * self.pulse)

    def fresh(self, seconds: float) -> float:
        """How new what is wanted is: 1 for some seconds after it was asked for, then falling to 0."""
        return min(1.0, max(0.0, 2 - (seconds - self._since) / STRONG))

    def _add(
        self, parts: defaultdict[_What, float], order: SetTopics | None, share: float, seconds: float
    ) -> None:
        """Add the terms of an order, or of the ground where there was none, by their weights."""
        ground = 0.0 if order else 1.0
        if order is not None:
            wanted = [placed(parse(topic.objective), topic.place) for topic in order.topics]
            classes = [any(isinstance(term.quantity, OfClass) for term in one.terms) for one in wanted]
            own = FIRST_GROUND if seconds - self._since < FIRST_SECONDS else self._undertone
            ground = own * sum(classes) / len(classes)
            for one, counts in zip(wanted, self._shares(order, seconds), strict=True):
                for term in one.terms:
                    parts[term.quantity, term.region] += term.weight * counts * share * (1 - ground)
        terms = parse(self._ground).terms if ground else ()
        whole = max(1.0, sum(abs(term.weight) for term in terms))
        for term in terms:
            parts[term.quantity, term.region] += term.weight * share * (ground / whole if order else 1.0)

    @staticmethod
    def _shares(order: SetTopics, seconds: float) -> tuple[float, ...]:
        """How much each topic counts at a moment."""
        if len(order.topics) == 1 or order.layout != "blend":
            return (1.0,) * len(order.topics)
        way = 0.5 - 0.5 * math.cos(2 * math.pi * seconds / WAVE)
        share = round((LEAST_SHARE + (1 - 2 * LEAST_SHARE) * way) * 2 * MIXTURES) / (2 * MIXTURES)
        return 1 - share, share

    def _gone(self) -> list[_What]:
        """The classes that were dreamt of before and are not any more."""
        if self._before is None or self._order is None:
            return []
        now = {term.quantity for topic in self._order.topics for term in parse(topic.objective).terms}
        return [
            (term.quantity, placed(Objective((term,)), topic.place).terms[0].region)
            for topic in self._before.topics
            for term in parse(topic.objective).terms
            if isinstance(term.quantity, OfClass) and term.quantity not in now
        ]

    def state_dict(self, seconds: float) -> dict[str, Any]:
        """What has to be kept to go on later, as plain values; ``seconds`` is now."""
        return {
            "order": self._order.model_dump(mode="json") if self._order else None,
            "age": min(seconds - self._since, 1e6) if self._order else 0.0,
            "factor": self.factor,
            "paused": self.paused,
        }

    def load_state_dict(self, kept: dict[str, Any], seconds: float) -> None:
        """Go on from what ``state_dict`` gave; what was dreamt before is not dreamt away any more."""
        self._order = SetTopics.model_validate(kept["order"]) if kept["order"] else None
        self._before, self._since = self._order, seconds - float(kept["age"])
        self.factor, self.paused = float(kept["factor"]), bool(kept["paused"])


def _same(one: SetTopics, other: SetTopics) -> bool:
    """Whether two orders come to the same dream."""
    return one.layout == other.layout and [(t.objective, t.place) for t in one.topics] == [
        (t.objective, t.place) for t in other.topics
    ]
