"""Compare our reader of Caffe's networks with OpenCV 4's: ``python tools/caffe_against_opencv.py FOLDER``.

Two programs that share nothing read the same file. GoogLeNet and AlexNet are written with random weights, in
the format of 2014 and the one after it, and a picture is shown to both readers; every blob is compared: the
largest difference, as a part of the blob's largest value. A ``.caffemodel`` of one's own, with its
``.prototxt``, is compared as well where they are given.

OpenCV 5 reads Caffe's files no more, so OpenCV 4 is installed in FOLDER, in an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What the other environment runs: every blob of a network for a picture, into an archive of NumPy's.
THEIRS = """
import json, sys
import cv2, numpy
text, model, picture, out, names = sys.argv[1:]
net = cv2.dnn.readNetFromCaffe(text, model)
net.enableFusion(False)
net.setInput(numpy.load(picture))
names = json.loads(names)
found = net.forward(names)
numpy.savez(out, version=cv2.__version__, **{str(i): blob for i, blob in enumerate(found)})
"""
Arrays = dict[str, NDArray[Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    folder = Path(given.folder)
    python = environment(folder / "opencv4")
    worst = 0.0
    for title, text, model in [*written(folder), *own(given)]:
        ours, names = our_blobs(text, model, folder / "picture.npy")
        theirs, version = their_blobs(python, text, model, folder, names)
        differences = {name: apart(ours[name], theirs[name]) for name in names}
        last = max(differences, key=lambda name: differences[name])
        worst = max(worst, differences[last])
        print(
            f"{title}: {len(names)} blobs, at most {differences[last]:.1e} apart ({last}), OpenCV {version}"
        )
    return int(worst > given.most)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("folder", help="what is installed and written goes there")
    made.add_argument("--model", help="a .caffemodel to compare as well")
    made.add_argument("--prototxt", help="its .prototxt")
    made.add_argument("--most", type=float, default=1e-5, help="the difference from which on it fails")
    return made


def environment(folder: Path) -> str:
    """The Python of an environment that has OpenCV 4, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "-q", "opencv-python-headless<5", "numpy"]
        subprocess.run(install, check=True)
    return str(python)


def written(folder: Path) -> list[tuple[str, Path, Path]]:
    """Networks with random weights: what each is, and its two files."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    caffe = import_module("support.caffe")
    found = []
    for name, layers, side in (
        ("googlenet", caffe.googlenet(1.0), 224),
        ("alexnet", caffe.alexnet(1.0), 227),
    ):
        for old in (True, False):
            stem = folder / f"{name}-{'old' if old else 'new'}"
            text, model = stem.with_suffix(".prototxt"), stem.with_suffix(".caffemodel")
            text.write_text(caffe.text_of(layers, (3, side, side), old=old))
            model.write_bytes(caffe.model_bytes(layers, old=old))
            found.append((f"{name}, {'format of 2014' if old else 'later format'}", text, model))
    return found


def own(given: argparse.Namespace) -> list[tuple[str, Path, Path]]:
    """The network that was given, if one was."""
    if given.model is None or given.prototxt is None:
        return []
    return [(Path(given.model).name, Path(given.prototxt), Path(given.model))]


def our_blobs(text: Path, model: Path, picture: Path) -> tuple[Arrays, list[str]]:
    """Every blob as reverie computes it, by the layer that writes it last, and those names.

    The picture that the other program is shown is written: blue, green, red, less the mean, 0 to 255.
    """
    import torch

    from reverie.network.caffe.load import MEAN
    from reverie.network.zoo import load_net

    net = load_net(f"caffe:{model}#prototxt={text}")
    shape: tuple[int, int, int] = net.module.shape  # type: ignore[assignment]
    pixels = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
    flipped = (255 * pixels - torch.tensor(MEAN)[None, :, None, None]).flip(1)
    np.save(picture, flipped.numpy())
    names = [name for name in blob_names(text) if name in net.layers]
    with torch.no_grad():
        found = net.forward(pixels, names)
    return {name: found[name].numpy() for name in names}, names


def blob_names(text: Path) -> list[str]:
    """Of each blob the last layer that writes it: a blob is what is left in it."""
    from reverie.network.caffe.prototxt import read_text

    last = {top: layer.name for layer in read_text(text.read_text()).layers for top in layer.tops}
    return list(last.values())


def their_blobs(python: str, text: Path, model: Path, folder: Path, names: list[str]) -> tuple[Arrays, str]:
    """The same blobs as OpenCV computes them, and its version."""
    out = folder / "theirs.npz"
    words = [python, "-c", THEIRS, text, model, folder / "picture.npy", out, json.dumps(names)]
    subprocess.run([str(word) for word in words], check=True)
    with np.load(out) as found:
        return {name: found[str(place)] for place, name in enumerate(names)}, str(found["version"])


def apart(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """The largest difference as a part of the largest value."""
    return float(np.abs(ours.reshape(theirs.shape) - theirs).max() / np.abs(theirs).max())


if __name__ == "__main__":
    sys.exit(main())
