"""Where units fire: maps, frames and ranks against plain NumPy, and what networks of all kinds give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reverie.analysis.heat import Looked, Subject, apart, as_looked_at, effective_box, enlarged
from reverie.analysis.stimuli import as_input, reduced
from reverie.engine.engine import AutogradEngine
from reverie.errors import UsageError
from reverie.media.picture import Picture, load_picture
from reverie.network.channel_statistics import channel_statistics
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net

LAYERS = ["block5c", "logit_map"]


@pytest.fixture(scope="module")
def net() -> Network:
    return load_net("lite0")


@pytest.fixture(scope="module")
def photo(photographs: Any) -> Picture:
    return reduced(load_picture(photographs / "chelsea.png"))


@pytest.fixture(scope="module")
def looked(net: Network, photo: Picture) -> Looked:
    return Looked(AutogradEngine(net), photo, LAYERS)


@pytest.fixture(scope="module")
def cells(net: Network, photo: Picture) -> dict[str, NDArray[np.float64]]:
    with torch.no_grad():
        found = net.forward(as_input(photo, net), LAYERS)
    return {name: activation[0].double().numpy() for name, activation in found.items()}


def deviations(net: Network, cells: NDArray[np.float64]) -> NDArray[np.float64]:
    usual = channel_statistics(net, "block5c")
    mean, deviation = usual.mean.double().numpy(), usual.deviation.double().numpy()
    return (cells - mean[:, None, None]) / deviation[:, None, None]


def cubic(x: float, a: float = -0.75) -> float:
    """Keys' kernel (1981)."""
    x = abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def along(count: int, size: int) -> NDArray[np.float64]:
    """(size, count): what each cell gives to each pixel, cells and pixels by their centres."""
    weights = np.zeros((size, count))
    for pixel in range(size):
        place = (pixel + 0.5) * count / size - 0.5
        for near in range(int(np.floor(place)) - 1, int(np.floor(place)) + 3):
            weights[pixel, min(max(near, 0), count - 1)] += cubic(place - near)
    return weights


def test_a_map_is_enlarged_as_by_hand() -> None:
    heat = np.random.default_rng(1).random((5, 7)).astype(np.float32)
    twin = along(5, 33) @ heat.astype(np.float64) @ along(7, 60).T
    assert np.abs(enlarged(heat, (60, 33)) - twin.clip(0, 1)).max() < 1e-5


@pytest.mark.slow
def test_a_channel_fires_by_its_deviations(
    net: Network, looked: Looked, cells: dict[str, NDArray[np.float64]]
) -> None:
    seen = looked.at(Subject("block5c", (75,), "eyes"))
    above = deviations(net, cells["block5c"])[75]
    assert np.abs(seen.activation - cells["block5c"][75]).max() < 1e-4
    assert np.abs(seen.values - above).max() < 1e-3
    assert np.abs(seen.heat - ((above - 1) / (max(above.max(), 4) - 1)).clip(0, 1)).max() < 1e-3
    row, column = np.unravel_index(above.argmax(), above.shape)
    assert seen.spots[0].cell == (column, row)
    assert seen.spots[0].value == pytest.approx(above.max(), rel=1e-4)
    assert seen.fires


@pytest.mark.parametrize("word", ["cat", "tabby"])
def test_classes_fire_by_their_probability(
    word: str, net: Network, looked: Looked, cells: dict[str, NDArray[np.float64]]
) -> None:
    assert net.classes is not None
    members = net.classes.members(word)
    seen = looked.at(Subject("logit_map", members, word))
    e = np.exp(cells["logit_map"] - cells["logit_map"].max(0))
    probable = (e / e.sum(0))[list(members)].sum(0)
    assert np.abs(seen.values - probable).max() < 1e-4
    chance = len(members) / 1000
    heat = ((probable - chance) / (max(probable.max(), chance + 0.25) - chance)).clip(0, 1)
    assert np.abs(seen.heat - heat).max() < 1e-3


def test_no_frame_has_a_weaker_one_in_it(net: Network, photo: Picture) -> None:
    looked = Looked(AutogradEngine(net), photo, ["block3b"])
    seen = looked.at(Subject("block3b", (7,), "block3b:7"), count=8)
    high, wide = seen.heat.shape
    assert 2 <= len(seen.spots) <= 8
    for index, spot in enumerate(seen.spots):
        assert seen.heat[spot.cell[::-1]] >= 0.5 * seen.heat.max()
        for weaker in seen.spots[index + 1 :]:
            assert weaker.value <= spot.value
            x, y = (
                (weaker.cell[0] + 0.5) * seen.shown[0] / wide,
                (weaker.cell[1] + 0.5) * seen.shown[1] / high,
            )
            left, top, right, bottom = spot.box
            assert not (left <= x < right and top <= y < bottom)


def test_a_layer_fires_by_the_mean_square_of_what_is_above(
    net: Network, looked: Looked, cells: dict[str, NDArray[np.float64]]
) -> None:
    seen = looked.at(Subject("block5c", (), "block5c"))
    energy = (deviations(net, cells["block5c"]).clip(0) ** 2).mean(0)
    assert np.abs(seen.values - energy).max() < 1e-3
    low, high = channel_statistics(net, "block5c").limits
    assert np.abs(seen.heat - ((energy - low) / (max(energy.max(), high) - low)).clip(0, 1)).max() < 1e-3


def test_the_strongest_are_those_of_a_plain_search(
    net: Network, looked: Looked, cells: dict[str, NDArray[np.float64]]
) -> None:
    inner = deviations(net, cells["block5c"])[:, 1:-1, 1:-1]
    flat = (inner - 1).clip(0).reshape(len(inner), -1)
    unit = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    peak, chosen = inner.max((1, 2)), list[int]()
    for _ in range(6):
        like = [max((float(unit[i] @ unit[j]) for j in chosen), default=0.0) for i in range(len(peak))]
        worth = {i: peak[i] * (1 - like[i]) for i in range(len(peak)) if i not in chosen}
        chosen.append(max(worth, key=lambda i: worth[i]))
    assert [one.channels[0] for one in looked.strongest("block5c", 6)] == chosen
    assert chosen[0] == int(peak.argmax())


def test_what_is_alike_does_not_come_twice() -> None:
    maps = torch.zeros(3, 4, 4)
    maps[0, 1, 1], maps[1, 1, 1], maps[2, 3, 2] = 5, 4, 1
    assert apart(torch.tensor([5.0, 4.0, 1.0]), maps, 2) == [0, 2]
    assert apart(torch.tensor([5.0, 4.0, 1.0]), maps, 9) == [0, 2, 1]


def test_classes_that_are_seen_are_found(net: Network, looked: Looked) -> None:
    assert net.classes is not None
    names = [one.name for one in looked.classes(3, net.classes.name)]
    assert names[:2] == ["Egyptian cat", "tiger cat"]


def test_a_frame_holds_nine_tenths_of_the_energy() -> None:
    energy = np.random.default_rng(2).random((24, 31)) ** 8
    centre = (17.5, 9.5)
    left, top, right, bottom = effective_box(energy, centre, 1)
    assert right - left == bottom - top

    def held(side: int) -> float:
        x0, y0 = round(centre[0] - side / 2), round(centre[1] - side / 2)
        return float(energy[max(0, y0) : y0 + side, max(0, x0) : x0 + side].sum() / energy.sum())

    side = next(side for side in range(1, 80, 2) if held(side) >= 0.9)
    assert right - left == min(side, 24)
    assert (left, right) == (max(0, left), min(31, right))


@pytest.fixture
def one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is usual for a network that nobody has measured is measured on one picture: this is quick."""
    monkeypatch.setattr("reverie.network.channel_statistics.PICTURES", 1)


@pytest.mark.usefixtures("one_picture")
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_a_network_of_ones_own_frames_what_its_cells_see(channels: int) -> None:
    module = nn.Sequential(nn.Conv2d(channels, 10, 3, padding=1), nn.Conv2d(10, 4, 4, 4))
    net = wrap_net(module, channels=channels)
    pixels = np.random.default_rng(3).random((32, 48, channels)).astype(np.float32)
    seen = Looked(AutogradEngine(net), Picture(pixels), ["1"]).at(Subject("1", (2,), "1:2"))
    assert seen.heat.shape == (8, 12)
    column, row = seen.spots[0].cell
    left, top, right, bottom = seen.spots[0].box
    assert 4 <= right - left <= 6
    assert abs((left + right) / 2 - (4 * column + 2)) <= 1
    assert abs((top + bottom) / 2 - (4 * row + 2)) <= 1


def test_maps_fit_the_photograph_exactly(net: Network, photo: Picture) -> None:
    assert as_looked_at(photo.resized((451, 300)), net).size == (384, 256)
    assert as_looked_at(photo.resized((20, 30)), net).size == (20, 30)
    patches = wrap_net(nn.Sequential(nn.Conv2d(3, 4, 7, 7), nn.Unfold(2, stride=2)), name="of sevens")
    assert as_looked_at(photo, patches).size[0] % patches.exact_steps[1] == 0
    only = wrap_net(nn.Conv2d(3, 4, 8, 8), input_size=32, fit="window")
    assert as_looked_at(photo, only).size == (160, 128)


@pytest.mark.usefixtures("one_picture")
def test_a_bright_spot_is_found_where_it_is() -> None:
    net = wrap_net(nn.Sequential(nn.AvgPool2d(8), nn.Conv2d(3, 4, 1)))
    nn.init.ones_(net.module[1].weight)  # type: ignore[index, arg-type]  # a Sequential
    for x, y in ((260, 30), (20, 180), (290, 190)):
        pixels = np.zeros((211, 309, 3), np.float32)
        pixels[y : y + 8, x : x + 8] = 1
        shown = as_looked_at(Picture(pixels), net)
        seen = Looked(AutogradEngine(net), shown, ["1"]).at(Subject("1", (0,), "1:0"))
        left, top, right, bottom = seen.spots[0].box
        assert (left + right) / 2 / shown.size[0] == pytest.approx((x + 4) / 309, abs=6 / 309)
        assert (top + bottom) / 2 / shown.size[1] == pytest.approx((y + 4) / 211, abs=6 / 211)


class NoGradient(nn.Module):
    """A module whose output nothing can be differentiated through."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.detach()).detach()


@pytest.mark.usefixtures("one_picture")
def test_a_module_without_a_gradient_is_framed_all_the_same(photo: Picture) -> None:
    looked = Looked(AutogradEngine(wrap_net(NoGradient())), photo, ["output"])
    seen = looked.at(Subject("output", (0,), "output:0"))
    left, top, right, bottom = seen.spots[0].box
    assert right - left == bottom - top > 0


def test_what_has_no_map_is_refused(net: Network, photo: Picture) -> None:
    looked = Looked(AutogradEngine(net), photo, ["logits", "block5c"])
    with pytest.raises(UsageError, match="logits: has no positions"):
        looked.at(Subject("logits", (1,), "logits:1"))
    with pytest.raises(UsageError, match="block5c has 0 to 111"):
        looked.at(Subject("block5c", (112,), "block5c:112"))
    tiny = Looked(AutogradEngine(net), photo.resized((32, 32)), ["block5c"])
    with pytest.raises(UsageError, match="2 x 2 positions in a photograph of 32 x 32"):
        tiny.at(Subject("block5c", (1,), "block5c:1"))
    with pytest.raises(UsageError, match="did you mean"):
        Looked(AutogradEngine(net), photo, ["block5z"])


def test_a_photograph_for_a_network_of_five_channels_is_refused(photo: Picture) -> None:
    net = wrap_net(nn.Conv2d(5, 4, 3), channels=5)
    with pytest.raises(UsageError, match="has 3 channels, and the network takes 5"):
        Looked(AutogradEngine(net), photo, ["output"])
