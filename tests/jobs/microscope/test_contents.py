"""What a microscope shows: layers, channels and classes from the words of the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from reverie.errors import UsageError
from reverie.jobs.microscope.contents import Unit, choose, numbers
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.objective import parse
from reverie.portrait.targets import of_unit


@pytest.fixture(scope="module")
def net():
    return load_net("lite0")


def test_everything_is_shown_if_nothing_is_asked(net):
    plan = choose(net)
    assert list(plan.layers) == [name for name in net.layers if name not in ("logits", "logit_map")]
    assert all(len(units) == net.channels_of(name) for name, units in plan.layers.items())
    assert len(plan.classes) == 1000
    assert [name for name, _ in plan.groups()][-1] is None
    assert len({unit.page for unit in plan.units()}) == len(plan.units())


def test_layers_by_name_and_by_range_come_in_their_order(net):
    plan = choose(net, layers=["head", "block2a..block3a", "stem"], classes=["none"])
    assert list(plan.layers) == ["stem", "block2a", "block2b", "block3a", "head"]
    assert plan.classes == ()


def test_channels_are_those_that_each_layer_has(net):
    plan = choose(net, layers=["block1a", "block2a"], channels="14-17, 3", classes=["none"])
    assert plan.channels() == {"block1a": [3, 14, 15], "block2a": [3, 14, 15, 16, 17]}


def test_a_layer_that_has_none_of_the_channels_is_left_out(net):
    plan = choose(net, layers=["block1a", "block2a"], channels="20", classes=["none"])
    assert list(plan.layers) == ["block2a"]


def test_classes_by_name_synonym_and_number(net):
    plan = choose(net, layers=["stem"], classes=["tabby cat", "207", "n07873807"])
    assert [unit.index for unit in plan.classes] == [207, 281, 963]


def test_units_know_their_places_and_objectives(net):
    unit = Unit("block5c", 17, "layers/block5c/17")
    assert unit.name == "block5c:17"
    assert (unit.page, unit.thumb) == ("layers/block5c/17.html", "thumbs/layers/block5c/17.webp")
    assert str(parse(unit.objective("sketch", net))) == unit.objective("sketch", net)
    assert unit.objective("lucid2017", net) == str(parse("block5c:17"))
    golden = Unit(None, 207, "classes/207")
    assert golden.objective("lucid2017", net) == str(parse("class(207)"))
    assert golden.objective("sketch", net) == of_unit(parse("class(207)"), "sketch", net)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": ["block5z"]}, 'layer "block5z" .* did you mean'),
        ({"layers": ["block5c..block9"]}, 'layer "block9"'),
        ({"layers": ["block5c..stem"]}, "turn them round"),
        ({"layers": ["logits"]}, "--classes"),
        ({"layers": ["stem"], "channels": "9999"}, "9999 is out of range; there are 0 to 31"),
        ({"channels": "7-3"}, "7-3 ends before it begins"),
        ({"channels": "many"}, "as in 0-7,12"),
        ({"classes": ["golden retreiver"]}, 'did you mean "golden retriever"'),
        ({"classes": ["crane"]}, "means several"),
        ({"classes": ["1000"]}, "does not exist"),
        ({"layers": [], "classes": ["none"]}, "nothing to show"),
    ],
)
def test_what_does_not_exist_is_refused(net, options, words):
    with pytest.raises(UsageError, match=words):
        choose(net, **options)


def test_a_network_without_classes():
    net = wrap_net(nn.Sequential(nn.Conv2d(3, 4, 3)))
    # Maps that the module returns are a layer, and numbers are its classes, as anywhere else.
    assert choose(net).channels() == {"0": [0, 1, 2, 3]}
    assert choose(net).classes == ()
    net = wrap_net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    assert len(choose(net).classes) == 4
    with pytest.raises(UsageError, match="has no names, give 0 to 3"):
        choose(net, classes=["tabby"])
    bare = load_net("lite0")
    hidden = dict(bare.layers)
    del hidden["logits"]
    bare._layers = hidden
    assert choose(bare, layers=["stem"]).classes == ()
    assert choose(bare, layers=["stem"], classes=["all"]).classes == ()
    with pytest.raises(UsageError, match="has no classes"):
        choose(bare, classes=["tabby"])


@given(st.sets(st.integers(0, 400), min_size=1))
def test_numbers_are_read_back(wanted):
    assert numbers(",".join(map(str, sorted(wanted, reverse=True))), 401) == sorted(wanted)
    low, high = min(wanted), max(wanted)
    assert numbers(f" {low} - {high} ", 401) == list(range(low, high + 1))
