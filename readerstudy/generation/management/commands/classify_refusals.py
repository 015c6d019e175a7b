"""`manage.py classify_refusals IN.jsonl [--out OUT.jsonl]`: a verdict for each response, without study or database."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.providers.refusals import LineProblem, classify_lines


class Command(BaseCommand):
    help = (
        "Read JSON lines {id, text, finish_reason}; write {id, verdict, declined, signal, evidence} for each."
        " Nothing is written unless every line can be read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", type=Path, metavar="IN.jsonl", help="The responses; - reads standard input."
        )
        parser.add_argument("--out", type=Path, help="Where to write; standard output if not given.")

    def handle(self, *args: Any, path: Path, out: Path | None, **options: Any) -> None:
        try:
            with tempfile.TemporaryFile("w+", encoding="utf-8") as judged:
                with _source(path) as lines:
                    judged.writelines(_line(row) for row in classify_lines(lines))
                judged.seek(0)
                with _target(out, self.stdout) as target:
                    _copy(judged, target)
        except UnicodeDecodeError as error:
            raise CommandError("The file is not UTF-8 text. Save it as UTF-8 and try again.") from error
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be opened: {error.strerror}.") from error
        except LineProblem as error:
            raise CommandError(str(error)) from error


def _line(row: dict[str, Any]) -> str:
    """A line that any UTF-8 file can hold: a response may hold half a surrogate pair, and then it is escaped."""
    said = json.dumps(row, ensure_ascii=False)
    is_whole = not any("\ud800" <= character <= "\udfff" for character in said)
    return f"{said if is_whole else json.dumps(row)}\n"


def _copy(lines: Iterable[str], target: Any) -> None:
    for line in lines:
        target.write(line)


def _source(path: Path) -> contextlib.AbstractContextManager[IO[str]]:
    if str(path) == "-":
        return open(sys.stdin.fileno(), encoding="utf-8-sig", closefd=False)
    return path.open(encoding="utf-8-sig")


def _target(out: Path | None, stdout: Any) -> contextlib.AbstractContextManager[Any]:
    return out.open("w", encoding="utf-8") if out else contextlib.nullcontext(stdout)
