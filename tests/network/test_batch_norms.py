"""What batch norms remember: closed forms against integrals, and the network itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reverie.network.batch_norms import LEAST, after_norm, of_modules, rectified
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from support import twins


@settings(max_examples=40, deadline=None)
@given(st.floats(-8, 12), st.floats(0.3, 5))
def test_rectified_is_the_integral(mean: float, deviation: float) -> None:
    """Mean and deviation of a normal number cut off at 0 and 6, against a fine sum."""
    z = np.linspace(-12, 12, 400_001)
    density = np.exp(-z * z / 2)
    density /= density.sum()
    cut = np.clip(mean + deviation * z, 0, 6)
    first = float((cut * density).sum())
    spread = float(np.sqrt((((cut - first) ** 2) * density).sum()))
    found, deviations = rectified(torch.tensor([mean]), torch.tensor([deviation]))
    assert float(found) == pytest.approx(first, abs=1e-4)
    assert float(deviations) == pytest.approx(max(LEAST, spread), abs=1e-3)


def test_after_norm_is_what_the_norm_gives_out() -> None:
    norm = nn.BatchNorm2d(3).double()
    seen = torch.randn(4, 3, 9, 9, dtype=torch.float64) * torch.tensor([0.001, 1, 7]).view(1, 3, 1, 1) + 2
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([0.5, -2.0, 0.3]))
        norm.bias.copy_(torch.tensor([0.0, 1.0, -1.0]))
        norm.running_mean.copy_(seen.mean((0, 2, 3)))  # type: ignore[union-attr]
        norm.running_var.copy_(seen.var((0, 2, 3), correction=0))  # type: ignore[union-attr]
    out = norm.eval()(seen)
    assert norm.running_var is not None
    mean, deviation = after_norm(norm.weight, norm.bias, norm.running_var, norm.eps)
    torch.testing.assert_close(mean.double(), out.mean((0, 2, 3)), rtol=1e-5, atol=1e-5)
    expected = out.std((0, 2, 3), correction=0).clamp_min(LEAST)
    torch.testing.assert_close(deviation.double(), expected, rtol=1e-5, atol=1e-5)


def test_lite_remembers_what_its_photographs_give() -> None:
    """Means and deviations that the folded network shows on photographs lie near what the norms remember."""
    data = pytest.importorskip("skimage.data")
    net = load_net("lite0")
    rows: dict[str, list[Tensor]] = {s.layer: [] for s in net.statistics}
    assert next(iter(rows)) == "stem"
    assert len(rows) == 17
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255
        picture = nn.functional.interpolate(picture, size=(192, 192), mode="bilinear", antialias=True)
        with torch.no_grad():
            found = net.forward(picture, list(rows))
        for s in net.statistics:
            cells = found[s.layer] - (found[s.less] if s.less else 0)
            rows[s.layer].append(cells[0].flatten(1))
    for s in net.statistics:
        all_of = torch.cat(rows[s.layer], 1)
        off = (all_of.mean(1) - s.mean).abs() / s.deviation
        ratio = all_of.std(1) / s.deviation
        assert float(off.median()) < 0.3, s.layer
        assert 0.7 < float(ratio.median()) < 1.3, s.layer


def test_lite_statistics_are_those_of_the_original_network() -> None:
    """The norms at the ends of the original's blocks hold the numbers that ours were folded from."""
    original = twins.twin_network()
    net = load_net("lite0")
    norms = [block._bn2 for block in original._blocks]
    blocks = [s for s in net.statistics if s.layer != "stem"]
    assert len(norms) == len(blocks)
    for norm, s in zip(norms, blocks, strict=True):
        torch.testing.assert_close(s.mean, norm.bias.detach().float())
        variance = norm.running_var
        expected = norm.weight.abs() * (variance / (variance + norm.eps)).sqrt()
        torch.testing.assert_close(s.deviation, expected.detach().clamp_min(LEAST).float())


class Residual(nn.Module):
    """A small network with batch norms, one of them without weights and one that remembers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(6, 6, 3, 1, 1), nn.BatchNorm2d(6, affine=False))
        self.third = nn.BatchNorm2d(6, track_running_stats=False)
        self.head = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = self.third(torch.relu(x + self.second(x)))
        return self.head(x.mean((2, 3)))


def residual() -> Network:
    torch.manual_seed(4)
    return wrap_net(Residual().eval())


def test_norms_of_any_network_are_found() -> None:
    net = residual()
    found = {s.layer: s for s in net.statistics}
    assert set(found) == {"first.1", "second.1"}
    torch.testing.assert_close(found["second.1"].mean, torch.zeros(6))
    assert found["second.1"].deviation == pytest.approx(torch.ones(6), abs=1e-4)
    assert of_modules(net.module, {}) == ()
