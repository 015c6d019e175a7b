from django.urls import path, register_converter

from readerstudy.analysis import case_views, export_views, filter_views, views
from readerstudy.analysis.figures.svg import FORMS

app_name = "analysis"


class FormConverter:
    """A form that figures are drawn in."""

    regex = "|".join(FORMS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FormConverter, "form")

urlpatterns = [
    path("<slug:key>/report/", views.show_report, name="report"),
    path("<slug:key>/report/figure/<slug:name>.<form:form>", views.show_figure, name="figure"),
    path("<slug:key>/report/part/", filter_views.show_part, name="part"),
    path("<slug:key>/report/cases/", case_views.list_cases, name="cases"),
    path("<slug:key>/report/cases/<str:code>/", case_views.show_case, name="case"),
    path("<slug:key>/report/screens/<slug:reading_key>/", case_views.show_screen, name="screen"),
    path(
        "<slug:key>/report/screens/<slug:reading_key>/<slug:slot>/<slug:product>/",
        case_views.show_image,
        name="case_image",
    ),
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
