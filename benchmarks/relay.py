"""Lets a process without any network reach one server of ours, so that a worker can stand as if on another machine.

A network namespace has a loopback of its own. Files are shared, so a relay here passes what comes through a Unix socket
on to the server, and a relay inside passes what comes to its own 127.0.0.1 on to that socket. Nothing listens on any
other address.
Run: python -m benchmarks.relay here SOCKET PORT
     unshare --net python -m benchmarks.relay inside SOCKET PORT -- ARGUMENTS OF PYTHON…
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import suppress

from readerstudy.demo.processes import end_with_parent

CHUNK = 65536
LOOPBACK_UP = ("ip", "link", "set", "lo", "up")


def main() -> None:
    place, path, port, *rest = sys.argv[1:]
    if place == "here":
        asyncio.run(from_socket_to_port(path, int(port)))
    else:
        run_inside(path, int(port), rest[1:])


def is_possible() -> bool:
    """Whether this machine lets us make a network namespace."""
    with suppress(FileNotFoundError):
        return (
            subprocess.run(("unshare", "--net", *LOOPBACK_UP), capture_output=True, check=False).returncode
            == 0
        )
    return False


def run_inside(path: str, port: int, command: list[str]) -> None:
    """Becomes `python COMMAND`, with a relay as its child."""
    subprocess.run(LOOPBACK_UP, check=True)
    if os.fork() == 0:
        end_with_parent()
        asyncio.run(from_port_to_socket(port, path))
    os.execv(sys.executable, [sys.executable, *command])


async def from_socket_to_port(path: str, port: int) -> None:
    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _joined(reader, writer, *await asyncio.open_connection("127.0.0.1", port))

    await (await asyncio.start_unix_server(passed_on, path)).serve_forever()


async def from_port_to_socket(port: int, path: str) -> None:
    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _joined(reader, writer, *await asyncio.open_unix_connection(path))

    await (await asyncio.start_server(passed_on, "127.0.0.1", port)).serve_forever()


async def _joined(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    await asyncio.gather(_copied(reader, far_writer), _copied(far_reader, writer))


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    main()
