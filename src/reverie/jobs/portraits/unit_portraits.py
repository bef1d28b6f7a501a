"""Portraits of units beside what was found of them in photographs, and what units are called."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from pydantic import model_validator

from reverie.errors import ReverieError, UsageError
from reverie.jobs.dreaming.dream import where
from reverie.jobs.job import Job, Listener, R, Step, Stopped
from reverie.jobs.open_recipe import OpenRecipe, Watch, turns
from reverie.jobs.output import Output
from reverie.jobs.portraits.portraits import PortraitsJob, portraits_only
from reverie.jobs.workspace import JobPart, Workspace
from reverie.objective.text import MOST_DIGITS, unquoted
from reverie.portrait.units import LOGITS, class_name
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.media.picture import Picture
    from reverie.network.network import Network

K = TypeVar("K")


class BesidePortraits(Job[R], Generic[R]):
    """A job that finds something in photographs, and makes portraits beside it if they are wanted."""

    recipe: Recipe

    @property
    @abstractmethod
    def _with_portraits(self) -> bool:
        """Whether they are."""

    @model_validator(mode="after")
    def _makes_portraits(self) -> Self:
        if self._with_portraits:
            portraits_only(self.recipe)
        return self

    def _opened(self, workspace: Workspace | None) -> OpenRecipe:
        """The network at work; portraits begin from noise."""
        return OpenRecipe(self.recipe.but(start="noise"), workspace or Workspace())


def portraits_of(
    opened: OpenRecipe,
    recipes: Mapping[K, Recipe],
    labels: Mapping[K, str],
    listener: Listener,
    *,
    before: float,
) -> dict[K, Picture]:
    """The portraits of units, made together.

    Args:
        opened: The network at work.
        recipes: Of each unit.
        labels: What each is called.
        listener: Who is told.
        before: Share of the whole job that was done before; they are the rest.

    Raises:
        Stopped: The listener asks to stop.
    """
    if opened.workspace.elsewhere is not None:

        def told(unit: K, count: int) -> None:
            share = before + (1 - before) * count / len(recipes)
            listener.on_event(Step(labels[unit], f"{count} of {len(recipes)} portraits", share=share))

        return _sent(opened, recipes, listener.should_stop, told)
    from reverie.portrait.batch import make_portraits

    watch, wanted = Watch(listener, ""), list(recipes)
    made: dict[K, Picture] = {}
    for finished in make_portraits(
        list(recipes.values()),
        opened.session,
        each=watch.step,
        begun=turns(watch, [labels[unit] for unit in wanted], before, 1 - before),
        stop=listener.should_stop,
    ):
        if finished.stopped is not None:
            raise Stopped(where(finished.stopped))
        made.setdefault(wanted[finished.index], finished.picture)
    if len(made) < len(wanted):
        raise Stopped(f"{len(made)} of {len(wanted)} portraits")
    return made


def _sent(
    opened: OpenRecipe, recipes: Mapping[K, Recipe], stop: Callable[[], bool], told: Callable[[K, int], None]
) -> dict[K, Picture]:
    """As ``portraits_of``, each made elsewhere; ``told`` hears of each, and how many there are by then."""
    workspace = opened.workspace
    assert workspace.elsewhere is not None
    parts = (
        JobPart(
            PortraitsJob(recipe=opened.with_paths(recipe), output=Output(path="portrait.png")),
            key=unit,
            side=None,
        )
        for unit, recipe in recipes.items()
    )
    made: dict[K, Picture] = {}
    for part, found in workspace.elsewhere.carry_out(parts, workspace, stop):
        if isinstance(found, ReverieError):
            raise found
        made[part.key] = found[0].picture
        told(part.key, len(made))
    if len(made) < len(recipes):
        raise Stopped(f"{len(made)} of {len(recipes)} portraits")
    return made


def channel_named(text: str, net: Network) -> tuple[str, int] | None:
    """Layer and channel of ``NAME:I``; None for a text of another form.

    Raises:
        UsageError: No such layer or channel.
    """
    layer, colon, index = text.rpartition(":")
    if not colon or not index.isdecimal() or len(index) > MOST_DIGITS:
        return None
    layer = unquoted(layer.strip())
    channels = net.layer(layer).channels
    if int(index) >= channels:
        raise UsageError(f"--unit {text}: channel is out of range; {layer} has 0 to {channels - 1}")
    return layer, int(index)


def label_of(net: Network, layer: str, index: int) -> str:
    """What a unit is called on a sheet."""
    return class_name(net, index) if layer == LOGITS else f"{layer}:{index}"
