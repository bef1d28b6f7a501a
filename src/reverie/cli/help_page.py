"""The help of a verb: the options that matter first, all of them with ``--help-all``, and examples."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from typer.core import TyperArgument, TyperCommand

from reverie.cli.fields import MESSAGES

#: Of verbs with many options, those that their help shows; the others are shown by ``--help-all``.
SHORT: Final[Mapping[str, tuple[str, ...]]] = {
    "dream": (
        *("--out", "--strength", "--layer", "--class", "--guide", "--preset"),
        *("--size", "--seed", "--from", "--mask", "--spare", "--variations", "--sites"),
        *("--dry-run", "--help-all", "--help"),
    ),
}
#: What a verb is good for, in commands that work as they stand, with photographs of one's own.
EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "dream": (
        "reverie dream me.jpg",
        "reverie dream me.jpg -o dream.png --layer block4b --strength 30%",
        'reverie dream me.jpg --class "golden retriever" --size 1200',
        "reverie dream --from clouds --size 1920x1080 -o wallpaper.png",
    ),
    "studio": (
        "reverie studio",
        "reverie studio --share --port 8800",
        "reverie studio --no-open --workers 2",
    ),
    "live": (
        "reverie live",
        "reverie live show.toml --share --record films",
        "reverie live --rtmp rtmp://live.twitch.tv/app --twitch mychannel",
    ),
    "zoom": (
        "reverie zoom me.jpg",
        'reverie zoom --class 0s:flower --class "5s:castle" --duration 10 -o zoom.mp4',
    ),
    "film": ("reverie film me.mp4", "reverie film me.mp4 -o dream.mp4 --duration 5 --max-size 640"),
    "see": ("reverie see cat dog bird", "reverie see block5c:0-15 -o channels.png"),
    "invert": ("reverie invert me.jpg --layer block5c", "reverie invert me.jpg --all-layers"),
    "stimuli": ("reverie stimuli holiday --unit block5c:17",),
    "look": ("reverie look me.jpg", "reverie look me.jpg --unit cat -o where.png"),
    "microscope": ("reverie microscope -o site --layers block5c --classes none",),
    "fool": ("reverie fool -o fooled", "reverie fool -o fooled --resume"),
    "rerun": ("reverie rerun me-dream.png",),
    "run": ("reverie run job.json",),
    "show": ("reverie show me-dream.png",),
    "sheet": ("reverie sheet me.jpg",),
    "classify": ("reverie classify me.jpg", "reverie classify holiday/ --csv"),
    "layers": ("reverie layers", "reverie layers lite2"),
    "classes": ("reverie classes cat", "reverie classes vehicle --tree"),
    "networks": ("reverie networks",),
    "doctor": ("reverie doctor",),
    "bench": ("reverie bench",),
    "train": (
        "reverie train pictures/ -o mine.safetensors",
        "reverie train pictures/ -o mine.safetensors --from lite0",
        "reverie train pictures/ -o mine.safetensors --unsupervised",
    ),
    "cluster": ("reverie cluster local", "reverie cluster auto", "reverie cluster 10.0.0.1:6379"),
}


def _show_all(context: typer.Context, asked: bool) -> None:
    if asked:
        context.meta[__name__] = ()
        typer.echo(context.get_help())
        raise typer.Exit


#: The option that shows every option.
HelpAll = Annotated[
    bool,
    typer.Option(
        "--help-all",
        help="Show every option.",
        rich_help_panel=MESSAGES,
        show_default=False,
        callback=_show_all,
        is_eager=True,
        metavar="",
    ),
]


def flowing(text: str | None) -> str | None:
    """A text whose paragraphs are a line each, to be broken where the terminal ends."""
    if text is None:
        return None
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(map(str.strip, paragraph.splitlines())) for paragraph in paragraphs)


class VerbCommand(TyperCommand):
    """A verb whose help is short where it has many options, and ends with examples."""

    def __init__(self, name: str | None, **settings: Any) -> None:
        examples = (f"  {line}" for line in EXAMPLES.get(name or "", ()))
        epilog = "\n".join(("Examples:", *examples))
        super().__init__(name, **{**settings, "help": flowing(settings.get("help")), "epilog": epilog})
        for parameter in self.params:
            if isinstance(parameter, TyperArgument):  # what it is is said; <list[str]> tells nobody more
                parameter.display_type_rich = lambda ctx: None  # type: ignore[method-assign]

    def get_help_option(self, context: Any) -> Any:
        """``--help`` beside the other options of what is said."""
        option = super().get_help_option(context)
        if option is not None:
            option.metavar, option.rich_help_panel = "", MESSAGES
        return option

    def format_help(self, context: Any, formatter: Any) -> None:
        """The page; options that are not on it are hidden meanwhile only, so that completion offers them."""
        shown = context.meta.get(__name__, SHORT.get(self.name or "", ()))
        options: list[Any] = [p for p in self.params if shown and p.param_type_name == "option"]
        hidden = [option for option in options if not {*option.opts} & {*shown}]
        try:
            for option in hidden:
                option.hidden = True
            super().format_help(context, formatter)
        finally:
            for option in hidden:
                option.hidden = False
