"""Zooms and films carried out into files: safe at every moment, gone on with after any end."""

from __future__ import annotations

from reverie.moving.run import Moving, MovingOutput, MovingResult, Progress
from reverie.moving.works import Film, Work, Zoom

__all__ = ["Film", "Moving", "MovingOutput", "MovingResult", "Progress", "Work", "Zoom"]
