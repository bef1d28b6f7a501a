"""What takes minutes: photographs as large as those of today's cameras. Only `make soak` runs it."""

import json
import os
import subprocess
import sys

import pytest
import skimage.data
from PIL import Image

from reverie.media.picture import load_picture

pytestmark = pytest.mark.soak

#: The command in a process whose machine seems to have little free memory, and what it took at most.
FRUGAL = """
import json, resource, sys
import reverie.ascent.session
reverie.ascent.cutting.free_memory = lambda device: int(sys.argv[1])
from reverie.cli.main import run
code = run(sys.argv[2:])
print(json.dumps({"code": code, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""


def test_twelve_megapixels_fit_into_eight_gigabytes(tmp_path):
    photo = Image.fromarray(skimage.data.coffee()).resize((4032, 3024), Image.Resampling.LANCZOS)
    photo.save(tmp_path / "phone.jpg", quality=90)
    words = ["dream", "phone.jpg", "-o", "d.jpg", "--steps", "1", "-q"]
    done = subprocess.run(
        [sys.executable, "-c", FRUGAL, str(5 * 10**9), *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["code"] == 0, done.stderr
    assert found["peak"] < 8e9
    result = load_picture(tmp_path / "d.jpg")
    assert result.size == (4032, 3024)
    assert result.provenance["engine"]["tile"] > 0
