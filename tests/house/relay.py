"""A relay in front of the simulated vendor that keeps every byte sent to it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Relay:
    """Where workers find the vendor, and what they sent: request lines, headers and bodies."""

    url: str
    sent: list[bytes] = field(default_factory=list)


@contextmanager
def open_relay(target: str) -> Iterator[Relay]:
    """A relay on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    relay = Relay(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _handler(relay, target)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(relay: Relay, target: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            relay.sent.append(f"{self.path}\n{self.headers}\n".encode() + body)
            self._pass_on(body)

        def _pass_on(self, body: bytes) -> None:
            vendor = http.client.HTTPConnection(urlsplit(target).netloc, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            vendor.request("POST", self.path, body, headers)
            reply = vendor.getresponse()
            content = reply.read()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Tests read what was sent, not a log."""

    return Handler
