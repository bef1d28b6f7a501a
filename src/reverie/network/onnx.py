"""Networks in ONNX files, converted by onnx2torch (ENOT); the extra ``onnx``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from torch import Tensor, nn

from reverie.errors import NetworkError
from reverie.media.local_file import lies_in
from reverie.network.downloads import missing_extra
from reverie.network.loaded import Loaded, read_file

#: The longest file: protobuf has no longer messages; weights beyond that lie in a file beside it.
MOST: Final = (1 << 31) - 1


def load_onnx(path: Path, *, expected: str | None = None) -> Loaded:
    """The network in an ONNX file; the names of its layers are those of its nodes.

    How its pictures are normalised is not in the file: ``mean`` and ``std`` have to be given, or pixels of
    0 to 1 go in as they are.

    Args:
        path: The file; weights that it keeps in others lie beside it.
        expected: Its SHA-256 in hexadecimal, or None if any will do.

    Raises:
        UsageError: onnx2torch is not installed.
        NetworkError: The file cannot be read, has another hash, or an operator that cannot be converted.
    """
    onnx, convert = _packages(f"onnx:{path.name}")
    data = read_file(path, MOST, ".onnx file", expected)
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NetworkError(
            f"network {path.name}: is no ONNX file ({reason[:120]}); give a .onnx file"
        ) from error
    _load_beside(onnx, model, path)
    shape = _shape(model, path.name)
    _lift(model)
    try:
        module = convert(model)
    except MemoryError:
        raise
    except Exception as error:  # of an operator that it does not know, and of models that make no sense
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NetworkError(
            f"network {path.name}: cannot be converted to torch ({type(error).__name__}: {reason[:200]}); "
            "export it again, or build it in Python: py:FILE.py:FUNCTION"
        ) from error
    last = shape[1] not in (1, 3, 4) and shape[3] in (1, 3, 4)
    channels, height, width = (shape[3], shape[1], shape[2]) if last else shape[1:]
    return Loaded(
        ChannelsLast(module) if last else module,
        channels=channels or 3,
        input_size=(height, width) if height and width else None,
    )


class ChannelsLast(nn.Module):
    """Around a network that takes pictures (N, H, W, C), as TensorFlow's do."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Any:
        return self.network(x.permute(0, 2, 3, 1))


def _packages(network: str) -> tuple[Any, Any]:
    try:
        onnx = import_module("onnx")
    except Exception as error:
        raise missing_extra(network, "onnx", error) from error
    try:
        logging.getLogger("onnx2torch").setLevel(logging.ERROR)
        return onnx, import_module("onnx2torch").convert
    except Exception as error:
        raise missing_extra(network, "onnx2torch", error) from error


def _load_beside(onnx: Any, model: Any, path: Path) -> None:
    """Weights in other files, if these lie beside the model; NetworkError where they do not."""
    external = onnx.external_data_helper
    files = set()
    for tensor in _tensors(model.graph):
        if external.uses_external_data(tensor):
            files.add(external.ExternalDataInfo(tensor).location)
    for name in sorted(files):
        bare = name and name not in (".", "..") and not any(c in name for c in "/\\\0")
        if not bare or not lies_in(path.parent / name, path.parent):
            raise NetworkError(
                f'network {path.name}: its weights are in "{name[:80]}", which has to lie beside it'
            )
    if files:
        try:
            external.load_external_data_for_model(model, str(path.parent))
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise NetworkError(f"network {path.name}: its weights cannot be read ({reason[:120]})") from error


def _tensors(graph: Any) -> Iterator[Any]:
    """Every tensor that a graph holds, those of its nodes and of graphs in them too."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)


def _shape(model: Any, name: str) -> list[int]:
    """The shape (N, C, H, W) of the one picture that goes in, 0 for what is open."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in weights]
    if len(inputs) != 1:
        named = ", ".join(one.name for one in inputs)[:80] or "none"
        raise NetworkError(f"network {name}: takes {len(inputs)} inputs ({named}), and a picture is one")
    sides = [int(side.dim_value) for side in inputs[0].type.tensor_type.shape.dim]
    if len(sides) != 4:
        raise NetworkError(f"network {name}: takes a tensor of {len(sides)} sides, and a picture has four")
    return sides


def _lift(model: Any) -> None:
    """Weights in nodes of their own (Paddle's exporter) become the graph's, as onnx2torch needs them."""
    graph, kept = model.graph, []
    for node in graph.node:
        values = [a.t for a in node.attribute if a.name == "value"] if node.op_type == "Constant" else []
        if len(values) == 1 and node.output:
            values[0].name = node.output[0]
            graph.initializer.append(values[0])
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
