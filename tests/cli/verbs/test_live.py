"""The options of ``reverie live``: what the file says otherwise, and what cannot be."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from reverie.cli.main import run
from reverie.live import serve as serving
from reverie.live.settings import LiveSettings
from reverie.live.show import Show


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> list[LiveSettings]:
    """With what shows were begun."""
    found: list[LiveSettings] = []

    def serve(given: LiveSettings, *, ready: Any, **more: Any) -> None:
        found.append(given)
        ready("http://127.0.0.1:1/stage")

    monkeypatch.setattr(serving, "serve", serve)
    monkeypatch.setenv("REVERIE_RTMP_KEY", "live_secret")
    return found


def test_without_a_word_there_is_a_show(
    settings: list[LiveSettings], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["live"]) == 0
    (one,) = settings
    assert (one.host, one.port, one.shared, one.rtmp) == ("127.0.0.1", 8766, False, None)
    assert (one.show.size, one.show.fps, one.show.pace) == ((1024, 576), 25, "calm")
    assert capsys.readouterr().out == "http://127.0.0.1:1/stage\n"


def test_options_say_otherwise_than_the_file(settings: list[LiveSettings], tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(
        'title = "Zoo"\npace = "eager"\nsize = "640x360"\nrtmp = "rtmp://example.org/app"\nrecord = "films"\n'
        '[camera]\nzoom = "0s:1.02, 10s:1.1"\n[[playlist]]\nfrom = "00:00"\ntopics = ["volcano"]\n'
    )
    words = ["--size", "320x180", "--twitch", "mine", "--record-gb", "5", "--pulse", "--share", "--port", "0"]
    assert run(["live", str(tmp_path / "show.toml"), *words]) == 0
    (one,) = settings
    show = one.show
    assert (show.title, show.pace, show.size, show.twitch) == ("Zoo", "eager", (320, 180), "mine")
    assert (show.record, show.record_gb, show.pulse) == (tmp_path / "films", 5.0, True)
    assert [hours.topics for hours in show.playlist] == [("volcano",)]
    assert show.camera == Show.read(tmp_path / "show.toml").camera
    assert (one.host, one.shared) == ("0.0.0.0", True)
    assert one.rtmp == "rtmp://example.org/app/live_secret"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["no.toml"], 3, "no.toml: no such file"),
        (["--size", "large"], 2, "--size large: width and height are needed, as 1024x576"),
        (["--size", "33x64"], 2, "--size:"),
        (["--host", "0.0.0.0"], 2, "--share lets them in"),
        (["--rtmp", "http://example.org/app"], 2, "--rtmp"),
        (["--rtmp", "rtmp://example.org/app", "--rtmp-key-file", "none"], 3, "none: no such file"),
        (["--rtmp-key-file", "none"], 2, "--rtmp has to say where the key is for"),
        (["--token-file", "none"], 3, "--token-file none: no such file"),
        (["--music", "none"], 3, "there is no such folder"),
        (["--twitch", "no channel"], 2, "--twitch"),
        (["--record-gb", "0"], 2, "--record-gb"),
        (["--pace", "slow"], 2, "slow"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    words: list[str],
    code: int,
    said: str,
    settings: list[LiveSettings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["live", "--data", str(tmp_path / "data"), *words]) == code
    captured = capsys.readouterr()
    text = " ".join(captured.err.split())
    assert said in text
    assert "Traceback" not in text
    assert "live_secret" not in text
    assert captured.out == ""
    assert not settings


def test_a_port_that_is_taken_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run(["live", "--no-open", "--port", str(port), "--data", str(tmp_path / "data")]) == 6
    said = " ".join(capsys.readouterr().err.split())
    assert f"port {port}: another program has it; give another with --port" in said


def test_a_folder_that_cannot_be_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("a file")
    assert run(["live", "--no-open", "--port", "0", "--data", str(tmp_path / "data")]) == 6
    assert "cannot be written" in " ".join(capsys.readouterr().err.split())
