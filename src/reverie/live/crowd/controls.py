"""What a moderator has set: whether the show is held or paused, how calm it is, and who is banned."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from reverie.live.crowd.ballot import Person

#: Seconds for which somebody is banned, and how many people and addresses can be.
BANNED, MOST = 86_400.0, 5000


class Controls:
    """How a show is held.

    Attributes:
        holding: Whether what is shown stays until it is let go.
        paused: When the dream was paused; None while it goes on.
        calm: How strong the dream is, as a share of the usual.
    """

    def __init__(self) -> None:
        self.holding = False
        self.paused: float | None = None
        self.calm = 1.0
        self._bans: OrderedDict[str, float] = OrderedDict()

    def ban(self, person: Person, now: float, *, address: bool) -> None:
        """Take no wishes of this person for a day; with ``address`` of nobody who asks from where they do."""
        self._ban(f"person {person.id}", now)
        if address and person.address:
            self._ban(f"address {person.address}", now)

    def bans(self, person: Person, now: float) -> bool:
        """Whether no wishes are taken of this person now."""
        kinds = (f"person {person.id}", f"address {person.address}")
        return any(self._bans.get(one, 0.0) > now for one in kinds)

    def pardon(self) -> None:
        """Take back all bans of people."""
        self._bans.clear()

    @property
    def banned(self) -> int:
        """How many people and addresses are banned."""
        return len(self._bans)

    def forget(self, now: float) -> None:
        """Forget bans that are over."""
        while self._bans and next(iter(self._bans.values())) <= now:
            self._bans.popitem(last=False)

    def _ban(self, who: str, now: float) -> None:
        self._bans.pop(who, None)
        self._bans[who] = now + BANNED
        while len(self._bans) > MOST:
            self._bans.popitem(last=False)

    def state(self) -> dict[str, Any]:
        """All of it as JSON."""
        kept = {"holding": self.holding, "paused": self.paused, "calm": self.calm}
        return {**kept, "bans": [list(one) for one in self._bans.items()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state."""
        self.holding = bool(state["holding"])
        self.paused = None if state["paused"] is None else float(state["paused"])
        self.calm = min(1.0, max(0.0, float(state["calm"])))
        self._bans.update((str(who), float(until)) for who, until in state["bans"][-MOST:])
