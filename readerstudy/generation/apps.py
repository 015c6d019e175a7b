from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "readerstudy.generation"
    label = "generation"
