"""The pages as they are sent."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2 as httpx
import pytest

from support.live_pages import Alone, pages_alone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with pages_alone(tmp_path_factory.mktemp("show")) as running:
        yield running


def test_each_comes_with_a_name_for_the_browser_and_a_policy(show: Alone) -> None:
    for path in ("/", "/stage", "/moderator", "/overlay"):
        answer = httpx.get(show.address + path)
        assert answer.status_code == 200
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "microphone=(self)" in answer.headers["permissions-policy"]
        assert "set-cookie" not in httpx.get(show.address + path, cookies=answer.cookies).headers


def test_links_lead_to_their_page_and_say_no_token_again(show: Alone) -> None:
    for link, home in ((show.stage, "/stage"), (show.moderator, "/moderator")):
        answer = httpx.get(link)
        assert f'url={home}"' in answer.text
        token = link.partition("token=")[2]
        assert token not in answer.text + str(answer.headers)
    assert httpx.get(f"{show.address}/?token=wrong").status_code == 403


def test_another_name_is_refused(show: Alone) -> None:
    assert httpx.get(show.address, headers={"Host": "evil.example"}).status_code == 421
    answer = httpx.get(f"{show.address}/api/show", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
