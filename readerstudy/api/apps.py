from importlib import import_module

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "readerstudy.api"
    label = "api"

    def ready(self) -> None:
        """drf-spectacular knows our kind of token once the class that describes it has been imported."""
        import_module("readerstudy.api.schema")
