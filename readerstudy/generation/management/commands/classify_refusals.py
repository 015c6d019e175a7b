"""`manage.py classify_refusals IN.jsonl [--out OUT.jsonl]`: a verdict for each response, without study or database."""

import contextlib
import json
import sys
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.providers.refusals import LineProblem, classify_lines


class Command(BaseCommand):
    help = (
        "Read JSON lines {id, text, finish_reason}; write {id, verdict, declined, signal, evidence} for each."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", type=Path, metavar="IN.jsonl", help="The responses; - reads standard input."
        )
        parser.add_argument("--out", type=Path, help="Where to write; standard output if not given.")

    def handle(self, *args: Any, path: Path, out: Path | None, **options: Any) -> None:
        try:
            with _source(path) as lines, _target(out, self.stdout) as target:
                for row in classify_lines(lines):
                    target.write(json.dumps(row, ensure_ascii=False) + "\n")
        except UnicodeDecodeError as error:
            raise CommandError("The file is not UTF-8 text. Save it as UTF-8 and try again.") from error
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be opened: {error.strerror}.") from error
        except LineProblem as error:
            raise CommandError(str(error)) from error


def _source(path: Path) -> contextlib.AbstractContextManager[IO[str]]:
    return contextlib.nullcontext(sys.stdin) if str(path) == "-" else path.open(encoding="utf-8-sig")


def _target(out: Path | None, stdout: Any) -> contextlib.AbstractContextManager[Any]:
    return out.open("w", encoding="utf-8") if out else contextlib.nullcontext(stdout)
