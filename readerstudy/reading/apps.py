from django.apps import AppConfig


class ReadingConfig(AppConfig):
    name = "readerstudy.reading"
    label = "reading"

    def ready(self) -> None:
        """Pages of the console show questions as this room draws them."""
        from readerstudy.reading import painting  # noqa: F401  it registers itself
