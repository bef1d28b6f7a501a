"""Dream with thirty networks of other people: ``python -m benchmarks.any_network [NAME...] [--out FILE]``.

Each is read from a file as a user's would be (state dicts of timm and torchvision, Caffe's two formats,
ONNX, torch.export, dlib, code), dreams three steps at 160 x 107 pixels, and its gradient at the picture is
compared with that of plain autograd in float64. Weights are random, but for those of faces and of Lite0.
Which engine ran, what it said, and the milliseconds of a step go into docs/any-network.json, of which
`make docs-tables` makes a table.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.engine.engine import AutogradEngine
from reverie.gradient.picture_gradient import picture_gradient
from reverie.jobs.bench.machine import describe
from reverie.network.network import Network
from reverie.network.zoo import load_net
from reverie.objective import parse
from reverie.recipe.presets.preset import preset
from reverie.scoring.bind import bind

#: (height, width) of the pictures.
SIZE = (107, 160)
STEPS = 3
#: The settings with which a step goes straight up the gradient, so that the score has to rise.
PLAIN = {
    "strength": None, "step_size": 0.0005, "jitter": 0, "clip": "step",
    "balance": "none", "smoothing": "none", "centre": False,
}  # fmt: skip
#: The least cosine with the gradient in float64.
LEAST = 0.999
#: Writes the files of a network into a folder and says its name.
Make = Callable[[Path], str]


@dataclass(frozen=True)
class Candidate:
    """A network: what it is called in the table, how it is written, the layer that dreams."""

    title: str
    make: Make
    layer: str


def state_of(kind: str, name: str, folder: Path) -> str:
    """A state_dict with random weights of an architecture of timm or torchvision."""
    importable()
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how slowly old networks are initialised
        if kind == "timm":
            module = import_module("timm").create_model(name)
        else:
            module = import_module("torchvision.models").get_model(name)
    tensors = {key: tensor.contiguous().clone() for key, tensor in module.state_dict().items()}
    save_file(tensors, str(folder / "w.safetensors"))
    return f"{kind}:{name}:{folder}/w.safetensors"


def of_caffe(name: str, old: bool, folder: Path) -> str:
    """GoogLeNet or AlexNet as Caffe would have written it, with its text."""
    caffe = import_module("support.caffe")
    layers = getattr(caffe, name)(1.0)
    side = {"googlenet": 224, "alexnet": 227}[name]
    (folder / "w.caffemodel").write_bytes(caffe.model_bytes(layers, old=old))
    (folder / "d.prototxt").write_text(caffe.text_of(layers, (3, side, side), old=old))
    return f"caffe:{folder}/w.caffemodel#prototxt={folder}/d.prototxt"


def small() -> nn.Module:
    """Some convolutions of one's own, as quiet at the end as at the beginning."""
    torch.manual_seed(0)
    parts: list[nn.Module] = []
    for inputs, outputs, stride in ((3, 32, 2), (32, 48, 1), (48, 64, 2), (64, 64, 1), (64, 96, 2)):
        parts += [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.BatchNorm2d(outputs), nn.ReLU()]
    made = nn.Sequential(*parts).eval()
    for part in made.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)
    return made


def of_onnx(name: str, folder: Path) -> str:
    """A network as ONNX: convolutions alone, groups with a residual, channels last."""
    importable()
    import onnx
    from onnx import helper, numpy_helper

    module = small()
    tensors, nodes, x = [], [], "x"
    if name == "last":
        nodes.append(helper.make_node("Transpose", ["x"], ["t"], "turn", perm=[0, 3, 1, 2]))
        x = "t"
    for place, part in enumerate(p for p in module if isinstance(p, nn.Conv2d)):
        grouped = name == "groups" and part.in_channels == part.out_channels
        weight = part.weight.detach()[:, : part.in_channels // (4 if grouped else 1)]
        tensors.append(numpy_helper.from_array(weight.numpy(), f"w{place}"))
        options = {"strides": list(part.stride), "pads": [1, 1, 1, 1], "group": 4 if grouped else 1}
        nodes.append(helper.make_node("Conv", [x, f"w{place}"], [f"c{place}"], f"conv{place}", **options))
        if grouped:
            nodes.append(helper.make_node("Add", [f"c{place}", x], [f"a{place}"], f"add{place}"))
        nodes.append(
            helper.make_node("Relu", [f"{'a' if grouped else 'c'}{place}"], [f"r{place}"], f"relu{place}")
        )
        x = f"r{place}"
    sides = ["n", "h", "v", 3] if name == "last" else ["n", 3, "h", "v"]
    ends = [
        helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, shape)
        for end, shape in (("x", sides), (x, None))
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), folder / "w.onnx")
    return f"onnx:{folder}/w.onnx#mean=0.45&std=0.25"


def of_export(folder: Path) -> str:
    """A program of torch.export for pictures of any size."""
    down, across = (torch.export.Dim(name, min=32, max=4096) for name in ("down", "across"))
    program = torch.export.export(
        small(), (torch.rand(1, 3, 64, 96),), dynamic_shapes=({2: down, 3: across},), strict=False
    )
    torch.export.save(program, folder / "w.pt2")
    return f"torch:{folder}/w.pt2#mean=0.45&std=0.25"


def of_code(folder: Path) -> str:
    """A file of one's own."""
    (folder / "w.py").write_text("from benchmarks.any_network import small as make\n")
    return f"py:{folder}/w.py:make#mean=0.45&std=0.25"


def of_lite(folder: Path) -> str:
    """Lite0 with weights of one's own."""
    info = import_module("reverie.network.zoo").networks()[0]
    (folder / "w.pth").write_bytes(info.weights_file().read_bytes())
    return f"lite0:{folder}/w.pth"


def _of(kind: str, **layers: str) -> Iterator[Candidate]:
    for name, layer in layers.items():
        yield Candidate(f"{kind} {name}", partial(state_of, kind, name), layer)


CANDIDATES = (
    *_of(
        "torchvision",
        alexnet="features.8",
        vgg11_bn="features.20",
        googlenet="inception4c",
        inception_v3="Mixed_6c",
        resnet18="layer3",
        densenet121="features.denseblock3",
        mobilenet_v3_small="features.8",
        efficientnet_b0="features.5",
        regnet_y_400mf="trunk_output.block3",
        convnext_tiny="features.5",
        swin_t="features.5",
        squeezenet1_1="features.9",
        shufflenet_v2_x0_5="stage3",
        mnasnet0_5="layers.11",
    ),
    *_of(
        "timm",
        resnet26="layer3",
        vit_small_patch16_224="blocks.7",
        deit_tiny_distilled_patch16_224="blocks.7.attn",
        swin_tiny_patch4_window7_224="layers.2",
        efficientnet_lite0="blocks.4",
        regnetx_002="s3",
        repvgg_a0="stages.0",
        mobilevit_xxs="stages.3",
        nf_resnet26="stages.2",
    ),
    Candidate("Caffe GoogLeNet, format of 2014", partial(of_caffe, "googlenet", True), "inception_4c/output"),
    Candidate("Caffe GoogLeNet, later format", partial(of_caffe, "googlenet", False), "inception_4c/output"),
    Candidate("Caffe AlexNet, format of 2014", partial(of_caffe, "alexnet", True), "relu5"),
    Candidate("Caffe AlexNet, later format", partial(of_caffe, "alexnet", False), "relu5"),
    Candidate("ONNX, convolutions", partial(of_onnx, "plain"), "relu4"),
    Candidate("ONNX, groups and residuals", partial(of_onnx, "groups"), "relu4"),
    Candidate("ONNX, channels last", partial(of_onnx, "last"), "network.relu4"),
    Candidate("torch.export, any size", of_export, "output"),
    Candidate("code of one's own", of_code, "14"),
    Candidate("Lite0, weights of one's own", of_lite, "block5a"),
    Candidate("faces (dlib)", lambda _: "faces", "block4a"),
)


def importable() -> None:
    """Let torchvision be imported beside a torch that it was not built for, as this project's tests do."""
    import_module("support.torchvision_stub").importable()


def measured(one: Candidate, folder: Path) -> dict[str, Any]:
    """What came of one network."""
    net = load_net(one.make(folder), trust=True)
    photo = picture(net.channels)
    objective = f'mean("{one.layer}")'
    recipe = preset("classic", objective=[objective], octaves=1, steps=[STEPS], **PLAIN)
    session = Session(recipe, net=net)
    times, scores, began = [], [], time.perf_counter()
    for frame in dream(recipe, photo[0], session=session):
        times.append(time.perf_counter() - began)
        scores.append(frame.score)
        began = time.perf_counter()
    cosine = agreement(session, net, objective, photo)
    return {
        "network": one.title,
        "layer": one.layer,
        "map": list(net.forward(photo, one.layer)[one.layer].shape[1:]),
        "engine": session.engine.name,
        "precision": session.engine.precision,
        "note": session.engine.note,
        "milliseconds": round(1000 * min(times[1:]), 1),
        "climbed": scores[-1] > scores[0],
        "cosine": cosine,
    }


def picture(channels: int) -> Tensor:
    """A photograph, (1, channels, H, W)."""
    from skimage import data

    whole = torch.from_numpy(data.chelsea()).permute(2, 0, 1)[None] / 255
    small = nn.functional.interpolate(whole, SIZE, mode="bilinear", antialias=True).clamp(0, 1)
    return small[:, :channels].float()


def agreement(session: Session, net: Network, objective: str, photo: Tensor) -> float:
    """The cosine of the gradient with that of plain autograd in float64."""
    _, ours = picture_gradient(session.engine, bind(parse(objective), net), photo)
    exact = net.to(dtype=torch.float64)
    _, theirs = picture_gradient(AutogradEngine(exact), bind(parse(objective), exact), photo.double())
    a, b = ours.double().flatten(), theirs.double().flatten()
    return float(a @ b / (a.norm() * b.norm()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.any_network", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of titles; all if none is given")
    parser.add_argument("--out", type=Path, default=Path("docs", "any-network.json"))
    given = parser.parse_args(arguments)
    sys.path.insert(0, str(Path("tests").resolve()))
    rows = []
    for one in CANDIDATES:
        if given.names and not any(name in one.title for name in given.names):
            continue
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True):
            rows.append(measured(one, Path(folder)))
        print(json.dumps(rows[-1]), flush=True)
    if not given.names:
        given.out.write_text(json.dumps({"machine": describe(), "networks": rows}, indent=1) + "\n", "utf-8")
    bad = [row["network"] for row in rows if row["cosine"] < LEAST or row["note"] or not row["climbed"]]
    print(
        f"{len(rows) - len(bad)} of {len(rows)} as they should be{': not ' + ', '.join(bad) if bad else ''}"
    )
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
