"""`manage.py audit verify` proves the chain; `manage.py audit seal` fixes its present end."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from readerstudy.audit.record import seal, verify


class Command(BaseCommand):
    help = "Prove that no audit event was changed or lost (verify), or fix the present end of every chain (seal)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deed", choices=["verify", "seal"])

    def handle(self, *args: Any, deed: str, **options: Any) -> None:
        if deed == "seal":
            self.stdout.write(f"{seal()} streams sealed.")
            return
        count, breaks = verify()
        for broken in breaks:
            self.stderr.write(f"{broken.stream}, event {broken.position}: {broken.reason}.")
        if breaks:
            raise CommandError(f"The audit trail is broken in {len(breaks)} of {count} events.")
        self.stdout.write(f"The audit trail holds: {count} events, every hash recomputed.")
