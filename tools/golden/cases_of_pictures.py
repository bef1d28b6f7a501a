"""Cases of dreams, of one picture and of many."""

from __future__ import annotations

import shlex
from typing import Final

from golden.case import ONE, Stop, case, dream

#: Small dreams, zooms, films and portraits.
DREAM: Final = f"{ONE} --steps 3"
DREAMS: Final = ("reverie", "google2015", "keras", "tensorflow", "smooth2020", "crowsonkb")
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
