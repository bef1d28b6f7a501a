"""What a show is: a TOML file, all of it optional, with each default stated once, here.

Nothing in it is secret: keys of streams and tokens come from the environment or from files of their own.
Nothing here needs torch.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reverie.errors import BadInput, ReverieError, UsageError, did_you_mean
from reverie.media.local_file import read_regular, reason, toml_of
from reverie.recipe.curve import Curve, Within
from reverie.recipe.settings import Kept, Seed

#: A file longer than this, in bytes, is none of a show.
LONGEST: Final = 200_000
#: So many things that are wrong are told at once.
MOST_COMPLAINTS: Final = 3
Pace = Literal["calm", "eager"]
#: How two topics share the picture: upper and lower half, left and right, inner and outer ring, or mixed.
Layout = Literal["halves", "sides", "rings", "blend"]

_STRICT: Final = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
_Word = Annotated[str, Field(min_length=1, max_length=80)]


def _size(value: Any) -> Any:
    """``"1024x576"`` as two numbers."""
    found = re.fullmatch(r"\s*(\d{1,5})\s*[xX]\s*(\d{1,5})\s*", value) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else value


_Side = Annotated[int, Field(ge=64, le=4096, multiple_of=2)]
Size = Annotated[tuple[_Side, _Side], BeforeValidator(_size)]
_Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Moves(BaseModel):
    """How the camera moves: curves over time, as in a zoom. Immutable."""

    model_config = _STRICT

    zoom: Annotated[Curve, Within(0.2, 5)] = Field(
        Curve.constant(1.05), description="How many times things grow in a second."
    )
    rotate: Annotated[Curve, Within(-720, 720)] = Field(
        Curve.parse("0s:0.6 smooth, 40s:-0.6 smooth, 80s:0.6"),
        description="Degrees a second by which things turn clockwise.",
    )
    pan_x: Annotated[Curve, Within(-10, 10)] = Field(
        Curve.parse("0s:0 smooth, 20s:0.004 smooth, 60s:-0.004 smooth, 80s:0"),
        description="Share of the width a second by which the view goes to the right.",
    )
    pan_y: Annotated[Curve, Within(-10, 10)] = Field(
        Curve.constant(0), description="Share of the height a second by which the view goes down."
    )
    repeat: float = Field(
        80.0, ge=0, le=86_400, description="Seconds after which the curves begin again; 0: they never do."
    )


class Hours(BaseModel):
    """What is dreamt at a time of day when nobody wishes for anything. Immutable."""

    model_config = _STRICT | ConfigDict(populate_by_name=True)

    begins: _Time = Field("00:00", alias="from", description="From this time on, as 06:30.")
    ends: _Time = Field(
        "24:00", alias="to", description="Until this time; before `from`, it is the next day's."
    )
    topics: tuple[_Word, ...] = Field(
        min_length=1, max_length=500, description="What is dreamt in turn, as a person would type it."
    )

    def has(self, minute: int) -> bool:
        """Whether it is the time, in minutes since midnight."""
        begins, ends = _minutes(self.begins), _minutes(self.ends)
        return begins <= minute < ends if begins < ends else minute >= begins or minute < ends


def _minutes(text: str) -> int:
    return 60 * int(text[:2]) + int(text[3:])


#: What is dreamt by itself, where a show says nothing else.
PLAYLIST: Final = (
    Hours(
        begins="06:00",
        ends="11:00",
        topics=("goldfinch", "daisy", "lakeside", "hummingbird", "monarch", "peacock", "valley", "ladybug"),
    ),
    Hours(
        begins="11:00",
        ends="17:00",
        topics=("macaw", "coral reef", "castle", "tiger", "flamingo", "bee", "strawberry", "dragonfly"),
    ),
    Hours(
        begins="17:00",
        ends="22:00",
        topics=("golden retriever", "volcano", "palace", "lion", "cliff", "pineapple", "red fox", "stupa"),
    ),
    Hours(
        begins="22:00",
        ends="06:00",
        topics=("jellyfish", "goldfish", "great grey owl", "sea anemone", "snow leopard", "feathers", "eyes"),
    ),
)


class Voices(BaseModel):
    """How the crowd decides. Immutable."""

    model_config = _STRICT

    address: float = Field(
        3.0,
        ge=1,
        le=100_000,
        description="Voices that all who come from one address have together, unless they are in the room.",
    )
    decay: Kept = Field(
        0.5, description="What is left of a voice in the next round, if its wish was not shown."
    )
    remember: float = Field(
        1800.0,
        ge=0,
        le=604_800,
        description="Seconds for which one of the last hundred wishes may come again.",
    )
    code: float = Field(
        60.0,
        ge=10,
        le=86_400,
        description="Seconds after which the code in the QR code on the stage changes.",
    )
    room: float = Field(
        4.0, ge=0, le=168, description="Hours for which whoever scanned it counts as being in the room."
    )
    person_a_minute: int = Field(20, ge=1, le=10_000, description="Wishes and votes of one person a minute.")
    address_a_minute: int = Field(
        240, ge=1, le=1_000_000, description="Wishes and votes that come from one address a minute."
    )


class Moderation(BaseModel):
    """What is not shown. Immutable."""

    model_config = _STRICT

    allow: tuple[_Word, ...] = Field(
        (),
        max_length=2000,
        description="All that may be wished for; nothing here: whatever the network knows.",
    )
    block: tuple[_Word, ...] = Field(
        (), max_length=2000, description="What is never dreamt of, nor a group that holds it."
    )
    names: Literal["hidden", "shown"] = Field(
        "hidden", description="Whether it is shown who wished for what."
    )
    block_names: tuple[_Word, ...] = Field(
        (), max_length=2000, description="Nobody whose name has one of these words in it is named."
    )


class OnStage(BaseModel):
    """What stands over the picture. Immutable."""

    model_config = _STRICT

    captions: bool = Field(True, description="Say what is dreamt as it begins.")
    credits: bool = Field(True, description="Say from time to time what this is, and whose music is heard.")
    code: bool = Field(True, description="Show the QR code by which phones come in.")
    url: str | None = Field(
        None,
        max_length=300,
        pattern=r"^https?://[^\s/?#@]+/?$",
        description="The address that phones use, where it is not this machine's own.",
    )
    rights: str = Field(
        "", max_length=300, description="Whose music it is, and by which licence it is played."
    )


class Show(BaseModel):
    """A show. Immutable.

    ``Show()`` is one for a living room; ``Show.read(path)`` is what a file says.
    """

    model_config = _STRICT

    title: str = Field("reverie", min_length=1, max_length=80, description="What it is called.")
    network: str = Field("lite0", min_length=1, max_length=300, description="The network that dreams.")
    size: Size = Field((1024, 576), description="Width and height in pixels, as 1024x576; both even.")
    fps: int = Field(25, ge=1, le=60, description="Frames a second.")
    pace: Pace = Field(
        "calm", description="calm: fewer, fully worked steps and glides between; eager: each frame is dreamt."
    )
    seed: Seed = Field(0, description="Where chance begins.")
    hold: float = Field(
        45.0, ge=3, le=86_400, description="Seconds that a topic holds; a person has one voice in this time."
    )
    least: float = Field(
        10.0, ge=0, le=86_400, description="Seconds after which what nobody wished for gives way to a wish."
    )
    fade: float = Field(1.0, ge=0, le=60, description="Seconds in which one topic goes over into the next.")
    together: Literal[1, 2] = Field(1, description="Topics at a time, where nobody wishes for two himself.")
    layout: Layout = Field("halves", description="How two topics share the picture.")
    camera: Moves = Field(default_factory=Moves, description="How the camera moves.")
    playlist: tuple[Hours, ...] = Field(
        PLAYLIST, min_length=1, max_length=100, description="What is dreamt when nobody wishes for anything."
    )
    voices: Voices = Field(default_factory=Voices, description="How the crowd decides.")
    moderation: Moderation = Field(default_factory=Moderation, description="What is not shown.")
    stage: OnStage = Field(default_factory=OnStage, description="What stands over the picture.")
    music: Path | None = Field(None, description="A folder of music, which is played in turn.")
    pulse: bool = Field(False, description="Let the stage's microphone decide how strong the dream is.")
    twitch: str | None = Field(
        None, pattern=r"^#?[A-Za-z0-9_]{1,25}$", description="The Twitch channel whose chat may wish."
    )
    chat_server: str = Field(
        "ircs://irc.chat.twitch.tv",
        max_length=300,
        pattern=r"^ircs?://[^\s/?#@:]+(:\d{1,5})?$",
        description="Where that chat is: an IRC server, with TLS (ircs) or without (irc).",
    )
    rtmp: str | None = Field(
        None,
        max_length=500,
        pattern=r"^rtmps?://[^\s@]+$",
        description="Where the picture is streamed to, without the key.",
    )
    record: Path | None = Field(None, description="A folder for recordings, one an hour.")
    record_gb: float = Field(
        20.0, gt=0, le=1_000_000, description="Gigabytes of recordings; the oldest give way."
    )

    @model_validator(mode="after")
    def _all_day(self) -> Self:
        """Something is dreamt at every time of the day."""
        for minute in range(24 * 60):
            if not any(hours.has(minute) for hours in self.playlist):
                raise ValueError(
                    f"nothing is dreamt at {minute // 60:02d}:{minute % 60:02d}; add it to a `from`"
                )
        return self

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Show:
        """The show that a TOML file describes.

        Relative folders in it are beside the file.

        Raises:
            BadInput: The file cannot be read.
            UsageError: It is no TOML, or says something that cannot be; names the field.
        """
        name = os.fspath(path)
        try:
            text = read_regular(name, most=LONGEST).decode("utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"{name}: is no text in UTF-8; a TOML file is needed") from error
        except (OSError, ValueError) as error:
            raise BadInput(f"{name}: {reason(error)}; give the TOML file of a show") from error
        document = toml_of(text, name)
        try:
            show = cls(**document)
        except ValidationError as error:
            raise UsageError(f"{name}: {'; '.join(_complaints(error))}") from error
        beside = Path(name).absolute().parent
        found = {key: getattr(show, key) for key in ("music", "record")}
        return show.model_copy(update={key: beside / value for key, value in found.items() if value})

    def hours(self, minute: int) -> Hours:
        """What is dreamt by itself at a time, in minutes since midnight."""
        return next(hours for hours in self.playlist if hours.has(minute % (24 * 60)))


def _complaints(error: ValidationError) -> Iterator[str]:
    """One clause for each field that is wrong."""
    for item in error.errors()[:MOST_COMPLAINTS]:
        where = [str(one) for one in item["loc"]]
        field = ".".join(where)
        cause = item.get("ctx", {}).get("error")
        if item["type"] == "extra_forbidden":
            yield f"{field}: no such setting; {did_you_mean(where[-1], _names(where[:-1])) or 'drop it'}"
        elif isinstance(cause, ReverieError):
            yield f"{field}: {cause}"
        elif not field:
            yield f"playlist: {item['msg'].removeprefix('Value error, ')}"
        else:
            yield f"{field}: {item['msg'][0].lower()}{item['msg'][1:]}, got {str(item['input'])[:60]}"


def _names(where: list[str]) -> list[str]:
    """What may be said in a part of the file."""
    model: type[BaseModel] = Show
    for name in where:
        if name.isdecimal():
            continue
        kinds = [model.model_fields[name].annotation, *get_args(model.model_fields[name].annotation)]
        model = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return [field.alias or name for name, field in model.model_fields.items()]
