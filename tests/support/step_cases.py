"""Settings that a step is tried with."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st


def of_bands(channels: int, levels: int, tilt: tuple[float, float]) -> dict[str, Any]:
    """Strategies of what every step by bands takes, up to so many channels and levels, and of its seed."""
    return {
        "channels": st.integers(1, channels),
        "levels": st.integers(1, levels),
        "tilt": st.floats(*tilt),
        "circular": st.booleans(),
        "seed": st.integers(0, 99),
    }
