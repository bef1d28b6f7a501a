"""What photographs do to units, some photographs at a time: each group is a job that others carry out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field

from reverie.errors import BadInput, ReverieError
from reverie.jobs.job import ItemFinished, Listener, PartJob, Result, Stopped
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.workspace import JobPart, Reference, Workspace
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.analysis.stimuli import Responder, Response
    from reverie.ascent.session import Session

#: Photographs of a group at most, and groups for each that can be looked at at once: the last ones are short.
MOST, EACH = 16, 4


@dataclass(frozen=True, kw_only=True)
class ResponsesResult(Result):
    """Of each photograph its response, or in one line why there is none."""

    found: tuple[Response | str, ...] = field(default=(), repr=False, compare=False)

    def said(self, named: Callable[[str], str]) -> Self:
        texts = tuple(named(one) if isinstance(one, str) else one for one in self.found)
        return replace(super().said(named), found=texts)

    def as_json(self) -> dict[str, Any]:
        """By layer each channel's largest activation, photograph by photograph."""

        def told(one: Response | str) -> Any:
            if isinstance(one, str):
                return {"failed": one}
            return {layer: peaks.values.tolist() for layer, peaks in one.peaks.items()}

        return {"photographs": [told(one) for one in self.found]}


class ResponsesJob(PartJob[ResponsesResult]):
    """How strongly channels of layers answer to photographs, as stimuli and microscopes search them."""

    part_of = "a part of another job"
    kind: Literal["responses"] = "responses"
    recipe: Recipe
    photos: tuple[Reference, ...] = Field(min_length=1)
    layers: dict[str, tuple[int, ...]] = Field(min_length=1)

    @property
    def label(self) -> str:
        return f"{len(self.photos)} photographs"

    def _work(self, listener: Listener, workspace: Workspace) -> ResponsesResult:
        from reverie.analysis.stimuli import SIDE, respond

        session = self._session(workspace)
        found: list[Response | str] = []
        for photo in self.photos:
            one = respond(
                session.engine,
                workspace.resolver.path(photo),
                self.layers,
                side=SIDE,
                max_pixels=workspace.max_pixels,
                runtime=session.runtime,
            )
            found.append(str(one) if isinstance(one, BadInput) else one)
            if listener.should_stop():
                break
        stopped = "" if len(found) == len(self.photos) else f"photograph {len(found)} of {len(self.photos)}"
        result = ResponsesResult(found=tuple(found), stopped=stopped)
        listener.on_event(ItemFinished(self.label, 1, 1, None, result))
        return result

    def _session(self, workspace: Workspace) -> Session:
        net = workspace.network(self.recipe.network)
        key = (id(net), self.recipe.model_dump_json())
        return workspace.warm(key, lambda: OpenRecipe(self.recipe, workspace).session)


def responder_of(
    opened: OpenRecipe, units: Mapping[str, Sequence[int]], listener: Listener
) -> Responder | None:
    """Who looks at photographs where parts are carried out elsewhere; None: this process.

    It raises Stopped where the listener stopped it, and the error that a group ended with.
    """
    workspace, elsewhere = opened.workspace, opened.workspace.elsewhere
    if elsewhere is None:
        return None
    layers = {layer: tuple(sorted(set(channels))) for layer, channels in units.items()}
    recipe = opened.with_paths(opened.recipe)

    def responder(paths: Sequence[str]) -> Iterator[Response | BadInput]:
        size = max(1, min(MOST, len(paths) // (elsewhere.slots() * EACH)))
        groups = deque((first, paths[first : first + size]) for first in range(0, len(paths), size))
        come: dict[int, tuple[Response | str, ...]] = {}
        place = 0

        def parts() -> Iterator[JobPart | None]:
            while place < len(paths):
                if not groups:
                    yield None
                    continue
                first, group = groups.popleft()
                job = ResponsesJob(recipe=recipe, photos=group, layers=layers)
                yield JobPart(job, key=(first, group))

        for part, results in elsewhere.carry_out(parts(), workspace, listener.should_stop):
            first, group = part.key
            if not isinstance(results, ReverieError):
                come[first] = results[0].found
            elif not isinstance(results, BadInput):
                raise results
            elif len(group) > 1:  # one of them cannot even be sent
                groups.extendleft((first + k, group[k : k + 1]) for k in reversed(range(len(group))))
            else:
                come[first] = (str(results),)
            while place in come:
                found = come.pop(place)
                place += len(found)
                yield from (BadInput(one) if isinstance(one, str) else one for one in found)
        if place < len(paths):
            raise Stopped(f"photograph {place} of {len(paths)}")

    return responder
