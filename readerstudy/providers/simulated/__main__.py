"""`python -m readerstudy.providers.simulated --port N [--latency S] [--refusal-rate …]`."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import signal
import sys

from readerstudy.providers.simulated.config import Config, ConfigProblem
from readerstudy.providers.simulated.server import HOST, Server


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    options = vars(_parser().parse_args(arguments))
    port = options.pop("port")
    try:
        config = Config().changed({name: value for name, value in options.items() if value is not None})
        asyncio.run(_serve(config, port))
    except ConfigProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    except OSError:
        sys.stderr.write(f"Port {port} is taken. Choose another one with --port.\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m readerstudy.providers.simulated",
        description="A simulated vendor: invented answers in the vendors' wire formats. No model.",
    )
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    for setting in dataclasses.fields(Config):
        parser.add_argument(f"--{setting.name.replace('_', '-')}", metavar=str(setting.default) or "KEY")
    return parser


async def _serve(config: Config, port: int) -> None:
    server = Server(config)
    await server.listen(port)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    sys.stdout.write(f"Simulated vendor on http://{HOST}:{server.port}\n")
    sys.stdout.flush()
    await stopped.wait()
    await server.close()


if __name__ == "__main__":
    sys.exit(main())
