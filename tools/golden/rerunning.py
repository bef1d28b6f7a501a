"""Having another version make kept results again from their own recipes."""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from golden.cases import CASES
from golden.errors import GoldenError
from golden.recording import folder_name
from golden.results import result
from golden.running import Afresh, Forked
from golden.workshop import Workshop, command


def rerun(options: argparse.Namespace) -> int:
    """Have ``reverie rerun`` make kept results again, and compare the bytes."""
    results = Path(options.results).absolute()
    kept = {
        name: results / folder_name(name)
        for name, one in CASES.items()
        if one.again and re.search(options.only, name) and (results / folder_name(name)).is_dir()
    }
    if len(kept) < options.least:
        raise GoldenError(f"{results}: {len(kept)} results that can be made again, {options.least} at least")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="golden-") as temporary:
        kind = Afresh if options.fresh else Forked
        shop = Workshop(command(options.reverie), Path(temporary), kind)
        shop.prepare()

        def one(item: tuple[str, Path]) -> str:
            name, folder = item
            here, target = shop.work / folder_name(name), CASES[name].again
            shutil.copytree(folder, here)
            made = "golden-again/" if (here / target).is_dir() else f"golden-again{Path(target).suffix}"
            code, _, err = shop.run(["rerun", target, "-o", made], here)
            if code:
                return f"{name}: rerun {target} ended with {code}: {err}"
            return "" if result(here / made) == result(here / target) else f"{name}: {target} has other bytes"

        with ThreadPoolExecutor(options.jobs) as pool:
            for problem in filter(None, pool.map(one, kept.items())):
                print(problem)
                failed += 1
        Forked.close()
    print(f"{len(kept) - failed} of {len(kept)} results came out the same")
    return 1 if failed else 0
