"""Binding: names resolved, faults named, and every objective rises under ascent."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import twins
from reverie import objective as ob
from reverie.errors import UsageError
from reverie.goal import bind, distance_from_grey, total_variation
from reverie.gradient import PlainEngine, picture_gradient
from reverie.loop import dream
from reverie.net import Net, load_net, wrap_net
from reverie.picture import Picture
from reverie.presets import preset
from reverie.session import Session
from reverie.state import State
from twins import one_thread  # noqa: F401


@cache
def lite() -> Net:
    return load_net("lite0")


def half(name: str) -> Tensor:
    """White on the left."""
    if name != "mask.png":
        return twins.photo(name.split(".")[0], 96, 128)
    mask = torch.zeros(1, 1, 96, 128)
    mask[..., :64] = 1
    return mask


def score_of(text: str, picture: Tensor, *, net: Net | None = None) -> float:
    net = net or lite()
    goal = bind(ob.parse(text), net, open_picture=half)
    return float(picture_gradient(PlainEngine(net), goal, picture)[0])


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
    }
    assert a.shape[1:] == (6, 8)
    for text, value in expected.items():
        assert score_of(text, picture) == pytest.approx(float(value), rel=1e-4), text
    cosine = np.clip(direction / np.sqrt((a**2).sum(0)), 0.1, None)
    assert score_of("direction(block4b, 3:3, 9:-4, cosine=2)", picture) == pytest.approx(
        float(np.mean(direction * cosine**2)), rel=1e-4
    )


def test_a_class_in_both_halves_is_the_class():
    picture = twins.photo("chelsea", 97, 131)
    halves = [score_of(f'class("tabby")@{where}("mask.png")', picture) for where in ("mask", "outside")]
    assert sum(halves) == pytest.approx(score_of('class("tabby")', picture), rel=1e-4)


def test_a_region_only_moves_what_it_can_see():
    """The gradient beyond the receptive field's reach of the region is zero; inside it is not."""
    goal = bind(ob.parse('block2b@mask("mask.png")'), lite(), open_picture=half)
    _, gradient = picture_gradient(PlainEngine(lite()), goal, twins.photo("coffee", 64, 128))
    assert not gradient[..., 64 + 19 :].any()
    assert gradient[..., :64].abs().mean() > 0


def test_penalties():
    picture = twins.photo("coffee", 40, 50)
    x = picture[0].double().numpy()
    tv = np.abs(np.diff(x, axis=1)).mean() + np.abs(np.diff(x, axis=2)).mean()
    assert float(total_variation(picture, *picture.shape[2:3] * 2)) == pytest.approx(tv, rel=1e-5)
    assert float(distance_from_grey(picture, *picture.shape[2:3] * 2)) == pytest.approx(
        ((x - 0.5) ** 2).mean(), rel=1e-5
    )
    assert float(total_variation(torch.full((1, 3, 8, 8), 0.3), 8, 8)) == 0


def opened(name: str) -> Picture:
    return Picture(half(name).expand(1, 3, -1, -1)[0].permute(1, 2, 0).contiguous().numpy())


GENTLE = {
    "balance": "none",
    "octaves": 1,
    "steps": (10,),
    "step_size": 0.004,
    "strength": None,
    "jitter": 4,
    "clip": "step",
}
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
]


@pytest.mark.parametrize("text", RISING)
def test_every_objective_rises_under_ascent(text):
    recipe = preset("reverie", objective=(text,), **GENTLE)
    session = Session(recipe, net=lite(), open_file=opened)
    photo = twins.photo("chelsea", 96, 128)
    state = State.begin(recipe, photo, session)
    for _ in dream(recipe, session=session, state=state):
        pass
    before, after = score_of(text, photo), score_of(text, state.canvas.picture())
    assert after > before + 0.1 * abs(before)


def test_minus_a_layer_undreams_it():
    photo = twins.photo("chelsea", 96, 128)
    scores = {}
    for text in ("block5c", "-block5c"):
        recipe = preset("reverie", objective=(text,), **GENTLE)
        session = Session(recipe, net=lite())
        state = State.begin(recipe, photo, session)
        for _ in dream(recipe, session=session, state=state):
            pass
        scores[text] = score_of("block5c", state.canvas.picture())
    assert scores["-block5c"] < 0.9 * score_of("block5c", photo)
    assert scores["block5c"] > 1.5 * score_of("block5c", photo)
