"""Networks of other people: read, never changed."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from reverie.errors import NetworkError, UsageError
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from support.networks import PatchTransformer


class Toy(nn.Module):
    """Thirty layers with batch norm, dropout and in-place ReLUs, left in a mixture of modes."""

    def __init__(self, channels: int = 3, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, 2, 1)
        parts: list[nn.Module] = []
        for index in range(9):
            stride = 2 if index == 4 else 1
            parts += [
                nn.Conv2d(width, width, 3, stride, 1),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
        self.body = nn.Sequential(*parts, nn.Dropout(0.5))
        self.head = nn.Linear(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.stem(x)).mean((2, 3)))


def toy(channels: int = 3) -> Toy:
    torch.manual_seed(0)
    module = Toy(channels)
    module.train()
    module.body[3].eval()
    module.stem.weight.requires_grad_(False)
    return module


def fingerprint(module: nn.Module) -> list[object]:
    """Everything that must not change: state, modes, flags, hooks, gradients."""
    return [
        [(n, v.clone()) for n, v in module.state_dict().items()],
        [(n, m.training) for n, m in module.named_modules()],
        [(n, p.requires_grad, p.grad is None) for n, p in module.named_parameters()],
        [(n, tuple(m._forward_hooks.values())) for n, m in module.named_modules()],
        [(n, tuple(m._forward_pre_hooks.values())) for n, m in module.named_modules()],
    ]


def assert_unchanged(before: list[object], module: nn.Module) -> None:
    after = fingerprint(module)
    for (name, old), (again, new) in zip(before[0], after[0], strict=True):
        assert name == again
        assert torch.equal(old, new), name
    assert before[1:] == after[1:]


def gradient(net: Network, picture: Tensor, names: list[str]) -> Tensor:
    x = picture.clone().requires_grad_(True)
    score = sum(a.square().mean() for a in net.forward(x, names).values())
    (found,) = torch.autograd.grad(score, x)
    return found


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_pictures_of_any_channel_count(channels):
    module = toy(channels)
    before = fingerprint(module)
    net = wrap_net(module, mean=[0.4] * channels, std=0.2, channels=channels)
    assert net.channels == channels
    for names in (["stem"], ["body.10", "body.4"], ["logits"], ["output", "head", "body"]):
        for _ in range(2):  # the second run stops early
            found = gradient(net, torch.rand(2, channels, 40, 56), names)
            assert found.shape == (2, channels, 40, 56)
            assert (found.flatten(1).abs().sum(1) > 0).all()
    assert net.channels_of("body.10") == 8
    assert net.channels_of("logits") == 5
    assert_unchanged(before, module)


def test_activations_are_those_of_the_layers():
    module = toy()
    net = wrap_net(module, mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7))
    picture = torch.rand(1, 3, 32, 40)
    frozen = copy.deepcopy(module).eval()
    x = (picture - torch.tensor(net.mean).view(1, 3, 1, 1)) / torch.tensor(net.std).view(1, 3, 1, 1)
    expected = {}
    with torch.no_grad():
        x = expected["stem"] = frozen.stem(x)
        for index, part in enumerate(frozen.body):
            x = part(x.clone())
            expected[f"body.{index}"] = x
        expected["output"] = frozen.head(x.mean((2, 3)))
    names = list(expected)
    for _ in range(2):
        found = net.forward(picture, names)
        for name in names:
            assert torch.equal(found[name], expected[name]), name
    # an in-place ReLU overwrites the batch norm's result, in a run that goes on and one that stops
    for names in (["body.1", "body.2"], ["body.1"]):
        assert torch.equal(net.forward(picture, names)["body.1"], expected["body.1"])
    assert (expected["body.1"] < 0).any()
    assert torch.equal(net.forward(picture, "logits")["logits"], expected["output"])


def test_own_hooks_survive_and_fire():
    module = toy()
    fired: list[str] = []
    module.stem.register_forward_hook(lambda *_: fired.append("after stem"))
    module.body[2].register_forward_hook(lambda _, __, out: out + 1)
    module.body[5].register_forward_pre_hook(lambda *_: fired.append("before body.5"))
    module.body[3].register_full_backward_hook(lambda *_: fired.append("backward"))
    before = fingerprint(module)
    net = wrap_net(module)
    for _ in range(2):
        fired.clear()
        gradient(net, torch.rand(1, 3, 32, 32), ["body.6"])
        assert fired == ["after stem", "before body.5", "backward"]
    assert net.forward(torch.rand(1, 3, 32, 32), ["body.2"])["body.2"].min() >= 1
    assert_unchanged(before, module)
    fired.clear()
    module(torch.rand(2, 3, 32, 32))
    assert fired == ["after stem", "before body.5"]


def test_later_runs_stop_at_the_layer():
    module = toy()
    ran: list[str] = []
    module.body[20].register_forward_hook(lambda *_: ran.append("deep"))
    net = wrap_net(module)
    net.forward(torch.rand(1, 3, 32, 32), ["body.3"])
    ran.clear()
    net.forward(torch.rand(1, 3, 32, 32), ["body.3"])
    assert not ran


def test_unchanged_when_the_forward_raises():
    module = toy()
    net = wrap_net(module)
    net.forward(torch.rand(1, 3, 32, 32), ["body.4"])

    def fail(*_: object) -> None:
        raise RuntimeError("theirs")

    handle = module.body[3].register_forward_hook(fail)
    before = fingerprint(module)
    for names in (["body.4"], ["output"]):
        with pytest.raises(RuntimeError, match="theirs"):
            net.forward(torch.rand(1, 3, 32, 32), names)
        assert_unchanged(before, module)
    handle.remove()
    assert set(net.forward(torch.rand(1, 3, 32, 32), ["body.4"])) == {"body.4"}


def test_vision_transformer():
    torch.manual_seed(0)
    module = PatchTransformer()
    before = fingerprint(module)
    net = wrap_net(module, input_size=(32, 48), mean=0.5, std=0.5)
    names = ["embed", "encoder.layers.1", "head", "encoder.layers.1.self_attn"]
    for size in ((32, 48), (70, 51)):
        found = net.forward(torch.rand(2, 3, *size), names)
        assert found["embed"].shape == (2, 16, 4, 6)
        assert found["encoder.layers.1"].shape == (2, 16, 4, 6)  # tokens as a map
        assert found["encoder.layers.1.self_attn"].shape == (2, 16, 4, 6)
        assert found["head"].shape == (2, 4)
        for name in ("embed", "encoder.layers.1", "logits"):
            assert gradient(net, torch.rand(1, 3, *size), [name]).abs().sum() > 0
    assert [net.channels_of(n) for n in names] == [16, 16, 4, 16]
    assert net.geometry(["embed"]) is None
    assert net.min_size == 1
    assert net.bytes_per_pixel("encoder.layers.1") > 0
    assert_unchanged(before, module)


class Odd(nn.Module):
    """Layers that return tuples and dicts, run twice, or never."""

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[None, list[Tensor], Tensor]:
            return None, [x * 2], x * 3

    class Table(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"index": x.argmax(1), "map": x * 4}

    def __init__(self) -> None:
        super().__init__()
        self.pair, self.table, self.twice = self.Pair(), self.Table(), nn.Conv2d(3, 3, 1)
        self.never = nn.ReLU()
        self.logits = nn.Flatten()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = self.pair(x)[1][0]
        x = self.twice(self.twice(x))
        return {"out": self.logits(self.table(x)["map"])}


def test_odd_outputs():
    torch.manual_seed(0)
    module = Odd()
    net = wrap_net(module)
    x = torch.rand(1, 3, 8, 8)
    for _ in range(2):
        found = net.forward(x, ["pair", "table", "twice", "logits", "output"])
        assert torch.equal(found["pair"], x * 2)
        assert torch.equal(found["twice"], module.twice(module.twice(x * 2)))
        assert torch.equal(found["table"], found["twice"] * 4)
        assert torch.equal(found["output"], found["logits"])
    assert torch.equal(net.forward(x, ["twice"])["twice"], found["twice"])
    assert "never" not in net.layers
    for ask in (net.layer, lambda n: net.forward(x, [n])):
        with pytest.raises(UsageError, match=r'"never".*does not run'):
            ask("never")


def test_geometry_is_measured():
    torch.manual_seed(0)
    net = wrap_net(
        nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),  # field 3
            nn.ReLU(),
            nn.Conv2d(16, 16, 5, 1),  # 3 + 4 * 2
            nn.MaxPool2d(2),  # 11 + 1 * 2
            nn.Conv2d(16, 16, 3, 2, 1),  # 13 + 2 * 4
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
    )
    assert net.geometry("0") == (2, 3)
    assert net.geometry("2") == (2, 11)
    assert net.geometry("3") == (4, 13)
    assert net.geometry(["0", "4"]) == (8, 21)
    assert net.geometry(["0", "5"]) is None
    assert net.geometry("6") is None
    assert net.geometry("output") is None


def test_attention_over_a_map_sees_everything():
    class Excite(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * x.mean((2, 3), keepdim=True).sigmoid()

    assert wrap_net(nn.Sequential(nn.Conv2d(3, 4, 3), Excite())).geometry("1") is None


def test_sizes_are_found():
    torch.manual_seed(0)
    fixed = nn.Sequential(nn.Conv2d(1, 2, 3, 1, 1), nn.Flatten(), nn.Linear(2 * 28 * 28, 3))
    net = wrap_net(fixed, channels=1)
    assert net.channels_of("2") == 3
    assert wrap_net(nn.Sequential(nn.Conv2d(3, 2, 7), nn.Conv2d(2, 2, 7))).min_size == 16
    with pytest.raises(NetworkError, match=r"5-channel.*expected input.*give channels=1"):
        wrap_net(fixed, channels=5).layer("0")


def test_class_names_and_layer_names():
    net = wrap_net(toy(), classes=["a", "b", "c", "golden retriever", "e"], name="mine")
    assert net.name == "mine"
    assert wrap_net(toy()).name == "Toy"
    assert net.classes is not None
    assert net.classes.lookup("Golden-Retriever") == 3
    with pytest.raises(UsageError, match=r"body\.4"):
        net.layer("bdy.4")
    assert {"stem", "body", "body.27", "logits"} <= set(net.layers)
    assert not {"head", "output"} & set(net.layers)  # other names of the same
    assert {net.layer(name).name for name in ("head", "output", "fc", "logits")} == {"logits"}
    assert "" not in net.layers


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mean": (0.5, 0.5)}, "mean has 2 values for 3 channels"),
        ({"std": (1, 1, 1), "channels": 1}, "std has 3 values for 1 channels"),
        ({"std": (1, 0, 1)}, "above 0"),
        ({"mean": float("nan")}, "finite"),
        ({"channels": 0}, "at least 1"),
        ({"input_size": (0, 5)}, "input_size"),
    ],
)
def test_numbers_that_do_not_fit(settings, said):
    with pytest.raises(UsageError, match=said):
        wrap_net(toy(), **settings)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused():
    with pytest.raises(UsageError, match="wrap the original module"):
        wrap_net(torch.jit.script(nn.Sequential(nn.ReLU())))


def test_to_leaves_the_module_alone():
    module = toy()
    before = fingerprint(module)
    net = wrap_net(module)
    double = net.to(dtype=torch.float64)
    assert double.forward(torch.rand(1, 3, 32, 32), ["body.2"])["body.2"].dtype == torch.float64
    assert module.stem.weight.dtype == torch.float32
    assert_unchanged(before, module)


def change_value(module: nn.Module) -> None:
    module.head.bias.data[0] += 1


def change_buffer(module: nn.Module) -> None:
    module.body[1].running_mean += 1


def test_hash_of_the_state():
    digest = wrap_net(toy()).weights_sha256
    assert len(digest) == 64
    assert wrap_net(toy()).weights_sha256 == digest
    changes: list[Callable[[nn.Module], object]] = [change_value, change_buffer, nn.Module.half]
    for change in changes:
        module = toy()
        change(module)
        assert wrap_net(module).weights_sha256 != digest
