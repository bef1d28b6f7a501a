"""A script that uses a studio as its page does: give a photograph, ask for a dream, fetch it."""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from urllib.request import Request, urlopen

command = [sys.executable, "-m", "reverie", "studio", "--no-open", "--port", "0", "--data", mkdtemp()]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # or one that runs already
assert server.stdout is not None
address = server.stdout.readline().strip().rstrip("/")


def ask(method: str, path: str, body: bytes | None = None) -> bytes:
    """What the studio answers; an error is raised with its sentence in the body."""
    headers = {"Content-Type": "application/json"} if method == "POST" else {"X-File-Name": "me.jpg"}
    with urlopen(Request(address + path, body, headers, method=method)) as answer:
        return bytes(answer.read())


photo = json.loads(ask("PUT", "/api/photos", Path("me.jpg").read_bytes()))
wish = {"kind": "dream", "photo": photo["id"], "recipe": {"max_size": 96, "octaves": 1, "steps": [4]}}
job = json.loads(ask("POST", "/api/jobs", json.dumps(wish).encode()))
while job["state"] in ("waiting", "running"):
    time.sleep(0.1)
    job = json.loads(ask("GET", f"/api/jobs/{job['id']}"))
Path("from-the-studio.png").write_bytes(ask("GET", f"/api/jobs/{job['id']}/result"))
server.terminate()
server.wait()
