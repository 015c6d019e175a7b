from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StudiesConfig(AppConfig):
    name = "readerstudy.studies"
    label = "studies"

    def ready(self) -> None:
        """Rooms declare their stations of a study, and their part in its life, in modules of these names."""
        autodiscover_modules("stations", "ethics", "life")
