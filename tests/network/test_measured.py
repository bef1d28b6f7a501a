"""Networks of one's own: how far layers see is measured when asked for, and what they return has one name."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

import reverie
from reverie.errors import ReverieWarning, UsageError
from reverie.network.measured import one_name
from reverie.scoring.bind import bind


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 8, 5, 2, 2)
        self.deep = nn.Conv2d(8, 8, 3, 2, 1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.deep(self.conv(x).tanh()).mean((2, 3)))


def test_strides_and_fields_are_measured_and_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    net = reverie.wrap_net(Classifier(), mean=0.5, std=0.25)
    asked: list[str] = []
    measure = net.geometry
    monkeypatch.setattr(net, "geometry", lambda name: asked.append(name) or measure(name))
    layers = net.layers
    assert "8" in repr(layers["conv"])
    assert asked == []
    assert (layers["conv"].stride, layers["conv"].receptive_field) == (2, 5)
    assert (layers["deep"].stride, layers["deep"].receptive_field) == (4, 9)
    assert (layers["logits"].stride, layers["logits"].receptive_field) == (None, None)
    assert asked == ["conv", "deep", "logits"]


def test_what_a_classifier_returns_is_told_once_and_has_every_name() -> None:
    net = reverie.wrap_net(Classifier(), mean=0.5, std=0.25)
    assert list(net.layers) == ["conv", "deep", "logits"]
    names = ["fc", "logits", "output", "classifier"]
    assert {net.layer(name).name for name in names} == {"logits"}
    found = net(torch.rand(1, 3, 32, 32), names)
    assert list(found) == names
    assert all(torch.equal(found[name], found["fc"]) for name in names)
    goals = [bind(reverie.objective.channel(name, 3), net) for name in names]
    assert all(goal.layers == ("logits",) for goal in goals)
    with pytest.raises(UsageError, match="not in network"):
        net.layer("fk")


def test_maps_that_are_returned_have_their_layers_name() -> None:
    net = reverie.wrap_net(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), mean=0, std=1, channels=1)
    assert list(net.layers) == ["0", "1"]
    assert net.layer("output").name == net.layer("logits").name == "1"


def test_maps_of_classes_are_classes() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    net = reverie.wrap_net(module, mean=0, std=1, classes=["a", "b", "c", "d"])
    assert sorted(net.layers) == ["0", "logits"]
    assert net.layer("1").name == "logits"


def test_embedded_networks_know_the_names_too() -> None:
    net = reverie.load_net("lite0")
    assert net.layer("fc") is net.layer("output") is net.layers["logits"]
    assert net.tells_fields
    assert net.geometry("output") is None


@pytest.mark.parametrize(
    ("found", "last", "own", "wanted"),
    [
        ({"logits": (1, 5), "output": (1, 5)}, (), False, {"output": "logits"}),
        (
            {"logits": (1, 5), "fc": (1, 5), "output": (1, 5)},
            ("fc",),
            False,
            {"fc": "logits", "output": "logits"},
        ),
        ({"logits": (1, 7), "fc": (1, 5), "output": (1, 5)}, ("fc",), True, {"fc": "output"}),
        ({"logits": (1, 5, 2, 2), "output": (1, 5, 2, 2)}, (), False, {"logits": "output"}),
        ({"a": (1, 5)}, (), False, {}),
    ],
)
def test_one_name(
    found: dict[str, tuple[int, ...]], last: tuple[str, ...], own: bool, wanted: dict[str, str]
) -> None:
    assert one_name({k: torch.zeros(v) for k, v in found.items()}, last, own=own) == wanted


def test_what_is_changed_afterwards_is_another_layer() -> None:
    class Doubled(Classifier):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x).mul_(2)

    net = reverie.wrap_net(Doubled(), mean=0.5, std=0.25)
    assert {"fc", "logits"} <= set(net.layers)
    found = net(torch.rand(1, 3, 32, 32), ["fc", "logits"])
    torch.testing.assert_close(2 * found["fc"], found["logits"])


def test_pictures_as_they_are_are_warned_of_once() -> None:
    with pytest.warns(ReverieWarning, match="no mean and std") as said:
        net = reverie.wrap_net(Classifier())
    assert len(said) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(torch.rand(1, 3, 32, 32), "fc")
        reverie.wrap_net(Classifier(), mean=0, std=1)
        reverie.wrap_net(Classifier(), mean=0.5)


def test_layers_that_presets_mean_are_answered_with_one_of_ones_own() -> None:
    net = reverie.wrap_net(Classifier(), mean=0.5, std=0.25)
    with pytest.raises(UsageError, match=r"it is one of lite0's, which presets mean; name one .* as deep"):
        net.layer("block5c")
    with pytest.raises(UsageError, match="block6d"):
        reverie.load_net("lite0").layer("block6x")
