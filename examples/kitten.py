"""The kitten raised on stripes (Blakemore & Cooper 1970): cells see what they have seen while they learnt.

Cells compete for what a retina tells them, of photographs or of a drum with stripes. Then each is shown
gratings of all orientations, and a photograph dreams with the cells of three kittens.
"""

import math
import sys

import numpy as np
import skimage.color
import skimage.data
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

import reverie
from reverie.media.picture import Picture
from reverie.media.picture.contact_sheet import contact_sheet
from reverie.train.competitive import Competition, competed, newborn, of_length_one

CELLS, SIDE, PATCHES = 64, 12, 15_000
#: Rearing: photographs have all orientations, a drum has one.
HOW = Competition(steps=250, batch=1000)
#: Frequencies of the gratings in cycles a pixel, and their orientations: 0 degrees is vertical stripes.
FREQUENCIES, ANGLES = (0.06, 0.09, 0.13, 0.18, 0.25, 0.33), np.arange(0, 180, 7.5)
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "camera", "grass", "gravel", "brick", "coins")


def photograph(name: str) -> np.ndarray:
    """One of scikit-image's."""
    return np.asarray(getattr(skimage.data, name)())


def photographs() -> list[np.ndarray]:
    """Grey photographs, longer side 220 pixels."""
    found = []
    for name in PHOTOGRAPHS:
        pixels = photograph(name)
        grey = skimage.color.rgb2gray(pixels) if pixels.ndim == 3 else pixels / 255
        image = Image.fromarray(grey.astype(np.float32))
        image.thumbnail((220, 220), Image.Resampling.LANCZOS)
        found.append(np.asarray(image))
    return found


def drum(angle: float, rng: np.random.Generator, count: int = 20) -> list[np.ndarray]:
    """Stripes of all widths and greys, within two degrees of an orientation."""
    y, x = np.mgrid[:160, :160]
    found = []
    for _ in range(count):
        turn = math.radians(angle + rng.uniform(-2, 2))
        along = x * math.cos(turn) + y * math.sin(turn)
        edges = np.cumsum(rng.uniform(3, 14, 200)) - 400
        greys = rng.uniform(0, 1, 201)
        found.append(greys[np.searchsorted(edges, along)] + 0.01 * rng.normal(size=x.shape))
    return found


def retina(height: int, width: int) -> np.ndarray:
    """What a retina passes of each frequency: the higher the more, up to a limit (Olshausen & Field 1996)."""
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij"))
    return np.asarray(f * np.exp(-((f / 0.35) ** 4)))


def seen(image: np.ndarray) -> np.ndarray:
    """A picture behind the retina."""
    return np.fft.ifft2(np.fft.fft2(image) * retina(*image.shape)).real


def patches(images: list[np.ndarray], rng: np.random.Generator) -> Tensor:
    """Round patches (N, SIDE * SIDE) of length 1; flat ones excite nobody and are left out."""
    window = np.sqrt(np.outer(*[np.hanning(SIDE + 2)[1:-1]] * 2))
    found = np.empty((PATCHES, SIDE, SIDE), np.float32)
    for i in range(PATCHES):
        image = images[rng.integers(len(images))]
        y, x = (rng.integers(side - SIDE) for side in image.shape)
        patch = image[y : y + SIDE, x : x + SIDE]
        found[i] = (patch - patch.mean()) * window
    strength = found.std((1, 2))
    kept = found[strength > np.quantile(strength, 0.3)]
    return of_length_one(torch.from_numpy(kept.reshape(len(kept), -1)))


def answers(cells: Tensor) -> np.ndarray:
    """(cells, angles): each cell's strongest answer to gratings of each orientation, whatever their phase."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    found = []
    for angle in np.deg2rad(ANGLES):
        across = x * np.cos(angle) + y * np.sin(angle)
        phases = np.arange(8) * np.pi / 4
        gratings = np.stack([np.cos(2 * np.pi * f * across + p) for f in FREQUENCIES for p in phases])
        gratings = gratings.reshape(len(gratings), -1)
        gratings -= gratings.mean(1, keepdims=True)
        found.append((cells.numpy() @ gratings.T).max(1))
    return np.stack(found, 1)


def summary(cells: Tensor) -> tuple[float, float, float]:
    """Shares of cells within 22.5 degrees of vertical and of horizontal; horizontal over vertical answers."""
    found = answers(cells)
    best = ANGLES[found.argmax(1)]
    near = [float((np.abs((best - angle + 90) % 180 - 90) <= 22.5).mean()) for angle in (0, 90)]
    horizontal = np.square(found[:, ANGLES == 90]).sum() / np.square(found[:, ANGLES == 0]).sum()
    return near[0], near[1], float(horizontal)


def raised(seed: int) -> dict[str, Tensor]:
    """The cells of kittens: newborn, raised in three worlds, and in two of them one after the other."""
    rng, chance = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    worlds = {
        "normal": patches([seen(image) for image in photographs()], rng),
        "vertical": patches([seen(image) for image in drum(0, rng)], rng),
        "horizontal": patches([seen(image) for image in drum(90, rng)], rng),
    }
    cells = {"newborn": newborn(CELLS, worlds["normal"], chance)}
    for name, world in worlds.items():
        cells[name] = competed(world, cells["newborn"], HOW, chance)
    cells["normal, then vertical"] = competed(worlds["vertical"], cells["normal"], HOW, chance)
    cells["vertical, then normal"] = competed(worlds["normal"], cells["vertical"], HOW, chance)
    return cells


class Cortex(nn.Module):
    """Retina and cells as a network: (N, 1, H, W) to (N, 64, H + 1, W + 1)."""

    def __init__(self, cells: Tensor) -> None:
        super().__init__()
        kernel = np.fft.fftshift(np.fft.ifft2(retina(64, 64)).real)[24:41, 24:41]
        self.retina = nn.Conv2d(1, 1, 17, padding=8, padding_mode="reflect", bias=False)
        self.retina.weight.data = torch.tensor(kernel - kernel.mean(), dtype=torch.float32)[None, None]
        self.cells = nn.Conv2d(1, CELLS, SIDE, padding=SIDE // 2, padding_mode="reflect", bias=False)
        self.cells.weight.data = cells.view(CELLS, 1, SIDE, SIDE)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.cells(self.retina(x)))


def dream(cells: Tensor) -> Picture:
    """What the cameraman becomes to a kitten."""
    camera = np.asarray(Image.fromarray(photograph("camera")).resize((384, 384)), np.float32) / 255
    net = reverie.wrap_net(Cortex(cells), mean=0.45, std=0.25, channels=1)
    recipe = reverie.preset("classic", objective=["output"], steps=[12], octaves=2, strength=0.6)
    made = reverie.render(
        recipe, Picture(camera[..., None].astype(np.float32)), session=reverie.Session(recipe, net=net)
    )
    return made


def drawn(cells: Tensor) -> Image.Image:
    """All cells, and beneath them a line for each at the orientation of the stripes that it prefers."""
    image = Image.new("L", (300, 590), 255)
    for i, cell in enumerate(cells.view(-1, SIDE, SIDE).numpy()):
        tile = Image.fromarray(np.uint8(255 * (0.5 + 0.5 * cell / np.abs(cell).max())))
        image.paste(tile.resize((34, 34), Image.Resampling.NEAREST), (6 + i % 8 * 36, 6 + i // 8 * 36))
    draw, rng = ImageDraw.Draw(image), np.random.default_rng(0)
    draw.ellipse((20, 310, 280, 570), outline=150)
    for angle in ANGLES[answers(cells).argmax(1)] + rng.uniform(-3, 3, len(cells)):
        turn = math.radians(angle + 90)
        x, y = 128 * math.cos(turn), 128 * math.sin(turn)
        draw.line((150 - x, 440 - y, 150 + x, 440 + y), 0)
    return image


def figure(cells: dict[str, Tensor]) -> Image.Image:
    """The kittens side by side."""
    sheet = Image.new("L", (310 * len(cells), 630), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(22)
    for i, (name, some) in enumerate(cells.items()):
        draw.text((310 * i + 155, 18), name, 0, font, anchor="mm")
        sheet.paste(drawn(some), (310 * i, 36))
    return sheet


def main(seeds: int = 3) -> None:
    """Raise them all, tell what came of it, and draw the first litter."""
    print("seed  kitten                 vertical  horizontal  answer horizontal/vertical")
    litters = [raised(seed) for seed in range(seeds)]
    for seed, litter in enumerate(litters):
        for name, cells in litter.items():
            vertical, horizontal, ratio = summary(cells)
            print(f"{seed:4}  {name:22} {vertical:8.0%}  {horizontal:10.0%}  {ratio:10.3f}")
    figure(litters[0]).save("kitten.png")
    names = ("normal", "vertical", "horizontal")
    contact_sheet([(name, "", dream(litters[0][name])) for name in names], columns=3).save(
        "kitten-dreams.png", overwrite=True
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
