"""Objectives as values: text form, algebra, immutability, and errors that show the place."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reverie import objective as ob
from reverie.errors import UsageError
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


def test_interpolation_goes_from_one_to_the_other():
    a, b = ob.channel("block4b", 3), ob.logit("tabby")
    assert ob.interpolate(a, b, 0) == a
    assert ob.interpolate(a, b, 1) == b
    assert ob.interpolate(a, b, 0.25) == 0.75 * a + 0.25 * b
    with pytest.raises(UsageError, match="t is 2"):
        ob.interpolate(a, b, 2)


def test_algebra():
    a, b, c = ob.layer("a"), ob.channel("b", 1), ob.tv()
    assert (a + b) + c == a + (b + c)
    assert a - b == a + -1 * b
    assert 2 * (a - 3 * b) == 2 * a - 6 * b
    assert a * 0.5 == 0.5 * a
    assert -1 * -a == a
    assert (a + b).within("m.png") == a.within("m.png") + b.within("m.png")
    assert a != b
    assert hash(parse("block5c - tv")) == hash(parse("block5c - 1*tv"))


def test_values_cannot_be_changed():
    objective = parse("block5c + 0.5*block4b:17")
    text = str(objective)
    with pytest.raises(dataclasses.FrozenInstanceError):
        objective.terms = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        objective.terms[0].weight = 3.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        objective.terms[0].quantity.layer = "stem"
    with pytest.raises(TypeError):
        objective.terms[0] = objective.terms[1]
    _ = 2 * objective - ob.tv()
    assert str(objective) == text


def test_files_are_listed_once_and_renamed():
    compared = parse('caricature("a.png", b, cosine=1) + invert("c.png", b)')
    assert compared.files() == ("a.png", "c.png")
    assert compared.renamed({"a.png": "x.png"}).files() == ("x.png", "c.png")
    objective = parse('guide("a.png", block3b)@mask("m.png") - block5c@outside("m.png") + class("cat")')
    assert objective.files() == ("a.png", "m.png")
    moved = objective.renamed({"a.png": "/x/a.png", "m.png": "n.png"})
    assert str(moved) == (
        'guide("/x/a.png", block3b)@mask("n.png") - block5c@outside("n.png") + class("cat")'
    )
    assert moved.renamed({"/x/a.png": "a.png", "n.png": "m.png"}) == objective


def test_penalties_have_no_region():
    for text in ('tv@mask("m.png")', 'block5c - 0.1*l2@outside("m.png")', 'diversity(a)@mask("m.png")'):
        with pytest.raises(UsageError, match="cannot be confined to a region"):
            parse(text)


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


@pytest.mark.parametrize(
    "make",
    [
        lambda: float("nan") * ob.layer("a"),
        lambda: ob.layer("a") * float("inf"),
        lambda: 1e200 * (1e200 * ob.layer("a")),
        lambda: ob.direction("a", {}),
        lambda: ob.direction("a", {3: 0.0}),
        lambda: ob.direction("a", {3: float("nan")}),
        lambda: ob.caricature("f.png", "a", cosine=float("inf")),
        lambda: ob.neuron("a", 3, cell=(-1, 0)),
        lambda: ob.tv(0.5),
        lambda: ob.alpha(float("nan")),
    ],
)
def test_values_that_mean_nothing_are_refused_where_they_are_made(make):
    with pytest.raises(UsageError):
        make()


def test_too_long():
    with pytest.raises(UsageError, match="too long"):
        parse("block5c" + " + block5c" * 2000)
