"""All cases by their names: those of texts, of refusals, and of the other files."""

from __future__ import annotations

from typing import Final

from golden.case import ONE, Case, case, refused
from golden.cases_of_films import OF_FILMS, OF_ZOOMS, ZOOM
from golden.cases_of_pictures import OF_DREAMS, TILES
from golden.cases_of_portraits import FOOL, INVERT, OF_PORTRAITS, SEE, SITES_AND_EVOLUTIONS

VERBS: Final = (
    *("dream", "zoom", "film", "see", "invert", "stimuli", "look", "microscope", "fool", "rerun", "show"),
    *("sheet", "classify", "layers", "networks", "doctor", "bench"),
)

TEXTS: Final = {
    "help": case("--help"),
    "help/nothing": case(""),
    "version": case("--version"),
    **{f"help/{verb}": case(f"{verb} --help") for verb in VERBS},
    "layers": case("layers"),
    "layers/json": case("layers --json"),
    "layers/lite2": case("layers lite2"),
    "networks": case("networks"),
    "networks/json": case("networks --json"),
    "classify": case("classify cat.png"),
    "classify/json": case("classify rocket.jpg --top 3 --network lite1 --json"),
    "doctor": case("doctor --engine plain"),
    "doctor/json": case("doctor --json"),
    "doctor/unhealthy": case("doctor --network lite0:empty.png", code=1),
    "plan/dream": case(f"dream cat.png -o d.png {ONE} --octaves 2 --steps 3,2 --dry-run"),
    "plan/dream-json": case(f"dream cat.png -o d.png {ONE} --dry-run --json"),
    "plan/tiles": case(f"dream cat.png -o d.tif {ONE} --size 2200x1400 --depth 16 --dry-run --json"),
    "plan/zoom": case(f"zoom --duration 100 {ZOOM} --dry-run"),
    "plan/zoom-json": case(f"zoom cat.png --duration 2 {ONE} --dry-run --json"),
    "plan/film": case(f"film pan.mp4 {ONE} --dry-run"),
    "plan/film-json": case(f"film pan.mp4 {ONE} --dry-run --json"),
    "plan/see": case(f"see tabby block3b {SEE} --dry-run"),
    "plan/see-json": case(f"see tabby {SEE} --dry-run --json"),
    "plan/invert-json": case(f"invert cat.png --all-layers {INVERT} --dry-run --json"),
    "plan/fool": case(f"fool tabby {FOOL} --dry-run"),
    "plan/fool-json": case(f"fool {ONE} --size 32 --encoding direct --dry-run --json"),
    **{
        f"complete/{name}": case(
            "",
            environment=(
                ("_REVERIE_COMPLETE", "complete_bash"),
                ("COMP_WORDS", f"reverie {words}"),
                ("COMP_CWORD", str(len(words.split()))),
            ),
        )
        for name, words in {
            "verbs": "s",
            "options": "dream --st",
            "layers": "dream --layer block5",
            "channels": "stimuli --unit ste",
            "classes": "dream --class golden",
            "presets": "dream --preset goo",
            "portraits": "see --preset yos",
            "zooms": "zoom --preset g",
            "networks": "layers li",
            "engines": "bench --engine n",
        }.items()
    },
}

REFUSED: Final = {
    f"refused/{name}": refused(code, words)
    for name, (code, words) in {
        "verb": (2, "drean cat.png -o d.png"),
        "option": (2, "dream cat.png -o d.png --layr block5c"),
        "nothing": (2, "dream -o d.png"),
        "where": (2, "dream cat.png"),
        "layer": (2, "dream cat.png -o d.png --layer block5z"),
        "channel": (2, "dream cat.png -o d.png --channel block5c:9999"),
        "class": (2, 'dream cat.png -o d.png --class "golden retreiver"'),
        "classes": (2, "dream cat.png -o d.png --class crane --json"),
        "preset": (2, "dream cat.png -o d.png --preset googel2015"),
        "preset-verb": (2, "dream cat.png -o d.png --preset lucid2017"),
        "objective": (2, "dream cat.png -o d.png --objective 'block5c + * 3'"),
        "number": (2, "dream cat.png -o d.png --step-size nan"),
        "size": (2, "dream cat.png -o d.png --size 12x40"),
        "fp16": (2, "dream cat.png -o d.png --precision fp16 --device cpu"),
        "device": (2, "dream cat.png -o d.png --device cuda"),
        "engine": (2, "dream cat.png -o d.png --engine warp"),
        "format": (2, "dream cat.png -o d.bmp"),
        "exists": (2, "dream cat.png -o coffee.png"),
        "no-file": (3, "dream nothere.png -o d.png"),
        "empty": (3, "dream empty.png -o d.png --json"),
        "cut-short": (3, "dream cut.png -o d.png"),
        "not-local": (3, "dream http://127.0.0.1:9/a.png -o d.png"),
        "no-folder": (6, "dream cat.png -o no/d.png"),
        "network": (5, "dream cat.png -o d.png --network lite0:missing.pth"),
        "network-name": (2, "dream cat.png -o d.png --network lite9"),
        "weights": (5, "dream cat.png -o d.png --network lite0:empty.png"),
        "recipe": (3, "dream cat.png -o d.png --recipe coffee.png"),
        "recipe-fields": (2, "dream cat.png -o d.png --recipe wrong.json"),
        "no-recipe": (3, "show cat.png"),
        "rerun": (3, "rerun cat.png"),
        "zoom-curve": (2, "zoom -o z.mp4 --zoom '0:1, 5s:2'"),
        "zoom-size": (2, "zoom -o z.mp4 --size 63x48"),
        "zoom-film": (3, "zoom pan.mp4 -o z.mp4"),
        "film-codec": (2, "film pan.mp4 -o f.mp4 --codec vp9"),
        "film-strength": (2, "film pan.mp4 -o f.mp4 --strength 0:2"),
        "film-picture": (3, "film cat.png -o f.mp4"),
        "film-itself": (2, "film pan.mp4 -o pan.mp4 --overwrite"),
        "see-canvas": (2, "see tabby -o x.png --preset erhan2009 --canvas maco"),
        "see-transform": (2, "see tabby -o x.png --transform 'jiter(3)'"),
        "see-cell": (2, "see block5c:17@99,0 -o x.png --size 64"),
        "invert": (2, "invert cat.png -o x.png"),
        "stimuli": (2, "stimuli photos --unit block5c -o s.png"),
        "microscope": (2, "microscope -o site --layers block5c --channels 9999"),
        "fool": (2, "fool tabbby -o f"),
        "fool-render": (3, "fool --render wrong.json -o p.png"),
        "classify": (3, "classify nothere.png"),
        "layers": (2, "layers lite9"),
        "bench": (2, "bench --engine warp"),
        "bench-layer": (2, "bench --layer block5z"),
    }.items()
}

CASES: Final[dict[str, Case]] = {
    **TEXTS,
    **OF_DREAMS,
    **TILES,
    **OF_ZOOMS,
    **OF_FILMS,
    **OF_PORTRAITS,
    **SITES_AND_EVOLUTIONS,
    **REFUSED,
}
