"""`manage.py simulate KEY|FILE`: a dry run of a whole study with simulated readers, labelled as such."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.demo.dry_run import Run, dry_run
from readerstudy.demo.dry_run.run import USUAL_CASES, USUAL_READERS
from readerstudy.demo.dry_run.table import HEAD, line_of, stages
from readerstudy.demo.simulation import simulate_adjudicator, simulate_reader
from readerstudy.reading.adjudication.overview import adjudicators_of
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol import ProtocolError, read

TEMPLATES = "templates"


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("a whole number from 1 on")
    return int(text)


class Command(BaseCommand):
    help = (
        "FILE: make a study from a protocol file with drawn images and simulated outputs, let simulated readers read "
        "it, and tell which promised statistics its report has. KEY: let the simulated readers of that study read "
        "everything that is open for them. The word “templates”: run every template and print the table of the "
        "documentation; nothing of it is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", metavar="KEY|FILE|templates", help="a study, a protocol file, or all")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--readers", type=_count, help=f"with FILE: how many; default {USUAL_READERS}")
        parser.add_argument("--cases", type=_count, help=f"with FILE: how many; default {USUAL_CASES}")
        parser.add_argument("--discard", action="store_true", help="with FILE: keep nothing of it")
        parser.add_argument("--by", metavar="EMAIL", help="with FILE: who coordinates the study")

    def handle(self, *args: Any, target: str, seed: int, **options: Any) -> None:
        try:
            if target == TEMPLATES:
                self._print_table(_person(options["by"]))
            elif Path(target).is_file():
                self._tell(self._dry_run(Path(target), seed, **options))
            else:
                self._read(target, seed)
        except StudyError as error:
            raise CommandError(str(error)) from error

    def _dry_run(
        self,
        path: Path,
        seed: int,
        *,
        by: str | None,
        readers: int | None,
        cases: int | None,
        discard: bool,
        **options: Any,
    ) -> Run:
        try:
            with transaction.atomic():
                run = dry_run(
                    read(path.read_bytes()),
                    by=_person(by),
                    seed=seed,
                    cases=cases or USUAL_CASES,
                    readers=readers or USUAL_READERS,
                    say=self.stdout.write,
                )
                transaction.set_rollback(discard)
            return run
        except ProtocolError as error:
            raise CommandError("\n".join(f"{path}, {problem}" for problem in error.problems)) from None

    def _print_table(self, by: User) -> None:
        for line in HEAD:
            self.stdout.write(line)
        for name, document in stages():
            with transaction.atomic():
                self.stdout.write(line_of(name, dry_run(document, by=by)))
                transaction.set_rollback(True)

    def _tell(self, run: Run) -> None:
        self.stdout.write(_("The study has the key %(key)s.") % {"key": run.study.key})
        self.stdout.write(
            f"readings {run.readings}  ratings {run.ratings}  seconds {sum(run.seconds.values()):.1f}"
        )
        for each in run.promised:
            found = _("in the report") if each.is_there else _("NOT in the report")
            self.stdout.write(f"  {each.statistic:<20} {each.criterion or '—':<24} {found}")
        self.stdout.write(
            _("%(found)d of %(all)d promised statistics are in the report.")
            % {"found": run.found, "all": len(run.promised)}
        )

    def _read(self, key: str, seed: int) -> None:
        study = Study.objects.filter(key=key).first()
        if study is None:
            raise CommandError(f"There is no study with the key {key!r}, and no such file.")
        seats = Membership.objects.readers(study).filter(user__is_simulated=True)
        done = sum(simulate_reader(seat=seat, seed=seed) for seat in seats.select_related("user", "study"))
        self.stdout.write(f"{len(seats)} simulated readers submitted {done} readings.")
        settling = adjudicators_of(study).filter(user__is_simulated=True).select_related("study", "user")
        settled = sum(simulate_adjudicator(adjudicator=each, seed=seed) for each in settling)
        if settling:
            self.stdout.write(f"{len(settling)} simulated adjudicators settled {settled} cases.")


def _person(email: str | None) -> User:
    """Who coordinates the study: the account that was named, or the only one there is."""
    people = User.objects.filter(is_simulated=False, is_active=True)
    if email is not None:
        people = people.filter(email__iexact=email)
    found = list(people[:2])
    if len(found) != 1:
        raise CommandError(_("Name who coordinates the study, by an account that is there: --by EMAIL."))
    return found[0]
