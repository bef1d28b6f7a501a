"""Binding: names resolved, faults named, and every objective rises under ascent."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie import objective as ob
from reverie.api.dreams import dream
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.engine.engine import AutogradEngine
from reverie.errors import UsageError
from reverie.gradient.cells import Window
from reverie.gradient.picture_gradient import picture_gradient
from reverie.media.picture import Picture
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import preset
from reverie.scoring.bind import bind
from reverie.scoring.binder import covering
from reverie.scoring.regularizers import alpha_norm, total_variation
from support import twins
from support.recipes import GENTLE
from support.slow import mostly_slow


@cache
def lite() -> Network:
    return load_net("lite0")


def half(name: str) -> Tensor:
    """White on the left."""
    if name != "mask.png":
        return twins.photo(name.split(".")[0], 96, 128)
    mask = torch.zeros(1, 1, 96, 128)
    mask[..., :64] = 1
    return mask


def score_of(text: str, picture: Tensor, *, net: Network | None = None) -> float:
    net = net or lite()
    goal = bind(ob.parse(text), net, open_picture=half)
    return float(picture_gradient(AutogradEngine(net), goal, picture)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("block5d", 'or "block5c"'),
        ("mean(blok5c)", 'did you mean "block5c"'),
        ("block5c:112", "block5c has channels 0 to 111"),
        ("neuron(block4a, 80)", "block4a has channels 0 to 79"),
        ("direction(block4a, 80:1)", "block4a has channels 0 to 79"),
        ('class("golden retreiver")', "golden retriever"),
        ("class(1000)", "1000"),
        ('logits@mask("mask.png")', "no map"),
        ('guide("coffee.png", block9z)', 'layer "block9z"'),
        ('invert("coffee.png", block9z)', 'layer "block9z"'),
        ("peak(block4a, 80)", "block4a has channels 0 to 79"),
        ("peak(block4a, 7)", "only portraits have it"),
        ("diversity(block4a)", "only portraits have it"),
        ('logprob("tabby")@mask("mask.png")', "a probability has no region"),
        ('logprob("tabyb")', "tabby"),
    ],
)
def test_faults_are_named(text, said):
    with pytest.raises(UsageError) as caught:
        bind(ob.parse(text), lite(), open_picture=half)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_need_someone_to_open_them():
    with pytest.raises(UsageError, match=r'no way to open "coffee\.png"'):
        bind(ob.guide("coffee.png", "block3b"), lite())


def test_a_network_without_class_names_or_map():
    net = wrap_net(nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    with pytest.raises(UsageError, match="has no class names"):
        bind(ob.logit("cat"), net)
    with pytest.raises(UsageError, match="has no class map"):
        bind(ob.logit(2).within("mask.png"), net, open_picture=half)
    with pytest.raises(UsageError, match="channels 0 to 3"):
        bind(ob.logit(4), net)
    assert bind(ob.logit(3), net).layers == ("logits",)


@pytest.mark.slow
def test_scores_are_what_their_docstrings_say():
    picture = twins.photo("coffee", 96, 128)
    found = lite().forward(picture, ["block4b", "block3b", "logits"])
    a, b, logits = (found[k][0].double().numpy() for k in ("block4b", "block3b", "logits"))
    index = lite().classes.lookup("espresso")
    inner = np.zeros(b.shape[1:])
    inner[2:-2, 2:-2] = 1
    direction = a[3] * 0.6 + a[9] * -0.8
    expected = {
        "block4b": np.mean(a**2),
        "layer(block3b, border=2)": np.mean(b**2 * inner),
        "mean(block4b)": np.mean(a),
        "block4b:17": np.mean(a[17]),
        "neuron(block4b, 5, x=1, y=0)": a[5, 0, -1],
        "neuron(block4b, 5, x=0, y=1)": a[5, -1, 0],
        "direction(block4b, 3:3, 9:-4)": np.mean(direction),
        'class("espresso")': logits[index],
        'block4b@mask("mask.png")': np.sum((a**2).mean(0)[:, :4]) / a[0].size,
        'block4b@outside("mask.png")': np.sum((a**2).mean(0)[:, 4:]) / a[0].size,
        "2*block4b - 3*block4b:17": 2 * np.mean(a**2) - 3 * np.mean(a[17]),
        "block4b:5@7,2": a[5, 2, 7],
        "neuron(block4b, 5, cell=0,5)": a[5, 5, 0],
        "logits:207": logits[207],
        'logprob("espresso")': logits[index] - np.log(np.exp(logits - logits.max()).sum()) - logits.max(),
    }
    assert a.shape[1:] == (6, 8)
    for text, value in expected.items():
        assert score_of(text, picture) == pytest.approx(float(value), rel=1e-4), text
    cosine = np.clip(direction / np.sqrt((a**2).sum(0)), 0.1, None)
    assert score_of("direction(block4b, 3:3, 9:-4, cosine=2)", picture) == pytest.approx(
        float(np.mean(direction * cosine**2)), rel=1e-4
    )


@pytest.mark.parametrize("size", [None, (128, 96)])
def test_likenesses_agree_with_numpy(size):
    names = ("chelsea", "coffee")
    a, b = (lite().forward(twins.photo(n, 96, 128), "block4b")["block4b"][0].double().numpy() for n in names)
    dot, length = (a * b).sum(0), np.sqrt((b**2).sum(0))
    cosine = np.clip(dot / length / np.sqrt((a**2).sum(0)), 0.1, None)
    expected = {
        'caricature("coffee.png", block4b, cosine=0)': dot.mean(),
        'caricature("coffee.png", block4b)': (dot * cosine).mean(),
        'caricature("coffee.png", block4b, cosine=2)': (dot * cosine**2).mean(),
    }
    expected = {text: value / np.sqrt((length**2).mean()) for text, value in expected.items()}
    expected['invert("coffee.png", block4b)'] = -((a - b) ** 2).sum() / (b**2).sum()
    assert 0.1 < cosine.min() + 1e-9 < cosine.max() < 1
    for text, value in expected.items():
        goal = bind(ob.parse(text), lite(), open_picture=half, size=size)
        score, _ = picture_gradient(AutogradEngine(lite()), goal, twins.photo("chelsea", 96, 128))
        assert float(score) == pytest.approx(float(value), rel=1e-4), text


def test_what_a_layer_says_of_the_same_picture_is_remembered_without_error():
    photo = twins.photo("coffee", 96, 128)
    assert score_of('invert("coffee.png", block4b)', photo) == pytest.approx(0, abs=1e-9)
    assert score_of('invert("coffee.png", logits)', photo) == pytest.approx(0, abs=1e-9)
    # At another size the features are resampled: its own photograph still comes nearer than another.
    own, other = (
        score_of('invert("coffee.png", block3b)', twins.photo(n, 192, 256)) for n in ("coffee", "chelsea")
    )
    assert other < own < -1e-3


def test_a_likeness_looks_at_the_middle_of_its_picture_at_the_size_it_is_told():
    photo = half("coffee.png")  # 128 x 96
    square = covering(photo, (64, 64))
    assert square.shape == (1, 3, 64, 64)
    assert torch.equal(covering(photo, (128, 96)), photo)
    wide = F.interpolate(photo, (64, 85), mode="bilinear", antialias=True)
    assert torch.equal(square, wide[..., 10:74])
    goal = bind(ob.parse('invert("coffee.png", block4b)'), lite(), open_picture=half, size=(64, 64))
    score, _ = picture_gradient(AutogradEngine(lite()), goal, square)
    assert float(score) == pytest.approx(0, abs=1e-9)


def test_a_cell_that_the_map_has_not_is_named():
    with pytest.raises(UsageError, match=r"no cell 8,2; .* columns 0 to 7 and rows 0 to 5"):
        score_of("block4b:5@8,2", twins.photo("coffee", 96, 128))


SHORT = ["block4b:17", "mean(block4b)", "neuron(block4b, 5, x=0.9)", "block4b:5@2,1", "block4b"]


@pytest.mark.parametrize("text", [*SHORT, *(f'{t}@mask("mask.png")' for t in SHORT[:2])])
@pytest.mark.parametrize("window", [Window.whole(6, 8), Window(slice(1, 5), slice(2, 7), 7, 3, 12, 9)])
def test_short_slopes_are_those_of_autograd_to_the_last_bit(text, window):
    (term,) = bind(ob.parse(text), lite(), open_picture=half).terms
    activation = torch.randn(2, 80, 6, 8, generator=torch.Generator().manual_seed(3))
    height, width = window.owned(activation).shape[2:]
    mask = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(4)) if term.mask else None
    short = term.slope(activation, window, mask)
    assert short is not None
    leaf = activation.clone().requires_grad_(True)
    value = term.score(leaf, window, mask)
    (slope,) = torch.autograd.grad(value.sum(), leaf)
    if text == "block4b":  # by another formula
        torch.testing.assert_close(short[0], value.detach(), rtol=1e-6, atol=0)
        torch.testing.assert_close(short[1], slope, rtol=1e-6, atol=1e-9)
    else:
        assert torch.equal(short[0], value)
        assert torch.equal(short[1], slope)
    assert short[1].abs().sum() > 0 or text in SHORT[2:4]


def test_a_portrait_reads_a_class_from_the_logits():
    picture = twins.photo("chelsea", 97, 131)
    dreamt = bind(ob.logit("tabby"), lite())
    portrayed = bind(ob.logit("tabby"), lite(), portrait=True)
    assert (dreamt.layers, portrayed.layers) == (("logit_map",), ("logits",))
    engine = AutogradEngine(lite())
    (a, da), (b, db) = (picture_gradient(engine, goal, picture) for goal in (dreamt, portrayed))
    torch.testing.assert_close(a, b, rtol=1e-4, atol=0)
    torch.testing.assert_close(da, db, rtol=1e-3, atol=1e-3 * float(da.abs().max()))


def test_a_class_in_both_halves_is_the_class():
    picture = twins.photo("chelsea", 97, 131)
    halves = [score_of(f'class("tabby")@{where}("mask.png")', picture) for where in ("mask", "outside")]
    assert sum(halves) == pytest.approx(score_of('class("tabby")', picture), rel=1e-4)


def test_a_region_only_moves_what_it_can_see():
    """The gradient beyond the receptive field's reach of the region is zero; inside it is not."""
    goal = bind(ob.parse('block2b@mask("mask.png")'), lite(), open_picture=half)
    _, gradient = picture_gradient(AutogradEngine(lite()), goal, twins.photo("coffee", 64, 128))
    assert not gradient[..., 64 + 19 :].any()
    assert gradient[..., :64].abs().mean() > 0


def test_penalties():
    picture = twins.photo("coffee", 40, 50)
    x = picture[0].double().numpy()
    tv = np.abs(np.diff(x, axis=1)).mean() + np.abs(np.diff(x, axis=2)).mean()
    assert float(total_variation(picture, *picture.shape[2:3] * 2)) == pytest.approx(tv, rel=1e-5)
    assert float(alpha_norm(picture, *picture.shape[2:3] * 2, 2.0)) == pytest.approx(
        ((x - 0.5) ** 2).mean(), rel=1e-5
    )
    down, across = np.diff(x, axis=1), np.diff(x, axis=2)
    expected = {
        "tv": tv,
        "tv(2)": (down**2).mean() + (across**2).mean(),
        "tv(1.5)": (np.abs(down) ** 1.5).mean() + (np.abs(across) ** 1.5).mean(),
        "l2": ((x - 0.5) ** 2).mean(),
        "alpha(6)": ((x - 0.5) ** 6).mean(),
        "alpha(3)": (np.abs(x - 0.5) ** 3).mean(),
    }
    for text, value in expected.items():
        assert score_of(text, picture) == pytest.approx(float(value), rel=1e-5), text
    assert float(total_variation(torch.full((1, 3, 8, 8), 0.3), 8, 8)) == 0


def opened(name: str) -> Picture:
    return Picture(half(name).expand(1, 3, -1, -1)[0].permute(1, 2, 0).contiguous().numpy())


RISING = [
    "block2b",
    "block5c",
    "layer(block4b, border=1)",
    "mean(block4c)",
    "block4b:17",
    "neuron(block4b, 5, x=0.4, y=0.6)",
    "direction(block4b, 3:1, 9:-0.5)",
    "direction(block4b, 3:1, 9:-0.5, cosine=1)",
    'class("golden retriever")',
    'class("castle")@mask("mask.png")',
    'block5c@outside("mask.png")',
    'guide("coffee.png", block3b)',
    'guide("coffee.png", block4a, channels)',
    "block5c + 0.5*block4b:17 - 0.2*tv",
    "-block5c",
    "-tv",
    "-l2",
    "-tv(2)",
    "-alpha(6)",
    "block4b:5@2,3",
    'logprob("castle")',
    'caricature("coffee.png", block4b, cosine=2)',
    'invert("coffee.png", block3b)',
]


@mostly_slow("text", RISING, quick=6)
def test_every_objective_rises_under_ascent(text):
    recipe = preset("classic", objective=(text,), **GENTLE)
    session = Session(recipe, net=lite(), open_file=opened)
    photo = twins.photo("chelsea", 96, 128)
    state = State.begin(recipe, photo, session)
    for _ in dream(recipe, session=session, state=state):
        pass
    before, after = score_of(text, photo), score_of(text, state.canvas.picture())
    assert after > before + 0.1 * abs(before)


@pytest.mark.slow
def test_minus_a_layer_undreams_it():
    photo = twins.photo("chelsea", 96, 128)
    scores = {}
    for text in ("block5c", "-block5c"):
        recipe = preset("classic", objective=(text,), **GENTLE)
        session = Session(recipe, net=lite())
        state = State.begin(recipe, photo, session)
        for _ in dream(recipe, session=session, state=state):
            pass
        scores[text] = score_of("block5c", state.canvas.picture())
    assert scores["-block5c"] < 0.9 * score_of("block5c", photo)
    assert scores["block5c"] > 1.5 * score_of("block5c", photo)
