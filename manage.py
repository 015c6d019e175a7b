#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL running behind the commands that need one."""

import os
import sys

from readerstudy import embedded, environment

WITHOUT_DATABASE = {"help", "--help", "--version", "compilemessages", "makemessages", "collectstatic"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.settings")
    try:
        start_engine(sys.argv[1] if len(sys.argv) > 1 else "help")
    except (embedded.EngineError, environment.SettingError) as error:
        sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def start_engine(command: str) -> None:
    """Holds the embedded PostgreSQL while a command runs that needs a database."""
    from django.conf import settings

    if settings.EMBEDDED_DATABASE and command not in WITHOUT_DATABASE | settings.COMMANDS_WITHOUT_DATABASE:
        embedded.hold(settings.VAR)


if __name__ == "__main__":
    main()
