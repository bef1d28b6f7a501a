"""Where a server is bound, and how its link is shown."""

from __future__ import annotations

import socket

import cv2
import numpy as np
import pytest

from reverie.errors import ResourceError, UsageError
from reverie.web.serving import bound, has_screen, qr_code


def test_a_taken_port_is_said() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ResourceError, match=f"port {port}: another program has it; give another"):
            bound("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.77"])
def test_an_address_that_is_not_here_is_said(host: str) -> None:
    with pytest.raises(UsageError, match=f"--host {host}"):
        bound(host, 0)


def test_small_answers_are_sent_at_once() -> None:
    """asyncio does so for sockets that say that they are of TCP: or each answer waits for 40 ms."""
    listener = bound("127.0.0.1", 0)
    assert listener.proto == socket.IPPROTO_TCP
    listener.close()


def test_a_camera_reads_the_link() -> None:
    link = "http://192.0.2.7:8765/?token=abcdefghijklmnopqrstuvwxyz012345"
    rows = qr_code(link).splitlines()
    width = max(map(len, rows))
    picture = np.zeros((2 * len(rows), width), np.uint8)
    for y, row in enumerate(rows):
        for x, character in enumerate(row.ljust(width)):
            picture[2 * y, x] = 255 * (character in "█▀")
            picture[2 * y + 1, x] = 255 * (character in "█▄")
    large = np.kron(picture, np.ones((8, 8), np.uint8))
    found, _, _ = cv2.QRCodeDetector().detectAndDecode(large)
    assert found == link


def test_without_a_screen_no_browser_takes_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert not has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_screen()
