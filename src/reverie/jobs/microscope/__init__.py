"""A microscope: a website of a network, with the portrait of every channel and class, that needs no server.

After the OpenAI Microscope (Schubert, Petrov, Carter & Olah 2020), for any network.
"""

from __future__ import annotations

from reverie.jobs.microscope.build import Microscope, MicroscopeResult
from reverie.jobs.microscope.contents import Plan, Unit, choose

__all__ = ["Microscope", "MicroscopeResult", "Plan", "Unit", "choose"]
