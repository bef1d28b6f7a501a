"""Servers on this machine that hand out files, as those on the net do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.endings import join


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Files by their path on a server.

    Yields:
        Its address, and what it was asked for, ``GET /path``, in order.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _head(self) -> bytes | None:
            path = self.path.partition("?")[0]
            asked.append(f"{self.command} {path}")
            data = files.get(path)
            self.send_response(404 if data is None else 200)
            if data is None:
                self.send_header("X-Error-Code", "EntryNotFound" if "/resolve/" in path else "RepoNotFound")
            else:
                digest = hashlib.sha256(data).hexdigest()
                self.send_header("ETag", f'"{digest}"')
                self.send_header("X-Linked-Etag", f'"{digest}"')
                self.send_header("X-Linked-Size", str(len(data)))
                self.send_header("X-Repo-Commit", "a" * 40)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            return data

        def do_HEAD(self) -> None:
            self._head()

        def do_GET(self) -> None:
            self.wfile.write(self._head() or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        join(thread)
        server.server_close()
