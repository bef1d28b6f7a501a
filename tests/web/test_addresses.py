"""The names that a server goes by."""

from __future__ import annotations

import socket

import pytest

from reverie.errors import UsageError
from reverie.web.addresses import addresses, asked, best_address, bracketed, is_loopback, of_this_machine


def test_on_this_machine_alone_it_has_its_names_and_no_others() -> None:
    assert addresses("127.0.0.1", 8765).hosts == {"127.0.0.1:8765", "localhost:8765", "[::1]:8765"}
    assert "127.0.0.1" in addresses("127.0.0.1", 80).hosts


def test_bound_to_all_addresses_it_goes_by_each_of_them() -> None:
    hosts = addresses("0.0.0.0", 1234).hosts
    assert f"{socket.gethostname().lower()}:1234" in hosts
    assert {f"{one}:1234" for one in of_this_machine("0.0.0.0")} <= hosts
    assert "0.0.0.0:1234" not in hosts


def test_further_names_stand_with_and_without_the_port() -> None:
    hosts = addresses("127.0.0.1", 8765, also=["Dreams.example"]).hosts
    assert {"dreams.example", "dreams.example:8765"} <= hosts


def test_a_proxy_is_an_address() -> None:
    with pytest.raises(UsageError, match=r"--trusted-proxy proxy\.example: an address is needed"):
        addresses("127.0.0.1", 8765, proxies=["proxy.example"])


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        *((name, True) for name in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *((name, False) for name in ("0.0.0.0", "192.168.1.2", "example.org", "localhost.evil.example")),
    ],
)
def test_what_is_this_machine_alone(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_the_last_proxy_says_who_asked() -> None:
    ours = addresses("127.0.0.1", 1, proxies=["127.0.0.1"])
    headers = {"host": "a", "x-forwarded-for": "6.6.6.6, 10.1.1.1", "x-forwarded-proto": "https"}
    assert asked("127.0.0.1", headers, "http", ours).client == "10.1.1.1"
    assert asked("127.0.0.1", headers, "http", ours).origin == "https://a"
    assert asked("8.8.8.8", headers, "http", ours).client == "8.8.8.8"


def test_addresses_of_version_six_stand_in_brackets() -> None:
    assert (bracketed("::1"), bracketed("[::1]"), bracketed("10.0.0.1")) == ("[::1]", "[::1]", "10.0.0.1")
    assert best_address().count(".") == 3
