"""`manage.py export_study KEY FOLDER`: every file of a study, as the page “Take away” has them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from readerstudy.analysis.actions import freeze_report, note_export
from readerstudy.analysis.exports.catalogue import archived, everything, opened
from readerstudy.analysis.models import Report
from readerstudy.analysis.rated import is_rated
from readerstudy.studies.models import Study

WHOLE = "everything.zip"


class Command(BaseCommand):
    help = "Writes every table, the codebook, the protocol and the report of a study into a folder, or one archive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the study's key, as in its address")
        parser.add_argument("folder", type=Path, help="where to; made where it is missing")
        parser.add_argument("--zip", action="store_true", help=f"write {WHOLE} alone")

    def handle(self, *, key: str, folder: Path, **options: Any) -> None:
        study = Study.objects.filter(key=key).first()
        if study is None:
            raise CommandError(_("There is no study with the key “%(key)s”.") % {"key": key})
        report = freeze_report(study=study, by=None) if is_rated(study) else None
        note_export(study=study, by=None, file=WHOLE)
        try:
            count = _archive(study, report, folder) if options["zip"] else _files(study, report, folder)
        except OSError as error:
            said = _("“%(path)s” cannot be written: %(why)s.") % {
                "path": error.filename,
                "why": error.strerror,
            }
            raise CommandError(said) from None
        self.stdout.write(_("%(n)d files are in %(folder)s.") % {"n": count, "folder": folder})


def _files(study: Study, report: Report | None, folder: Path) -> int:
    with opened(study) as source:
        files = archived(source, report)
        for file in files:
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as out:
                out.writelines(file.chunks(source))
    return len(files)


def _archive(study: Study, report: Report | None, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with opened(study) as source, (folder / WHOLE).open("wb") as out:
        out.writelines(everything(source, report))
    return 1
