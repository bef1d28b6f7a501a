"""Cases of portraits, of pictures brought back, of sites and of evolutions."""

from __future__ import annotations

import signal
from typing import Final

from golden.case import ONE, Stop, case, see

SEE: Final = f"{ONE} --size 80 --steps 4,2"
INVERT: Final = f"{ONE} --max-size 64 --steps 4"
FOOL: Final = f"{ONE} --size 32 --children 8 --generations 3"
STIMULI: Final = f"{ONE} --size 64 --steps 2 --seed 3"
SITE: Final = f"microscope lite0 {ONE} --steps 2 --size 64 --seed 3"
PORTRAITS: Final = (
    *("portrait", "sketch", "naive", "inversion", "inversion-shallow", "erhan2009", "simonyan2013"),
    *("deepdraw2015", "yosinski2015-1", "yosinski2015-2", "yosinski2015-3", "yosinski2015-4"),
    *("lucid2017", "maco2023"),
)
ENCODINGS: Final = ("cppn", "smooth", "direct", "natural", "random", "gradient")

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
    "look": case(
        f"look cat.png --unit cat --unit block4a:3 -o l.png {ONE} --json",
        f"look rocket.jpg --strongest 3 --layer block4b -o s.png {ONE}",
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
