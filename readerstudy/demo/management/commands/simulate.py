"""A dry run of a whole study with simulated readers, labelled as such."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.demo.simulation import simulate_reader
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.policies import StudyError


class Command(BaseCommand):
    help = "Let the simulated readers of a study read everything that is open for them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the study's key, as in its address")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, key: str, seed: int, **options: Any) -> None:
        study = Study.objects.filter(key=key).first()
        if study is None:
            raise CommandError(f"There is no study with the key {key!r}. Its address shows the key.")
        seats = (
            Membership.objects.readers(study).filter(user__is_simulated=True).select_related("user", "study")
        )
        try:
            done = sum(simulate_reader(seat=seat, seed=seed) for seat in seats)
        except StudyError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(seats)} simulated readers submitted {done} readings.")
