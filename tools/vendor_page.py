"""Fetch the front-end libraries of our pages again: ``python tools/vendor_page.py``.

Each is one ES module of a package on npm, in the version named here. A page without a build step and
without an inline script knows no packages by name, so an import of one becomes one of the file beside it.
Nothing else is changed. Licences come along, and SHA256SUMS says what each file has to be. Needs ``npm``.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "src/reverie/web/page/vendor"
#: Package, version, and which of its files goes by which name here.
PACKAGES = (
    ("preact", "11.2.0", {"dist/preact.mjs": "preact.js", "hooks/dist/hooks.mjs": "hooks.js"}),
    ("htm", "3.1.1", {"dist/htm.mjs": "htm.js"}),
    ("@preact/signals", "2.11.4", {"dist/signals.mjs": "signals.js"}),
    ("@preact/signals-core", "1.14.5", {"dist/signals-core.mjs": "signals-core.js"}),
)
#: What a package's name in an import becomes.
BESIDE = {"preact": "preact", "preact/hooks": "hooks", "@preact/signals-core": "signals-core"}


def unpack(package: str, version: str, folder: Path) -> Path:
    """The files of a package, as npm hands them out after it has checked them."""
    name = subprocess.run(
        ["npm", "pack", "--silent", f"{package}@{version}"],
        cwd=folder, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    with tarfile.open(folder / name) as archive:
        archive.extractall(folder / name.removesuffix(".tgz"), filter="data")
    return folder / name.removesuffix(".tgz") / "package"


def beside(code: str) -> str:
    """A module whose imports name files beside it; what points to a map that is not there is left out."""
    code = re.sub(r'from"([^"]+)"', lambda found: f'from"./{BESIDE[found[1]]}.js"', code)
    return re.sub(r"\n?//# sourceMappingURL=.*", "", code).rstrip() + "\n"


def fetch() -> None:
    """Write modules, licences and their checksums."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for package, version, files in PACKAGES:
            found = unpack(package, version, Path(scratch))
            short = package.removeprefix("@").replace("/", "-")
            licence = (found / "LICENSE").read_text("utf-8")
            (VENDOR / f"LICENSE-{short}.txt").write_text(f"{package} {version}\n\n{licence}", "utf-8")
            for source, name in files.items():
                (VENDOR / name).write_text(beside((found / source).read_text("utf-8")), "utf-8")
    names = sorted(p.name for p in VENDOR.iterdir() if p.suffix in (".js", ".txt"))
    sums = (f"{hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (VENDOR / "SHA256SUMS").write_text("".join(sums), "utf-8")


if __name__ == "__main__":
    fetch()
