"""The native engine against the plain one: layers, objectives, sizes, batches, threads, instruction sets."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.api.dreams import render
from reverie.engine.engine import AutogradEngine
from reverie.engine.native import NativeEngine
from reverie.errors import UsageError
from reverie.gradient.picture_gradient import picture_gradient
from reverie.media.picture import load_picture
from reverie.native import Isa, Unavailable, instruction_sets
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.objective.parser import parse
from reverie.recipe.recipe import make
from reverie.scoring.bind import bind
from support.paths import SOURCES, TESTS
from support.plain_truth import Truth, compared, cosine, noise, off, seeds_for
from support.slow import mostly_slow

pytestmark = pytest.mark.skipif(not instruction_sets(), reason="no native library on this machine")

SETS = list(instruction_sets())
SOURCE = SOURCES / "reverie/native/source"
#: Odd and even sizes, tiny ones, ones that are cut into strips, batches.
SIZES = [
    (1, 32, 32),
    (1, 33, 47),
    (3, 34, 35),
    (2, 97, 64),
    (1, 131, 77),
    (1, 45, 700),
    (1, 700, 39),
    (1, 66, 1500),
]


@pytest.fixture(scope="module")
def lite0() -> Network:
    return load_net("lite0")


@pytest.fixture(scope="module")
def truth(lite0: Network) -> Truth:
    return Truth(lite0)


def agrees(
    engine: NativeEngine, truth: Truth, size: tuple[int, int, int], layers: list[str], seed: int = 0
) -> None:
    """Gradients agree for one of a few pictures of a size.

    An activation within rounding of a kink may fall on its other side, and in a small map that is a visible
    part of the gradient. It is the picture's doing and does not come back with the next one; a defect does.
    """
    for attempt in range(4):
        cosines = compared(engine, truth, noise(*size, seed=seed + 1000 * attempt), layers)
        if min(cosines.values()) > 0.99999:
            return
    raise AssertionError(cosines)


@pytest.mark.parametrize("isa", SETS)
@mostly_slow("size", SIZES, ids=str)
def test_fp32_agrees_with_float64_at_every_layer(
    lite0: Network, truth: Truth, isa: Isa, size: tuple[int, int, int]
) -> None:
    engine = NativeEngine(lite0, isa=isa, precision="fp32", threads=2)
    layers = list(lite0.layers)
    picture = noise(*size)
    found = engine.forward(picture, layers)
    wanted = truth.of(picture, layers).maps
    for name in layers:
        assert off(found[name], wanted[name]) < 1e-5, name
    agrees(engine, truth, size, layers)


@pytest.mark.slow
@pytest.mark.parametrize("isa", SETS)
def test_fp32_gradient_to_seven_digits(lite0: Network, truth: Truth, isa: Isa) -> None:
    engine = NativeEngine(lite0, isa=isa, precision="fp32", threads=2)
    picture, layers = noise(1, 96, 96), list(lite0.layers)
    wanted = truth.of(picture, layers)
    engine.forward(picture, layers)
    assert off(engine.backward(wanted.seeds), wanted.gradients["all"]) < 2e-6


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(
    count=st.integers(1, 3),
    height=st.integers(32, 200),
    width=st.integers(32, 200),
    isa=st.sampled_from(SETS or [Isa.AVX2]),
    name=st.sampled_from(["stem", "block1a", "block2b", "block3b", "block5c", "block7a", "head", "logits"]),
    seed=st.integers(0, 99),
)
def test_any_size_and_layer(
    lite0: Network, truth: Truth, count: int, height: int, width: int, isa: Isa, name: str, seed: int
) -> None:
    engine = NativeEngine(lite0, isa=isa, precision="fp32", threads=2)
    agrees(engine, truth, (count, height, width), [name], seed)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["lite1", "lite2"])
def test_the_rest_of_the_family(variant: str) -> None:
    net = load_net(variant)
    engine = NativeEngine(net, precision="fp32", threads=2)
    agrees(engine, Truth(net), (1, 75, 90), list(net.layers))


@pytest.mark.slow
@pytest.mark.parametrize("isa", SETS)
def test_the_default_number_format_keeps_the_gradient_right(
    lite0: Network, truth: Truth, photographs: Path, isa: Isa
) -> None:
    engine = NativeEngine(lite0, isa=isa, threads=2)
    found: dict[str, list[float]] = {}
    for file in sorted(photographs.glob("c*.png")):
        picture = torch.from_numpy(load_picture(file).pixels).permute(2, 0, 1)[None]
        for name, value in compared(engine, truth, picture, list(lite0.layers)).items():
            found.setdefault(name, []).append(value)
    for name, values in found.items():  # in pictures as small as these one flipped ReLU shows
        assert sum(values) / len(values) > 0.999, name
        assert min(values) > 0.995, name


@pytest.mark.parametrize("isa", SETS)
@mostly_slow("precision", ["auto", "fp32"])
def test_threads_do_not_change_a_byte(lite0: Network, isa: Isa, precision: str) -> None:
    picture, layers = noise(3, 75, 110), ["stem", "block3a", "block5c", "logits"]
    results = []
    for threads in (1, 2, 3, 4, 1):
        engine = NativeEngine(lite0, isa=isa, precision=precision, threads=threads)
        activations = engine.forward(picture, layers)
        results.append([*activations.values(), engine.backward(seeds_for(activations))])
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_a_batch_is_its_pictures(lite0: Network) -> None:
    engine = NativeEngine(lite0, threads=2)
    picture, layers = noise(3, 64, 81), ["block4b", "logits"]
    together = engine.forward(picture, layers)
    seeds = seeds_for(together)
    gradient = engine.backward(seeds)
    for i in range(3):
        alone = engine.forward(picture[i : i + 1], layers)
        assert all(torch.equal(alone[k][0], together[k][i]) for k in layers)
        assert torch.equal(engine.backward({k: s[i : i + 1] for k, s in seeds.items()})[0], gradient[i])


def test_looking_only_sees_the_same(lite0: Network) -> None:
    engine = NativeEngine(lite0, threads=2)
    picture, layers = noise(5, 64, 64), list(lite0.layers)
    kept = engine.forward(picture, layers)
    seen = engine.forward(picture, layers, keep=False)
    assert all(torch.equal(kept[k], seen[k]) for k in layers)
    with pytest.raises(RuntimeError, match="forward"):
        engine.backward(seeds_for(seen))


def test_backward_may_be_asked_again(lite0: Network) -> None:
    engine = NativeEngine(lite0, threads=2)
    seeds = seeds_for(engine.forward(noise(1, 64, 64), ["block2b", "block4a"]))
    first = engine.backward(seeds, last=False)
    parts = [engine.backward({k: s}, last=False) for k, s in seeds.items()]
    assert torch.equal(engine.backward(seeds), first)
    assert off(parts[0] + parts[1], first) < 1e-2  # linear, but for the rounding of bf16


def test_pictures_and_seeds_may_lie_in_any_order(lite0: Network) -> None:
    engine = NativeEngine(lite0, threads=2)
    whole = noise(2, 90, 120)
    views = [whole[:, :, 7:71, 11:91], whole.to(memory_format=torch.channels_last)[:, :, 7:71, 11:91]]
    results = []
    for view in views:
        for layout in (torch.contiguous_format, torch.channels_last):
            activations = engine.forward(view, ["stem", "block3a"])
            seeds = {k: s.contiguous(memory_format=layout) for k, s in seeds_for(activations).items()}
            results.append(engine.backward(seeds))
    assert all(torch.equal(r, results[0]) for r in results)


OBJECTIVES = [
    "block5c",
    "mean(block4a) + 0.5*block2b:3",
    "neuron(block5c, 17, x=0.3, y=0.6)",
    'class("tabby") - 0.3*logit(207)',
    "block3a - 0.1*tv - 0.2*l2",
    "stem:4 + block7a",
    "head",
    "direction(block4a, 3: 1, 7: -0.5)",
]


@pytest.mark.parametrize("balance", ["none", "layers", "terms"])
@mostly_slow("text", OBJECTIVES, quick=3)
def test_every_objective(lite0: Network, text: str, balance: str) -> None:
    picture = noise(1, 96, 121)
    goal = bind(parse(text), lite0, balance=balance)
    score, gradient = picture_gradient(NativeEngine(lite0, precision="fp32", threads=2), goal, picture)
    wanted_score, wanted = picture_gradient(AutogradEngine(lite0), goal, picture)
    assert torch.allclose(score, wanted_score, rtol=1e-4, atol=1e-7)
    assert cosine(gradient, wanted) > 0.9999
    assert abs(float(gradient.norm() / wanted.norm()) - 1) < 1e-3


@pytest.mark.slow
def test_dreams_score_as_the_plain_engines(lite0: Network, photographs: Path) -> None:
    """Dreams are chaotic: one by one they part ways, on the whole they go as far."""
    ratios = []
    for file in sorted(photographs.glob("*.png")):
        scores = []
        for engine in ("native", "plain"):
            result = render(make(engine=engine, steps=(10,)), load_picture(file))
            seen = torch.from_numpy(result.pixels).permute(2, 0, 1)[None]
            scores.append(float(lite0(seen, "block5c")["block5c"].square().mean()))
        ratios.append(scores[0] / scores[1])
    assert sum(ratios) / len(ratios) == pytest.approx(1, abs=0.05)
    assert max(abs(r - 1) for r in ratios) < 0.15


def test_what_it_cannot_do_is_said(lite0: Network) -> None:
    with pytest.raises(Unavailable, match="EfficientNet-Lite"):
        NativeEngine(wrap_net(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3))))
    with pytest.raises(Unavailable, match="fp32"):
        NativeEngine(lite0.to(dtype=torch.float64))
    with pytest.raises(Unavailable, match="fp16"):
        NativeEngine(lite0, precision="fp16")
    engine = NativeEngine(lite0)
    with pytest.raises(UsageError, match="block5c"):
        engine.forward(noise(1, 64, 64), ["block5d"])
    with pytest.raises(UsageError, match="shape"):
        engine.forward(torch.rand(1, 1, 64, 64), ["block5c"])
    with pytest.raises(RuntimeError, match="forward"):
        engine.backward({})


def test_an_engine_takes_the_words_it_reports(lite0: Network) -> None:
    for isa, precision in itertools.product(SETS, ("auto", "fp32")):
        engine = NativeEngine(lite0, isa=isa, precision=precision)
        assert NativeEngine(lite0, isa=isa, precision=engine.precision).math == engine.math


def test_working_memory_is_what_tiles_are_planned_with(lite0: Network) -> None:
    engine = NativeEngine(lite0, threads=1)
    small, large = engine.bytes_per_pixel(["block2a"]), engine.bytes_per_pixel(["logits"])
    assert 30 < small < 150
    assert 30 < large < 150


AMX_CHECK = """
import sys
import torch
from reverie.engine.native import NativeEngine
from reverie.native import Isa
from reverie.network.zoo import load_net
sys.path.insert(0, sys.argv[1])
from support.plain_truth import Truth, compared, noise
from reverie.media.picture import load_picture
net = load_net("lite0")
truth = Truth(net)
layers = list(net.layers)
photograph = torch.from_numpy(load_picture(sys.argv[2]).pixels).permute(2, 0, 1)[None]
for picture in (photograph, noise(2, 47, 70)):
    engine = NativeEngine(net, isa=Isa.AMX, threads=2)
    assert engine.precision == "split-bf16+bf16", engine.precision
    # One ReLU on the wrong side of its kink is more in a picture of 6 cells than in a photograph.
    enough = 0.999 if picture is photograph else 0.998
    for name, value in compared(engine, truth, picture, layers).items():
        assert value > enough, (name, value)
    wanted = truth.of(picture, layers).maps
    for name, found in engine.forward(picture, layers).items():
        assert (found - wanted[name]).norm() < 2e-4 * wanted[name].norm(), name
    fast = NativeEngine(net, isa=Isa.AMX, precision="bf16", threads=2)
    for name, found in fast.forward(picture, layers).items():
        assert 1e-4 < (found - wanted[name]).norm() / wanted[name].norm() < 0.1, name
print("tiles agree")
"""


@pytest.mark.slow
def test_amx_tiles_emulated(tmp_path: Path, photographs: Path) -> None:
    """The kernels for AMX, with the tile instructions in plain code where the processor has none."""
    compiler = shutil.which("g++")
    if compiler is None or Isa.AVX512_BF16 not in SETS:
        pytest.skip("needs g++ and a processor with AVX-512 and bf16")
    flags = ["-O2", "-std=c++17", "-fPIC", "-pthread", "-DREVERIE_EMULATE_AMX", "-w"]
    wide = [f"-mavx512{part}" for part in ("f", "bw", "dq", "vl", "bf16")] + [
        "-mfma",
        "-mamx-tile",
        "-mamx-bf16",
    ]
    objects = []
    for name in (
        "lite_amx",
        "lite_avx2",
        "lite_avx512",
        "lite_bf16",
        "lite_net",
        "lite_api",
        "cpu",
        "threads",
    ):
        extra = wide if name == "lite_amx" else ["-DREVERIE_LEFT_OUT"]
        objects.append(str(tmp_path / f"{name}.o"))
        subprocess.run(
            [compiler, *flags, *extra, "-c", str(SOURCE / f"{name}.cpp"), "-o", objects[-1]], check=True
        )
    library = tmp_path / "emulated.so"
    subprocess.run([compiler, "-shared", "-pthread", *objects, "-o", str(library)], check=True)
    ran = subprocess.run(
        [sys.executable, "-c", AMX_CHECK, str(TESTS), str(photographs / "chelsea.png")],
        env={**os.environ, "REVERIE_NATIVE_LIBRARY": str(library), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "tiles agree" in ran.stdout
