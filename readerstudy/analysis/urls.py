from django.urls import path

from readerstudy.analysis import export_views, views

app_name = "analysis"

urlpatterns = [
    path("<slug:key>/report/", views.show_report, name="report"),
    path("<slug:key>/report/figure/<slug:name>.svg", views.show_figure, name="figure"),
    path(
        "<slug:key>/report/ratings.csv", export_views.download_file, {"name": "ratings.csv"}, name="ratings"
    ),
    path(
        "<slug:key>/report/outputs.csv", export_views.download_file, {"name": "outputs.csv"}, name="outputs"
    ),
    path(
        "<slug:key>/report/readers.csv", export_views.download_file, {"name": "readers.csv"}, name="readers"
    ),
    path(
        "<slug:key>/report/codebook.csv",
        export_views.download_file,
        {"name": "codebook.csv"},
        name="codebook",
    ),
    path("<slug:key>/report/report.html", views.download_html, name="html"),
    path("<slug:key>/report/report.json", views.download_json, name="json"),
    path("<slug:key>/report/files/", export_views.show_files, name="files"),
    path("<slug:key>/report/files/<path:name>", export_views.download_file, name="file"),
]
