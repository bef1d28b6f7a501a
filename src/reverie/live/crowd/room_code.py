"""The code in the QR code on the stage: whoever has it stands before the picture, or did a moment ago."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

#: Letters and digits that are not taken for each other.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH: Final = 8
#: So many people come in by one code; whoever is late takes the next.
MOST: Final = 100


class RoomCode:
    """Codes that change, each made of a secret and the time."""

    def __init__(self, secret: str, seconds: float) -> None:
        """Codes that change after so many seconds."""
        self._secret, self._seconds = secret.encode(), seconds
        self._used: dict[str, int] = {}

    def now(self, now: float) -> str:
        """The code that the stage shows."""
        return self._at(int(now // self._seconds))

    def changes_in(self, now: float) -> float:
        """Seconds until it changes."""
        return self._seconds - now % self._seconds

    def lets_in(self, code: str, now: float) -> bool:
        """Whether that code is on the stage, or was until it changed just now."""
        turn = int(now // self._seconds)
        good = [self._at(turn), self._at(turn - 1)]
        self._used = {one: self._used.get(one, 0) for one in good}
        plain = code.strip().lower().encode("utf-8", "replace")[:64]
        for one in good:
            if hmac.compare_digest(one.encode(), plain) and self._used[one] < MOST:
                self._used[one] += 1
                return True
        return False

    def _at(self, turn: int) -> str:
        digest = hmac.new(self._secret, f"room {turn}".encode(), hashlib.sha256).digest()
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:LENGTH])
