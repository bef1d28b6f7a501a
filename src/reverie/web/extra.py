"""The libraries of the extra that every server here needs."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from reverie.errors import UsageError

#: Libraries that come with the extra.
EXTRA: Final = ("platformdirs", "uvicorn", "fastapi", "wsproto", "segno")


def check_extra(what: str) -> None:
    """UsageError where they are not installed; ``what`` needs them."""
    try:
        for name in EXTRA:
            import_module(name)
    except ImportError as error:
        raise UsageError(f'{what} needs an extra; pip install "reverie[studio]"') from error
