"""Cases of zooms and of films that dream."""

from __future__ import annotations

from typing import Final

from golden.case import ONE, Stop, case, film, zoom

ZOOM: Final = f"{ONE} --size 96x64 --steps 1 --octaves 2 --warm-up 2"
FILM: Final = f"{ONE} --octaves 1 --steps 3"
ZOOMS: Final = ("zoom", "classic-zoom", "google2015-zoom", "lsdnn2015")

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
