"""EfficientNet-Lite against its independent twin, on real photographs."""

from __future__ import annotations

import contextlib
import io

import pytest
import skimage.data
import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from reverie.errors import UsageError
from reverie.network.efficientnet_lite import plan
from reverie.network.network import Network
from reverie.network.zoo import load_net, networks
from support.slow import mostly_slow

TOLERANCE = 1e-4  # of the largest activation
VARIANTS = ("lite0", "lite1", "lite2")


@pytest.fixture(scope="module")
def nets() -> dict[str, Network]:
    return {name: load_net(name) for name in VARIANTS}


@pytest.fixture(scope="module")
def states() -> dict[str, dict[str, Tensor]]:
    files = {info.name: info.weights_file() for info in networks()}
    return {name: torch.load(str(files[name]), weights_only=True) for name in VARIANTS}


def twin(variant: str, state: dict[str, Tensor], image_size: int | None) -> nn.Module:
    """The twin package's network; image_size None gives padding that follows the picture."""
    with contextlib.redirect_stdout(io.StringIO()):
        module = EfficientNet.from_name(f"efficientnet-{variant}", image_size=image_size)
    module.load_state_dict(state)
    return module.eval().requires_grad_(False)


def twin_activations(module: nn.Module, picture: Tensor) -> dict[str, Tensor]:
    x = (picture - 0.5) / 0.5
    found = {}
    x = module._swish(module._bn0(module._conv_stem(x)))
    found["stem"] = x
    names = [block.name for block in plan(module.variant)]
    assert len(names) == len(module._blocks)
    for name, block in zip(names, module._blocks, strict=True):
        x = block(x)
        found[name] = x
    x = module._swish(module._bn1(module._conv_head(x)))
    found["head"] = x
    found["logits"] = module._fc(x.mean((2, 3)))
    return found


def photograph(name: str, height: int, width: int) -> Tensor:
    pixels = torch.from_numpy(getattr(skimage.data, name)()).permute(2, 0, 1)[None] / 255
    return F.interpolate(pixels, (height, width), mode="bilinear", antialias=True)


def assert_same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name].shape == expected.shape, name
        error = (ours[name] - expected).abs().max() / expected.abs().max()
        assert error < TOLERANCE, f"{name}: {error:.1e}"


@mostly_slow(
    ("variant", "size", "photo"),
    [
        ("lite0", 224, "chelsea"),
        ("lite0", 256, "coffee"),
        ("lite1", 240, "chelsea"),
        ("lite2", 260, "coffee"),
    ],
)
def test_equals_the_twin_at_its_own_size(nets, states, variant, size, photo):
    module = twin(variant, states[variant], size)
    module.variant = variant
    picture = photograph(photo, size, size)
    expected = twin_activations(module, picture)
    torch.testing.assert_close(expected["logits"], module((picture - 0.5) / 0.5))
    assert_same(nets[variant].forward(picture, list(expected)), expected)


@mostly_slow("size", [(97, 131), (233, 180), (65, 64), (32, 33)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_equals_the_twin_at_any_size(nets, states, variant, size):
    module = twin(variant, states[variant], None)
    module.variant = variant
    expected = twin_activations(module, photograph("chelsea", *size))
    assert_same(nets[variant].forward(photograph("chelsea", *size), list(expected)), expected)


def test_gradient_equals_the_twin(nets, states):
    module = twin("lite0", states["lite0"], None)
    module.variant = "lite0"
    picture = photograph("chelsea", 97, 131).requires_grad_(True)
    (expected,) = torch.autograd.grad(twin_activations(module, picture)["block5c"].square().mean(), picture)
    score = nets["lite0"].forward(picture, ["block5c"])["block5c"].square().mean()
    (gradient,) = torch.autograd.grad(score, picture)
    assert (
        F.cosine_similarity(gradient.double().flatten(), expected.double().flatten(), dim=0, eps=0) > 1 - 1e-5
    )
    assert (gradient.norm() / expected.norm()).item() == pytest.approx(1, abs=1e-3)


def test_gradient_is_right_by_finite_differences(nets):
    net = nets["lite0"].to(dtype=torch.float64)
    picture = photograph("coffee", 32, 40).double().requires_grad_(True)

    def score(x: Tensor) -> Tensor:
        return net.forward(x, ["block2b"])["block2b"].square().mean()

    (gradient,) = torch.autograd.grad(score(picture), picture)
    direction = gradient / gradient.norm()
    step = 1e-6
    with torch.no_grad():
        slope = (score(picture + step * direction) - score(picture - step * direction)) / (2 * step)
    assert slope.item() == pytest.approx(gradient.norm().item(), rel=1e-5)


@pytest.mark.parametrize("size", [(224, 224), (97, 131)])
def test_logits_are_the_mean_of_the_logit_map(nets, size):
    found = nets["lite0"].forward(photograph("chelsea", *size), ["logits", "logit_map"])
    assert found["logit_map"].shape[1] == 1000
    torch.testing.assert_close(found["logit_map"].mean((2, 3)), found["logits"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("photo", "animal"), [("chelsea", "cat"), ("coffee", "espresso")])
def test_recognises_a_photograph(nets, photo, animal):
    for net in nets.values():
        logits = net.forward(photograph(photo, 224, 224), ["logits"])["logits"][0]
        best = [net.classes.name(int(i)) for i in logits.topk(3).indices]
        assert any(animal in name for name in best), best


def test_layers_are_what_they_say(nets):
    picture = photograph("coffee", 128, 192)
    for net in nets.values():
        found = net.forward(picture, list(net.layers))
        assert list(net.layers)[:2] == ["stem", "block1a"]
        for name, layer in net.layers.items():
            assert found[name].shape[1] == layer.channels == net.channels_of(name)
            assert layer.draws
            if layer.stride is None:
                assert net.geometry([name]) is None
            else:
                assert found[name].shape[2:] == (-(-128 // layer.stride), 192 // layer.stride)
                assert net.geometry([name]) == (layer.stride, layer.receptive_field)
    assert [n for n in nets["lite0"].layers if n.startswith("block5")] == [
        "block5a",
        "block5b",
        "block5c",
    ]
    assert "block2c" in nets["lite1"].layers


def test_receptive_field_is_what_the_gradient_reaches(nets):
    net = nets["lite0"]
    for name in ("stem", "block2b", "block4a"):
        field = net.layer(name).receptive_field
        picture = torch.rand(1, 3, 256, 256).requires_grad_(True)
        activation = net.forward(picture, [name])[name]
        row, column = activation.shape[2] // 2, activation.shape[3] // 2
        activation[0, :, row, column].square().sum().backward()
        rows = (picture.grad[0] != 0).any(0).any(1).nonzero()
        assert 0.9 * field <= rows.max() - rows.min() + 1 <= field


def test_runs_only_to_the_deepest_layer_asked_for(nets):
    net = nets["lite0"]
    ran = []
    handles = [
        stage.register_forward_hook(lambda *_, name=name: ran.append(name))
        for name, stage in net.module.stages.items()
    ]
    found = net.forward(torch.rand(1, 3, 64, 64), ["block2a", "stem"])
    for handle in handles:
        handle.remove()
    assert set(found) == {"stem", "block2a"}
    assert ran == ["stem", "block1a", "block2a"]
    assert net.forward(torch.rand(1, 3, 64, 64), []) == {}


def test_items_of_a_batch_do_not_mix_and_activations_stay_as_returned(nets):
    net = nets["lite0"]
    pictures = torch.cat([photograph("chelsea", 64, 96), photograph("coffee", 64, 96)])
    names = ["stem", "block3a", "logits"]
    both = net.forward(pictures, names)
    for index in range(2):
        alone = net.forward(pictures[index : index + 1], names)
        for name in names:
            torch.testing.assert_close(both[name][index], alone[name][0], rtol=1e-4, atol=1e-4)
    shallow = net.forward(pictures, ["stem"])["stem"]
    assert torch.equal(shallow, both["stem"])


def test_unknown_layer_names_the_nearest(nets):
    with pytest.raises(UsageError, match=r'"block5z".*lite0.*block5[abc]'):
        nets["lite0"].layer("block5z")
    with pytest.raises(UsageError, match="it has 20, such as stem, block1a"):
        nets["lite0"].layer("xyzzy")
    with pytest.raises(UsageError, match="block5"):
        nets["lite0"].forward(torch.rand(1, 3, 64, 64), ["stem", "block5z"])


@pytest.mark.parametrize("shape", [(1, 1, 64, 64), (3, 64, 64), (1, 4, 64, 64)])
def test_wrong_shape_is_refused(nets, shape):
    with pytest.raises(UsageError, match="takes pictures of shape"):
        nets["lite0"].forward(torch.rand(shape), ["stem"])


def test_frozen_and_ready(nets):
    module = nets["lite0"].module
    assert not module.training
    assert not any(p.requires_grad for p in module.parameters())
    assert not any(isinstance(part, nn.BatchNorm2d) for part in module.modules())


def test_to_copies(nets):
    net = nets["lite0"]
    picture = photograph("chelsea", 64, 64)
    double = net.to(dtype=torch.float64)
    assert double.dtype == torch.float64
    assert net.dtype == torch.float32
    assert double.module is not net.module
    assert net.to("cpu") is net
    exact = double.forward(picture, ["block5c"])["block5c"]
    assert exact.dtype == torch.float64
    torch.testing.assert_close(
        net.forward(picture, ["block5c"])["block5c"].double(), exact, rtol=1e-3, atol=1e-3
    )


def test_memory_is_measured(nets):
    net = nets["lite0"]
    stem, deep = net.bytes_per_pixel("stem"), net.bytes_per_pixel(["stem", "block5c"])
    assert 32 <= stem < deep < 700  # the stem's result alone is 32 bytes a pixel
    assert net.bytes_per_pixel(["block5c", "stem"]) == deep
    assert net.to(dtype=torch.float64).bytes_per_pixel("block5c") > 1.5 * deep
