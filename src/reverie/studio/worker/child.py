"""A process that dreams: it takes jobs from standard input and tells of them on standard output.

It is a child of the server. When the server is gone, however it ended, so is this process: its input ends.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from reverie import objective as ob
from reverie.errors import ReverieError
from reverie.jobs.workspace import Workspace
from reverie.recipe.recipe import Recipe, read
from reverie.studio.store.database import MADE
from reverie.studio.worker import messages
from reverie.studio.worker.store_files import StoreFiles
from reverie.studio.worker.watch import GivenUp, JobWatch

#: What is done with a document, in a folder: it says how it ended.
Work: TypeAlias = Callable[[dict[str, Any], Path, JobWatch], dict[str, Any]]
#: How much a dream gives way to other programs, 0 to 19.
POLITE: Final = 2


class Dreamer:
    """One worker at work."""

    def __init__(self, data: Path, networks: list[str], *, offline: bool) -> None:
        self._data = data
        self._voice = messages.Voice(os.fdopen(os.dup(1), "wb"))
        os.dup2(2, 1)  # what a library prints is no message
        self._workspace = Workspace(resolver=StoreFiles(data), offline=offline)
        self._names = networks
        self._todo: queue.Queue[dict[str, Any]] = queue.Queue()
        self._errands: queue.Queue[dict[str, Any]] = queue.Queue()
        self._watch: JobWatch | None = None
        self._small: JobWatch | None = None  # of an errand

    def work(self) -> None:
        """Do what the server asks, until it is gone."""
        os.chdir(self._data)
        if hasattr(os, "nice"):
            os.nice(POLITE)  # the server answers, and whoever sits here works, while it dreams
        threading.Thread(target=self._hear, daemon=True).start()
        self._warm()
        self._voice.say({"type": "ready"})
        while True:
            asked = self._todo.get()
            if asked["do"] == "job":
                self._job(asked)
            else:
                self._errand()

    def _hear(self) -> None:
        """Take the server's words in; the process ends where they do."""
        while (said := messages.read(sys.stdin.buffer)) is not None:
            message = said[0]
            match message["do"], self._watch:
                case "job", _:
                    self._watch = self._watcher(message)
                    self._todo.put(message)
                case (("errand" | "estimate" | "layers"), _):
                    self._errands.put(message)
                    self._todo.put({"do": "errand"})  # if it is not done between two steps
                case "make way", _:
                    if (small := self._small) is not None:
                        small.give_up(messages.MADE_WAY)
                case "check", _:
                    self._answer(message)
                case "stop", JobWatch() as watch:
                    watch.stop()
                case "pause", JobWatch() as watch:
                    watch.pause(bool(message["paused"]))
                case "give up", JobWatch() as watch:
                    watch.give_up(message["why"])
                case "steer", JobWatch() as watch:
                    watch.want(message["changes"])
                case "show", JobWatch() as watch:
                    watch.show(message["side"])
        os._exit(0)

    def _errand(self) -> bool:
        """One errand, if there is any; whether there was."""
        try:
            asked = self._errands.get_nowait()
        except queue.Empty:
            return False
        if asked["do"] == "layers":
            self._layers(asked)
        else:
            small = self._small = JobWatch(lambda *_: None, (), asked["seconds"], self._check)
            work = self._estimated if asked["do"] == "estimate" else self._made
            self._run(asked["id"], asked["document"], small, work)
            self._small = None
        return True

    def _watcher(self, asked: dict[str, Any]) -> JobWatch:
        id = asked["id"]

        def tell(message: dict[str, Any], more: bytes = b"") -> None:
            self._voice.say({**message, "job": id}, more)

        watch = JobWatch(tell, asked["steered"], asked["seconds"], self._check, self._errand)
        watch.show(asked["side"])
        return watch

    def _answer(self, asked: dict[str, Any]) -> None:
        """Whether a recipe's objective can be climbed."""
        try:
            self._check(read(asked["recipe"], "recipe"))
            error = None
        except ReverieError as problem:
            error = str(problem)
        self._voice.say({"type": "checked", "number": asked["number"], "error": error})

    def _check(self, recipe: Recipe) -> None:
        """UsageError where a recipe's objective names what its network has not."""
        from reverie.scoring.bind import bind

        net = self._workspace.network(recipe.network)
        wanted = [recipe.objective_at(octave) for octave in range(len(recipe.objective))]
        wanted += [ob.parse(text) for text in (recipe.zoom.objectives if recipe.zoom else ())]
        for one in wanted:
            if not one.files():
                bind(one, net, portrait=recipe.in_views)

    def _warm(self) -> None:
        """Load what every job needs, and dream a little: the first step of all takes longest."""
        for name in self._names:
            try:
                self._load(name)
            except ReverieError as error:
                self._voice.say({"type": "network", "name": name, "error": str(error)})
        with suppress(ReverieError):
            from reverie.api.dreams import render
            from reverie.ascent.session import Session

            for name, net in self._workspace.networks.items():
                recipe = Recipe(network=name, start="clouds", size=(96, 96), octaves=1, steps=(1,))
                render(recipe, session=Session(recipe, net=net))

    def _load(self, name: str) -> None:
        from reverie.jobs.provenance.note import bare_network
        from reverie.network.zoo import load_net

        bare = bare_network(name)
        if bare not in self._workspace.networks:
            net = load_net(name, offline=self._workspace.offline, trust=True)  # the operator named it
            self._workspace.networks[bare] = net

    def _job(self, asked: dict[str, Any]) -> None:
        """One job, to its end or to where it is stopped."""
        watch = self._watch
        assert watch is not None
        self._workspace.max_pixels = asked["pixels"]
        self._run(asked["id"], asked["document"], watch, self._made)

    def _run(self, id: str, document: dict[str, Any], watch: JobWatch, work: Work) -> None:
        """Do something with a document in its folder, and say what came of it."""
        folder, before = self._data / MADE / id, os.getcwd()
        end: dict[str, Any]
        try:
            folder.mkdir(exist_ok=True)
            os.chdir(folder)
            end = work(document, folder, watch)
        except GivenUp as given:
            end = {"outcome": str(given)}
        except ReverieError as error:
            end = {"outcome": "failed", "error": str(error)}
        except Exception as error:
            traceback.print_exc()
            words = f"something broke here ({type(error).__name__}); try it again, the studio's log says more"
            end = {"outcome": "failed", "error": words}
        finally:
            os.chdir(before)
        if self._watch is watch:
            self._watch = None
        self._voice.say({"type": "end", "job": id, **end})

    def _made(self, document: dict[str, Any], folder: Path, watch: JobWatch) -> dict[str, Any]:
        """Carry it out: how it ended, and the files that came of it."""
        from reverie.jobs.document import read_job
        from reverie.studio.fooling import gone_on, shown

        result = read_job(gone_on(document, folder), "the job").run(watch, self._workspace)
        labels = shown(folder) if document["kind"] == "fool" else {}
        names = list(labels) or [os.path.relpath(file) for file in result.files]
        end = {"outcome": "stopped" if result.stopped else "done", "stopped": result.stopped}
        end |= {"files": names, "seconds": result.seconds, "warnings": list(result.warnings)}
        return end | {"labels": labels}

    def _estimated(self, document: dict[str, Any], folder: Path, watch: JobWatch) -> dict[str, Any]:
        """The seconds that it would take."""
        from reverie.jobs.document import read_job

        self._workspace.between = watch.go_on
        return {
            "outcome": "done",
            "seconds": read_job(document, "the job").estimate(self._workspace).seconds,
        }

    def _layers(self, asked: dict[str, Any]) -> None:
        """What layers a network has, what they draw, and whether it has classes."""
        try:
            from reverie.analysis.layers import describe_layers

            net = self._workspace.network(asked["network"])
            found = [one.as_json() for one in describe_layers(net, 224, 224)]
            told = {"layers": found, "classes": list(net.classes or ()), "name": net.name}
        except ReverieError as error:
            told = {"error": str(error)}
        self._voice.say({"type": "layers", "network": asked["network"], **told})


def main() -> None:
    """Begin."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", action="append", default=[])
    parser.add_argument("--offline", action="store_true")
    given = parser.parse_args()
    Dreamer(given.data, given.network, offline=given.offline).work()


if __name__ == "__main__":
    main()
