"""The child of `reverie.media.picture.svg`: an SVG on stdin, a PNG on stdout.

Run by its path as ``svg_draw.py WIDTH MEMORY fonts|no-fonts``; it imports nothing of reverie, so
that it starts at once. Exit code 3 with one line on stderr means that the drawing was refused.
"""

from __future__ import annotations

import contextlib
import sys
import threading

CPU_SECONDS = 20
STACK = 256 * 1024 * 1024  # the rasteriser recurses once or more for each nested group
# Where a named family is missing the rasteriser falls back on its serif family, and it knows none
# of a system's own: these are tried in turn.
FAMILIES = {
    "serif_family": (
        "Times New Roman",
        "DejaVu Serif",
        "Liberation Serif",
        "Noto Serif",
        "Times",
    ),
    "sans_serif_family": (
        "Arial",
        "DejaVu Sans",
        "Liberation Sans",
        "Noto Sans",
        "Helvetica",
    ),
}
_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32">'
    # A family that is nowhere: text that names none is drawn by whatever font there is.
    '<text x="2" y="28" font-size="28" font-family="reverie has none of this">{}</text></svg>'
)


def limit(memory: int, *, files: bool) -> None:
    """Bound memory and time of this process and, unless ``files``, let it open nothing more."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's timeout holds there
        return
    limits = [
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ]
    if not files:
        limits.append((resource.RLIMIT_NOFILE, 0))
    for kind, most in limits:
        # A system that lacks one of them still has the others.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def find_families() -> dict[str, str]:
    """The generic families this system can draw with, as options of the rasteriser."""
    import resvg_py

    blank = resvg_py.svg_to_bytes(_PROBE.format(""), skip_system_fonts=True)
    found: dict[str, str] = {}
    for option, families in FAMILIES.items():
        for family in families:
            if resvg_py.svg_to_bytes(_PROBE.format("M"), serif_family=family) != blank:
                found[option] = family
                break
    if found:
        found.setdefault("serif_family", found.get("sans_serif_family", ""))
    return found


def main() -> int:
    """Draw once; returns the exit code."""
    import resvg_py

    width, memory, fonts = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "fonts"
    drawing = sys.stdin.buffer.read().decode("utf-8")
    limit(memory, files=fonts)
    result: list[bytes | str] = []

    def draw() -> None:
        try:
            families = find_families() if fonts else {}
            if fonts and not families:
                print("no fonts", file=sys.stderr)
            result.append(
                resvg_py.svg_to_bytes(
                    drawing,
                    width=width,
                    dpi=96,
                    skip_system_fonts=not fonts,
                    serif_family=families.get("serif_family"),
                    sans_serif_family=families.get("sans_serif_family"),
                )
            )
        except (ValueError, MemoryError) as error:
            result.append(" ".join(str(error).split()) or type(error).__name__)

    threading.stack_size(STACK)
    thread = threading.Thread(target=draw)
    thread.start()
    thread.join()
    if not result or isinstance(result[0], str):
        print(result[0] if result else "it gave up", file=sys.stderr)
        return 3
    sys.stdout.buffer.write(result[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
