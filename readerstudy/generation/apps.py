from django.apps import AppConfig

from readerstudy.broker import use_whole_messages


class GenerationConfig(AppConfig):
    name = "readerstudy.generation"
    label = "generation"

    def ready(self) -> None:
        """A worker must survive a message that is written while it reads."""
        use_whole_messages()
