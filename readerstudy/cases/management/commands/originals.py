"""`manage.py originals KEY --to DIR` decrypts the kept originals of a study; `--forget` deletes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.cases.actions.originals import forget_originals, open_originals
from readerstudy.cases.originals import OriginalsError
from readerstudy.studies.models import Study
from readerstudy.studies.named import study_named


class Command(BaseCommand):
    help = (
        "Decrypt the original files that a study keeps, named by the numbers of their uploads, or delete them for "
        "good. Either is written into the study's audit trail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the study's key, as in its address")
        deed = parser.add_mutually_exclusive_group(required=True)
        deed.add_argument("--to", type=Path, metavar="DIR", help="decrypt them into this folder")
        deed.add_argument("--forget", action="store_true", help="delete them for good")

    def handle(self, *args: Any, key: str, to: Path | None, forget: bool, **options: Any) -> None:
        study = study_named(key)
        if to is None:
            self.stdout.write(f"{forget_originals(study=study, by=None)} originals are deleted.")
        else:
            self._open(study, to)

    def _open(self, study: Study, folder: Path) -> None:
        try:
            told = open_originals(study=study, folder=folder, by=None)
        except OriginalsError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Nothing can be written to {folder}: {error.strerror}.") from error
        failed = [one for one in told if one.problem]
        for one in failed:
            self.stderr.write(f"upload {one.upload}: {one.problem}")
        if failed:
            raise CommandError(f"{len(failed)} of {len(told)} originals were not opened; see above.")
        self.stdout.write(f"{len(told)} originals are in {folder}.")
