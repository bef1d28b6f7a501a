"""From options to a recipe, to where results go, and to what work is done with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from reverie.cli.console import Console
from reverie.cli.groups import Group, all_given
from reverie.cli.options import OF_NETWORK, Common, Files, Messages
from reverie.errors import UsageError
from reverie.jobs.free_name import beside
from reverie.network.description import describe, picture_settings, with_settings
from reverie.network.named import known_as
from reverie.recipe.presets.portrait import onto
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe, complaints, make
from reverie.recipe.typed import OF_PORTRAIT, OF_SITES, OPTION, guided_at, settings_from, width_height

if TYPE_CHECKING:
    from reverie.jobs.output import Output, Written
    from reverie.jobs.workspace import Workspace

#: The network that dreams if none is named.
NETWORK: str = Recipe.model_fields["network"].default


def console_of(messages: Messages) -> Console:
    """Who tells of results, as the options want it."""
    return Console(quiet=messages.quiet, verbose=messages.verbose, as_json=messages.json)


def workspace_of(given: Common, recipe: str | None = None) -> Workspace:
    """Limits of what is opened, as the options want them; ``recipe`` is the file that ``--recipe`` names."""
    from reverie.jobs.workspace import Workspace
    from reverie.media.picture import MAX_PIXELS

    return Workspace(
        max_pixels=given.max_pixels or MAX_PIXELS,
        offline=given.offline,
        trust=given.trust,
        given=() if recipe is None else (("the file of --recipe", recipe),),
    )


def output_of(given: Common, usual: str, source: str | None = None) -> Output:
    """Where a picture goes and how it is written; if none was named, beside its source: see ``beside``."""
    from reverie.jobs.output import Output

    return Output(depth=given.depth, **written(given, usual, source))


def written(given: Common, usual: str, source: str | None) -> dict[str, Any]:
    """Where and how a picture or a film is written, by the names of ``Output``."""
    return {
        "path": beside(source, usual) if given.out is None else given.out,
        "quality": given.quality,
        "metadata": not given.no_metadata,
        "overwrite": given.overwrite,
    }


def unsaid(given: Files, output: Written) -> str | None:
    """Where a result goes if nobody said where, which is then told; None if ``-o`` said it."""
    return output.path if given.out is None else None


def where_to(out: str | None, usual: str, what: str) -> str:
    """What ``-o`` says; UsageError with an example name if it was not given."""
    if out is None:
        raise UsageError(f"where to? give {what}, as in -o {usual}")
    return out


def recipe_of(*groups: Group, default: str = "reverie") -> Recipe:
    """The recipe that the options ask for: a file's or a preset's, with what was given changed.

    ``default`` is the preset if none is given.

    Raises:
        UsageError: An option cannot be, or two exclude each other; options are called as they are typed.
    """
    return recipe_from_options(all_given(*groups), default)


def portrait_recipe_of(*groups: Group, default: str, wanted: bool) -> Recipe:
    """As ``recipe_of``, of portraits beside something else; UsageError if it makes none that are wanted."""
    recipe = recipe_of(*groups, default=default)
    if wanted and recipe.portrait is None:
        raise UsageError(f"--preset {recipe.preset}: makes dreams and no portraits; choose another")
    return recipe


def recipe_from_options(given: Mapping[str, Any], default: str = "reverie") -> Recipe:
    """As ``recipe_of``, of options by name.

    Raises:
        UsageError: An option cannot be, or two exclude each other; options are called as they are typed.
    """
    name, changes = settings_from(given)
    portrait, sites = changes.get("portrait", {}), changes.get("sites", {})
    typed = given_as(OPTION | OF_PORTRAIT, {**changes, **portrait}) | given_as(OF_SITES, sites, "sites")
    with told_as_typed(typed):
        if not given.get("recipe"):
            changes |= network_settings(given)
            return with_sites(
                preset(name or default, **{k: v for k, v in changes.items() if k != "sites"}), sites
            )
        if name is not None:
            raise UsageError("--preset and --recipe: give one of them")
        from reverie.jobs.foreign_names import beside
        from reverie.jobs.provenance.note import recipe_in

        recipe = beside(recipe_in(given["recipe"]), given["recipe"], trust=bool(given.get("trust")))
        changes.pop("sites", None)
        if given.get("layer") and (guided := guided_at(recipe.objective, given["layer"])):
            changes["objective"] = guided
        if "steps" in changes:
            changes.setdefault("max_score", None)
        changes |= network_settings(given, recipe.network)
        if portrait and recipe.portrait is not None:
            changes["portrait"] = onto(recipe.portrait.model_dump(), portrait)
        return with_sites(make(**{**recipe.model_dump(), **changes}) if changes else recipe, sites)


def with_sites(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with settings of its sites changed; UsageError where it has none."""
    if not changes:
        return recipe
    if recipe.sites is None:
        raise UsageError(
            f"--sites: preset {recipe.preset} dreams all over; leave it out, or use --preset apparition"
        )
    return recipe.but(sites={**recipe.sites.model_dump(), **changes})


def network_settings(given: Mapping[str, Any], usual: str = NETWORK) -> dict[str, str]:
    """The network that options name, with what they say of its pictures; nothing where they say nothing.

    Args:
        given: Options by name.
        usual: The network if they name none.

    Raises:
        UsageError: A setting that cannot be, called as it is typed.
    """
    given_name = known_as(given["network"]) if given.get("network") else None
    said = {setting: given[name] for name, setting in OF_NETWORK.items() if given.get(name) is not None}
    if not said:
        return {"network": given_name} if given_name else {}
    name = with_settings(given_name or usual, **said)
    try:
        picture_settings(describe(name))
    except UsageError as error:
        raise UsageError("--" + str(error).replace("size: ", "input-size: ", 1)) from error
    return {"network": name}


def longer_side(recipe: Recipe, given: Common, photo: str | None = None) -> Recipe:
    """The recipe of what has a shape; a ``--size`` of one number is the longer side, and nothing is cut off.

    A photograph that is smaller is enlarged to it, if it is named here; films and one of several are not.
    """
    if given.size is None or not given.size.strip().isdecimal():
        return recipe
    if given.max_size is not None:
        raise UsageError("--size and --max-size: give one of them")
    from reverie.jobs.sizes import with_longer_side

    side = width_height(given.size)[0]
    with told_as_typed({"max_size": "--size", "size": "--size"}):
        return with_longer_side(recipe, side, photo, workspace_of(given))


def as_typed(message: str, typed: Mapping[str, str]) -> str:
    """A complaint with the fields in it called as they are typed.

    Args:
        message: ``field: what is wrong``, perhaps several after ``; ``, perhaps of a place in the field.
        typed: Fields that came from the command line, as ``steps`` or ``zoom.steps``, and their options.
    """
    fields = "|".join(map(re.escape, typed))
    pattern = rf"(^|; )({fields})(?:\.\d+)*: "
    told = re.sub(pattern, lambda match: f"{match[1]}{typed[match[2]]}: ", message) if typed else message
    return "; ".join(dict.fromkeys(told.split("; ")))


def given_as(options: Mapping[str, str], given: Mapping[str, object], part: str = "") -> dict[str, str]:
    """Fields that were given, and how they are typed; those of a part of the recipe under both names."""
    typed = {name: option for name, option in options.items() if given.get(name) is not None}
    return typed | ({f"{part}.{name}": option for name, option in typed.items()} if part else {})


@contextmanager
def told_as_typed(typed: Mapping[str, str]) -> Iterator[None]:
    """Errors of what is used wrongly here, with fields called as they are typed: see ``as_typed``."""
    try:
        yield
    except ValidationError as error:
        raise UsageError(as_typed("; ".join(complaints(error)), typed)) from error
    except UsageError as error:
        raise UsageError(as_typed(str(error), typed)) from error
