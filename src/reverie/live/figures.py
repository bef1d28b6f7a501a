"""How the show does, for people and programs that watch over it: JSON, and Prometheus's text format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reverie._version import __version__

if TYPE_CHECKING:
    from reverie.live.room import ShowRoom

#: The content type of ``metrics``.
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


def health(room: ShowRoom) -> dict[str, Any]:
    """The figures by name; ``status`` is "ok" while new frames come, else "waiting"."""
    totals, count, air = room.totals.all(), room.counts, room.air
    found: dict[str, Any] = {
        "status": "ok" if room.ready else "waiting",
        "version": __version__,
        "frames_shown": totals["shown"],
        "frames_dreamt": totals["dreamt"],
        "frames_repeated": totals["repeated"],
        "frames_encoded": air.picture.count,
        "topic": " + ".join(topic.label for topic in room.scene.topics) if room.scene else "",
        "viewers": room.viewers,
        "listeners": len(air.sound),
        "queue": len(room.crowd.queue()),
        "reconnects": room.reconnects,
        "restarts": restarts(room),
        "music": air.playing,
    }
    if air.stream_state is not None:
        found["stream"] = {"state": air.stream_state.state, "why": air.stream_state.why}
    if count is not None:
        found["pace"] = {"look": count.look, "late_ms": count.late_ms, "core_ms": count.ms}
    return found


def restarts(room: ShowRoom) -> dict[str, int]:
    """How often each part was begun again."""
    children = [room.dreamer, room.air.encoder, *([room.air.stream] if room.air.stream else [])]
    return {**{child.name: child.restarts for child in children}, **room.restarts}


def metrics(room: ShowRoom) -> str:
    """The same as counters and gauges."""
    totals, air, lines = room.totals.all(), room.air, _Lines()
    for name, help in (
        ("shown", "Frames shown, repeats too."),
        ("dreamt", "Frames or keyframes dreamt."),
        ("repeated", "Frames shown again because the next was late."),
    ):
        lines.add(f"frames_{name}_total", "counter", help, totals[name])
    lines.add("frames_encoded_total", "counter", "Frames encoded.", air.picture.count)
    lines.add("encoder_repeats", "gauge", "Frames this encoder encoded again.", air.beat.get("repeats", 0))
    lines.add("encoder_core_ms", "gauge", "Core-ms a frame of the encoder.", air.beat.get("ms", 0))
    lines.add("frames_damped", "gauge", "Frames with flashes damped.", air.beat.get("damped", 0))
    lines.add("picture_bytes_total", "counter", "Bytes of the picture as it was encoded.", air.picture.bytes)
    lines.add("viewers", "gauge", "Browsers that see the picture.", room.viewers)
    lines.add("listeners", "gauge", "Browsers that hear the music.", len(air.sound))
    lines.add(
        "fragments_skipped_total", "counter", "Fragments left out for slow viewers.", air.picture.skipped
    )
    lines.add("queue", "gauge", "Wishes with a voice.", len(room.crowd.queue()))
    lines.add("wishes_total", "counter", "Wishes taken.", room.crowd.wishes)
    lines.add("ready", "gauge", "1 while new frames come.", int(room.ready))
    lines.add("reconnects_total", "counter", "Connections that came back.", room.reconnects)
    for part, count in restarts(room).items():
        lines.add("restarts_total", "counter", "Times a part was begun again.", count, part=part)
    if room.counts is not None:
        lines.add("look", "gauge", "Size of the looks as a share of the largest.", room.counts.look)
        for part, ms in room.counts.ms.items():
            lines.add("dreamer_core_ms", "gauge", "Core-ms a shown frame, by part.", ms, part=part)
    return lines.text()


class _Lines:
    """Prometheus's text format, 0.0.4."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, name: str, kind: str, help: str, value: float, **labels: str) -> None:
        """A figure; those of one name stand together."""
        full = f"reverie_{name}"
        rows = self._found.setdefault(full, [f"# HELP {full} {help}", f"# TYPE {full} {kind}"])
        said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        rows.append(f"{full}{f'{{{said}}}' if said else ''} {_number(value)}")

    def text(self) -> str:
        return "".join(f"{row}\n" for rows in self._found.values() for row in rows)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
