"""The state of an evolution: all that is needed to go on as if it had never stopped."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ResourceError, UsageError
from reverie.evolve.archive import NOBODY, Archive, Lineage
from reverie.evolve.encodings import make_encoding
from reverie.evolve.genome import Arrays, Brood, Encoding, child_rng
from reverie.media.disk import replacing
from reverie.media.local_file import NotRegularError, OutsideError, open_regular, reason
from reverie.media.stored_zip import open_stored

#: The lineage is rid of lines that died out every so many generations.
PRUNE = 50
#: A checkpoint that is being written is called so at its end.
PART = ".part"


@dataclass(frozen=True)
class EvolutionPlan:
    """What decides the result, beside the classifier.

    Attributes:
        encoding: Name of the encoding.
        settings: Its settings.
        size: Side of the pictures that are judged, in pixels.
        seed: Of all chance.
        population: Genomes of the start.
        children: Of each generation.
        classes: The columns of the score that are cells; None: all.
    """

    encoding: str
    settings: Mapping[str, Any]
    size: int = 224
    seed: int = 0
    population: int = 400
    children: int = 400
    classes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, least, most in (("size", 8, 4096), ("population", 1, 10**6), ("children", 1, 10**6)):
            if not least <= getattr(self, name) <= most:
                raise UsageError(f"{name} {getattr(self, name)}: must be {least} to {most}")
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"seed {self.seed}: must be 0 to 2^63 - 1")
        if self.classes is not None and (not self.classes or len(set(self.classes)) < len(self.classes)):
            raise UsageError("classes: each only once, and at least one")

    @staticmethod
    def of(encoding: Encoding[Any], **others: Any) -> EvolutionPlan:
        """The plan of an encoding; ``others`` are the fields."""
        return EvolutionPlan(encoding.name, encoding.settings(), **others)

    def check_same(self, other: EvolutionPlan) -> None:
        """UsageError naming what differs, where a run of ``self`` is asked to go on as ``other``."""
        mine, theirs = asdict(self), asdict(other)
        changed = [f"{k} {theirs[k]} (was {mine[k]})" for k in mine if mine[k] != theirs[k]]
        if changed:
            raise UsageError(f"resume: {', '.join(changed)}; give the settings of the run, or begin another")

    def born_in(self, number: int) -> tuple[int, int]:
        """Generation and place of the child with this number; the start is generation 0."""
        if number < self.population:
            return 0, number
        generation, place = divmod(number - self.population, self.children)
        return generation + 1, place

    def first_of(self, generation: int) -> int:
        """The number of a generation's first child."""
        return 0 if generation == 0 else self.population + (generation - 1) * self.children


class HistoryRow(NamedTuple):
    """A generation in the history: elites surer than .5, .95 and .99, and the median of all cells."""

    generation: int
    evaluations: int
    filled: int
    median: float
    over50: int
    over95: int
    over99: int


@dataclass
class Evolution:
    """A run so far. ``generation`` is the next one to do; the start is number 0."""

    plan: EvolutionPlan
    generation: int = 0
    evaluations: int = 0
    archive: Archive = field(default_factory=Archive)
    lineage: Lineage = field(default_factory=Lineage)
    history: list[HistoryRow] = field(default_factory=list)
    network_seconds: float = 0.0
    outside_seconds: float = 0.0

    def state_dict(self, encoding: Encoding[Any]) -> Arrays:
        """Everything as plain arrays; but for ``clock``, a resumed run's are those of an unbroken one."""
        archive = self.archive
        ids, genomes = archive.elites()
        lineage = self.lineage.as_array()
        return {
            "plan": _as_bytes(asdict(self.plan)),
            "progress": np.array([self.generation, self.evaluations], np.int64),
            "clock": np.array([self.network_seconds, self.outside_seconds]),
            "classes": np.array(archive.classes, np.int64),
            "fitness": archive.fitness.copy(),
            "confidence": archive.confidence.copy(),
            "ids": archive.ids.copy(),
            "elites": ids,
            "lineage": lineage,
            "history": np.array(self.history, np.float64).reshape(-1, len(HistoryRow._fields)),
            **{f"genomes/{name}": array for name, array in encoding.pack(genomes).items()},
        }

    @staticmethod
    def load(arrays: Mapping[str, NDArray[Any]], **others: Any) -> tuple[Evolution, Encoding[Any]]:
        """The run that ``state_dict`` described, and its encoding.

        Args:
            arrays: What ``state_dict`` gave.
            others: Settings of the encoding that no file can hold: ``climb`` of gradient fooling.

        Raises:
            BadInput: These are not such arrays.
        """
        try:
            plan = _plan(arrays["plan"])
            encoding = make_encoding(plan.encoding, **plan.settings, **others)
            prefix = "genomes/"
            packed = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
            genomes = dict(zip(arrays["elites"].tolist(), encoding.unpack(packed), strict=True))
            archive = Archive(arrays["classes"].tolist())
            archive.fitness, archive.confidence = arrays["fitness"].copy(), arrays["confidence"].copy()
            archive.ids = arrays["ids"].copy()
            archive.genomes = [None if i == NOBODY else genomes[i] for i in archive.ids.tolist()]
            if (
                not len(archive.classes)
                == len(archive.fitness)
                == len(archive.confidence)
                == len(archive.ids)
            ):
                raise ValueError("cells do not match")
            generation, evaluations = arrays["progress"].tolist()
            rows = [
                HistoryRow(int(g), int(e), int(f), m, *map(int, o))
                for g, e, f, m, *o in arrays["history"].tolist()
            ]
            lineage = Lineage.of_array(arrays["lineage"])
            clock = arrays["clock"].tolist()
        except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            raise BadInput(f"checkpoint: damaged, or of another version ({error!r})") from error
        return Evolution(plan, generation, evaluations, archive, lineage, rows, *clock), encoding


@dataclass(frozen=True)
class Ancestor:
    """One picture of a line: its number in the run, its generation, its genome."""

    id: int
    generation: int
    genome: Any


def ancestry(state: Evolution, encoding: Encoding[Any], number: int) -> list[Ancestor]:
    """The line from the first ancestor to an elite, each born again from the one before.

    Args:
        state: The run.
        encoding: Its encoding.
        number: The elite's, one of ``state.archive.ids``.

    Raises:
        UsageError: No elite has this number.
        BadInput: The last one is not the elite that the run holds: it was made by another version.
    """
    cells = np.flatnonzero(state.archive.ids == number)
    if number == NOBODY or not len(cells):
        raise UsageError(f"picture {number}: is no elite of this run")
    line: list[Ancestor] = []
    for i, cell in state.lineage.chain(number):
        generation, place = state.plan.born_in(i)
        parent = line[-1].genome if line else None
        genome = born(state.plan, encoding, generation, place, parent, state.archive.classes, cell)
        line.append(Ancestor(i, generation, genome))
    again, held = (encoding.encode(g) for g in (line[-1].genome, state.archive.genomes[cells[0]]))
    if again != held:
        raise BadInput(
            "ancestry: cannot be told again; the run was made by another version of reverie or numpy"
        )
    return line


def born(
    plan: EvolutionPlan,
    encoding: Encoding[Any],
    generation: int,
    place: int,
    parent: Any,
    classes: tuple[int, ...],
    cell: int,
) -> Any:
    """The child of this number, again."""
    rng = child_rng(plan.seed, generation, place)
    if generation == 0:
        return encoding.start(rng)
    rng.random()  # which the parent was chosen with
    if parent is None:
        return encoding.mutate(None, rng, generation=generation)
    return encoding.breed(Brood([parent], [rng], generation, [classes[cell]]))[0]


def _as_bytes(data: Mapping[str, Any]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(data, sort_keys=True).encode(), np.uint8)


def _plan(data: NDArray[Any]) -> EvolutionPlan:
    fields = json.loads(data.astype(np.uint8).tobytes())
    classes = fields.pop("classes")
    return EvolutionPlan(**fields, classes=None if classes is None else tuple(classes))


def save_checkpoint(path: str | Path, state: Evolution, encoding: Encoding[Any]) -> None:
    """Write a run down; the file is replaced in one move, after its bytes are on the disk.

    Raises:
        ResourceError: It cannot be written; what was there before is still there.
    """
    path = Path(path)
    try:
        with replacing(path, path.with_name(path.name + PART)) as file:
            np.savez(file, allow_pickle=False, **state.state_dict(encoding))
    except OSError as error:
        raise ResourceError(
            f"cannot write {path}: {error.strerror or error}; make room, then go on with --resume"
        ) from error


def load_checkpoint(
    path: str | Path, *, within: str | Path | None = None, **others: Any
) -> tuple[Evolution, Encoding[Any]]:
    """The run and its encoding; ``others`` as in ``Evolution.load``.

    Args:
        path: The checkpoint.
        within: A folder that it has to lie in, links followed; None where the user named it.
        **others: As in ``Evolution.load``.

    Raises:
        BadInput: Missing, damaged, or no checkpoint.
    """
    arrays = read_arrays(path, within=within)
    try:
        return Evolution.load(arrays, **others)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def read_arrays(path: str | Path, *, within: str | Path | None = None) -> Arrays:
    """The arrays of a file that NumPy wrote, a checkpoint or genomes; ``within`` as of ``load_checkpoint``.

    Raises:
        BadInput: Missing, damaged, or no such file.
    """
    try:
        with open_regular(path, within=within) as file, open_stored(file) as archive:
            return {m.filename.removesuffix(".npy"): _array(archive, m) for m in archive.infolist()}
    except FileNotFoundError as error:
        raise BadInput(f"{path}: there is no such file") from error
    except (NotRegularError, OutsideError) as error:
        raise BadInput(f"{path}: {reason(error)}; put the checkpoint there") from error
    except (OSError, ValueError, TypeError, EOFError, KeyError, AttributeError) as error:
        raise BadInput(f"{path}: not a checkpoint, or damaged ({error})") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise BadInput(f"{path}: damaged ({error}); take an earlier copy, or begin again") from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """An array of the archive; ValueError unless it is as long as its header says."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in readers:
            raise ValueError(f"an array of version {version}")
        shape, _, dtype = readers[version](file)
        if dtype.hasobject or math.prod(shape) * dtype.itemsize != member.file_size - file.tell():
            raise ValueError(f"{member.filename} is not as long as it says")
    with archive.open(member) as file:
        found: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return found
