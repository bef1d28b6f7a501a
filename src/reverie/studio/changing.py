"""Settings of a job that change before it has ended: what of them it can go on with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from reverie.jobs.steering import fixed_in
from reverie.recipe.recipe import PARTS, read
from reverie.studio.asking import Asking, Wish
from reverie.studio.store.jobs import JobRow


class Changes(BaseModel):
    """Changed settings of a job that has not ended."""

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any]
    guide: str | None = Field(None, max_length=64)
    mask: str | None = Field(None, max_length=64)
    anew: bool = Field(True, description="Begin again where something cannot change in the middle of it.")

    def without(self, names: Iterable[str]) -> Self:
        """The same without some settings, named as ``zoom.duration`` is, or without new files."""
        found, names = {}, set(names)
        for name, value in self.recipe.items():
            inner = {one.partition(".")[2] for one in names if one.startswith(f"{name}.")}
            if isinstance(value, dict):
                value = {n: v for n, v in value.items() if n not in inner}
            if name not in names and value != {}:
                found[name] = value
        files = {} if names.isdisjoint(NEW_FILES) else dict.fromkeys(NEW_FILES)
        return self.model_copy(update={"recipe": found, **files})


#: What names files that a job has not begun with.
NEW_FILES = ("guide", "mask")
#: What a job keeps that its visitor does not ask for: of another objective the default has other octaves, but
#: what is at work keeps those that it is in.
OWN = ("seed", "chance", "smallest")


@dataclass(frozen=True)
class Changed:
    """A job with its changes.

    Attributes:
        asked: What its visitor asks for by now.
        document: The job, if it were to begin with that.
        files: Names in its folder, and ids.
        differs: What of its recipe changes, for whoever works on it.
        fixed: What of that cannot change while it is at work.
    """

    asked: dict[str, Any]
    document: dict[str, Any]
    files: dict[str, str]
    differs: dict[str, Any]
    fixed: list[str]


def changed(row: JobRow, changes: Changes, asking: Asking) -> Changed:
    """A job with its changes.

    Raises:
        ReverieError: As of what is asked for.
    """
    asked = {**row.asked, "recipe": merged(row.asked.get("recipe", {}), changes.recipe)}
    asked |= {n: v for n in NEW_FILES if (v := getattr(changes, n)) is not None}
    wish = Wish(**{**{name: value for name, value in asked.items() if name != "part"}, "variations": 1})
    planned = asking.plan(wish)[0]
    document = {**planned.document, "output": row.document["output"]}
    own = {name: row.document["recipe"][name] for name in OWN if name not in changes.recipe}
    document["recipe"] = {**document["recipe"], **own}
    mine, theirs = row.document["recipe"], document["recipe"]
    # What was steered before is said again: one that was begun again knows it, perhaps, as its own.
    before = {name for one in row.steered for name in one["changes"]}
    differs = {name: value for name, value in theirs.items() if value != mine[name] or name in before}
    if row.kind not in ("dream", "zoom"):
        fixed = list(differs)
    elif planned.files.keys() - row.files.keys():
        fixed = [*differs, *NEW_FILES]
    else:
        fixed = fixed_in(read(mine, "the recipe"), differs, frames=row.kind == "zoom")
    return Changed(asked, document, planned.files, differs, fixed)


def merged(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Settings with some changed; of a part such as ``zoom`` those that are not named stay."""
    found = {**before, **now}
    for name in PARTS:
        if isinstance(before.get(name), dict) and isinstance(now.get(name), dict):
            found[name] = {**before[name], **now[name]}
    return found
