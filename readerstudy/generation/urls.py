from django.urls import path

from readerstudy.generation import views

app_name = "generation"

urlpatterns = [
    path("<slug:key>/outputs/", views.show_outputs, name="outputs"),
    path("<slug:key>/outputs/progress/", views.show_progress, name="progress"),
    path("<slug:key>/outputs/start/", views.start, name="start"),
    path("<slug:key>/outputs/retry/", views.retry, name="retry"),
    path("<slug:key>/outputs/hold/", views.hold, name="hold"),
    path("<slug:key>/outputs/release/", views.release, name="release"),
    path("<slug:key>/outputs/texts/", views.list_texts, name="texts"),
    path("<slug:key>/outputs/texts/<int:number>/verdict/", views.judge, name="judge"),
    path("<slug:key>/outputs/import/<int:number>/", views.import_outputs, name="import"),
    path("<slug:key>/outputs/import/<int:number>/confirm/", views.confirm_import, name="confirm_import"),
]
