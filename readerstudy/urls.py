"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from readerstudy.accounts.health import show_health
from readerstudy.analysis.loose import analyse_table

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="studies:list"), name="home"),
    path("health/", show_health, name="health"),
    path("accounts/", include("allauth.urls")),
    path("people/", include("readerstudy.accounts.urls")),
    path("studies/", include("readerstudy.studies.urls")),
    path("studies/", include("readerstudy.cases.urls")),
    path("studies/", include("readerstudy.generation.urls")),
    path("providers/", include("readerstudy.generation.provider_urls")),
    path("studies/", include("readerstudy.analysis.urls")),
    path("analyse/", analyse_table, name="analyse"),
    path("", include("readerstudy.reading.urls")),
    path("api/v1/", include("readerstudy.api.urls")),
    path("admin/", admin.site.urls),
]
