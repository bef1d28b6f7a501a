"""Whatever a name or a file holds, what is shown of it is one short line that can be seen."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import BadInput, UsageError, did_you_mean
from reverie.plain_words import LONGEST, LONGEST_WORD, clean, clean_lines, cut, shown
from reverie.process.notices import collect_warnings, warn

HOSTILE = {
    "escape": ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
    "title": ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
    "c1": ("\x9b31m\x84", r"\x9b31m\x84"),
    "bell": ("a\x07", r"a\x07"),
    "backspace": ("a\x08\x7f", r"a\x08\x7f"),
    "nul": ("a\0b", r"a\x00b"),
    "bidi": ("gpj.\u202etxt", "gpj.\\u202etxt"),
    "isolate": ("\u2066a\u2069", "\\u2066a\\u2069"),
    "mark": ("a\u200eb\u061c", "a\\u200eb\\u061c"),
    "zero width": ("a\u200bb\u200d\ufeff", "a\\u200bb\\u200d\\ufeff"),
    "soft hyphen": ("a\xadb", "a\\xadb"),
    "tag": ("a\U000e0041", "a\\U000e0041"),
    "no UTF-8": ("b\udcff.jpg", r"b\xff.jpg"),
    "half": ("\ud83d", "\\ud83d"),
    "filler": ("a\u3164b\u2800", "a\\u3164b\\u2800"),
}
GOOD = ("me.jpg", "Größe 5 µm.png", "日本語.png", "עברית", "🙂 photo", "[red]x[/]", "C:\\me", "a\\x1b")


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_cannot_be_seen_is_written_out(kind: str) -> None:
    text, says = HOSTILE[kind]
    assert shown(text) == clean(text) == says
    for error in (BadInput, UsageError):
        assert str(error(f"{text}: no such file")) == f"{says}: no such file"
    with collect_warnings(lambda _: None) as said:
        warn(f"{text}: odd")
    assert said == [f"{says}: odd"]


@pytest.mark.parametrize("text", GOOD)
def test_what_can_be_seen_stays(text: str) -> None:
    assert shown(text) == clean(text) == clean_lines(text) == text


def test_lines_are_one_and_several_stay_several() -> None:
    assert shown("a\n b\r\n\tc\u2028d") == "a b c d"
    assert clean("a\nb") == r"a\x0ab"
    assert clean_lines("a\x1b\nb") == "a\\x1b\nb"


@given(st.text(st.characters(), max_size=300) | st.text(st.characters(categories=["C", "Z"]), max_size=300))
def test_anything_is_a_line_of_characters_that_can_be_seen(text: str) -> None:
    found = shown(text)
    assert not {unicodedata.category(character) for character in found} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    found.encode("utf-8")
    assert shown(found) == found
    assert len(found) <= LONGEST


@pytest.mark.parametrize("text", ["x" * 900_000, "x " * 450_000, "\x1b" * 900_000, "\u202e" * 900_000])
def test_a_megabyte_is_a_line_at_once(text: str) -> None:
    began = time.process_time()
    said = str(UsageError(f'network "{text}" is not known; there are three'))
    assert len(said) <= LONGEST
    assert said.startswith('network "')
    assert "..." in said
    assert said.endswith("there are three")
    assert did_you_mean(text, ["lite0"] * 5000) == ""
    assert did_you_mean("lite9", [text, "lite0"]) == 'did you mean "lite0"?'
    assert time.process_time() - began < 1


def test_a_long_word_keeps_its_ends() -> None:
    assert cut("abcdefghijklmnop", 9) == "abcd...op"
    assert cut("abc", 3) == "abc"
    assert len(shown("a" * 401 + " b")) == LONGEST_WORD + 2
