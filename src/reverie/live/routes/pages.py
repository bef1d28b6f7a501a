"""The pages themselves; whoever opens one gets a name of their own, as a cookie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from reverie.live.routes.common import Calling
from reverie.web.html_page import HtmlPage

router = APIRouter(include_in_schema=False)
#: The folder of the pages' modules, which are found at ``/static``.
PAGES: Final = str(files("reverie.live") / "pages")


def _page(kind: str, title: str, unscripted: str, **more: Any) -> HtmlPage:
    """One of them: its style sheet and its module are called as it is."""
    return HtmlPage(title, unscripted, ("base", kind), f"{kind}/main", kind=kind, **more)


#: Every page, by its path.
SENT: Final = {
    "/": _page("audience", "Wish for a dream", "To wish for something this page needs JavaScript."),
    "/stage": _page(
        "stage", "reverie: the stage", "The stage needs JavaScript to show the picture.", scheme="dark"
    ),
    "/moderator": _page("moderator", "reverie: moderator", "This page needs JavaScript."),
    "/overlay": _page("overlay", "reverie: overlay", "The overlay needs JavaScript.", scheme="light"),
}


def _sending(page: HtmlPage) -> Callable[[Calling], Awaitable[HTMLResponse]]:
    """What answers with a page."""
    text = page.html()

    async def send(here: Calling) -> HTMLResponse:
        answer = HTMLResponse(text, headers={"cache-control": "no-cache"})
        if not here.caller.id:
            answer.headers.append(*here.lobby.gate.new_browser(here.caller))
        return answer

    return send


for path, page in SENT.items():
    router.get(path)(_sending(page))
