"""Whether the torchvision that is installed was built for the torch that is, which its import needs.

Needs neither: the versions are read from what pip wrote.
"""

from __future__ import annotations

import importlib.metadata
import re
from typing import Final

#: torchvision 0.(N + 15) is built for torch 2.N (the table in torchvision's README).
APART: Final = 15


def misfit(torch: str | None = None, torchvision: str | None = None) -> str:
    """Why torchvision cannot be imported beside this torch, and what to install.

    Args:
        torch: A version such as ``2.13.0+cpu``; None for the one that is installed.
        torchvision: The same of torchvision.

    Returns:
        A line; empty where one of them is missing, or numbered in another way.
    """
    torch = torch or _version("torch")
    torchvision = torchvision or _version("torchvision")
    mine, theirs = re.match(r"2\.(\d+)", torch), re.match(r"0\.(\d+)", torchvision)
    if not mine or not theirs or int(theirs[1]) < APART:
        return ""
    needed = f'"torchvision==0.{int(mine[1]) + APART}.*"'
    if int(theirs[1]) != int(mine[1]) + APART:
        return (
            f"torchvision {torchvision} is for torch 2.{int(theirs[1]) - APART}, and here is torch {torch}; "
            f"pip install {needed}, from the same place as torch"
        )
    return (
        f"torchvision {torchvision} and torch {torch} fit by number, but one is for CUDA and one for the "
        f"CPU; pip install --force-reinstall --no-deps {needed}, from the same place as torch"
    )


def _version(package: str) -> str:
    """What is installed; empty if it is not."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
