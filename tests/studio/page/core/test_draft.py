"""From what somebody chose to what the server is asked for; the modules run in a browser, alone."""

from __future__ import annotations

import pytest

from reverie.objective import parse
from support.studio_page import call, needs_browser

pytestmark = needs_browser


def draft(window, kind="dream", **changes):
    return call(
        window,
        "core/draft.js",
        "return it.jobOf(given[0], {...it.blank(given[0]), ...given[1]})",
        kind,
        changes,
    )


def part(kind, name, weight=1, **more):
    return {"kind": kind, "name": name, "label": name, "weight": weight, "picture": None, **more}


def test_an_untouched_draft_is_the_usual_preset(window):
    assert draft(window) == {"kind": "dream", "preset": "reverie", "recipe": {"max_size": 1024}}


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([part("layer", "block4b")], "block4b"),
        ([part("layer", "features-4")], '"features-4"'),
        ([part("layer", "x", objective="layer(x, border=1)")], "layer(x, border=1)"),
        ([part("layer", "block4b"), part("layer", "block2a", -0.5)], "block4b - 0.5*block2a"),
        ([part("layer", "block4b", -1), part("layer", "block2a", 0.25)], "-block4b + 0.25*block2a"),
        ([part("layer", "block4b"), part("layer", "block2a", 0)], "block4b"),
        ([part("layer", "block4b"), part("thing", 'crow "Jim"', 2)], 'block4b + 2*class("crow \\"Jim\\"")'),
        ([part("guide", "AbC_9-x")], 'guide("AbC_9-x", block5a)'),
    ],
)
def test_parts_are_a_sum_that_our_parser_reads(window, parts, text):
    (objective,) = draft(window, parts=parts, whole=False)["recipe"]["objective"]
    assert objective == text
    assert parse(parse(objective) and objective) == parse(text)


def test_things_alone_appear_whole_and_bring_no_settings_that_mean_nothing_there(window):
    found = draft(
        window,
        parts=[part("thing", "cat"), part("thing", "castle")],
        changes={"max_size": 512, "smallest": 64, "octave_scale": 1.3, "octaves": None, "strength": 0.7},
    )
    assert (found["kind"], found["preset"]) == ("apparition", "apparition")
    assert found["recipe"] == {
        "max_size": 512,
        "strength": 0.7,
        "objective": ['class("cat")', 'class("castle")'],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"parts": [part("thing", "cat"), part("layer", "block4b")]},
        {"parts": [part("thing", "cat", -1)]},
        {"parts": [part("thing", "cat")], "whole": False},
        {"parts": [part("thing", "cat")], "preset": "google2015"},
        {"parts": [part("thing", "cat")], "text": "block4b"},
    ],
)
def test_anything_else_dreams_all_over(window, changes):
    assert draft(window, **changes)["kind"] == "dream"


def test_settings_of_a_part_are_nested_and_a_zoom_has_scenes(window):
    found = draft(window, "zoom", parts=[part("layer", "block4b")])
    assert found["recipe"] == {"size": [640, 360], "zoom": {"duration": 3, "scenes": ["block4b"]}}


def test_what_was_restored_asks_for_the_same_again(window):
    """Whatever a picture remembers is said again; what its preset says anyway is not."""
    recipe = {"preset": "p", "strength": 0.9, "jitter": 3, "objective": ["block4a"], "zoom": None, "seed": 5}
    preset = {"strength": 0.5, "jitter": 3, "objective": ["block5c"], "zoom": None, "seed": 0}
    body = (
        "const found = {kind: 'dream', recipe: given[0], preset: 'p'};"
        "const back = it.restored('dream', found, it.changed(found, given[1], {}));"
        "return [it.jobOf('dream', back), back.parts.map((one) => one.name)];"
    )
    wanted, parts = call(window, "core/draft.js", body, recipe, preset)
    assert parts == ["block4a"]
    assert wanted == {
        "kind": "dream",
        "preset": "p",
        "recipe": {"strength": 0.9, "seed": 5, "objective": ["block4a"]},
    }


@pytest.mark.parametrize(
    ("objective", "parts"),
    [
        (["block4b"], [("layer", "block4b", 1)]),
        (["block4b - 0.5*block2a"], [("layer", "block4b", 1), ("layer", "block2a", -0.5)]),
        (["-block4b"], [("layer", "block4b", -1)]),
        (['class("a - b") + 2*class("c\\"d")'], [("thing", "a - b", 1), ("thing", 'c"d', 2)]),
        (['class("cat")', 'class("castle")'], [("thing", "cat", 1), ("thing", "castle", 1)]),
        (['block4b + guide("AbC_9-x", block5a)'], [("layer", "block4b", 1), ("guide", "AbC_9-x", 1)]),
        (["block4b", "block5c"], None),
        (["block4b:17"], [("unit", "block4b:17", 1)]),
        (['block4b - 2*"layers.2":3'], [("layer", "block4b", 1), ("unit", '"layers.2":3', -2)]),
        (["-0.2*tv"], None),
        (["standard(block5c, dogs=-1, animals=1) + 0.35*block2a"], None),
        (['guide("x", block3b)'], None),
        ([], None),
    ],
)
def test_a_text_is_parts_again_where_parts_can_say_it(window, objective, parts):
    body = "return it.understood(given[0])?.map((one) => [one.kind, one.name, one.weight]) ?? null"
    found = call(window, "core/understood.js", body, objective)
    assert (found and [tuple(one) for one in found]) == (parts or None if objective else [])
    if parts and len(objective) == 1:
        again = "return it.sum(given[0].map(([kind, name, weight]) => ({kind, name, weight})))"
        assert call(window, "core/draft.js", again, parts) == objective[0]


def test_flat_and_nested_are_each_others_inverse(window):
    recipe = {"strength": 0.5, "size": [3, 4], "zoom": {"fps": 25, "loop": True}, "film": None}
    body = "return it.nested(it.flat(given[0]))"
    assert call(window, "core/settings.js", body, recipe) == {
        k: v for k, v in recipe.items() if v is not None
    }
    body = "return it.difference(given[0], given[1])"
    assert call(
        window, "core/settings.js", body, {"a": 1, "b": [1]}, {"a": 2, "b": [1], "c": None, "d": 0}
    ) == {
        "a": 2,
        "d": 0,
    }


def test_a_preview_is_taken_apart(window):
    body = (
        "const head = new TextEncoder().encode(JSON.stringify({job: 'é', step: 3}));"
        "const all = new Uint8Array(4 + head.length + 3); new DataView(all.buffer).setUint32(0, head.length);"
        "all.set(head, 4); all.set([7, 8, 9], 4 + head.length);"
        "const {header, picture} = it.parted(all.buffer);"
        "return picture.arrayBuffer().then((rest) => [header.job, header.step, [...new Uint8Array(rest)]])"
    )
    assert call(window, "core/events.js", body) == ["é", 3, [7, 8, 9]]


@pytest.mark.parametrize(
    ("text", "found"),
    [("xxreverie", True), ("rreverie.", True), ("reveri", False), ("", False), ("rev reverie", True)],
)
def test_a_result_is_told_by_its_bytes(window, text, found):
    body = "return it.names(new TextEncoder().encode(given[0]))"
    assert call(window, "core/intake.js", body, text) is found


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "12", 12),
        ("number", " 0.5 ", 0.5),
        ("number", "much", "much"),
        ("list", "[30, 20]", [30, 20]),
        ("list", "30, 20", [30, 20]),
        ("text", "12", "12"),
        ("curve", "1.5", 1.5),
        ("curve", "0:1, 3s:2", "0:1, 3s:2"),
        ("text", "", None),
    ],
)
def test_what_is_typed_is_taken_as_it_is_meant(window, kind, text, value):
    body = "return it.meant({type: given[0], name: 'x'}, given[1])"
    assert call(window, "shape/field.js", body, kind, text) == value


def test_texts_fill_in_names_and_choose_by_number(window):
    body = (
        "return [it.t('standing.step', {octave: 1, octaves: 3, step: 2, steps: 9}),"
        "  it.t('portrait.count', {count: 1}), it.t('portrait.count', {count: 4})]"
    )
    assert call(window, "texts.js", body) == ["Size 1 of 3, step 2 of 9", "one", "4 of them"]
