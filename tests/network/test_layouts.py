"""Tokens and channels that lie last come as maps; what has no place in the picture is left out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from reverie.network.layouts import Layouts
from reverie.network.wrap import wrap_net


class Transformer(nn.Module):
    """Patches of 8 pixels, with tokens that stand for no place before them; any multiple of 8."""

    def __init__(self, extra: int = 1, *, time_first: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Conv2d(3, 16, 8, 8)
        self.extra = nn.Parameter(torch.randn(1, extra, 16))
        self.block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=not time_first)
        self.time_first = time_first
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[2] % 8 == x.shape[3] % 8 == 0, "no multiple of 8"
        tokens = torch.cat([self.extra.expand(len(x), -1, -1), self.embed(x).flatten(2).transpose(1, 2)], 1)
        tokens = self.block(tokens.transpose(0, 1) if self.time_first else tokens)
        return self.head((tokens.transpose(0, 1) if self.time_first else tokens)[:, 0])


@pytest.mark.parametrize("extra", [0, 1, 2, 5])
@pytest.mark.parametrize("time_first", [False, True])
@pytest.mark.parametrize("items", [1, 2])
def test_tokens_of_patches_are_a_map(extra: int, time_first: bool, items: int) -> None:
    module = Transformer(extra, time_first=time_first).eval()
    module.head = nn.Identity()  # type: ignore[assignment]
    net = wrap_net(module)
    assert net.channels_of("block") == 16
    x = torch.rand(items, 3, 44, 61)  # continued to 48 x 64
    found = net.forward(x, ["block", "embed"])
    assert found["block"].shape == found["embed"].shape == (items, 16, 6, 8)
    seen: list[Tensor] = []
    handle = module.block.register_forward_hook(lambda _, __, out: seen.append(out.detach()))
    net.forward(x, ["block"])
    handle.remove()
    tokens = seen[0].transpose(0, 1) if time_first else seen[0]
    for y, z in ((0, 0), (2, 3), (5, 7)):
        assert torch.equal(found["block"][:, :, y, z], tokens[:, extra + 8 * y + z])
    assert net.geometry("block") is None


class Last(nn.Module):
    """Keeps its channels last, and sees windows of 7 x 7 cells apart, as Swin does."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 20, 4, 4)
        self.norm = nn.LayerNorm(20)
        self.inner = nn.Linear(20, 24)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.embed(x).permute(0, 2, 3, 1))
        n, h, w, c = y.shape
        parts = y.view(n, h // 7, 7, w // 7, 7, c).transpose(2, 3).reshape(-1, 49, c)
        return self.inner(parts).mean((1, 2)).view(n, -1)


def test_channels_that_lie_last_come_second_and_windows_are_of_their_picture() -> None:
    torch.manual_seed(0)
    module = Last().eval()
    net = wrap_net(module)
    x = torch.rand(2, 3, 56, 84)
    found = net.forward(x, ["norm", "inner"])
    expected = module.norm(module.embed(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    torch.testing.assert_close(found["norm"], expected)
    assert net.channels_of("norm") == 20
    assert found["inner"].shape == (2, 6 * 49, 24)
    alone = net.forward(x[1:], ["inner"])["inner"]
    torch.testing.assert_close(found["inner"][1:], alone)


def test_what_is_no_grid_stays_as_it_is() -> None:
    layouts = Layouts(((16, 16),))
    shown = torch.zeros(2, 3, 224, 224)
    assert layouts.laid_out("a", torch.zeros(2, 197, 8), shown).shape == (2, 8, 14, 14)
    assert layouts.laid_out("b", torch.zeros(2, 50, 8), shown).shape == (2, 8, 7, 7)  # merged once
    assert layouts.laid_out("c", torch.zeros(2, 111, 8), shown).shape == (2, 111, 8)
    assert layouts.laid_out("d", torch.zeros(2, 8, 56, 56), shown).shape == (2, 8, 56, 56)
    assert layouts.laid_out("e", torch.zeros(2, 56, 56, 8), shown).shape == (2, 8, 56, 56)
    assert layouts.laid_out("f", torch.zeros(2, 10), shown).shape == (2, 10)
    assert layouts.laid_out("a", torch.zeros(2, 77, 8), shown).shape == (2, 77, 8)  # of another size now
    assert Layouts(()).laid_out("g", torch.zeros(2, 56, 56, 8), shown).shape == (2, 56, 56, 8)
