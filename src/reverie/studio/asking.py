"""From what a page asks for to a job: checked, limited, and with ids where a job has files.

Text that comes from the web opens no file. A recipe and its objectives may name what their visitor
uploaded, by its id, and nothing else; in the job's document that becomes a bare name, of a file that the line
lays into its folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.jobs.document import read_job
from reverie.jobs.dreaming.tastes import with_tastes
from reverie.jobs.provenance.note import bare_network, film_files, film_renamed
from reverie.recipe.presets.portrait import PORTRAITS
from reverie.recipe.presets.preset import FILMS, MOTIONS, PRESETS, preset
from reverie.recipe.presets.sites import SITES
from reverie.recipe.recipe import Recipe
from reverie.recipe.typed import GUIDE_LAYER
from reverie.studio.fooling import document_of
from reverie.studio.settings import StudioSettings
from reverie.studio.store.given import Given, GivenFiles, not_there

Kind = Literal["dream", "portrait", "zoom", "film", "apparition", "fool"]
#: The preset of each kind if none is named.
USUAL: Final[Mapping[str, str]] = {
    "dream": "reverie",
    "portrait": "portrait",
    "zoom": "zoom",
    "film": "film",
    "apparition": "apparition",
}
#: StudioSettings that say how this machine computes, which is for whoever runs the server to say.
OPERATORS: Final = ("engine", "device", "precision", "threads", "halo")
#: Longest side in pixels if nothing is said.
SIDES: Final[Mapping[str, int]] = {"dream": 1280, "apparition": 1280, "zoom": 640, "film": 640}
#: Variations of one wish, and what is grown of it in one job.
MOST_VARIATIONS, MOST_TARGETS = 16, 64


class Wish(BaseModel):
    """What a page asks for; ``recipe`` are changes of the preset, with ids where it names files.

    Of pictures that evolve to fool, ``recipe`` are the evolution's settings and ``targets`` its classes.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind = "dream"
    photo: str | None = Field(None, max_length=64)
    mask: str | None = Field(None, max_length=64)
    guide: str | None = Field(None, max_length=64)
    preset: str | None = Field(None, max_length=64)
    recipe: dict[str, Any] = Field(default_factory=dict)
    targets: list[str] = Field(default_factory=list, max_length=MOST_TARGETS)
    variations: int = Field(1, ge=1, le=MOST_VARIATIONS)
    name: str | None = Field(None, max_length=200)


@dataclass(frozen=True)
class Planned:
    """A job that can be put into the line: ``files`` are names in its folder, and ids of what was given."""

    kind: Kind
    label: str
    document: dict[str, Any]
    recipe: Recipe | None
    photo: str | None
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asking:
    """What one visitor may ask for."""

    settings: StudioSettings
    given: GivenFiles
    owner: str

    def plan(self, wish: Wish) -> list[Planned]:
        """The jobs that a wish asks for: one, or one for each of its variations.

        Raises:
            UsageError: A setting that cannot be, text that names a file, or more than is allowed.
            BadInput: An id that names nothing of this visitor's.
        """
        if wish.kind == "fool":
            return [self._fooling(wish)]
        photo = self._photo(wish)
        recipe, files = self.recipe(wish, photo)
        if wish.variations > 1 and "chance" not in wish.recipe:
            recipe = with_tastes(recipe)
        found = []
        for index in range(wish.variations):
            one = recipe.model_copy(update={"seed": recipe.seed + index})
            document = self._document(wish, one, photo, index)
            read_job(document, "the job")  # it would be refused later
            label = wish.name or self._label(wish, one, photo)
            found.append(Planned(wish.kind, label, document, one, photo.id if photo else None, files))
        return found

    def _fooling(self, wish: Wish) -> Planned:
        """The job of pictures that evolve."""
        document = document_of(wish.recipe, wish.targets, self._networks)
        return Planned("fool", wish.name or ", ".join(wish.targets), document, None, None)

    def recipe(self, wish: Wish, photo: Given | None) -> tuple[Recipe, dict[str, str]]:
        """The recipe with bare names, and the ids of its files by name; errors as of ``plan``."""
        changes = dict(wish.recipe)
        for name in OPERATORS:
            changes.pop(name, None)
        changes.pop("format", None)
        named = changes.pop("preset", None)
        mask = wish.mask or changes.pop("mask", None)
        if mask is not None:
            changes["mask"] = mask
        if wish.guide is not None and "objective" not in changes:
            changes["objective"] = [str(ob.guide(wish.guide, GUIDE_LAYER))]
        changes.setdefault("network", self._networks[0])
        if changes["network"] == Recipe.model_fields["network"].default and "lite0" not in self._networks:
            changes["network"] = self._networks[0]
        name = wish.preset or named or USUAL[wish.kind]
        if "start" not in changes and wish.kind != "portrait":
            begins = preset(name).start
            changes["start"] = "photo" if photo else begins if begins != "photo" else "clouds"
        recipe = preset(name, **_tuples(changes))
        self._check_kind(wish.kind, recipe)
        if recipe.network not in self._networks:
            raise UsageError(f"network: there are {', '.join(self._networks)}, got {recipe.network[:60]}")
        side = SIDES.get(wish.kind)
        if side is not None and recipe.size is None and recipe.max_size is None:
            recipe = recipe.model_copy(update={"max_size": side})
        self._check_size(recipe, photo)
        return self._with_files(recipe)

    @property
    def _networks(self) -> tuple[str, ...]:
        return tuple(bare_network(name) for name in self.settings.networks)

    def _photo(self, wish: Wish) -> Given | None:
        """The photograph or film, which a film needs and others may have."""
        kind: Literal["film", "photo"] = "film" if wish.kind == "film" else "photo"
        if wish.photo is None:
            if wish.kind in ("film", "apparition"):
                raise UsageError(f"photo: a {kind} is needed to dream on; upload one")
            return None
        found = self.given.find(wish.photo, self.owner)
        if found is None:
            raise not_there("photo", wish.photo)
        if found.kind != kind:
            raise UsageError(f"photo: a {kind} is needed, and {found.name} is a {found.kind}")
        return found

    def _check_kind(self, kind: Kind, recipe: Recipe) -> None:
        """UsageError where the recipe is of another kind than the wish."""
        is_of: dict[str, object] = {"portrait": recipe.portrait, "zoom": recipe.zoom, "film": recipe.film}
        is_of["apparition"] = recipe.sites
        for name, part in is_of.items():
            if (part is not None) != (name == kind):
                if name == kind and kind in ("zoom", "film"):
                    continue  # any dream can be carried over frames
                what = f"makes a {name}" if part is not None else f"makes no {name}"
                raise UsageError(f"preset: {recipe.preset} {what}, and a {kind} is asked for")

    def _check_size(self, recipe: Recipe, photo: Given | None) -> None:
        """UsageError where more pixels would be computed than are allowed."""
        width, height = recipe.size or ((photo.width, photo.height) if photo else (1024, 1024))
        if recipe.max_size is not None and recipe.size is None:
            factor = min(1.0, recipe.max_size / max(width, height))
            width, height = round(width * factor), round(height * factor)
        most = self.settings.quota.pixels
        pixels = width * height * recipe.octave_scale ** (2 * recipe.octave_top)
        printed = recipe.portrait.print_size if recipe.portrait else None
        if pixels > most or (printed or 0) ** 2 > most:
            raise UsageError(f"size: {round(pixels)} pixels are over the limit of {most}; make it smaller")

    def _with_files(self, recipe: Recipe) -> tuple[Recipe, dict[str, str]]:
        """A recipe with ids as bare names of files, and the ids by name."""
        names: dict[str, str] = {}
        for text in (*recipe.files(), *film_files(recipe)):
            one = self.given.find(text, self.owner)
            if one is None:
                raise UsageError(
                    f'"{text[:60]}": no file is opened by its name here; upload it, and give its id'
                )
            taken = {*names.values()}
            names[text] = one.name if one.name not in taken else f"{one.id[:6]}-{one.name}"
        if not names:
            return recipe, {}
        renamed = film_renamed(recipe.renamed(names), names)
        return renamed, {name: id for id, name in names.items()}

    def _document(self, wish: Wish, recipe: Recipe, photo: Given | None, index: int) -> dict[str, Any]:
        """The job's document; what it writes lies in its own folder."""
        stem = os.path.splitext(photo.name)[0] if photo else recipe.start
        stem += f"-{index + 1}" if wish.variations > 1 else ""
        fields: dict[str, Any] = {"recipe": recipe.model_dump(mode="json")}
        source = {"id": photo.id, "name": photo.name} if photo else None
        picture = {"path": f"{stem}-dream.png", "overwrite": True, "depth": 16}
        if wish.kind == "portrait":
            fields |= {
                "targets": wish.targets,
                "output": {"path": "portraits/", "depth": 16},
                "photo": source,
            }
            return {"kind": "portraits", **fields}
        if wish.targets:
            raise UsageError(f"targets: are of portraits, and a {wish.kind} is asked for; use objective")
        if wish.kind == "zoom":
            film = {"path": f"{stem}-zoom.mp4", "overwrite": True}
            return {"kind": "zoom", **fields, "photo": source, "output": film}
        if wish.kind == "film":
            film = {"path": f"{stem}-dream.mp4", "overwrite": True}
            return {"kind": "film", **fields, "video": source, "output": film}
        return {"kind": "dream", **fields, "photo": source, "output": picture}

    def _label(self, wish: Wish, recipe: Recipe, photo: Given | None) -> str:
        if wish.kind == "portrait":
            return ", ".join(wish.targets) or "; ".join(recipe.objective)
        return photo.name if photo else f"{wish.kind} from {recipe.start}"


def kind_of(recipe: Recipe) -> Kind:
    """What a recipe makes."""
    kinds: tuple[tuple[Kind, object], ...] = (
        ("portrait", recipe.portrait),
        ("apparition", recipe.sites),
        ("zoom", recipe.zoom),
        ("film", recipe.film),
    )
    return next((name for name, part in kinds if part is not None), "dream")


def kinds_of_presets() -> Iterator[tuple[str, Kind]]:
    """Every preset, and what it makes."""
    for name in (*PRESETS, *SITES, *PORTRAITS, *MOTIONS, *FILMS):
        yield name, kind_of(preset(name))


def _tuples(value: Any) -> Any:
    """JSON as Python's keyword arguments: nothing but names of settings as keys."""
    if not isinstance(value, Mapping):
        raise UsageError("recipe: an object with settings is needed")
    return {str(name): one for name, one in value.items()}
