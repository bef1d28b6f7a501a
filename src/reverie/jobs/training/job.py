"""The job of training: pictures in folders become a network's file, with its card and two pictures."""

from __future__ import annotations

import hashlib
import os
import shlex
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from reverie.errors import ResourceError, UsageError
from reverie.jobs.claims import Claim, Named
from reverie.jobs.job import Estimate, Job, Kept, Listener, Result, Step
from reverie.jobs.output import Written, check_writable
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.names import behind, check_kind, check_name
from reverie.media.picture.write import write_whole
from reverie.train.settings import TrainSettings, make_settings

if TYPE_CHECKING:
    from reverie.jobs.training.card import Trained
    from reverie.train.fit import TrainState
    from reverie.train.pictures import Data, Found

#: Seconds from one checkpoint to the next, at least.
EVERY: Final = 10.0
#: Steps that are tried to see how long they take.
TRIAL: Final = 4
#: Share of the whole job that the reading of pictures is.
READING: Final = 0.05
#: What is written beside the network's own file, after its name without the ending.
CARD, CURVE, CONFUSION, CHECKPOINT = ".md", "-curve.png", "-confusion.png", ".training"


@dataclass(frozen=True, kw_only=True)
class TrainResult(Result):
    """What came of a training.

    Attributes:
        path: The network's file; where it will be, if it was stopped.
        step: How many batches it learnt from.
        accuracy: Share of the held-out pictures that it calls right; of the best round so far.
        kinds: Names of the kinds.
        sha256: Of the file; empty if it was stopped.
        failed: A line for each picture that could not be read.
        facts: What else was found, in words.
    """

    path: str
    step: int
    accuracy: float
    kinds: tuple[str, ...]
    sha256: str = ""
    failed: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The file, how good it is, and which pictures were left out."""
        return {
            **super().as_json(),
            "path": self.path,
            "steps": self.step,
            "accuracy": round(self.accuracy, 4),
            "kinds": list(self.kinds),
            "sha256": self.sha256,
            "failed": list(self.failed),
            "facts": list(self.facts),
            "stopped": self.stopped,
        }


class TrainJob(Job[TrainResult]):
    """A network that learns to tell the pictures of folders apart, or just sees them.

    ``folder`` has a folder for each kind, ``held_out`` others like it that it is judged by; without that a
    share of each kind is held out. ``settings`` are those of ``TrainSettings`` that are not its defaults. The
    output ends in .safetensors. Stopped or killed, the same job goes on, to the same bytes.
    """

    kind: Literal["train"] = "train"
    folder: Reference
    held_out: Reference | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    output: Written
    threads: Annotated[int, Field(ge=0, le=1024)] = 0

    @property
    def trains(self) -> TrainSettings:
        """All settings; UsageError naming each that cannot be."""
        return make_settings(**self.settings)

    @property
    def label(self) -> str:
        return os.path.basename(self.output.path)

    def _beside(self, ending: str) -> str:
        return os.path.splitext(self.output.path)[0] + ending

    def reads(self, workspace: Workspace) -> Iterable[Named]:
        """Every picture."""
        for found in filter(None, self._found(workspace)):
            yield "the folder of pictures", found.folder
            yield from (("a picture that it learns from", path) for _, path in found)

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """The network, what is told of it, and where it is until it is done."""
        yield Claim(self.output.path, "the network")
        yield Claim(self._beside(CARD), "the card")
        yield Claim(self._beside(CURVE), "the learning curve")
        yield Claim(self._beside(CONFUSION), "the confusion table")
        yield Claim(self._beside(CHECKPOINT), "the checkpoint")

    def _found(self, workspace: Workspace) -> tuple[Found, Found | None]:
        from reverie.train.pictures import find_pictures

        judged = workspace.path(self.held_out)
        learnt = find_pictures(workspace.resolver.path(self.folder))
        return learnt, None if judged is None else find_pictures(judged)

    def _data(self, workspace: Workspace, listener: Listener | None = None) -> Data:
        from reverie.train.pictures import read_data

        def told(done: int, most: int) -> None:
            if listener is not None:
                listener.on_event(Step(self.label, f"picture {done} of {most}", share=READING * done / most))

        found, judged = self._found(workspace)
        return read_data(found, judged, self.trains, max_pixels=workspace.max_pixels, told=told)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        from reverie.jobs.estimate import clock
        from reverie.native.runtime import Runtime
        from reverie.train.fit import TrainState, rounds
        from reverie.train.make import make_learner

        settings, data = self.trains, self._data(workspace or Workspace())
        times = [time.perf_counter()]
        with Runtime.of(self.threads).use():
            state = TrainState.begin(make_learner(data, settings), settings)
            for _ in rounds(state, data, settings):
                times.append(time.perf_counter())
                if len(times) > TRIAL:
                    break
        seconds = min(b - a for a, b in pairwise(times)) * settings.steps
        pictures = f"{len(data.learnt)} pictures of {len(data.kinds)} kinds, {len(data.held_out)} held out"
        text = (
            f"{pictures}, {settings.size} px\n  {settings.method}, at most {settings.steps} steps of "
            f"{settings.batch}\n  about {clock(seconds)}"
        )
        counts = {"pictures": len(data.learnt), "held_out": len(data.held_out), "kinds": len(data.kinds)}
        details = {**settings.model_dump(), **counts, "seconds": seconds, "failed": list(data.failed)}
        return Estimate(seconds, None, text, details)

    # -- the work -----------------------------------------------------------------------------------------

    def check(self) -> None:
        """Whether a network can be written there, asked before the work.

        Raises:
            UsageError: Another ending, or something else is there.
            ResourceError: Nothing can be written there.
        """
        out = self.output.path
        if Path(out).suffix.lower() != ".safetensors":
            raise UsageError(f"{out}: a network is written as .safetensors; give such a name after -o")
        for path in (out, *map(self._beside, (CARD, CURVE, CONFUSION))):
            check_name(path)
            check_kind(path)
            if os.path.lexists(path) and not self.output.overwrite:
                raise UsageError(f"{path}: exists already; give another name or --overwrite")
        folder = os.path.dirname(behind(out)) or "."
        if not os.path.isdir(folder):
            raise ResourceError(f"cannot write {out}: there is no folder {folder}; create it first")
        check_writable(folder, out)

    def _work(self, listener: Listener, workspace: Workspace) -> TrainResult:
        from reverie.native.runtime import Runtime
        from reverie.train.fit import TrainState
        from reverie.train.make import make_learner

        self.check()
        settings, data = self.trains, self._data(workspace, listener)
        runtime = Runtime.of(self.threads)
        with runtime.use():
            state = TrainState.begin(make_learner(data, settings), settings)
            run = _Run(Path(self._beside(CHECKPOINT)), state, data, settings, runtime.threads)
            run.resume(overwrite=self.output.overwrite)
            if not run.carry_on(self.label, listener):
                return self._stopped(run, listener)
            made = self._write(state, data)
        with suppress(OSError):
            run.path.unlink()
        files = (self.output.path, *map(self._beside, (CARD, CURVE, CONFUSION)))
        return TrainResult(
            files=files,
            path=self.output.path,
            step=state.step,
            accuracy=made.best.accuracy,
            kinds=data.kinds,
            sha256=made.sha256,
            failed=data.failed,
            facts=tuple(made.facts),
        )

    def _stopped(self, run: _Run, listener: Listener) -> TrainResult:
        state, total = run.state, run.settings.steps
        listener.on_event(Kept(self.label, state.step, total))
        return TrainResult(
            path=self.output.path,
            stopped=f"step {state.step} of {total}",
            step=state.step,
            accuracy=state.history[state.best[0]].accuracy if state.best else 0.0,
            kinds=run.data.kinds,
            failed=run.data.failed,
        )

    def _write(self, state: TrainState, data: Data) -> Trained:
        """The best network so far, its card and its pictures; what is told was found with what is written."""
        from reverie.jobs.training.card import Trained, card
        from reverie.jobs.training.drawings import confusion_table, learning_curve
        from reverie.train.fit import confusion, scores

        settings, overwrite, out = self.trains, self.output.overwrite, self.output.path
        best = state.finish()
        packed = state.learner.packed()
        counts = confusion(scores(state.learner, data.held_out), data.held_out.labels, len(data.kinds))
        digest = hashlib.sha256(packed).hexdigest()
        facts = [*_facts(state), *state.learner.facts(data)]
        made = Trained(settings, data, best, counts, digest, self.command(), facts)
        learning_curve(state.history, best).save(self._beside(CURVE), overwrite=overwrite)
        confusion_table(data.kinds, counts).save(self._beside(CONFUSION), overwrite=overwrite)
        pictures = [os.path.basename(self._beside(ending)) for ending in (CURVE, CONFUSION)]
        text = card(made, out, pictures).encode("utf-8", "backslashreplace")
        write_whole(text, self._beside(CARD), overwrite=overwrite)
        write_whole(packed, out, overwrite=overwrite)
        return made

    def command(self) -> str:
        """The command that does the same, with bare names."""
        words = ["reverie", "train", os.path.basename(os.path.normpath(str(self.folder)))]
        words += ["-o", os.path.basename(self.output.path)]
        if self.held_out is not None:
            words += ["--held-out", os.path.basename(os.path.normpath(str(self.held_out)))]
        for name, value in self.settings.items():
            if name == "method":
                words += ["--unsupervised"] if value == "unsupervised" else ["--from", str(value)]
            elif name == "mirror":
                words.append("--mirror" if value else "--no-mirror")
            else:
                words += [f"--{name}", str(value)]
        return shlex.join(words)


def _facts(state: TrainState) -> list[str]:
    """What is to be known beside the accuracy, as sentences."""
    first = state.history[0]
    if first.step:
        return []
    return [f"A new head alone, all else as it was: {first.accuracy:.1%} of the held-out pictures"]


class _Run:
    """A training that is under way, and its checkpoint."""

    def __init__(
        self, path: Path, state: TrainState, data: Data, settings: TrainSettings, threads: int
    ) -> None:
        self.path, self.state, self.data, self.settings, self.threads = path, state, data, settings, threads
        self.digest = data.sha256
        self._next = time.monotonic() + EVERY

    def resume(self, *, overwrite: bool) -> None:
        """Go on from the checkpoint, if there is one.

        Raises:
            BadInput: It is damaged.
            UsageError: It is of another training.
        """
        from reverie.train import checkpoint

        if overwrite or not os.path.lexists(self.path):
            return
        note, tensors = checkpoint.read(self.path)
        for what, here, there in (
            ("settings", self.settings, note.settings),
            ("pictures", self.digest, note.data),
            ("threads", self.threads, note.threads),
        ):
            if here != there:
                raise UsageError(
                    f"{self.path}: is of an unfinished training with other {what}; say the same again to go "
                    "on, or --overwrite to begin anew"
                )
        checkpoint.restore(self.path, self.state, note, tensors)

    def carry_on(self, label: str, listener: Listener) -> bool:
        """Learn to the end; False where the listener stopped it."""
        from reverie.train.fit import over, rounds

        state, settings = self.state, self.settings
        told, asked = len(state.history), False
        for step in rounds(state, self.data, settings):
            ends = len(state.history) > told
            told = len(state.history)
            listener.on_event(self._told(label, step, ends))
            asked = listener.should_stop()
            if asked or time.monotonic() > self._next:
                self.save()
            if asked:
                break
        return not asked or step >= settings.steps or over(state, settings)

    def _told(self, label: str, step: int, ends: bool) -> Step:
        history, steps = self.state.history, self.settings.steps
        text = f"step {step}/{steps}"
        if history:
            last = history[-1]
            text += f", held-out accuracy {last.accuracy:.1%}, loss {last.loss:.3f}"
        share = READING + (1 - READING) * step / steps
        accuracy = history[-1].accuracy if history else 0.0
        return Step(label, text, share=share, score=accuracy, ends=ends, source=history[-1] if ends else None)

    def save(self) -> None:
        """Write the checkpoint."""
        from reverie.train import checkpoint

        checkpoint.save(self.path, self.state, self.settings, self.digest, self.threads)
        self._next = time.monotonic() + EVERY
