"""A web server of a test's own that shows images in <rs-viewer> under the product's policy, without Django."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.contrib.staticfiles import finders

from readerstudy.imaging.products import encode_png

TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Shown:
    """An image as the server gives it: frames of (h, w) uint16, or (h, w, 3) uint8, and what its facts say beside."""

    frames: tuple[npt.NDArray[Any], ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    preview: npt.NDArray[np.uint8] | None = None

    @property
    def meta(self) -> dict[str, Any]:
        height, width = self.frames[0].shape[:2]
        kind = "grey16" if self.frames[0].ndim == 2 else "rgb8"
        plain = {"offset": 0, "scale": 1, "windows": [], "window": None, "window_function": "linear_exact"}
        size = {"kind": kind, "width": width, "height": height, "frames": len(self.frames), "inverted": False}
        return {**plain, **size, **self.facts}


@dataclass
class Exhibition:
    """The files at one address. `held` keeps answers back until they are let go."""

    address: str = ""
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def hang(self, name: str, shown: Shown) -> str:
        """Puts an image up and returns its element."""
        self.files[f"/{name}/meta"] = ("application/json", json.dumps(shown.meta).encode())
        for number, frame in enumerate(shown.frames):
            self.files[f"/{name}/full-{number}"] = ("image/png", encode_png(frame))
        picture = shown.preview if shown.preview is not None else np.zeros((8, 8), np.uint8)
        self.files[f"/{name}/preview"] = ("image/png", encode_png(picture))
        urls = {
            "data-meta": f"/{name}/meta",
            "data-full": f"/{name}/full-{{frame}}",
            "data-preview": f"/{name}/preview",
        }
        known = {
            "data-label": name,
            "data-width": str(shown.meta["width"]),
            "data-height": str(shown.meta["height"]),
        }
        return element({**urls, **known, **shown.attributes}, f'<img src="/{name}/preview" alt="{name}">')

    def hold(self, path: str) -> threading.Event:
        """Keeps the answer to this path back; set the event to let it go."""
        self.held[path] = threading.Event()
        return self.held[path]

    def page(self, *elements: str, beside: str = "", scripts: tuple[str, ...] = ()) -> str:
        """A page with these images side by side; returns its address."""
        links = "".join(
            f'<script type="module" src="/static/js/{name}"></script>' for name in ("viewer.js", *scripts)
        )
        styles = ("/static/css/readerstudy.css", "/room.css")
        style = "".join(f'<link rel="stylesheet" href="{href}">' for href in styles)
        style += '<link rel="icon" href="/static/img/mark.svg">'
        head = f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Images</title>{style}{links}</head>"
        images = f'<section class="images">{"".join(elements)}</section>'
        body = f'<main><h1 class="unseen">Images</h1>{images}{beside}</main>'
        self.files["/"] = ("text/html", f"{head}<body>{body}</body></html>".encode())
        return f"{self.address}/"

    def answer(self, path: str) -> tuple[str, bytes] | None:
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            return (TYPES[Path(found).suffix], Path(found).read_bytes()) if found else None
        return self.files.get(path)


def element(attributes: Mapping[str, str], inside: str = "") -> str:
    written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    return f"<rs-viewer {written}>{inside}</rs-viewer>"


ROOM = """
main {
  display: grid;
  grid-template: minmax(0, 1fr) / minmax(0, 3fr) minmax(0, 1fr);
  block-size: 100vh;
  max-inline-size: none;
  padding: 0;
}

.images {
  display: grid;
  grid-auto-flow: column;
  grid-auto-columns: minmax(0, 1fr);
  min-block-size: 0;
}
"""


@contextmanager
def open_exhibition() -> Iterator[Exhibition]:
    """An exhibition that listens on a free port until the block ends."""
    here = Exhibition(files={"/room.css": ("text/css", ROOM.encode())})
    policy = "; ".join(
        f"{name} {' '.join(values)}"
        for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
    )

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            here.asked.append(path)
            if path in here.held:
                here.held[path].wait(60)
            found = here.answer(path)
            self.send_response(200 if found else 404)
            kind, content = found or ("text/plain", b"")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *values: object) -> None:
            """Nothing is written: what a test asks for is in `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield here
    finally:
        for event in here.held.values():
            event.set()
        server.shutdown()
        server.server_close()
