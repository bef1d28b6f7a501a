"""Which number format is the fastest that keeps the gradient."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from reverie.engine.engine import AutogradEngine
from reverie.engine.torch import formats as torch_choice
from reverie.engine.torch.engine import TorchEngine
from reverie.native import Isa, instruction_sets
from reverie.native import dense as native_dense
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from support.networks import PatchTransformer
from support.torch_networks import cosine, dense_network, picture, seeds_for


@cache
def lite() -> Network:
    return load_net("lite0")


def test_the_fastest_format_is_for_convolutions_on_cpus_that_have_it(monkeypatch) -> None:
    dense, light = wrap_net(dense_network()), lite()
    matrices = wrap_net(PatchTransformer(), input_size=(32, 48))
    monkeypatch.setattr(torch_choice, "multiplies_bf16", lambda tiles: not tiles)  # AVX-512, no AMX
    assert TorchEngine(dense, isa="none").precision == "fp32+bf16"
    if native_dense.best() is not None:  # fewer multiplications are worth more than shorter ones
        assert TorchEngine(dense, isa="avx2").precision == "fp32"
    if Isa.AVX512_BF16 in instruction_sets():
        engine = TorchEngine(dense, isa="avx512_bf16")
        assert (engine.isa, engine.precision) == ("avx512_bf16", "fp32+bf16")
        engine = TorchEngine(dense, isa="avx512_bf16", precision="fp32")
        assert (engine.isa, engine.precision) == ("avx512", "fp32")
        monkeypatch.setattr(native_dense, "instruction_sets", lambda: tuple(Isa)[:3])
        assert TorchEngine(dense).isa == "avx512_bf16"
        monkeypatch.setattr(native_dense, "instruction_sets", lambda: tuple(Isa))  # tiles: oneDNN's way back
        assert TorchEngine(dense).isa == "avx512"
    monkeypatch.setattr(torch_choice, "multiplies_bf16", lambda tiles: True)
    assert TorchEngine(dense).precision == "fp32+bf16"
    assert TorchEngine(dense, precision="fp32").precision == "fp32"
    assert TorchEngine(dense.to(dtype=torch.float64)).precision == "fp32"
    assert TorchEngine(light).precision == "fp32+bf16"
    assert TorchEngine(light).isa == "none"
    assert TorchEngine(matrices).precision == "fp32"
    monkeypatch.setattr(torch_choice, "multiplies_bf16", lambda tiles: False)
    assert TorchEngine(dense, isa="none").precision == "fp32"
    assert TorchEngine(light).precision == "fp32"


def test_whether_a_cpu_multiplies_bf16_is_what_torch_says(monkeypatch) -> None:
    for able, expected in (({"avx512_bf16": True}, True), ({"amx_bf16": True, "avx512_bf16": False}, True)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able, raising=False)
        assert torch_choice.multiplies_bf16() is expected
        assert torch_choice.multiplies_bf16(tiles=True) is able.get("amx_bf16", False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True}, raising=False)
    assert not torch_choice.multiplies_bf16()
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not torch_choice.multiplies_bf16()


@pytest.mark.slow
def test_the_fastest_format_of_a_dense_network_keeps_the_gradient(monkeypatch) -> None:
    monkeypatch.setattr(torch_choice, "multiplies_bf16", lambda tiles: True)
    net = wrap_net(dense_network())
    engine, plain = TorchEngine(net), AutogradEngine(net.to(dtype=torch.float64))
    x = picture(61, 50)
    seeds = seeds_for(plain.forward(x.double(), ["output"]), torch.float64)
    found = engine.forward(x, ["output"])["output"]
    gradient = engine.backward({k: s.float() for k, s in seeds.items()})
    assert engine.precision == "fp32+bf16"
    assert engine.note == ""
    assert found.dtype == torch.float32
    assert cosine(gradient, plain.backward(seeds)) > 0.9995
