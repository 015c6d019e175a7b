#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL running behind the commands that need one."""

import os
import sys

from readerstudy import embedded

WITHOUT_DATABASE = {"help", "--help", "--version", "compilemessages", "makemessages", "collectstatic"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if settings.EMBEDDED_DATABASE and command not in WITHOUT_DATABASE | settings.COMMANDS_WITHOUT_DATABASE:
        try:
            embedded.hold(settings.VAR)
        except embedded.EngineError as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
