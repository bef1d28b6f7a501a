"""Portraits of units beside what was found of them in photographs, and what units are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from reverie.jobs.dream import where
from reverie.jobs.job import Listener, Stopped
from reverie.jobs.microscope.contents import LOGITS, class_name
from reverie.jobs.open_recipe import OpenRecipe, Watch
from reverie.jobs.portraits import turns
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.media.picture import Picture
    from reverie.network.network import Network

K = TypeVar("K")


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


def label_of(net: Network, layer: str, index: int) -> str:
    """What a unit is called on a sheet."""
    return class_name(net, index) if layer == LOGITS else f"{layer}:{index}"
