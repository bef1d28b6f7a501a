"""The job of looking: where in a photograph units fire, and which answer most, on a labelled sheet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.jobs.job import Estimate, ItemFinished, Listener, Result, Step, Stopped
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import Output
from reverie.jobs.portraits.unit_portraits import BesidePortraits, channel_named, portraits_of
from reverie.jobs.sheets import save_sheet
from reverie.jobs.workspace import Reference, Workspace
from reverie.objective.text import unquoted
from reverie.portrait.units import LOGITS, class_indices, class_name

if TYPE_CHECKING:
    from reverie.analysis.heat import Looked, Seen, Subject
    from reverie.media.picture import Picture
    from reverie.network.network import Network

#: How many of the strongest units are shown where nothing is said, and the most.
USUAL, MOST = 12, 100
#: Beside them: how many classes are listed, and of how many it is shown where they are.
LISTED, SHOWN = 5, 3
#: Side of the picture that layers are tried with, in pixels, and the fewest cells of the usual layer's map.
TRIED, FINE = 224, 7
#: Share of the whole job that looking is, where portraits are made after it.
LOOKING = 0.2


@dataclass(frozen=True, kw_only=True)
class LookResult(Result):
    """The sheet, and what it shows.

    Attributes:
        classes: The likeliest classes of the whole: index, name and probability.
        seen: Where everything that was looked for fires, in the order of the sheet.
        words: What is on the sheet, to be read aloud.
    """

    classes: tuple[tuple[int, str, float], ...] = ()
    seen: tuple[Seen, ...] = ()
    words: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The classes, and of each unit its strongest cells."""
        return {
            "path": self.files[0] if self.files else None,
            "words": list(self.words),
            "classes": [{"class": i, "name": n, "probability": round(p, 5)} for i, n, p in self.classes],
            "units": [
                {
                    "unit": seen.subject.name,
                    "layer": seen.subject.layer,
                    "channels": list(seen.subject.channels),
                    "fires": seen.fires,
                    "shown": list(seen.shown),
                    "places": [
                        {"cell": list(spot.cell), "value": round(spot.value, 5), "box": list(spot.box)}
                        for spot in seen.spots
                    ],
                }
                for seen in self.seen
            ],
        }


class LookJob(BesidePortraits[LookResult]):
    """A sheet with heat maps over a photograph: of named units, and of those that answer most in it.

    ``units`` are channels as ``block5c:17``, layers, classes or what classes are kinds of. ``strongest`` is
    how many units of ``layer`` are found by themselves: None for 12 where no unit is named. Stopped early, it
    writes nothing.
    """

    kind: Literal["look"] = "look"
    photo: Reference
    units: tuple[str, ...] = ()
    strongest: Annotated[int, Field(ge=1, le=MOST)] | None = None
    layer: str | None = None
    portraits: bool = False
    output: Output

    @property
    def label(self) -> str:
        return os.path.basename(str(self.photo))

    @property
    def _with_portraits(self) -> bool:
        return self.portraits

    @property
    def _count(self) -> int:
        """How many units are found by themselves."""
        return self.strongest or (0 if self.units else USUAL)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """What looking and the portraits would cost, measured on a trial."""
        from reverie.jobs.estimate import estimate_portraits, with_photographs

        opened = self._opened(workspace)
        subjects, layer = self._named(opened.session.net)
        portraits = None
        if self.portraits:
            first = (*subjects, _subject(f"{layer}:0", opened.session.net))[0]
            count = len(subjects) + self._count
            recipe = opened.recipe.but(objective=(objective_for(first, opened),))
            portraits = estimate_portraits(opened.with_recipe(recipe), count=count)
        path = opened.workspace.resolver.path(self.photo)
        return with_photographs(portraits, opened, [path], {layer: [0]})

    def _named(self, net: Network) -> tuple[list[Subject], str]:
        """What was named, and the layer of the units that answer most."""
        layer = usual_layer(net) if self.layer is None else net.layer(unquoted(self.layer)).name
        return [_subject(text, net) for text in dict.fromkeys(self.units)], layer

    def _work(self, listener: Listener, workspace: Workspace) -> LookResult:
        from reverie.jobs.looking.look_sheet import LETTERS, explained, read_aloud, sheet_cells

        self.output.check()
        opened = self._opened(workspace)
        net = opened.session.net
        subjects, layer = self._named(net)
        photo = workspace.picture(self.photo)
        assert photo is not None
        portraits: dict[Subject, Picture] = {}
        try:
            looked = self._looked(opened, photo, subjects, layer)
            extra: list[Subject] = []
            if self._count:
                subjects += looked.classes(SHOWN, lambda index: class_name(net, index))
                extra = looked.strongest(layer, self._count)
            seen = _all(looked, [*subjects, *extra], listener, LOOKING if self.portraits else 1.0)
            if self.portraits:
                recipes = {
                    one: opened.recipe.but(objective=(objective_for(one, opened),))
                    for one in (self._named(net)[0] + extra)
                }
                labels = {one: one.name for one in recipes}
                portraits = portraits_of(opened, recipes, labels, listener, before=LOOKING)
        except Stopped as stopped:
            return LookResult(stopped=str(stopped))
        shares = _shares(net, photo)
        classes, whole = shares[:LISTED] if self._count else (), {index: p for index, _, p in shares}
        cells, side = sheet_cells(
            net,
            self.label,
            photo,
            seen,
            classes=classes,
            strongest=len(extra),
            whole=whole,
            portraits=portraits,
        )
        save_sheet(cells, self.output, side=side, letters=LETTERS, below=explained(net, seen))
        listener.on_event(ItemFinished(self.label, 1, 1, self.output.path))
        return LookResult(
            files=(self.output.path,),
            classes=tuple(classes),
            seen=tuple(seen),
            words=tuple(read_aloud(net, seen, classes, whole, numbered=len(extra))),
        )

    def _looked(self, opened: OpenRecipe, photo: Picture, subjects: Sequence[Subject], layer: str) -> Looked:
        from reverie.analysis.heat import Looked, as_looked_at

        session = opened.session
        layers = [one.layer for one in subjects]
        if self._count:
            layers += [layer, *([session.net.class_map] if session.net.class_map else [])]
        return Looked(
            session.engine,
            as_looked_at(photo, session.net),
            list(dict.fromkeys(layers)),
            runtime=session.runtime,
        )


def usual_layer(net: Network) -> str:
    """The layer whose units are found where none is named: deep, and with cells fine enough to say where.

    Raises:
        UsageError: No layer of the network has a map.
    """
    from reverie.analysis.layers import describe_layers
    from reverie.portrait.targets import middle

    layer = middle(net)
    if net.geometry(layer) is not None:
        return layer
    shapes = {one.name: one.shape for one in describe_layers(net, TRIED, TRIED)}
    maps = [name for name, shape in shapes.items() if len(shape) == 3 and min(shape[1:]) >= FINE]
    if not maps:
        raise UsageError(f"network {net.name}: no layer has a map of {FINE} x {FINE} cells, to say where")
    return maps[-1]


def _all(looked: Looked, subjects: Sequence[Subject], listener: Listener, part: float) -> list[Seen]:
    """Where each of them fires; Stopped where the listener asks to."""
    from reverie.analysis.heat import SPOTS

    found: list[Seen] = []
    for done, subject in enumerate(subjects, start=1):
        found.append(looked.at(subject, count=SPOTS if len(subjects) == 1 else 1))
        text = f"{done} of {len(subjects)}"
        listener.on_event(Step("units", text, share=part * done / len(subjects), ends=True))
        if done < len(subjects) and listener.should_stop():
            raise Stopped(f"unit {text}")
    return found


def _subject(text: str, net: Network) -> Subject:
    """What ``--unit`` names: ``NAME:I``, a layer, a class or a kind of classes.

    Raises:
        UsageError: No such layer, channel or class; or classes of a network that has no map of them.
    """
    from reverie.analysis.heat import Subject

    if unit := channel_named(text, net):
        layer, index = unit
        if layer not in (LOGITS, net.class_map):
            return Subject(layer, (index,), text)
        return _of_classes(text, (index,), class_name(net, index), net)
    name = unquoted(text.strip())
    if name in net.layers and name not in (LOGITS, net.class_map):
        return Subject(name, (), name)
    before, colon, _ = text.rpartition(":")
    if colon or LOGITS not in net.layers or name in net.layers:
        some = "block5c:17, block5c or cat" if net.classes else "block5c:17 or block5c"
        net.layer(unquoted(before.strip()) if colon else name)
        raise UsageError(f"--unit {text}: a channel, a layer or a class is needed, as in {some}")
    try:
        members = class_indices(net, name)
    except UsageError as error:
        raise UsageError(f"--unit {text}: {error}; or give a channel, as in block5c:17") from error
    return _of_classes(text, members, name if len(members) > 1 else class_name(net, members[0]), net)


def _of_classes(text: str, members: tuple[int, ...], name: str, net: Network) -> Subject:
    from reverie.analysis.heat import Subject

    if net.class_map is None:
        raise UsageError(
            f"--unit {text}: network {net.name} scores its classes for whole pictures and not for places; "
            "give a layer or a channel"
        )
    return Subject(net.class_map, members, name)


def objective_for(subject: Subject, opened: OpenRecipe) -> str:
    """What the portrait of something that was looked for increases."""
    from reverie.portrait.targets import of_unit

    net = opened.session.net
    if not subject.channels:
        return str(ob.layer(subject.layer))
    if subject.layer != net.class_map:
        return of_unit(ob.channel(subject.layer, subject.channels[0]), opened.recipe.preset, net)
    word = subject.name if len(subject.channels) > 1 else subject.channels[0]
    return of_unit(ob.logit(word), opened.recipe.preset, net)


def _shares(net: Network, photo: Picture) -> Sequence[tuple[int, str, float]]:
    """How likely each class is for the whole photograph, the likeliest first; none where it has no such."""
    from reverie.analysis.classify import classify

    try:
        return classify(net, photo, top=net.channels_of(LOGITS))
    except UsageError:
        return ()
