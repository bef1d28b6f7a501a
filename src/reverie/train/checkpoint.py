"""Where a training is, as a file: tensors and a text, so that to read it runs nothing."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from reverie.errors import BadInput, ResourceError
from reverie.media.disk import replacing
from reverie.media.local_file import read_regular, unreadable
from reverie.network.pickled import NotTensorsError
from reverie.network.tensor_files import read_metadata, read_table, read_tensor
from reverie.train.fit import Round, TrainState
from reverie.train.settings import TrainSettings

#: The longest file, in bytes.
LONGEST: Final = 1 << 30
ENTRY: Final = "reverie"
Step = Annotated[int, Field(ge=0, le=1_000_000)]


class _Round(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    step: Step
    loss: float
    accuracy: float
    held_out_loss: float


class CheckpointNote(BaseModel):
    """What a checkpoint says beside its tensors: of what training it is, and where that stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holds: Literal["training"] = "training"
    format: Literal[1] = 1
    settings: TrainSettings
    data: str
    threads: int
    step: Step
    losses: Annotated[list[float], Field(max_length=1_000_000)]
    history: Annotated[list[_Round], Field(max_length=10_000)]
    best: int | None


def save(path: Path, state: TrainState, settings: TrainSettings, data: str, threads: int) -> None:
    """Write where a training is, whole or not at all.

    Args:
        path: The file.
        state: What is kept.
        settings: As it was begun with.
        data: SHA-256 of its pictures.
        threads: That it computes with.

    Raises:
        ResourceError: It cannot be written.
    """
    from safetensors.torch import save as packed

    tensors: dict[str, Tensor] = {f"weights/{k}": v for k, v in state.learner.module.state_dict().items()}
    slots = state.optimiser.state_dict()["state"] if state.optimiser is not None else {}
    for index, slot in slots.items():
        tensors |= {f"optimiser/{index}/{k}": torch.as_tensor(v) for k, v in slot.items()}
    if state.best is not None:
        tensors |= {f"best/{k}": v for k, v in state.best[1].items()}
    tensors["rng"] = state.rng.get_state()
    note = CheckpointNote(
        settings=settings,
        data=data,
        threads=threads,
        step=state.step,
        losses=state.losses,
        history=[_Round(**asdict(one)) for one in state.history],
        best=None if state.best is None else state.best[0],
    )
    whole = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    try:
        with replacing(path, path.with_name(f"{path.name}.part")) as file:
            file.write(packed(whole, {ENTRY: note.model_dump_json()}))
    except OSError as error:
        raise ResourceError(
            f"cannot write {path}: {error.strerror or error}; choose another place"
        ) from error


def read(path: Path) -> tuple[CheckpointNote, dict[str, Tensor]]:
    """What a file holds, looked at before anything is made of it.

    Raises:
        BadInput: It cannot be read, or is no checkpoint of a training.
    """
    try:
        file = io.BytesIO(read_regular(path, most=LONGEST))
        table = read_table(file, "checkpoint.safetensors")
        note = CheckpointNote.model_validate(json.loads(read_metadata(file)[ENTRY]))
        return note, {name: read_tensor(file, one) for name, one in table.items()}
    except OSError as error:
        raise BadInput(f"{path}: {unreadable(error)}; --overwrite begins again") from error
    except (NotTensorsError, ValidationError, ValueError, KeyError, RecursionError) as error:
        said = str(error).partition("\n")[0][:80]
        raise BadInput(
            f"{path}: is no checkpoint of a training ({said}); --overwrite begins again"
        ) from error


def restore(path: Path, state: TrainState, note: CheckpointNote, tensors: dict[str, Tensor]) -> None:
    """Take up what ``read`` found; the state was begun with the same settings and pictures.

    Raises:
        BadInput: It does not fit.
    """

    def part(name: str) -> dict[str, Tensor]:
        return {k.removeprefix(name): v for k, v in tensors.items() if k.startswith(name)}

    try:
        slots: dict[int, dict[str, Any]] = {}
        for key, tensor in part("optimiser/").items():
            index, _, name = key.partition("/")
            slots.setdefault(int(index), {})[name] = tensor
        state.learner.module.load_state_dict(part("weights/"))
        if state.optimiser is not None:
            kept = state.optimiser.state_dict()
            state.optimiser.load_state_dict({**kept, "state": slots})
        state.rng.set_state(tensors["rng"])
        if note.best is not None:
            state.best = note.best, part("best/")
            state.learner.module.load_state_dict(state.best[1])
            state.learner.module.load_state_dict(part("weights/"))
        state.history = [Round(**one.model_dump()) for one in note.history]
    except (RuntimeError, ValueError, KeyError, TypeError, IndexError) as error:
        said = str(error).partition("\n")[0][:80]
        raise BadInput(f"{path}: does not fit its own settings ({said}); --overwrite begins again") from error
    state.step, state.losses = note.step, list(note.losses)
