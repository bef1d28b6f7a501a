"""The torch engine against the plain one: every layer, network and size; its owner's module untouched."""

from __future__ import annotations

import copy
import gc
import subprocess
import sys
import weakref
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from reverie.engine.engine import AutogradEngine
from reverie.engine.torch.engine import TorchEngine
from reverie.errors import UsageError
from reverie.native import dense as native_dense
from reverie.network.efficientnet_lite import lite_layers
from reverie.network.network import Network
from reverie.network.wrap import state_sha256, wrap_net
from reverie.network.zoo import load_net
from support import torch_networks
from support.networks import PatchTransformer
from support.slow import mostly_slow
from support.torch_networks import cosine, dense_network, picture, seeds_for

SIZES = ((64, 64), (33, 47), (97, 34), (50, 131))


@cache
def lite() -> Network:
    return load_net("lite0")


def error(found: Tensor, expected: Tensor) -> float:
    return float((found.double() - expected.double()).norm() / expected.double().norm())


def assert_equals_plain(net: Network, x: Tensor, layers: list[str], *, tolerance: float = 1e-9) -> None:
    """In float64: activations, the gradient of all layers together, and again of one after the other."""
    net64, x = net.to(dtype=torch.float64), x.double()
    plain, engine = AutogradEngine(net64), TorchEngine(net64)
    expected = plain.forward(x, layers)
    found = engine.forward(x, layers)
    assert engine.note == ""
    assert list(found) == list(expected)
    for name in layers:
        assert found[name].shape == expected[name].shape
        assert not found[name].requires_grad
        assert error(found[name], expected[name]) < tolerance
    seeds = seeds_for(expected, torch.float64)
    for i, name in enumerate([None, *layers]):
        some = seeds if name is None else {name: seeds[name]}
        last = i == len(layers)
        gradient = engine.backward(some, last=last)
        assert gradient.shape == x.shape
        assert gradient.dtype == x.dtype
        assert error(gradient, plain.backward(some, last=last)) < tolerance


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_lite0_at_every_size_equals_plain(size: tuple[int, int]) -> None:
    assert_equals_plain(lite(), picture(*size, batch=2), ["block1a", "block5c", "logits", "logit_map"])


@pytest.mark.slow
@pytest.mark.parametrize("layer", list(lite_layers("lite0", 1000)))
def test_every_layer_of_lite0_equals_plain(layer: str) -> None:
    assert_equals_plain(lite(), picture(65, 82), [layer])


@mostly_slow("layer", ["stem", "block3a", "block5c", "block7a", "logits"])
def test_fp32_is_float64_to_rounding(layer: str) -> None:
    x = picture(97, 82)
    engine, plain = TorchEngine(lite()), AutogradEngine(lite().to(dtype=torch.float64))
    expected = plain.forward(x.double(), [layer])
    found = engine.forward(x, [layer])
    assert found[layer].dtype == torch.float32
    assert error(found[layer], expected[layer]) < 1e-4
    seeds = seeds_for(expected, torch.float64)
    reference = plain.backward(seeds)
    assert cosine(engine.backward({k: s.float() for k, s in seeds.items()}), reference) > 0.9999


@pytest.mark.parametrize(("precision", "least"), [("fp32+bf16", 0.999), ("bf16", 0.9)])
@mostly_slow("layer", ["block3a", "block5c", "block7a"])
def test_half_formats_keep_the_gradient(precision: str, least: float, layer: str) -> None:
    x = picture(97, 82)
    engine, plain = TorchEngine(lite(), precision=precision), AutogradEngine(lite().to(dtype=torch.float64))
    seeds = seeds_for(plain.forward(x.double(), [layer]), torch.float64)
    engine.forward(x, [layer])
    gradient = engine.backward({k: 1e-7 * s.float() for k, s in seeds.items()})
    assert gradient.dtype == torch.float32
    assert engine.note == ""
    assert cosine(gradient, plain.backward(seeds)) > least


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp32+bf16"])
def test_bytes_do_not_depend_on_the_sizes_before(precision: str) -> None:
    net = wrap_net(dense_network())
    used, fresh = (TorchEngine(net, precision=precision) for _ in range(2))
    gradients = []
    for engine, sizes in ((used, ((9, 13), (70, 40), (33, 47))), (fresh, ((33, 47),))):
        for size in sizes:
            seeds = seeds_for(engine.forward(picture(*size), ["output"]), torch.float32)
            gradient = engine.backward(seeds)
        gradients.append(gradient)
    assert torch.equal(*gradients)


@mostly_slow("name", torch_networks.BUILDERS, quick=5)
@mostly_slow("size", [(40, 48), (45, 39)])
def test_any_network_equals_plain(name: str, size: tuple[int, int]) -> None:
    net = wrap_net(torch_networks.built(name), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
    layers = [layer for layer in net.layers if layer != "logits"]
    x = picture(*size, batch=2)
    assert_equals_plain(net, x, ["output"])
    assert_equals_plain(net, x, [layers[-1], layers[0]])
    assert_equals_plain(net, x, layers)


@mostly_slow("name", torch_networks.BUILDERS)
def test_any_network_in_fp32_and_bf16(name: str) -> None:
    """In fp32 through oneDNN's fused convolutions, where this machine has them."""
    net = wrap_net(torch_networks.built(name), mean=0.5, std=0.25)
    x = picture(45, 52)
    plain = AutogradEngine(net.to(dtype=torch.float64))
    seeds = seeds_for(plain.forward(x.double(), ["output"]), torch.float64)
    reference = plain.backward(seeds)
    for precision, least in (("fp32", 0.99999), ("fp32+bf16", 0.999), ("bf16", 0.95)):
        engine = TorchEngine(net, precision=precision)
        engine.forward(x, ["output"])
        gradient = engine.backward({k: s.float() for k, s in seeds.items()})
        assert engine.note == ""
        assert cosine(gradient, reference) > least, precision
        assert 0.9 < float(gradient.double().norm() / reference.norm()) < 1.1


@pytest.mark.slow
def test_a_transformer_of_one_size_resizes_its_pictures() -> None:
    net = wrap_net(PatchTransformer(), input_size=(32, 48))
    for size in ((32, 48), (50, 41)):
        assert_equals_plain(net, picture(*size, batch=2), ["embed", "encoder.layers.1", "output"])


def test_inference_only_fast_paths_are_not_recorded() -> None:
    """torch's fast path for transformers has no derivative; it must come back on afterwards."""
    assert torch.backends.mha.get_fastpath_enabled()
    net = wrap_net(PatchTransformer().eval().requires_grad_(False), input_size=(32, 48))
    assert_equals_plain(net, picture(32, 48), ["encoder.layers.2"])
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_grey_picture_in_any_layout() -> None:
    torch.manual_seed(2)
    net = wrap_net(nn.Sequential(nn.Conv2d(1, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 4, 3)), channels=1)
    x = picture(40, 51)[:, :1].transpose(2, 3)
    assert not x.is_contiguous()
    assert_equals_plain(net, x, ["1", "output"])


# -- what cannot be recorded


@pytest.mark.parametrize("name", torch_networks.UNRECORDABLE)
def test_what_cannot_be_recorded_falls_back_and_says_so(name: str) -> None:
    torch.manual_seed(4)
    net = wrap_net(torch_networks.UNRECORDABLE[name]().double())
    x = picture(20, 24, dtype=torch.float64)
    engine, plain = TorchEngine(net), AutogradEngine(net)
    for _ in range(2):
        torch.manual_seed(9)
        found = engine.forward(x, ["output"])
        torch.manual_seed(9)
        expected = plain.forward(x, ["output"])
        assert torch.equal(found["output"], expected["output"])
        seeds = seeds_for(expected, torch.float64)
        assert torch.equal(engine.backward(seeds), plain.backward(seeds))
    assert "plain autograd" in engine.note
    assert engine.bytes_per_pixel(["output"]) > 0


def test_the_layers_before_are_recorded_all_the_same() -> None:
    torch.manual_seed(4)
    engine = TorchEngine(wrap_net(torch_networks.StraightThrough()))
    engine.forward(picture(20, 24), ["conv"])
    assert engine.note == ""
    engine.forward(picture(20, 24), ["output"])
    assert engine.note != ""


def test_an_error_of_the_users_own_stays_that_error() -> None:
    engine = TorchEngine(lite())
    with pytest.raises(UsageError, match="block99"):
        engine.forward(picture(64, 64), ["block99"])
    with pytest.raises(UsageError, match="shape"):
        engine.forward(picture(64, 64)[:, :2], ["block1a"])
    with pytest.raises(RuntimeError, match="forward before"):
        engine.backward({"block1a": torch.zeros(1)})
    with pytest.raises(UsageError, match="fp64"):
        TorchEngine(lite(), precision="fp64")
    with pytest.raises(UsageError, match="not on a CPU"):
        TorchEngine(lite(), precision="fp16")


# -- the owner's module


def flags(module: nn.Module) -> list[object]:
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in module.modules()]
    return [
        [m.training for m in module.modules()],
        [(n, p.requires_grad, p.dtype, p.stride()) for n, p in module.named_parameters()],
        hooks,
        [sorted(vars(m)) for m in module.modules()],
    ]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_owners_module_is_as_before(precision: str) -> None:
    module = torch_networks.built("residual")
    module[2].train()
    module[0][0].weight.requires_grad_(False)
    before, state = flags(module), state_sha256(module)
    engine = TorchEngine(wrap_net(module), precision=precision)
    found = engine.forward(picture(40, 48), ["3", "output"])
    engine.backward(seeds_for(found, torch.float32))
    engine.bytes_per_pixel(["3"])
    assert flags(module) == before
    assert engine.note == ""
    assert state_sha256(module) == state
    assert all(p.grad is None for p in module.parameters())


def test_hooks_of_the_owner_fire_at_every_step() -> None:
    module = torch_networks.built("residual")
    engine, fired = TorchEngine(wrap_net(module)), []
    x = picture(40, 48)
    expected = engine.forward(x, ["output"])["output"]
    handle = module[2].register_forward_hook(lambda m, args, out: fired.append(1))
    for _ in range(3):
        found = engine.forward(x, ["output"])["output"]
        engine.backward({"output": found})
    assert len(fired) == 3
    assert "hooks" in engine.note
    assert error(found, expected) < 1e-5
    handle.remove()
    assert torch.equal(engine.forward(x, ["output"])["output"], expected)


def test_what_a_module_caches_can_still_be_trained_with() -> None:
    class Caching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.place: Tensor | None = None
            self.places: dict[str, list[Tensor]] = {}

        def forward(self, x: Tensor) -> Tensor:
            if self.place is None:
                self.place = torch.linspace(0, 1, 4).view(1, 4, 1, 1)
                self.places["more"] = [self.place * 2]
            return self.conv(x) * self.place + self.places["more"][0]

    module = Caching()
    TorchEngine(wrap_net(module)).forward(picture(20, 20), ["output"])
    module(picture(20, 20)).sum().backward()
    assert module.conv.weight.grad is not None


@pytest.mark.slow
def test_the_compiler_is_not_imported() -> None:
    """It takes a second and more, in every process, and compiles nothing here."""
    code = """
import sys, torch
from reverie.engine.torch.engine import TorchEngine
from reverie.network.zoo import load_net
engine = TorchEngine(load_net("lite0"))
assert engine.bytes_per_pixel(("block2a",)) > 0
engine.forward(torch.rand(1, 3, 40, 40), ["block2a"])
assert engine.backward({"block2a": torch.ones(1, 24, 10, 10)}).shape == (1, 3, 40, 40)
assert engine.note == ""
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_weights_that_their_owner_trains_are_read_again() -> None:
    module = torch_networks.built("residual")
    net, x = wrap_net(module), picture(40, 48)
    engine = TorchEngine(net)
    before = engine.forward(x, ["output"])["output"]
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(1.1)
    after = engine.forward(x, ["output"])["output"]
    assert error(before, after) > 0.01
    assert error(after, AutogradEngine(net).forward(x, ["output"])["output"]) < 1e-5


# -- bytes


@mostly_slow("precision", ["fp32", "bf16", "fp32+bf16"])
def test_the_same_bytes_whatever_came_before(precision: str) -> None:
    net, x = lite(), picture(65, 83)

    def step(engine: TorchEngine) -> Tensor:
        found = engine.forward(x, ["block5c", "block2a"])
        return engine.backward({k: a.clone() for k, a in found.items()})

    first = TorchEngine(net, precision=precision)
    expected = step(first)
    assert torch.equal(step(first), expected)
    other = TorchEngine(copy.copy(net), precision=precision)
    other.forward(picture(96, 96, batch=2), ["block4a"])
    other.forward(picture(32, 33), ["block5c", "block2a"])
    assert torch.equal(step(other), expected)


def test_seeds_and_pictures_are_not_written_into() -> None:
    x = picture(40, 48)
    engine = TorchEngine(wrap_net(torch_networks.built("residual")))
    found = engine.forward(x, ["2", "2.second", "output"])
    seeds = seeds_for(found, torch.float32)
    kept = {k: s.clone() for k, s in seeds.items()}
    values = {k: a.clone() for k, a in found.items()}
    engine.backward(seeds, last=False)
    engine.backward(seeds)
    assert torch.equal(x, picture(40, 48))
    assert all(torch.equal(kept[k], s) for k, s in seeds.items())
    assert all(torch.equal(values[k], a) for k, a in found.items())


@pytest.mark.slow
def test_backward_frees_what_forward_kept() -> None:
    engine = TorchEngine(lite())
    found = engine.forward(picture(64, 64), ["block5c"])
    waiting = engine._here.waiting
    assert waiting is not None
    assert waiting.run is not None
    kept = [weakref.ref(value) for value in waiting.run.values.values()]
    assert len(kept) > 10
    del waiting
    engine.backward({"block5c": found["block5c"]})
    gc.collect()
    assert not any(ref() is not None for ref in kept)
    engine.forward(picture(64, 64), ["block5c"])
    engine.release()
    with pytest.raises(RuntimeError, match="forward before"):
        engine.backward({})


@pytest.mark.slow
def test_bytes_per_pixel_is_what_the_pass_keeps_and_a_little_more() -> None:
    """Against the ReLU6 results that are kept, counted from the architecture: stem, expansion, depthwise."""
    engine, half = (TorchEngine(lite(), precision=p, isa="none") for p in ("fp32", "bf16"))
    # channels over squared stride: stem 32/4, block1a 32/4, block2a 96/4 + 96/16
    kept = 4 * (32 / 4 + 32 / 4 + 96 / 4 + 96 / 16)
    assert kept < engine.bytes_per_pixel(["block2a"]) < 3 * kept
    assert engine.bytes_per_pixel(["block5c"]) > engine.bytes_per_pixel(["block2a"])
    assert half.bytes_per_pixel(["block5c"]) < 0.7 * engine.bytes_per_pixel(["block5c"])
    if native_dense.best() is not None:  # bits instead of what 1 x 1 convolutions make
        native = TorchEngine(lite(), precision="fp32", isa=native_dense.best().name.lower())
        assert native.bytes_per_pixel(["block5c"]) < engine.bytes_per_pixel(["block5c"])
