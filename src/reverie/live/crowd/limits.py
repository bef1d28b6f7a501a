"""How often somebody may ask: so many times a minute, with some at once, in bounded memory."""

from __future__ import annotations

from typing import Final

#: So many are remembered; of more the one that asked longest ago is forgotten, as if it had never asked.
MOST: Final = 20_000
#: Share of a minute's calls that may come at once.
AT_ONCE: Final = 0.5


class RateLimit:
    """A bucket of calls for each who asks (a token bucket), which fills by itself."""

    def __init__(self, a_minute: int) -> None:
        """Limits of so many calls a minute for each."""
        self._rate = a_minute / 60
        self._size = max(1.0, AT_ONCE * a_minute)
        self._left: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._left)

    def takes(self, who: str, now: float) -> bool:
        """Whether one more call is fine; it is counted if it is."""
        left, then = self._left.pop(who, (self._size, now))
        left = min(self._size, left + max(0.0, now - then) * self._rate)
        fine = left >= 1
        self._left[who] = (left - 1 if fine else left, max(now, then))
        if len(self._left) > MOST:
            del self._left[next(iter(self._left))]
        return fine
