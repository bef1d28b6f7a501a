"""What is secret about a show: the tokens in its links, and what cookies are signed with; in its own file."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from reverie.errors import BadInput, ResourceError
from reverie.media.local_file import read_regular, unreadable

#: What a link lets its holder be.
Role = Literal["moderator", "stage", "overlay"]
ROLES: Final[tuple[Role, ...]] = ("moderator", "stage", "overlay")
#: Where each role's link leads.
HOMES: Final[dict[Role, str]] = {"moderator": "/moderator", "stage": "/stage", "overlay": "/overlay"}
_NAMES: Final = ("secret", *ROLES)
LONGEST: Final = 4000


@dataclass(frozen=True, repr=False)
class Keys:
    """Tokens by role, and the secret of the cookies; never shown as text by accident."""

    secret: str
    moderator: str
    stage: str
    overlay: str

    @classmethod
    def of(cls, folder: Path, *, moderator: str = "") -> Keys:
        """The keys that lie in a folder, in a file that only its owner reads; made if it is not there.

        Args:
            folder: Where ``tokens.json`` is.
            moderator: The moderator's token, where it is given from elsewhere.

        Raises:
            BadInput: The file cannot be read, or is no such file.
            ResourceError: It cannot be written.
        """
        path = folder / "tokens.json"
        try:
            found = json.loads(read_regular(path, most=LONGEST))
            known = {name: str(found[name]) for name in _NAMES}
        except FileNotFoundError:
            known = {name: secrets.token_urlsafe(24) for name in _NAMES}
            _write(path, json.dumps(known, indent=1))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            why = unreadable(error) if isinstance(error, OSError | ValueError) else "is no file of tokens"
            raise BadInput(f"{path}: {why}; take it away, and new ones are made") from error
        return cls(**{**known, **({"moderator": moderator} if moderator else {})})

    def __repr__(self) -> str:
        return "Keys(...)"

    def role(self, token: str) -> Role | None:
        """Whose token that is; asked in the same time whatever it is."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        found: Role | None = None
        for role in ROLES:
            if hmac.compare_digest(hashlib.sha256(getattr(self, role).encode()).digest(), digest):
                found = role
        return found

    def link(self, url: str, role: Role) -> str:
        """The address by which somebody comes in as that."""
        path = "/overlay" if role == "overlay" else "/"
        return f"{url.rstrip('/')}{path}?token={getattr(self, role)}"

    def signed(self, text: str) -> str:
        """A text, and what proves that it is ours."""
        return f"{text}.{self._proof(text)}"

    def verified(self, signed: str) -> str | None:
        """The text of ``signed`` if it is ours."""
        text, _, proof = signed.rpartition(".")
        return text if text and hmac.compare_digest(self._proof(text), proof) else None

    def _proof(self, text: str) -> str:
        digest = hmac.new(self.secret.encode(), text.encode("utf-8", "replace"), hashlib.sha256)
        return digest.hexdigest()[:32]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ResourceError(f"{path}: cannot be written ({error.strerror or error})") from error
