"""Fooling as a job: what a page may ask for, what a gallery shows of it, and how that was made."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from reverie.errors import UsageError
from reverie.jobs.fooling.folder import Folder
from reverie.jobs.fooling.settings import Settings, make_settings
from reverie.network.class_names import imagenet
from reverie.recipe.recipe import Embedded
from reverie.studio.store.jobs import JobRow

#: The folder of an evolution, in that of its job.
FOLDER: Final = "evolved"
#: What evolves if a page says nothing: a few minutes, where the paper's two million pictures take a day.
USUAL: Final[Mapping[str, Any]] = {"encoding": "cppn", "generations": 150, "children": 100, "size": 160}
#: Settings that a page may change; the number format is for whoever runs the server to say.
ASKED: Final = tuple(name for name in Settings.model_fields if name != "precision")
#: Classes that one job reports.
MOST_CLASSES: Final = 25


def settings_of(asked: Mapping[str, Any], networks: Sequence[str]) -> dict[str, Any]:
    """The settings of a job from what a page asks for.

    Raises:
        UsageError: One that there is not, that cannot be, or a network that is not here.
    """
    if unknown := [name for name in asked if name not in ASKED]:
        raise UsageError(f"{unknown[0][:60]}: no setting of an evolution; there are {', '.join(ASKED)}")
    given = {"network": networks[0], **USUAL, **{n: v for n, v in asked.items() if v is not None}}
    settings = make_settings(**given)
    if settings.network not in networks:
        raise UsageError(f"network: there are {', '.join(networks)}, got {settings.network[:60]}")
    return given


def document_of(asked: Mapping[str, Any], classes: Sequence[str], networks: Sequence[str]) -> dict[str, Any]:
    """The document of a job that evolves pictures for classes.

    Raises:
        UsageError: As ``settings_of``; no class, too many, or one that the network does not know.
    """
    settings = settings_of(asked, networks)
    if not 1 <= len(classes) <= MOST_CLASSES:
        raise UsageError(f"targets: 1 to {MOST_CLASSES} classes are needed, got {len(classes)}")
    if settings["network"] in get_args(Embedded):  # what others know is told by them when the job begins
        for name in classes:
            imagenet().members(name)
    output = {"path": FOLDER, "overwrite": False}
    return {"kind": "fool", "settings": settings, "classes": list(classes), "output": output}


def gone_on(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The document of a job that was broken off: an evolution goes on from where it is."""
    there = document["kind"] == "fool" and Folder(folder / FOLDER).note.is_file()
    return {**document, "resume": True} if there else document


def shown(folder: Path) -> dict[str, str]:
    """The files that a gallery shows of an evolution, in a job's folder, with what each is called.

    The sheet comes last; where an evolution of many classes was stopped, it is all there is.
    """
    where, found = Folder(folder / FOLDER), {}
    if where.archive.is_file():
        entries = json.loads(where.archive.read_bytes())
        for entry in sorted(entries, key=lambda one: one["confidence"]):
            found[f"{FOLDER}/{entry['png']}"] = f"{entry['name']}, {entry['confidence']:.1%} sure"
    if where.sheet.is_file():
        found[f"{FOLDER}/{where.sheet.name}"] = "the sheet"
    return found


def recalled_evolution(job: JobRow) -> dict[str, Any]:
    """How a picture of an evolution was made, as ``recalled`` tells of others."""
    settings, classes = job.document["settings"], job.document["classes"]
    usual = make_settings().model_dump()
    options = [
        word for name, value in settings.items() if value != usual[name] for word in (f"--{name}", str(value))
    ]
    stopped = bool(job.stopped)
    return {
        "kind": "fool",
        "recipe": settings,
        "targets": classes,
        "photo": None,
        "mask": None,
        "preset": None,
        "network": settings["network"],
        "seed": settings.get("seed", usual["seed"]),
        "command": shlex.join(["reverie", "fool", *classes, "-o", "fooled", *options]),
        "files": [],
        "steered": [],
        "stopped": job.stopped,
        "missing": [],
        "repeatable": not stopped,
        **({"why_not": f"it was stopped at {job.stopped}; the command makes all of it"} if stopped else {}),
    }
