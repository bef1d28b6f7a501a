"""The recipe: everything that decides a dream, with each default stated once, here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from reverie.errors import ReverieError, UsageError, did_you_mean
from reverie.objective import Code, Objective, parse
from reverie.recipe.film import Film
from reverie.recipe.places import PLACES
from reverie.recipe.portrait import Portrait
from reverie.recipe.settings import Part, Power, Seed, Share, StrictSettings
from reverie.recipe.sites import Sites
from reverie.recipe.zoom import Zoom

#: Version of the recipe's own format, raised when a field changes its meaning.
FORMAT: Final = 1
MOST_OCTAVES = 32
MOST_STEPS = 10_000
MOST_PARTNERS = 8
#: How many of the things that are wrong are said.
MOST_COMPLAINTS = 30

#: Settings that are settings of their own: of one way of dreaming each.
PARTS: Final[dict[str, type[BaseModel]]] = {"portrait": Portrait, "sites": Sites, "zoom": Zoom, "film": Film}

#: Networks that need no files but those of their packages.
Embedded = Literal["lite0", "lite1", "lite2"]
Side = Annotated[int, Field(ge=32, le=100_000)]
Steps = Annotated[int, Field(ge=1, le=MOST_STEPS)]


class Recipe(StrictSettings):
    """Everything that decides the result; validated, immutable, and the same when written and read again.

    Lengths are in pixels, pictures in [0, 1], so a ``step_size`` of 0.01 is 1 % of the range from black to
    white. Raises UsageError through ``make`` and ``read``, pydantic's ValidationError when built directly.
    """

    format: Literal[1] = 1
    preset: str = Field(
        "reverie",
        description="Start from the settings of a known system, such as google2015; films start from film.",
    )
    network: str = Field(
        "lite0", description="The network that dreams: any kind of them, see `reverie networks`."
    )
    partners: Annotated[tuple[Embedded, ...], Field(max_length=MOST_PARTNERS)] = Field(
        (), description="Networks that dream along: each climbs the same objective with the same strength."
    )
    objective: tuple[str, ...] = Field(
        ("block5c",),
        min_length=1,
        max_length=MOST_OCTAVES,
        description="What to increase; several are one per octave, smallest first, the last holding on.",
    )
    balance: Literal["none", "layers", "terms", "octave"] = Field(
        "terms",
        description="How several terms share the work: as weighted, over each layer's or each term's norm; "
        "octave: the latter as measured in an octave's first step, which is faster.",
    )
    variety: Share = Field(
        0.0,
        description="How much channels that are strong all over the picture are held back where the "
        "objective is standard(LAYER).",
    )
    calm: Share = Field(
        0.0,
        description="How much quieter it stays where the network sees nothing, if the objective is "
        "standard(LAYER).",
    )
    start: Literal["photo", "noise", "clouds"] = Field(
        "photo", description="Where the dream begins when there is no photograph."
    )
    scenery: Literal["flat", "deep"] = Field(
        "flat",
        description="How clouds and noise to begin from are drawn: flat and pale, or with light and depth.",
    )
    size: tuple[Side, Side] | None = Field(
        None, description="Width and height; a photograph is scaled to cover them and cropped."
    )
    max_size: Side | None = Field(None, description="Longest side; a larger photograph is scaled down.")
    octaves: Annotated[int, Field(ge=1, le=MOST_OCTAVES)] | None = Field(
        None, description="How many sizes, from small to large; as many as make sense if not given."
    )
    octave_scale: float = Field(1.4, ge=1.05, le=4, description="Ratio of one octave's size to the next.")
    octave_top: int = Field(
        0, ge=0, le=4, description="Exponent of the largest octave over the picture's size."
    )
    smallest: int = Field(
        96, ge=32, le=4096, description="Least short side of an octave when they are counted."
    )
    steps: tuple[Steps, ...] = Field(
        (30,),
        min_length=1,
        max_length=MOST_OCTAVES,
        description="Steps an octave; several as for the objective.",
    )
    step_size: Part | None = Field(
        None, description="Length of a step on a scale of 0 to 1; if not given, what the strength asks for."
    )
    jitter: int = Field(64, ge=0, le=1024, description="Largest random shift before each step, in pixels.")
    mirror: bool = Field(False, description="Look at the mirrored picture in every second step, at random.")
    chance: Power = Field(
        0.0,
        description="How much more a seed likes some channels than others, so that another seed is another "
        "composition; 0: all alike.",
    )
    smoothing: Literal["none", "gaussians", "laplacian", "opponent"] = Field(
        "laplacian",
        description="How the gradient is smoothed before the step; opponent: along lightness and two axes of "
        "colour.",
    )
    levels: int = Field(4, ge=1, le=12, description="Bands of the Laplacian pyramid.")
    tilt: float = Field(0.2, ge=-4, le=4, description="Gain per band towards coarse ones, in octaves.")
    centre: bool = Field(True, description="Take the gradient's mean off each channel before the step.")
    normalise: Literal["none", "mean", "std"] = Field(
        "std", description="What the gradient is divided by: nothing, its mean magnitude, or its deviation."
    )
    carry: Literal["detail", "picture", "lost"] = Field(
        "detail", description="What crosses from one octave to the next."
    )
    resampling: Literal["antialiased", "bilinear"] = Field(
        "antialiased", description="How pictures are resized: bicubic with antialiasing, or plain bilinear."
    )
    clip: Literal["step", "end", "soft"] = Field(
        "soft", description="Clip to [0, 1] at each step, only at the end, or at each step with a soft end."
    )
    strength: Share | None = Field(
        0.5, description="How far the picture moves, 0 to 1: the same on every photograph, layer and network."
    )
    bend: float = Field(
        0.8, ge=0.1, le=4, description="How early the movement is spent; below 1 on small octaves."
    )
    max_change: Part | None = Field(
        None, description="Stop once the picture has moved this far (root mean square, 0 to 1)."
    )
    max_score: float | None = Field(None, description="End an octave once the score is above this.")
    drift: Share = Field(
        0.5, description="Share of the slow drift in brightness and colour that is given back."
    )
    drift_size: Part = Field(
        1 / 40, description="What counts as slow drift: a blur of this share of the short side."
    )
    soften: Share = Field(
        0.0,
        description="How far the lightest and darkest parts of the photograph give way, for eyes to fit in.",
    )
    room: Part | None = Field(
        None,
        description="Share of the room to black or white that large shapes may take up; all if not given.",
    )
    clean: Share = Field(
        0.0, description="Leave out what is weaker than this in the finished change (0 to 1)."
    )
    keep_colour: Share = Field(0.0, description="Share of the source's own colour that is kept.")
    grey: bool = Field(False, description="Black and white: begin with shades of grey, and dream in them.")
    seamless: bool = Field(False, description="Make a picture whose opposite edges meet.")
    mask: str | None = Field(
        None,
        description="A grey picture: white dreams, black stays; or a part of the picture: "
        + ", ".join(PLACES)
        + ".",
    )
    spare: Literal["nothing", "faces"] = Field(
        "nothing", description="What of a photograph stays as it is, beside what the mask says."
    )
    spared: Part = Field(1.0, description="How much of the dream is kept from what is spared.")
    seed: Seed = Field(0, description="Seed of every random draw.")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="Number format of the network."
    )
    engine: Literal["auto", "native", "torch", "plain"] = Field(
        "auto",
        description="What computes the gradient: fused native code, rewritten torch, or plain autograd.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where the network runs.")
    threads: int = Field(0, ge=0, le=1024, description="CPU threads; 0 takes torch's own choice.")
    halo: Annotated[int, Field(ge=0, le=4096)] | Literal["auto", "full"] = Field(
        "auto",
        description="How many pixels a tile of a large picture sees beyond its edge; "
        "full: all that the layer sees, auto: as many as matter.",
    )
    portrait: Portrait | None = Field(
        None, description="How a picture from nothing is made; without it, this is a dream."
    )
    sites: Sites | None = Field(
        None,
        description="How something whole is dreamt at a few places, each objective at its own; without it, "
        "all over.",
    )
    zoom: Zoom | None = Field(None, description="How an endless zoom moves; without it, nothing does.")
    film: Film | None = Field(None, description="How a film dreams from frame to frame; without it, none.")

    @field_validator("objective", "steps", "partners", mode="before")
    @classmethod
    def _one_alone(cls, value: object) -> object:
        """One objective, text or number instead of a sequence of them; objectives as the texts they are."""
        each = value if isinstance(value, list | tuple) else (value,)
        return tuple(str(one) if isinstance(one, Objective) else one for one in each)

    @field_validator("objective")
    @classmethod
    def _objectives_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(parse(text)) for text in value)

    @model_validator(mode="after")
    def _sites_stand_still(self) -> Recipe:
        """What is dreamt at sites is one picture with edges."""
        if self.sites is None:
            return self
        others = [name for name in PARTS if name != "sites" and getattr(self, name) is not None]
        if others:
            raise UsageError(f"sites: are of a still picture, and this has settings of a {others[0]}")
        if self.seamless:
            raise UsageError(
                "seamless: what is dreamt at sites knows no edges that meet; use --preset reverie"
            )
        if self.step_size is not None:
            raise UsageError("step_size: what is dreamt at sites has steps of its own; use strength")
        if self.balance not in ("none", "layers"):
            raise UsageError(f"balance: {self.balance} is not for sites; use none or layers")
        return self

    @model_validator(mode="after")
    def _chance_has_a_seed(self) -> Self:
        others = [name for name in PARTS if getattr(self, name) is not None]
        if self.chance and others:
            raise UsageError(
                f"chance: is of plain dreams, and seeds alone tell apart what has settings of {others[0]}"
            )
        return self

    @property
    def colour_kept(self) -> float:
        """The share of the source's own colour in the result: all of it where that is shades of grey."""
        return 1.0 if self.grey else self.keep_colour

    @property
    def in_views(self) -> bool:
        """Whether the network is shown small views of the picture, and never all of it in tiles."""
        return self.portrait is not None or self.sites is not None

    @model_validator(mode="after")
    def _spares_photographs(self) -> Self:
        others = [name for name in PARTS if getattr(self, name) is not None]
        if self.spare != "nothing" and others:
            raise UsageError(
                f"spare: faces are spared in plain dreams, and this has settings of {others[0]}; "
                "a strength of 0.2 is gentle too"
            )
        return self

    def objective_at(self, octave: int) -> Objective:
        """The objective of an octave, or at sites the one of that place, with the priors of either."""
        wanted = parse(self.objective[min(octave, len(self.objective) - 1)])
        if self.sites is not None:
            return self.sites.climbed(wanted)
        for prior in self.portrait.priors if self.portrait else ():
            wanted += parse(prior)
        return wanted

    def files(self) -> tuple[str, ...]:
        """Names of every file the recipe needs beside the photograph: masks and guides.

        Parts of the picture that have a name (``places.PLACES``) are no files.
        """
        texts = (*self.objective, *(self.zoom.objectives if self.zoom else ()))
        names = dict.fromkeys(f for text in texts for f in parse(text).files())
        if self.mask:
            names[self.mask] = None
        return tuple(name for name in names if name not in PLACES)

    def code(self) -> tuple[str, ...]:
        """Its objectives' functions of Python, each once: no file holds them, so none repeats it."""
        texts = (*self.objective, *(self.zoom.objectives if self.zoom else ()))
        terms = [term.quantity for text in texts for term in parse(text).terms]
        return tuple(dict.fromkeys(str(one) for one in terms if isinstance(one, Code)))

    def renamed(self, names: Mapping[str, str]) -> Recipe:
        """The same recipe with file names replaced."""

        def renamed(text: str) -> str:
            return str(parse(text).renamed(dict(names)))

        changes: dict[str, Any] = {"objective": tuple(map(renamed, self.objective))}
        changes["mask"] = names.get(self.mask, self.mask) if self.mask else None
        if self.zoom is not None:
            changes["zoom"] = self.zoom.with_objectives(map(renamed, self.zoom.objectives))
        return self.model_copy(update=changes)

    def but(self, **changes: Any) -> Recipe:
        """The same recipe with some settings changed, validated again."""
        return make(**{**self.model_dump(), **changes})


def make(**settings: Any) -> Recipe:
    """A recipe from settings; UsageError naming each bad field, what it got and what it may be."""
    try:
        return Recipe(**settings)
    except ValidationError as error:
        raise UsageError("; ".join(complaints(error))) from error


def read(settings: object, where: str) -> Recipe:
    """A recipe from a file's or a picture's JSON; UsageError field by field, naming ``where`` it stands."""
    if not isinstance(settings, Mapping):
        raise UsageError(f"{where}: the recipe is not an object with fields")
    version = settings.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise UsageError(
            f"{where}: recipe format {version} is newer than {FORMAT}, the newest this version reads"
        )
    try:
        return make(**{str(k): v for k, v in settings.items()})
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def complaints(error: ValidationError) -> Iterator[str]:
    """One clause for each thing wrong in a ValidationError; what suits no branch of a union is one thing."""
    merged: dict[tuple[str, str], str] = {}
    for item in error.errors()[:MOST_COMPLAINTS]:
        field = _place(item["loc"])
        cause = item.get("ctx", {}).get("error")
        if item["type"] == "extra_forbidden":
            part = PARTS.get(str(item["loc"][0])) if len(item["loc"]) > 1 else None
            names = (part or Recipe).model_fields
            yield f"{field}: no such setting; {did_you_mean(field, names) or 'drop it'}"
        elif isinstance(cause, ReverieError):
            yield str(cause)
        else:
            message = item["msg"][0].lower() + item["msg"][1:]
            key = field, str(item["input"])[:60]
            merged[key] = (
                f"{merged[key]}, or {message.removeprefix('input should be ')}" if key in merged else message
            )
    for (name, got), message in merged.items():
        yield f"{name}: {message}, got {got}"
    if error.error_count() > MOST_COMPLAINTS:
        yield f"and {error.error_count() - MOST_COMPLAINTS} more"


def _place(loc: tuple[int | str, ...]) -> str:
    """Where an error stands: names and positions only, as pydantic puts the branch of a union in between."""
    if loc and loc[0] in ("sites", "zoom", "film") and len(loc) > 1:  # whose names the recipe has too
        return f"{loc[0]}.{_place(loc[1:])}"
    inner = loc[1:] if loc[:1] == ("portrait",) and len(loc) > 1 else loc
    where = [str(part) for i, part in enumerate(inner) if i == 0 or isinstance(part, int)]
    return ".".join(where) or "recipe"


class Stop(BaseModel):
    """Where a dream was stopped, among the steps that a recipe asks for: the last one that was done."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    octave: Annotated[int, Field(ge=0)]
    step: Annotated[int, Field(ge=0)]
