from django.urls import path

from readerstudy.generation.views import calls, imports, texts

app_name = "generation"

urlpatterns = [
    path("<slug:key>/outputs/", calls.show_outputs, name="outputs"),
    path("<slug:key>/outputs/progress/", calls.show_progress, name="progress"),
    path("<slug:key>/outputs/start/", calls.start, name="start"),
    path("<slug:key>/outputs/retry/", calls.retry, name="retry"),
    path("<slug:key>/outputs/hold/", calls.hold, name="hold"),
    path("<slug:key>/outputs/release/", calls.release, name="release"),
    path("<slug:key>/outputs/texts/", texts.list_texts, name="texts"),
    path("<slug:key>/outputs/texts/<int:number>/verdict/", texts.judge, name="judge"),
    path("<slug:key>/outputs/import/<int:number>/", imports.import_outputs, name="import"),
    path("<slug:key>/outputs/import/<int:number>/confirm/", imports.confirm_import, name="confirm_import"),
]
