"""Jobs as JSON documents: written by ``job.document()``, read here, and trusted in nothing that they name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from pydantic import ValidationError

from reverie.errors import BadInput, ReverieError, UsageError, did_you_mean
from reverie.jobs.claims import names_in, networks_in
from reverie.jobs.foreign_names import check_beside, check_no_code, check_no_functions
from reverie.jobs.job import Job
from reverie.media.local_file import open_regular, unreadable
from reverie.recipe.portrait import Portrait
from reverie.recipe.recipe import MOST_COMPLAINTS, Recipe, read

#: Version of the documents' own format, raised when a field changes its meaning.
FORMAT: Final = 1
#: A document longer than this, in bytes, is none.
LONGEST: Final = 4_000_000
#: Each kind of job, and the module and class that it is.
KINDS: Final = {
    "dream": ("dreaming.dream", "DreamJob"),
    "batch": ("dreaming.batch", "BatchJob"),
    "variations": ("dreaming.batch", "VariationsJob"),
    "layers": ("dreaming.batch", "LayersJob"),
    "portraits": ("portraits.portraits", "PortraitsJob"),
    "inversions": ("portraits.portraits", "InversionsJob"),
    "stimuli": ("looking.stimuli", "StimuliJob"),
    "responses": ("looking.responses", "ResponsesJob"),
    "look": ("looking.look", "LookJob"),
    "microscope": ("microscope.job", "MicroscopeJob"),
    "zoom": ("moving.zoom", "ZoomJob"),
    "film": ("moving.film", "FilmJob"),
    "scene": ("moving.film_scene", "SceneJob"),
    "fool": ("fooling.job", "EvolutionJob"),
    "judge": ("fooling.children", "JudgeJob"),
    "print": ("fooling.large_print", "PrintJob"),
    "train": ("training.job", "TrainJob"),
    "rerun": ("rerun", "RerunJob"),
}


def read_job(document: object, where: str = "job", *, trusted: bool = False) -> Job[Any]:
    """The job that a document describes.

    Args:
        document: A JSON object, as ``Job.document`` makes it.
        where: Where it stands, for errors.
        trusted: Whether it may name any path; otherwise only files without a folder, hashes and ids.

    Raises:
        UsageError: Field by field what is wrong; an unknown kind, a newer format, or a path that it may not
            name.
    """
    if not isinstance(document, Mapping):
        raise UsageError(f"{where}: the job is not an object with fields")
    version = document.get("format", FORMAT)
    if isinstance(version, int) and version > FORMAT:
        raise UsageError(
            f"{where}: job format {version} is newer than {FORMAT}, the newest this version reads"
        )
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        given = f"unknown kind of job {kind!r}" if kind is not None else "names no kind of job"
        raise UsageError(f"{where}: {given}; {did_you_mean(str(kind), KINDS)}")
    module, name = KINDS[kind]
    of_kind: type[Job[Any]] = getattr(import_module(f"reverie.jobs.{module}"), name)
    fields, wrong = {str(key): value for key, value in document.items()}, []
    if "recipe" in fields and "recipe" in of_kind.model_fields:
        try:
            fields["recipe"] = read(fields["recipe"], "recipe")
        except UsageError as error:
            wrong.append(str(error))
            fields["recipe"] = Recipe(portrait=Portrait())  # to see what else is wrong, whatever the kind
    try:
        job = of_kind(**fields)
    except ValidationError as error:
        wrong += _complaints(error, of_kind.model_fields)
    if wrong:
        raise UsageError(f"{where}: {'; '.join(wrong)}")
    if isinstance(recipe := getattr(job, "recipe", None), Recipe):
        check_no_functions(recipe, where)
    if not trusted:
        _check_names(job, where)
    return job


def load_job(path: str, *, trusted: bool = False) -> Job[Any]:
    """The job that a file describes; ``trusted`` as of ``read_job``.

    Raises:
        BadInput: The file cannot be read.
        UsageError: As ``read_job``, or it is no JSON.
    """
    try:
        with open_regular(path) as file:
            text = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {unreadable(error)}; give the document of a job") from error
    return parse_job(text, path, trusted=trusted)


def parse_job(text: bytes, where: str, *, trusted: bool) -> Job[Any]:
    """The job that the bytes of a document describe; errors as of ``load_job``."""
    if len(text) > LONGEST:
        raise UsageError(f"{where}: over {LONGEST} bytes are too long for a job")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not JSON ({str(error)[:100]})") from error
    return read_job(document, where, trusted=trusted)


def _complaints(error: ValidationError, known: Iterable[str]) -> Iterator[str]:
    """One clause for each field that is wrong."""
    for item in error.errors()[:MOST_COMPLAINTS]:
        field = ".".join(map(str, item["loc"])) or "job"
        cause = item.get("ctx", {}).get("error")
        if item["type"] == "extra_forbidden":
            hint = did_you_mean(field, known) if len(item["loc"]) == 1 else ""
            yield f"{field}: no such field; {hint or 'drop it'}"
        elif isinstance(cause, ReverieError):
            yield f"{field}: {cause}"
        else:
            message = item["msg"].removeprefix("Value error, ")
            got = "" if item["type"] == "missing" else f", got {str(item['input'])[:60]}"
            yield f"{field}: {message[0].lower()}{message[1:]}{got}"


def _check_names(job: Job[Any], where: str) -> None:
    """UsageError where a document that is not trusted names a folder or a path to elsewhere."""
    for field, network in networks_in(job):
        check_no_code(network, f"{where}: {field}")
    for field, name in names_in(job):
        check_beside(name, f"{where}: {field}")
