from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AuditConfig(AppConfig):
    name = "readerstudy.audit"
    label = "audit"

    def ready(self) -> None:
        """Every room puts its deeds into words in a module of that name."""
        autodiscover_modules("deeds")
