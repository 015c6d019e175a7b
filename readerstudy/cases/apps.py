from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CasesConfig(AppConfig):
    name = "readerstudy.cases"
    label = "cases"

    def ready(self) -> None:
        """Every room that uses images declares in a module of that name which ones it has used."""
        autodiscover_modules("uses")
        import_module("readerstudy.cases.checks")
        case_tables = import_module("readerstudy.studies.protocol.case_tables")
        case_tables.register(import_module("readerstudy.cases.protocol_files").CaseTable())
