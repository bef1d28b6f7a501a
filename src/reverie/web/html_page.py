"""The frame of a page: a head that names its files, and an empty body that its module fills."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.resources import files

from jinja2 import StrictUndefined, Template


@dataclass(frozen=True)
class HtmlPage:
    """A page of ours. Its files are found at ``/static``, and stand here without their endings.

    Attributes:
        title: What the browser calls it.
        unscripted: What it says where JavaScript is off.
        styles: Its style sheets, in this order.
        module: The module that fills it.
        scripts: What runs before anything is seen.
        kind: The class of the body, by which style sheets tell pages apart.
        scheme: Whether it is light, dark, or as the browser is.
    """

    title: str
    unscripted: str
    styles: tuple[str, ...]
    module: str
    scripts: tuple[str, ...] = ()
    kind: str = ""
    scheme: str = "light dark"

    def html(self) -> str:
        """The page as it is sent."""
        frame = (files("reverie.web") / "page" / "page.html").read_text("utf-8")
        template = Template(
            frame, autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
        )
        sent: str = template.render(asdict(self))
        return sent
