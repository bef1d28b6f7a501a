"""The cat neuron in miniature (Le et al. 2012): nobody says what a face is, and a cell finds out.

Among thousands of pieces of photographs are faces, unlabelled. Two layers of cells compete for them. Only
then is looked for the cell that tells faces best, by what it learnt from; other pictures judge it.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import skimage.color
import skimage.data
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

import reverie
from reverie.network.class_names import class_names
from reverie.network.competitive import competitive_network
from reverie.portrait.batch import portraits
from reverie.train.competitive import area_under_curve, of_length_one
from reverie.train.pictures import Labelled
from reverie.train.settings import make_settings
from reverie.train.unsupervised import UNITS, UnsupervisedLearner

SIDE, COUNT = 25, 6000
#: Photographs without people; what is learnt from, and what is judged by, never share one.
LEARNT = ("chelsea", "coffee", "rocket", "grass", "gravel", "page", "hubble_deep_field")
JUDGED = ("coins", "brick", "stereo_motorcycle", "clock", "immunohistochemistry", "moon", "cell")
#: Faces as alike as this (correlation of their pixels) are on one side: names are not in the data.
ALIKE, HELD_OUT = 0.72, 30


@dataclass(frozen=True)
class Pictures:
    """Grey pictures (N, 25, 25) in [0, 1], and which of them are faces."""

    pixels: np.ndarray
    face: Tensor


def grey(name: str) -> np.ndarray:
    """A photograph of scikit-image's in [0, 1]."""
    made: Any = getattr(skimage.data, name)()
    found = np.asarray(made[0] if name == "stereo_motorcycle" else made)
    if found.ndim == 3:
        return np.asarray(skimage.color.rgb2gray(found[..., :3]))
    return found / 255 if found.dtype == np.uint8 else found


def people() -> np.ndarray:
    """A hundred faces, then a hundred other pictures, which are of the same photographs and not used."""
    made: Any = skimage.data
    return np.asarray(made.lfw_subset())


def pieces(names: tuple[str, ...], rng: np.random.Generator, count: int) -> np.ndarray:
    """Pieces of photographs at three sizes that are not flat, half of them mirrored."""
    scaled = []
    for name in names:
        for side in (80, 140, 240):
            image = Image.fromarray(grey(name).astype(np.float32))
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
            if min(image.size) > SIDE:
                scaled.append(np.asarray(image))
    found: list[np.ndarray] = []
    while len(found) < count:
        pixels = scaled[rng.integers(len(scaled))]
        y, x = (rng.integers(side - SIDE + 1) for side in pixels.shape)
        piece = pixels[y : y + SIDE, x : x + SIDE]
        if piece.std() > 0.06:
            found.append(piece if rng.random() < 0.5 else piece[:, ::-1])
    return np.stack(found).clip(0, 1)


def parted(faces: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Faces to learn from and others to judge by; those that are alike are on one side."""
    flat = faces.reshape(len(faces), -1)
    near = np.corrcoef(flat) > ALIKE
    group = np.arange(len(faces))
    for i, j in np.argwhere(near):
        group[group == group[j]] = group[i]
    held_out: list[int] = []
    for own in rng.permutation(np.unique(group)):
        members = np.flatnonzero(group == own)
        if len(held_out) + len(members) <= HELD_OUT:
            held_out += members.tolist()
    rest = np.setdiff1d(np.arange(len(faces)), held_out)
    return faces[rest], faces[held_out]


def world(seed: int, share: float) -> tuple[Pictures, Pictures]:
    """What is learnt from, faces being this share of it, and what is judged by."""
    rng = np.random.default_rng(seed)
    known, others = parted(people()[:100], rng)
    count = round(COUNT * share)
    faces = known[rng.integers(len(known), size=count)]
    faces = np.stack([np.roll(f[:, :: rng.choice((1, -1))], rng.integers(-1, 2, 2), (0, 1)) for f in faces])
    learnt = np.concatenate([faces, pieces(LEARNT, rng, COUNT - count)])
    judged = np.concatenate([others, pieces(JUDGED, rng, 300)])
    return (
        Pictures(learnt, torch.arange(len(learnt)) < count),
        Pictures(judged, torch.arange(len(judged)) < len(others)),
    )


def labelled(pictures: Pictures) -> Labelled:
    """As a learner takes them; it is told no labels."""
    grey = torch.from_numpy(np.rint(pictures.pixels * 255).astype(np.uint8))[:, None]
    rgba = torch.cat([grey.expand(-1, 3, -1, -1), torch.full_like(grey, 255)], 1)
    return Labelled(rgba, torch.zeros(len(grey), dtype=torch.int64))


def taught(learnt: Labelled, seed: int) -> UnsupervisedLearner:
    """Two layers of cells after they have competed."""
    settings = make_settings(method="unsupervised", size=SIDE, steps=600, seed=seed)
    learner = UnsupervisedLearner(("pictures",), settings)
    rng = torch.Generator().manual_seed(seed)
    for step in range(settings.steps):
        learner.learn(learnt, rng, step)
    return learner


def threshold(scores: Tensor, face: Tensor) -> float:
    """The answer from which on it is called a face: the best one for what was learnt from."""
    found = scores.sort().values
    marks = found[:: max(1, len(found) // 1000)]
    right = [(scores[face] >= m).double().mean() + (scores[~face] < m).double().mean() for m in marks]
    return float(marks[int(torch.stack(right).argmax())])


@dataclass(frozen=True)
class Verdict:
    """How well the best of some cells tells faces."""

    unit: int
    area: float
    accuracy: float
    scores: Tensor


def judged(read: Tensor, face: Tensor, others: Tensor, is_face: Tensor, cells: Tensor) -> Verdict:
    """The best cell by what was learnt from, with its threshold, judged by the others."""
    known, found = read @ cells.T, others @ cells.T
    unit = max(range(len(cells)), key=lambda k: area_under_curve(known[:, k], face))
    mark, scores = threshold(known[:, unit], face), found[:, unit]
    right = (scores[is_face] >= mark).double().mean() + (scores[~is_face] < mark).double().mean()
    return Verdict(unit, area_under_curve(scores, is_face), float(right) / 2, scores)


def experiment(seed: int, share: float) -> tuple[UnsupervisedLearner, Pictures, Verdict]:
    """A world, what is learnt in it, and a line of what came of it beside two controls."""
    learnt, other = world(seed, share)
    part, rest = labelled(learnt), labelled(other)
    learner, rng = taught(part, seed), torch.Generator().manual_seed(seed)
    reads = [learner.net.read(p.pictures[:, :1].float() / 255) for p in (part, rest)]
    random = of_length_one(torch.randn(UNITS, reads[0].shape[1], generator=rng))
    found = judged(reads[0], learnt.face, reads[1], other.face, learner.net.units)
    control = judged(reads[0], learnt.face, reads[1], other.face, random)
    plain = [torch.tensor(p.pixels.reshape(len(p.pixels), -1), dtype=torch.float32) for p in (learnt, other)]
    plain = [of_length_one(p - p.mean(1, keepdim=True)) for p in plain]
    pixels = judged(plain[0], learnt.face, plain[1], other.face, torch.randn(UNITS, SIDE**2, generator=rng))
    print(
        f"{share:5.0%}  {seed:4}  {found.unit:4}  {found.area:8.3f}  {found.accuracy:8.3f}  "
        f"{control.area:10.3f}  {pixels.area:10.3f}"
    )
    return learner, other, found


def portrait(learner: UnsupervisedLearner, unit: int) -> np.ndarray:
    """What the cell wants to see most, grey."""
    names = class_names([f"unit {i}" for i in range(UNITS)])
    net = competitive_network("cells", learner.plan, learner.net.state_dict(), names)
    smooth = {"blur": ((4.0, 1.5),), "transforms": (), "views": 1}
    recipe = reverie.preset(
        "small", objective=[f'channel("logits", {unit})'], size=(100, 100), portrait=smooth
    )
    return portraits([recipe], reverie.Session(recipe, net=net))[0].pixels[..., 0]


def row(learner: UnsupervisedLearner, other: Pictures, found: Verdict) -> list[np.ndarray]:
    """The portrait, then the eight pictures that excite the cell most."""
    best = found.scores.argsort(descending=True)[:8]
    return [portrait(learner, found.unit), *other.pixels[best.numpy()]]


def figure(rows: dict[str, list[np.ndarray]]) -> Image.Image:
    """A line for each cell."""
    sheet = Image.new("L", (1000, 40 + 130 * len(rows)), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    draw.text((64, 20), "optimal", 0, font, anchor="mm")
    draw.text((560, 20), "what excites it most, of pictures that it never saw", 0, font, anchor="mm")
    for y, (name, pictures) in enumerate(rows.items()):
        for x, pixels in enumerate(pictures):
            tile = Image.fromarray(np.uint8(255 * (pixels - pixels.min()) / np.ptp(pixels)))
            left = 10 + 108 * x + (14 if x else 0)
            sheet.paste(tile.resize((104, 104), Image.Resampling.BICUBIC), (left, 40 + 130 * y))
        draw.text((10, 146 + 130 * y), name, 90, ImageFont.load_default(13))
    return sheet


def main(seeds: int = 3) -> None:
    """Every seed with many faces and with few; a table and a figure."""
    print("faces  seed  unit  area      accuracy  random layer  random pixels")
    rows: dict[str, list[np.ndarray]] = {}
    for share in (0.1, 0.03):
        for seed in range(seeds):
            found = experiment(seed, share)
            if len(rows) < 4:
                rows[f"{share:.0%} faces, seed {seed}"] = row(*found)
    figure(rows).save("face-neuron.png")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
