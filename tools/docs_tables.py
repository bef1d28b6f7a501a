"""Tables of the documentation that the program itself writes; ``docs_pages.py`` puts them into the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


def settings() -> str:
    """Every field of a recipe: its option, what it is, what it may be, its default."""
    from reverie.recipe.recipe import Recipe
    from reverie.recipe.typed import OPTION

    return fields(Recipe, OPTION, without=("format",))


def portrait_settings() -> str:
    """Every field of a portrait's settings, likewise."""
    from reverie.recipe.portrait import Portrait
    from reverie.recipe.typed import OF_PORTRAIT

    return fields(Portrait, OF_PORTRAIT)


def site_settings() -> str:
    """Every field of the settings of sites, likewise."""
    from reverie.recipe.sites import Sites
    from reverie.recipe.typed import OF_SITES

    return fields(Sites, OF_SITES)


def zoom_settings() -> str:
    """Every field of a zoom's settings, likewise."""
    from reverie.recipe.typed import MOVING
    from reverie.recipe.zoom import Zoom

    return fields(Zoom, MOVING["zoom"][1])


def film_settings() -> str:
    """Every field of a film's settings, likewise."""
    from reverie.recipe.film import Film
    from reverie.recipe.typed import MOVING

    return fields(Film, MOVING["film"][1])


def fields(model: type[BaseModel], options: Mapping[str, str], without: Iterable[str] = ()) -> str:
    """The fields of a model, each with the option that sets it."""
    rows = [
        (
            f"`{name}`",
            f"`{options[name]}`" if name in options else "",
            info.description or "",
            f"`{plain(info.default)}`",
        )
        for name, info in model.model_fields.items()
        if name not in without
    ]
    return table(("setting", "option", "what it is", "default"), rows)


def portrait_presets() -> str:
    """What every preset of portraits sets."""
    from reverie.recipe.presets.portrait import PORTRAITS
    from reverie.recipe.presets.preset import preset

    rows = []
    for name, given in PORTRAITS.items():
        recipe = preset(name)
        assert recipe.portrait is not None
        shown = {k: getattr(recipe, k) for k in ("octaves", "octave_scale", "normalise") if k in given}
        own = {k: getattr(recipe.portrait, k) for k in given["portrait"]}
        words = "; ".join(f"{k} `{plain(v) or '-'}`" for k, v in {**shown, **own}.items() if v != "none")
        rows.append((f"`{name}`", plain(recipe.steps), words))
    return table(("preset", "steps", "settings"), rows)


MEASURED = Path(__file__).resolve().parents[1] / "docs" / "portraits.json"


def measured(part: str) -> Any:
    """A part of what ``python -m benchmarks.portraits`` wrote."""
    return json.loads(MEASURED.read_text("utf-8"))[part]


def portrait_classes() -> str:
    """How many of the hundred classes each network recognises, with and without priors."""
    there = json.loads(MEASURED.read_text("utf-8"))
    named = (("classes", "`portrait`, the default"), ("filled", "`filled`"), ("naive", "no prior at all"))
    rows = [(words, *_verdicts(there[part])) for part, words in named if part in there]
    return table(("hundred classes, top-1 (mean probability)", *JUDGES), rows)


#: Who judges portraits of classes.
JUDGES = ("Lite0", "Lite1", "Lite2")


def _verdicts(found: Any) -> list[str]:
    """Of each judge: how many are of their class for it, and how likely it finds that."""
    return [f"{found['top1'][n.lower()]} ({found['mean_share'][n.lower()]:.2f})" for n in JUDGES]


def portrait_unnamed() -> str:
    """What the judges say of those of the hundred that were not named."""
    found = measured("unnamed")
    rows = [("`portrait`", *_verdicts(found))]
    return table((f"{len(found['classes'])} classes, top-1 (mean probability)", *JUDGES), rows)


def portrait_names() -> str:
    """What somebody said who was shown the hundred pictures in random order, without names."""
    rows = [
        (str(r["class"]), r["name"], r["said"], "yes" if r["right"] else "")
        for r in measured("naming")["rows"]
    ]
    return table(("class", "name", "what was said", "right"), rows)


def portrait_diversity() -> str:
    """Four facets made together, beside four seeds made apart."""
    rows = [
        (
            f"`{r['unit']}`",
            f"{r['seeds']:.3f}",
            f"{r['facets']:.3f}",
            f"{100 * r['fall']:.0f} %",
            f"{100 * r['activation']:.0f} %",
        )
        for r in measured("diversity")["rows"]
    ]
    return table(("unit", "four seeds", "four facets", "less alike by", "activation"), rows)


def portrait_inversion() -> str:
    """How well layers remember twenty photographs."""
    rows = [
        (
            f"`{name}`",
            f"{r['error']:.3f}",
            f"{r['error_squared']:.4f}",
            f"{r['psnr']:.1f} dB",
            f"{100 * r['same_top1']:.0f} %",
        )
        for name, r in measured("inversion")["rows"].items()
    ]
    return table(("layer", "error", "its square", "PSNR", "same class"), rows)


def portrait_history() -> str:
    """One class by every preset, and what three networks say of it."""
    rows = [
        (f"`{name}`", *(f"{r[n]['share']:.2f}" for n in ("lite0", "lite1", "lite2")))
        for name, r in measured("presets")["rows"].items()
    ]
    return table(("flamingo by", "Lite0", "Lite1", "Lite2"), rows)


def presets() -> str:
    """The numbers of every preset, and what they come from."""
    from reverie.recipe.presets.preset import PRESETS, preset

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
    from reverie.recipe.presets.preset import PRESETS, preset

    rows = [(f"`{name}`", "; ".join(f"`{text}`" for text in preset(name).objective)) for name in PRESETS]
    return table(("preset", "objective"), rows)


def layers() -> str:
    """The layers of Lite0."""
    from reverie.network.efficientnet_lite import lite_layers

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

    from reverie.ascent.loop import dream

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


def any_network() -> str:
    """What came of thirty and more networks of other people."""
    file = MEASURED.with_name("any-network.json")
    rows = [
        (
            r["network"],
            f"`{r['layer']}`",
            r["engine"],
            r["precision"],
            f"{r['milliseconds']:.0f}",
            f"{r['cosine']:.5f}",
        )
        for r in json.loads(file.read_text("utf-8"))["networks"]
    ]
    return table(("network", "layer", "engine", "numbers", "ms a step", "cosine"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "any-network": any_network,
    "film-settings": film_settings,
    "layers": layers,
    "portrait-classes": portrait_classes,
    "portrait-diversity": portrait_diversity,
    "portrait-history": portrait_history,
    "portrait-inversion": portrait_inversion,
    "portrait-names": portrait_names,
    "portrait-presets": portrait_presets,
    "portrait-settings": portrait_settings,
    "portrait-unnamed": portrait_unnamed,
    "loop": loop,
    "preset-objectives": preset_objectives,
    "presets": presets,
    "settings": settings,
    "site-settings": site_settings,
    "zoom-settings": zoom_settings,
}
