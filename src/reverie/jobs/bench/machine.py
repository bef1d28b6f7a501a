"""What this machine is, as far as speed goes: processor, instruction sets, threads, versions, memory."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from reverie.process.cores import cores

#: Of all that a processor can do, what the code here can use.
TELLING = (
    "avx2",
    "fma",
    "avx512f",
    "avx512bw",
    "avx512_bf16",
    "amx_tile",
    "amx_bf16",
    "neon",
    "asimd",
    "bf16",
)
#: Packages whose version decides how fast a step is.
PACKAGES = ("torch", "numpy")


def processor() -> tuple[str, tuple[str, ...]]:
    """The processor's name and, of ``TELLING``, what it can do; as far as the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return _asked_of_sysctl() or platform.processor() or platform.machine(), ()
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    have = set(flags[1].split()) if flags else set()
    return name[1].strip() if name else platform.machine(), tuple(f for f in TELLING if f in have)


def _asked_of_sysctl() -> str:
    """The processor's name on a Mac; empty elsewhere."""
    try:
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def describe() -> dict[str, Any]:
    """Everything that a figure of speed needs beside it, as plain values for JSON."""
    import psutil
    import torch

    from reverie import native
    from reverie._version import __version__

    name, flags = processor()
    have = native.instruction_sets()
    return {
        "processor": name,
        "flags": list(flags),
        "cores": cores(),
        "memory": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "reverie": __version__,
        **{p: importlib.metadata.version(p) for p in PACKAGES},
        "native": ", ".join(isa.name for isa in have)
        or native.missing()
        or "no instruction set that it needs",
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
    }


def in_words(found: dict[str, Any], threads: int) -> str:
    """A description as one line."""
    parts = [
        found["processor"],
        f"{found['cores']} cores, {threads} {'thread' if threads == 1 else 'threads'}",
        " ".join(found["flags"]),
        found["gpu"],
        f"{found['memory'] / 1e9:.0f} GB",
        f"{found['system']}, Python {found['python']}, torch {found['torch']}, reverie {found['reverie']}",
        f"native library: {found['native']}",
    ]
    return "; ".join(filter(None, parts))


def resident() -> int:
    """Bytes of memory that this process holds now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def peak() -> int:
    """The most bytes of memory that this process has held so far."""
    try:  # what getrusage says on Linux may be the parent's
        text = Path("/proc/self/status").read_text("utf-8")
        return int(text.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:  # Windows counts it with the rest
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if platform.system() == "Darwin" else most * 1024
