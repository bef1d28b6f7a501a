"""What the server and its dreamer say to each other."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import BadInput
from reverie.live.dreamer import protocol
from support.commands import environment

VOLCANO = protocol.PlacedTopic(objective='class("volcano")', place="upper", label="volcano")
ORDERS: tuple[protocol.Order, ...] = (
    protocol.SetTopics(
        topics=(VOLCANO, protocol.PlacedTopic(objective="standard(block5a)", place="lower")), layout="halves"
    ),
    protocol.SetPace(pace="eager"),
    protocol.PauseDream(),
    protocol.CalmDown(factor=0.5),
    protocol.MoveCamera.model_validate({"zoom": 1.05, "turn": "0s:1 smooth, 5s:-1", "repeat": 10}),
    protocol.EndShow(),
)
REPORTS: tuple[protocol.Report, ...] = (
    protocol.ShowReady(size=(1024, 576), fps=25, ring="one"),
    protocol.ShowReady(size=(64, 64), fps=25, ring="one", classes=("a", "b")),
    protocol.ShowCount(shown=5, dreamt=2, repeated=0, late_ms=1.5, look=1, ms={"glide": 9.5}),
    protocol.ShowError(words="so"),
)


@pytest.mark.parametrize("order", ORDERS, ids=lambda one: one.do)
def test_an_order_is_one_line_that_reads_back(order: protocol.Order) -> None:
    text = protocol.line(order)
    assert text.count(b"\n") == 1
    assert protocol.read_order(text) == order


@pytest.mark.parametrize("report", REPORTS, ids=lambda one: one.is_)
def test_a_report_is_one_line_that_reads_back(report: protocol.Report) -> None:
    text = protocol.line(report)
    assert json.loads(text)["is"] == report.is_
    assert protocol.read_report(text) == report


def test_what_the_agreement_says_is_understood() -> None:
    said = {
        "do": "topics",
        "topics": [{"objective": 'class("volcano")', "place": "whole", "label": "volcano"}],
        "fade": 1.0,
        "layout": "whole",
    }
    order = protocol.read_order(json.dumps(said).encode())
    assert isinstance(order, protocol.SetTopics)
    assert order.topics[0].label == "volcano"


BAD = (
    b"",
    b"\xff\xfe\x00",
    b"{",
    b"[1]",
    b'{"do":"sing"}',
    b'{"do":"topics","topics":[]}',
    b'{"do":"calm","factor":NaN}',
    b'{"do":"calm","factor":1e9}',
    b'{"do":"camera","zoom":"1 per second"}',
    b'{"do":"camera","zoom":50}',
    b'{"do":"pause","why":"no such field"}',
    b'{"do":"end"' + b" " * protocol.LONGEST_LINE + b"}",
    json.dumps({"do": "topics", "topics": [{"objective": "class("}]}).encode(),
)


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_bad_line_is_said_in_one_sentence(text: bytes) -> None:
    with pytest.raises(BadInput) as found:
        protocol.read_order(text)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 500


@pytest.mark.parametrize(
    "objective",
    ['block5c@mask("/etc/hostname")', 'guide("/etc/hostname", block5c)', 'python("own")', "tv", "unnatural"],
)
def test_a_topic_reads_no_files_and_runs_no_code(objective: str) -> None:
    said = {"do": "topics", "topics": [{"objective": objective}]}
    with pytest.raises(BadInput, match="classes and layers"):
        protocol.read_order(json.dumps(said).encode())


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused_or_read(text: bytes) -> None:
    with contextlib.suppress(BadInput):
        protocol.read_order(text)


def test_a_line_that_is_too_long_is_cut_and_the_next_one_is_whole() -> None:
    stream = io.BytesIO(
        b"x" * (3 * protocol.LONGEST_LINE) + b"\n\n" + protocol.line(protocol.PauseDream()) + b'{"do":'
    )
    first, second, last = protocol.lines(stream)
    assert len(first) > protocol.LONGEST_LINE
    with pytest.raises(BadInput):
        protocol.read_order(first)
    assert protocol.read_order(second) == protocol.PauseDream()
    assert last == b'{"do":'


def test_a_voice_that_nobody_hears_is_no_error() -> None:
    stream = io.BytesIO()
    voice = protocol.LineVoice(stream)
    voice.say(protocol.ShowError(words="one"))
    assert stream.getvalue() == protocol.line(protocol.ShowError(words="one"))
    stream.close()
    voice.say(protocol.ShowError(words="two"))


@pytest.mark.slow
def test_it_needs_no_torch() -> None:
    code = "import sys; from reverie.live.dreamer import protocol, recorded; print('torch' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
        timeout=120,
    )
    assert ran.stdout.strip() == "False"
