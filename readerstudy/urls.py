"""Every address of the site."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from readerstudy.accounts.health import show_health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="studies:list"), name="home"),
    path("health/", show_health, name="health"),
    path("accounts/", include("allauth.urls")),
    path("people/", include("readerstudy.accounts.urls")),
    path("studies/", include("readerstudy.studies.urls")),
    path("", include("readerstudy.reading.urls")),
    path("admin/", admin.site.urls),
]
for room, prefix in (
    ("cases", "studies/"),
    ("generation", "studies/"),
    ("analysis", "studies/"),
    ("api", "api/v1/"),
):
    if find_spec(f"readerstudy.{room}.urls"):
        urlpatterns.append(path(prefix, include(f"readerstudy.{room}.urls")))
