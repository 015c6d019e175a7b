"""`manage.py analyse RATINGS.csv`: every estimate that a table of ratings admits; no database, no study."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from readerstudy.stats.analyse import AnalysisError, analyse
from readerstudy.stats.analyse.told import told

BAD_INPUT = 2


class Command(BaseCommand):
    help = "Prints every estimate that a table of ratings admits. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "ratings",
            type=Path,
            metavar="RATINGS.csv",
            help="reader,case,criterion,value and, where there are such, arm,repeat,period,position,side,count",
        )
        parser.add_argument("--plan", type=Path, help="what the criteria are (YAML); guessed if not given")
        parser.add_argument("--reference", type=Path, help="the reference standard: case,label[,criterion]")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *, ratings: Path, plan: Path | None, reference: Path | None, **options: Any) -> None:
        try:
            found = analyse(ratings, plan=plan, reference=reference)
        except AnalysisError as error:
            raise CommandError("\n".join(error.sentences), returncode=BAD_INPUT) from None
        except OSError as error:
            said = _("“%(path)s” cannot be read: %(why)s.") % {"path": error.filename, "why": error.strerror}
            raise CommandError(said, returncode=BAD_INPUT) from None
        for note in (*found.guesses, *found.notes):
            self.stderr.write(note)
        if options["json"]:
            text = json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False, indent=1)
            self.stdout.write(text)
        else:
            self.stdout.write(told(found), ending="")
