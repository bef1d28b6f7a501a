"""The text form of objectives, errors that show the place, and what a user's targets mean."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.objective import (
    L2,
    Alignment,
    Alpha,
    Caricature,
    Direction,
    Diversity,
    Guide,
    Inversion,
    Layer,
    Logit,
    LogProb,
    Neuron,
    Objective,
    Peak,
    Region,
    Term,
    TotalVariation,
    parse,
)
from reverie.portrait.targets import target


@cache
def lite() -> Network:
    return load_net("lite0")


@pytest.mark.parametrize(
    ("text", "objective"),
    [
        ("block5c", ob.layer("block5c")),
        ("block5c:17", ob.channel("block5c", 17)),
        (" block5c : 17 ", ob.channel("block5c", 17)),
        ("block5c:17@3,4", ob.neuron("block5c", 17, cell=(3, 4))),
        ("logits:207", ob.channel("logits", 207)),
        ("golden retriever", ob.logit("golden retriever")),
        ('"golden retriever"', ob.logit("golden retriever")),
        ("black-and-tan coonhound", ob.logit("black-and-tan coonhound")),
        ("jack-o'-lantern", ob.logit("jack-o'-lantern")),
        ("tabby", ob.logit("tabby")),
        ("n02099601", ob.logit("n02099601")),
        ("207", ob.logit(207)),
        ("block5c:17 - 0.2*tv", ob.channel("block5c", 17) - 0.2 * ob.tv()),
        ('logprob("tabby")', ob.logprob("tabby")),
    ],
)
def test_targets(text, objective):
    assert target(text, lite()) == objective


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tabyb", '"tabby"'),
        ("blok5c", '"block5c"'),
        ("blok5c:3", '"block5c"'),
        ("golden retreiver", '"golden retriever"'),
        ("crane", "134 (crane: "),
        ("1000", "classes are 0 to 999"),
        ("", "give a layer"),
        ("block5c:x", "at column 9 "),
        ("block5c +", "at column 10 "),
    ],
)
def test_targets_that_are_none(text, said):
    with pytest.raises(UsageError) as caught:
        target(text, lite())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_targets_of_a_network_without_class_names():
    net = wrap_net(nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    assert target("0", net) == ob.layer("0")
    assert target("0:3", net) == ob.channel("0", 3)
    assert target('"0":3@1,2', net) == ob.neuron("0", 3, cell=(1, 2))
    assert target("7", net) == ob.logit(7)
    with pytest.raises(UsageError, match="no layer of network Sequential has that name"):
        target("tabby", net)


names = st.one_of(
    st.sampled_from(
        ["block5c", "body.10", "tv", "l2", "alpha", "layer", "0", "class", 'odd "name"', "a\\b", ""]
    ),
    st.text(max_size=12),
)
files = st.text(min_size=1, max_size=20)
whole = st.integers(0, 5000)
numbers = st.floats(allow_nan=False, allow_infinity=False)
units = st.floats(0, 1)
powers = st.floats(1, ob.HIGHEST)
classes = st.one_of(st.text(max_size=12), st.integers(0, 999).map(str))
reads_of_a_layer = st.one_of(
    st.builds(Layer, names, st.integers(0, 9)),
    st.builds(ob.Mean, names),
    st.builds(ob.Channel, names, whole),
    st.builds(Neuron, names, whole, units, units),
    st.builds(
        lambda name, weights, cosine: Direction(name, tuple(sorted(weights.items())), cosine),
        names,
        st.dictionaries(whole, numbers.filter(bool), min_size=1, max_size=4),
        numbers,
    ),
    st.builds(Neuron, names, whole, cell=st.tuples(whole, whole)),
    st.builds(Peak, names, whole),
    st.builds(Logit, classes),
    st.builds(LogProb, classes),
    st.builds(Caricature, names, files, numbers),
    st.builds(Inversion, names, files),
    st.builds(Guide, names, files, st.sampled_from(["match", "channels"])),
)
penalties = st.one_of(
    st.sampled_from([TotalVariation(), L2()]),
    st.builds(TotalVariation, powers),
    st.builds(Alpha, powers),
    st.builds(Diversity, names),
    st.builds(Alignment, names),
)
regions = st.none() | st.builds(Region, files, st.booleans())
terms = st.one_of(
    st.builds(Term, numbers, reads_of_a_layer, regions),
    st.builds(Term, numbers, penalties),
)
objectives = st.lists(terms, min_size=1, max_size=5).map(lambda t: Objective(tuple(t)))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(objectives)
@example(ob.logit("007"))
@example(ob.logit("\u00b2"))
@example(ob.logit("0") - ob.logit("12"))
@example(ob.neuron("block5c", 17, cell=(3, 4)).within("m.png"))
def test_what_is_printed_parses_back(objective):
    text = str(objective)
    assert parse(text) == objective
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "block5c + 0.5*block4b:17 - 0.2*tv",
            ob.layer("block5c") + 0.5 * ob.channel("block4b", 17) - 0.2 * ob.tv(),
        ),
        ('class("golden retriever")', ob.logit("golden retriever")),
        ("class(207)", ob.logit(207)),
        ('guide("flowers.jpg", block3b)', ob.guide("flowers.jpg", "block3b")),
        ('guide("a.png", block3b, channels)', ob.guide("a.png", "block3b", how="channels")),
        ('class("pagoda")@mask("sky.png")', ob.logit("pagoda").within("sky.png")),
        ('block5c@outside("a b.png")', ob.layer("block5c").within("a b.png", inverse=True)),
        ("-block6a", -ob.layer("block6a")),
        ("layer(block5a, border=2)", ob.layer("block5a", border=2)),
        ("mean(block4c)", ob.mean("block4c")),
        ("neuron(block4c, 3, x=0.25, y=1)", ob.neuron("block4c", 3, x=0.25, y=1)),
        ("direction(block4c, 3:1, 9:-0.5, cosine=2)", ob.direction("block4c", {9: -0.5, 3: 1}, cosine=2)),
        ("block5c:17@3,4", ob.neuron("block5c", 17, cell=(3, 4))),
        ('block5c:17@3,4@mask("m.png")', ob.neuron("block5c", 17, cell=(3, 4)).within("m.png")),
        ('neuron("0", 17, cell=3,4)', ob.neuron("0", 17, cell=(3, 4))),
        ("logits:207", ob.channel("logits", 207)),
        ("peak(block5c, 17)", ob.peak("block5c", 17)),
        ('logprob("tabby")', ob.logprob("tabby")),
        ("logprob(281)", ob.logprob(281)),
        ('caricature("f.png", block4b, cosine=2)', ob.caricature("f.png", "block4b", cosine=2)),
        ('invert("f.png", block4b)', ob.inversion("f.png", "block4b")),
        ("head:3 + 10*diversity(block4b)", ob.channel("head", 3) + 10 * ob.diversity("block4b")),
        ("-alignment(block4b)", -ob.alignment("block4b")),
        ("-tv(2) - 0.5*alpha(6)", -ob.tv(2) - 0.5 * ob.alpha()),
        ("body.10 - l2", ob.layer("body.10") - ob.l2()),
        ('layer("0") + channel("0", 4)', ob.layer("0") + ob.channel("0", 4)),
    ],
)
def test_the_text_form(text, value):
    assert parse(text) == value
    assert parse(str(value)) == value
    assert str(value) == text


def test_spaces_do_not_matter_but_are_printed_in_one_way():
    assert str(parse("  block5c+.5 *block4b : 17-2e-1*tv ")) == "block5c + 0.5*block4b:17 - 0.2*tv"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("block5c:17 @ 3 , 4", "block5c:17@3,4"),
        ("neuron(block5c, 17, cell=3,4)", "block5c:17@3,4"),
        ("tv(1)", "tv"),
        ('caricature("f.png", block4b)', 'caricature("f.png", block4b, cosine=1)'),
        ('logit("tabby")', 'class("tabby")'),
    ],
)
def test_what_can_be_said_in_two_ways_is_printed_in_one(text, canonical):
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "the end"),
        ("block5c +", 10, "expected a layer, a class or a function"),
        ("block5c block4b", 9, 'expected "+", "-" or the end'),
        ("block5c:x", 9, "expected a channel number"),
        ("block5c:1.5", 9, "expected a channel number"),
        ("0.5 block5c", 5, 'expected "*"'),
        ("block5c@sky", 9, "mask(...) or outside(...)"),
        ("block5c@mask(sky.png)", 14, 'a file name in "quotes"'),
        ('block5c@mask("sky.png"', 23, 'expected ")"'),
        ('guide("f.jpg", block3b, best)', 25, "match or channels"),
        ("class(retriever)", 7, 'a class name in "quotes"'),
        ("direction(block5c)", 18, "channel:weight"),
        ("direction(block5c, 3:0)", 23, "channel:weight"),
        ("neuron(block5c, 3, x=2)", 23, "x and y between 0 and 1"),
        ("block5c:17@3", 13, 'expected ","'),
        ("block5c:17@3,x", 14, "a row of the layer's map"),
        ("block5c:17@x", 12, "mask(...) or outside(...)"),
        ("tv(0.5)", 4, "a power from 1 to 100"),
        ("alpha(x)", 7, "a power from 1 to 100"),
        ("invert(f.png, block3b)", 8, 'a file name in "quotes"'),
        ("logprob(tabby)", 9, 'a class name in "quotes"'),
        ("peak(block5c)", 13, 'expected ","'),
        ("block5c $ 3", 9, '"$ 3"'),
        ("chanel(block5c, 3)", 1, 'did you mean "channel"'),
        ("guid(block5c)", 1, 'did you mean "guide"'),
        ("clas(3)", 1, 'did you mean "class"'),
    ],
)
def test_errors_name_the_column_and_what_was_expected(text, column, said):
    with pytest.raises(UsageError) as caught:
        parse(text)
    message = str(caught.value)
    assert f"at column {column} " in message
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["1e999*block5c", "direction(block5c, 3:1e999)"])
def test_numbers_without_end_are_refused(text):
    with pytest.raises(UsageError):
        parse(text)


def test_too_long():
    with pytest.raises(UsageError, match="too long"):
        parse("block5c" + " + block5c" * 2000)


ODD_NAMES = (
    "2",
    "007",
    "1e5",
    "features.4.conv",
    "2.conv",
    "a b",
    " a",
    "",
    "tv",
    "l2",
    "unnatural",
    "mean",
    "class",
    "mask",
    "entropy",
    "a-b",
    "a+b*c",
    "a:3",
    "a@1,2",
    "a,b",
    "(a)",
    'say "x"',
    "back\\slash",
    'end\\"',
    "new\nline",
    "back\\\nline",
    "\x1b[31m",
    "\u202e",
    "\ud800",
    "größe",
    "層",
    "²",
    "x" * 3000,
)
#: Ways in which a text names a layer: in quotes, everywhere a plain word may stand.
WAYS = {
    "{}": ob.layer,
    "0.5*{}": lambda name: 0.5 * ob.layer(name),
    "-{}": lambda name: -ob.layer(name),
    "{}:3": lambda name: ob.channel(name, 3),
    " {} : 3 ": lambda name: ob.channel(name, 3),
    "2*{}:3": lambda name: 2 * ob.channel(name, 3),
    "{}:3@4,5": lambda name: ob.neuron(name, 3, cell=(4, 5)),
    "tv - {}": lambda name: ob.tv() - ob.layer(name),
    '{}@mask("m.png")': lambda name: ob.layer(name).within("m.png"),
    '{}:1@outside("m.png")': lambda name: ob.channel(name, 1).within("m.png", inverse=True),
    "layer({}, border=2)": lambda name: ob.layer(name, border=2),
    "mean({})": ob.mean,
    "channel({}, 3)": lambda name: ob.channel(name, 3),
    "neuron({}, 3, x=0.5, y=1)": lambda name: ob.neuron(name, 3, x=0.5, y=1),
    "direction({}, 3:1)": lambda name: ob.direction(name, {3: 1.0}),
    "entropy({})": ob.entropy,
    "peak({}, 3)": lambda name: ob.peak(name, 3),
    'guide("g.jpg", {})': lambda name: ob.guide("g.jpg", name),
    'caricature("g.jpg", {})': lambda name: ob.caricature("g.jpg", name),
    'invert("g.jpg", {})': lambda name: ob.inversion("g.jpg", name),
    "diversity({})": ob.diversity,
    "alignment({})": ob.alignment,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_layer_in_quotes_is_named_everywhere(way):
    for name in ODD_NAMES:
        said = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        found = parse(way.format(said))
        assert found == WAYS[way](name)
        assert parse(str(found)) == found


@given(st.text(st.characters(), max_size=40), st.sampled_from(sorted(WAYS)))
def test_what_reads_a_layer_of_any_name_is_printed_so_that_it_parses_back(name, way):
    wanted = WAYS[way](name)
    assert parse(str(wanted)) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2", '"2"'),
        ("2:3", '"2"'),
        ("0.5*2", '"2"'),
        ("block5c - 3:4", '"3"'),
        ("2.conv:3", '"2.conv"'),
        ("mean(2)", '"2"'),
        ("channel(12, 3)", '"12"'),
        ('guide("g.jpg", 2)', '"2"'),
        ("entropy(4)", '"4"'),
    ],
)
def test_a_number_where_a_layer_is_meant_is_answered_with_quotes(text, says):
    with pytest.raises(UsageError, match="in quotes") as caught:
        parse(text)
    assert str(caught.value).endswith(f"is written in quotes, {says}")


@pytest.mark.parametrize("text", ["block5a:" + "1" * 5000, "class(" + "1" * 5000 + ")", "1" * 5000])
def test_numbers_of_thousands_of_digits_are_usage_errors(text):
    with pytest.raises(UsageError):
        parse(text)


class Odd(nn.Module):
    """Layers of odd names, and channels as many as their places."""

    def __init__(self):
        super().__init__()
        self.stages = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 6, 3))

    def forward(self, x):
        return self.stages(x)


def test_targets_units_and_layers_in_quotes_are_those_of_the_network():
    from reverie.jobs.looking.stimuli import unit_of
    from reverie.jobs.microscope.contents import choose
    from reverie.portrait.targets import named_targets

    sequence = wrap_net(nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 6, 3)))
    assert target('"2"', sequence) == target("2", sequence) == ob.layer("2")
    assert target('"2":3', sequence) == target("2:3", sequence) == ob.channel("2", 3)
    assert target('"2":3@1,2', sequence) == ob.neuron("2", 3, cell=(1, 2))
    assert target('"2" - 0.5*"0":1', sequence) == ob.layer("2") - 0.5 * ob.channel("0", 1)
    assert [wanted for _, wanted in named_targets(['"2":0-1'], sequence)] == [
        ob.channel("2", 0),
        ob.channel("2", 1),
    ]
    assert unit_of('"2":3', sequence) == unit_of("2:3", sequence) == ("2", 3)
    assert list(choose(sequence, layers=['"0".."2"']).layers) == ["0", "1", "2"]
    assert list(choose(sequence, layers=['"2"', "0"]).layers) == ["0", "2"]
    dotted = wrap_net(Odd())
    assert target('"stages.2":3', dotted) == ob.channel("stages.2", 3)
    for text in ("x" * 900_000, "block5c:" + "1" * 5000, "1" * 5000):
        with pytest.raises(UsageError):
            target(text, sequence)
