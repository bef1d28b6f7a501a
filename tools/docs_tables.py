"""Tables of the documentation that the program itself writes, so that they cannot differ from it.

A hook of mkdocs: a line ``<!-- table: NAME -->`` of a page becomes the table of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

MARKER = re.compile(r"^<!-- table: ([a-z-]+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace every marker of a page; KeyError for a table that does not exist."""
    return MARKER.sub(lambda found: TABLES[found[1]](), markdown)


def settings() -> str:
    """Every field of a recipe: its option, what it is, what it may be, its default."""
    from reverie.cli.options import OPTION
    from reverie.recipe import Recipe

    rows = []
    for name, info in Recipe.model_fields.items():
        if name == "format":
            continue
        option = f"`{OPTION[name]}`" if name in OPTION else ""
        rows.append((f"`{name}`", option, info.description or "", f"`{plain(info.default)}`"))
    return table(("setting", "option", "what it is", "default"), rows)


def presets() -> str:
    """The numbers of every preset, and what they come from."""
    from reverie.presets import PRESETS, preset

    rows = []
    for field in PRESET_FIELDS:
        values = [getattr(preset(name), field) for name in PRESETS]
        rows.append((f"`{field}`", *(f"`{plain(value)}`" for value in values)))
    return table(("", *PRESETS), rows)


PRESET_FIELDS = (
    "balance",
    "octaves",
    "octave_scale",
    "octave_top",
    "smallest",
    "steps",
    "step_size",
    "jitter",
    "smoothing",
    "centre",
    "normalise",
    "carry",
    "resampling",
    "clip",
    "strength",
    "max_score",
    "drift",
)


def preset_objectives() -> str:
    """What every preset increases."""
    from reverie.presets import PRESETS, preset

    rows = [(f"`{name}`", "; ".join(f"`{text}`" for text in preset(name).objective)) for name in PRESETS]
    return table(("preset", "objective"), rows)


def layers() -> str:
    """The layers of Lite0."""
    from reverie.net.lite import lite_layers

    rows = [
        (
            f"`{layer.name}`",
            str(layer.channels),
            str(layer.stride or ""),
            f"{layer.receptive_field} px" if layer.receptive_field else "all",
            layer.draws,
        )
        for layer in lite_layers("lite0").values()
    ]
    return table(("layer", "channels", "stride", "sees", "draws"), rows)


def loop() -> str:
    """The loop as it stands in the source."""
    from inspect import getsource

    from reverie.loop import dream

    return f"```python\n{getsource(dream)}```"


def plain(value: object) -> str:
    """A setting as it would be typed."""
    if isinstance(value, tuple):
        return ", ".join(map(plain, value))
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = list(titles)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "layers": layers,
    "loop": loop,
    "preset-objectives": preset_objectives,
    "presets": presets,
    "settings": settings,
}
